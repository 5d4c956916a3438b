/* stats.h - every counter as JSON. */
#ifndef CONNLOG_CLI_STATS_H
#define CONNLOG_CLI_STATS_H

#include "cli/output.h"

/* Writes them to the file, which gets its name when it is complete; "-" is standard error.
 * => false, after a message. */
bool stats_write(const char *path, const connlog_engine *e, const connlog_source *source, const struct output *o);

#endif
