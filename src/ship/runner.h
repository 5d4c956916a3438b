/* runner.h - drives one sink: one thread fills its queue, another delivers from it. */
#ifndef CONNLOG_SHIP_RUNNER_H
#define CONNLOG_SHIP_RUNNER_H

#include "ship/kind.h"
#include "ship/queue.h"

struct runner {
	const struct ship_kind *kind;
	void                   *sink;
	int                     fd; /* of the sending process */
	struct link             link;
	struct queue            queue;
	char                   *name;     /* of its spool folder */
	double                  patience; /* seconds without progress before it is stopped */
	pthread_t               intake, delivery;
	atomic_bool             ended;   /* the delivering thread has exited */
	atomic_bool             closed;  /* the input has ended */
	atomic_bool             refuses; /* it was abandoned: count new records as lost */

	/* of the delivering thread */
	bool   open, told;
	double tell_at, pause;
	char  *head;
	size_t head_n;
};

/* Starts both threads.  Returns false when that fails. */
bool runner_begin(struct runner *r);

#endif
