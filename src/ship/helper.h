/* helper.h - the process that delivers records to sinks.
 *
 * It is forked before the process that parses packets enters the sandbox, and may do what that one may not: use the network, resolve
 * names, run commands.  The two share one socket per sink, which carries the lines, and a page of counters.
 */
#ifndef CONNLOG_SHIP_HELPER_H
#define CONNLOG_SHIP_HELPER_H

#include "ship/runner.h"

struct helper {
	struct runner *runners;
	size_t         n;
	int            control; /* a socket whose other end the parent holds until it exits */
	bool           live;
	size_t         memory; /* bytes that each sink may queue in memory */
	const char    *spool;  /* folder of the disk spool, or NULL */
	uint64_t       spool_max;
	bool (*prepare)(void *arg);
	void *prepare_arg;
};

/* Runs as that process and never returns.  Reports through `control` whether it could start: an error message, or "" for success. */
_Noreturn void helper_run(struct helper *h);

#endif
