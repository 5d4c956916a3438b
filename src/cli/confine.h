/* confine.h - what a run gives up before it looks at its first packet (guard/guard.h). */
#ifndef CONNLOG_CLI_CONFINE_H
#define CONNLOG_CLI_CONFINE_H

#include "cli/outfit.h"

struct settings;

/* Gives up root, where it is to be, and all capabilities.  Returns 0 or errno. */
int confine_fall(const struct outfit *o);

/* Confines a run on an interface, which is open.  Returns false after a message: the log's folder is out of reach then. */
bool confine_live(const struct settings *s, const struct outfit *o);
/* Confines one that reads captures, which are opened later. */
void confine_read(const struct settings *s);

#endif
