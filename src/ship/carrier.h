/* carrier.h - the process that delivers the records of one sink.
 *
 * It may do what the process that parses packets may not, but only what its sink needs: use the network, or write to a
 * folder, or run a command (confine.c).
 */
#ifndef CONNLOG_SHIP_CARRIER_H
#define CONNLOG_SHIP_CARRIER_H

#include "ship/runner.h"

struct carrier {
	struct runner
		 runner;  /* kind, sink, link, name and patience are set, and the memory, head and counters of its queue */
	int  control; /* see keeper.h */
	bool live, confined;
	const char *spool; /* folder of the disk spool, or NULL */
	uint64_t    spool_max;
};

/* Runs the process and never returns. Writes to `report` whether it could start: an error message, or "" for success.
 * The exit status is 0 when delivery has finished. */
_Noreturn void carrier_run(struct carrier *w, int report);

/* Ignores the terminal's signals, closes all descriptors except these and the standard ones, and sets the process
 * name. */
void carrier_detach(const char *name, int keep, int keep_too);

/* Confines the calling process to what the sink needs; `spool` is the folder of its disk spool, or NULL. Returns false
 * when out of memory. */
bool carrier_confine(const struct runner *r, const char *spool);

#endif
