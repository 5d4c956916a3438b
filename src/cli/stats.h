/* stats.h - every counter as JSON. */
#ifndef CONNLOG_CLI_STATS_H
#define CONNLOG_CLI_STATS_H

#include "cli/output.h"

/* Opens the file for the counters, which gets its name when it is complete; "-" is standard error.  It is opened before
 * anything is read, so that a bad path does not show hours later.  Returns NULL after a message. */
connlog_sink *stats_open(const char *path);
/* Writes and closes it.  Returns false after a message. */
bool stats_write(connlog_sink *sink, const connlog_engine *e, const connlog_source *source, const struct output *o);
/* All of that in one call. */
bool stats_tell(const char *path, const connlog_engine *e, const connlog_source *source, const struct output *o);

#endif
