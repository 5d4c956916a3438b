/* runner.h - drives one sink: one thread delivers from its queue, and another moves what does not fit into memory to
 * the disk. */
#ifndef CONNLOG_SHIP_RUNNER_H
#define CONNLOG_SHIP_RUNNER_H

#include "ship/kind.h"
#include "ship/queue.h"

struct runner {
	const struct ship_kind *kind;
	void                   *sink;
	struct link             link;
	struct queue            queue;
	char                   *name;     /* of its spool folder */
	double                  patience; /* seconds without progress before it is stopped */
	pthread_t               spooling, delivery;
	atomic_bool             ended; /* the delivering thread has exited */

	/* of the delivering thread */
	bool   open, told;
	double tell_at, pause;
	char  *head;
	size_t head_n;
};

/* Starts the threads. Returns false on failure. */
bool runner_begin(struct runner *r);

#endif
