/* signals.h - Ctrl-C and SIGTERM end the input at its current position, so that nothing read so far is lost; a second
 * one ends the wait, or kills. */
#ifndef CONNLOG_CLI_SIGNALS_H
#define CONNLOG_CLI_SIGNALS_H

#include <signal.h>

#include "connlog.h"

/* From now on a signal stops this source or this reader; the other one is NULL.  SIGPIPE is ignored: write() reports a
 * closed pipe. */
void signals_stop(connlog_source *source, connlog_reader *reader);

/* What an operator requests from a running sensor. */
enum signals_wish {
	SIGNALS_REOPEN = 1, /* SIGHUP: reopen the log by its name */
	SIGNALS_STATS = 2,  /* SIGUSR1: write the counters */
	SIGNALS_ROTATE = 4, /* SIGUSR2: begin a new log */
};
/* The same for an interface, called before its source exists: none of these signals kills.  A second Ctrl-C or SIGTERM
 * sets *signals_hurry(), a third one kills. */
void signals_live(void);
/* Returns the requests received since the last call. */
unsigned signals_wishes(void);
/* Returns a flag that is set once nothing should be waited for any more. */
const volatile sig_atomic_t *signals_hurry(void);

#endif
