/* keeper.h - the process that starts one delivering process per sink (carrier.h), and replaces those that have died.
 *
 * It is forked before the process that parses packets enters the sandbox, where it could no longer fork. It handles no
 * data: queues are in shared memory, so what a dead process had not delivered is available to the next.
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

/* Runs the process and never returns. Reports through `control` whether all could start: an error message, or "" for
 * success. */
_Noreturn void keeper_run(struct keeper *k);

#endif
