/* helper.h - the process that feeds sinks.
 *
 * It is begun before the one that takes packets gives up its rights, and has what that may not have: the network, names that are
 * resolved, commands.  Between the two there is a socket for each sink, through which lines come, and memory with counters.
 */
#ifndef CONNLOG_SHIP_HELPER_H
#define CONNLOG_SHIP_HELPER_H

#include "ship/runner.h"

struct helper {
	struct runner *runners;
	size_t         n;
	int            control; /* the other process is there as long as this is open at its end */
	bool           live;
	size_t         memory; /* bytes that may wait for each sink */
	const char    *spool;  /* folder of what waits on the disk, or NULL */
	uint64_t       spool_max;
	bool (*prepare)(void *arg);
	void *prepare_arg;
};

/* Is that process; never returns.  It first says through `control` whether all is well: a text, empty for yes. */
_Noreturn void helper_run(struct helper *h);

#endif
