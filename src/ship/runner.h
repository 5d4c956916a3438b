/* runner.h - feeds one sink: a thread takes in what comes for it, another one delivers that. */
#ifndef CONNLOG_SHIP_RUNNER_H
#define CONNLOG_SHIP_RUNNER_H

#include "ship/kind.h"
#include "ship/queue.h"

struct runner {
	const struct ship_kind *kind;
	void                   *sink;
	int                     fd; /* what comes */
	struct link             link;
	struct queue            queue;
	char                   *name;     /* of its folder on the disk */
	double                  patience; /* seconds that it may take nothing at the end; of captures, at any time */
	pthread_t               intake, delivery;
	atomic_bool             ended;   /* the second thread has */
	atomic_bool             closed;  /* nothing comes any more */
	atomic_bool             refuses; /* it was given up: what comes is lost */

	/* the second thread's */
	bool   open, told;
	double tell_at, pause;
	char  *head;
	size_t head_n;
};

/* Begins both.  Returns false without threads. */
bool runner_begin(struct runner *r);

#endif
