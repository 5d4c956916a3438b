/* extract.h - `connlog extract`: the packets behind records. */
#ifndef CONNLOG_CLI_EXTRACT_H
#define CONNLOG_CLI_EXTRACT_H

#include <stdbool.h>

/* Returns whether -w names a folder, in which each connection gets a file. */
bool extract_is_folder(const char *path);

#endif
