/* keeper.h - the process that begins one delivering process per sink (carrier.h), and a new one where one has died.
 *
 * It is forked before the process that parses packets enters the sandbox, which could not fork any more.  It handles no data: queues are
 * memory that the processes share, so what a dead one had not delivered is there for the next.
 */
#ifndef CONNLOG_SHIP_KEEPER_H
#define CONNLOG_SHIP_KEEPER_H

#include "ship/carrier.h"

struct keeper {
	struct carrier *carriers;
	size_t          n;
	int             control; /* a socket whose other end the parent holds until it exits */
	bool            live;
	bool (*prepare)(void *arg);
	void *prepare_arg;
};

/* Runs as that process and never returns.  Reports through `control` whether all could start: an error message, or "" for success. */
_Noreturn void keeper_run(struct keeper *k);

#endif
