/* memory.h - --memory: one bound for the whole process, divided among its users of memory. */
#ifndef CONNLOG_CLI_MEMORY_H
#define CONNLOG_CLI_MEMORY_H

#include "cli/settings.h"

/* Sets what the library, and of so many interfaces the spool, may take.  Returns false after a message. */
bool memory_divide(struct settings *s, size_t interfaces);

#endif
