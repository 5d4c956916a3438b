/* signals.h - Ctrl-C and SIGTERM end the input where it stands, so that what was read is not lost; another one ends waiting,
 * or kills. */
#ifndef CONNLOG_CLI_SIGNALS_H
#define CONNLOG_CLI_SIGNALS_H

#include <signal.h>

#include "connlog.h"

/* From now on a signal stops this source, or this reader; the other one is NULL.  A closed pipe is no signal: write() says it. */
void signals_stop(connlog_source *source, connlog_reader *reader);

/* What an operator asks of a run that goes on. */
enum signals_wish {
	SIGNALS_REOPEN = 1, /* SIGHUP: the log's name is to be opened again */
	SIGNALS_STATS = 2,  /* SIGUSR1: the counters are wanted */
	SIGNALS_ROTATE = 4, /* SIGUSR2: a new log is to be begun */
};
/* The same for an interface, before whose source is there: none of these signals kills.  A second Ctrl-C or SIGTERM sets
 * *signals_hurry(), a third one kills. */
void signals_live(void);
/* Returns the wishes that came since the last call. */
unsigned signals_wishes(void);
/* Returns what is set once nothing is to be waited for any more. */
const volatile sig_atomic_t *signals_hurry(void);

#endif
