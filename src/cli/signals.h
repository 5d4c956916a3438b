/* signals.h - Ctrl-C and SIGTERM end the input where it stands, so that what was read is not lost; a second one kills. */
#ifndef CONNLOG_CLI_SIGNALS_H
#define CONNLOG_CLI_SIGNALS_H

#include "connlog.h"

/* From now on a signal stops this source, or this reader; the other one is NULL.  A closed pipe is no signal: write() says it. */
void signals_stop(connlog_source *source, connlog_reader *reader);

#endif
