/* carrier.h - the process that delivers the records of one sink.
 *
 * It may do what the process that parses packets may not, but no more than its sink needs: use the network, or write to a folder, or run a
 * command (confine.c).
 */
#ifndef CONNLOG_SHIP_CARRIER_H
#define CONNLOG_SHIP_CARRIER_H

#include "ship/runner.h"

struct carrier {
	struct runner
		 runner;  /* kind, sink, link, name and patience, and of its queue the memory, head and counters are set */
	int  control; /* see keeper.h */
	bool live, confined;
	const char *spool; /* folder of the disk spool, or NULL */
	uint64_t    spool_max;
};

/* Runs as that process and never returns.  Writes to `report` whether it could start: an error message, or "" for success.  It exits
 * with 0 when it has finished. */
_Noreturn void carrier_run(struct carrier *w, int report);

/* Ignores the signals of a terminal, gives up all descriptors but these and the standard ones, and takes a name. */
void carrier_detach(const char *name, int keep, int keep_too);

/* Allows the calling process only what the sink needs; `spool` is the folder of its disk spool, or NULL.  Returns false when out of
 * memory. */
bool carrier_confine(const struct runner *r, const char *spool);

#endif
