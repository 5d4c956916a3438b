/* trail.h - which frames the fragments of a datagram came in, for those who want to know.
 *
 * The decoder only keeps a trail with each datagram in reassembly; how frames are numbered is the tracer's business.  Without a
 * tracer there are no trails.
 */
#ifndef CONNLOG_DECODE_TRAIL_H
#define CONNLOG_DECODE_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/more.h"

#define TRAIL_MAX 65536 /* frames with fragments of one datagram */

struct dissection;

struct trail {
	uint64_t *at; /* allocated by the tracer, freed with the datagram */
	size_t    n, room;
};

/* Returns false if the frame cannot be remembered. */
static inline bool
trail_add(struct trail *t, uint64_t number)
{
	uint64_t *at = more(t->at, t->n, &t->room, sizeof *at, TRAIL_MAX);

	if (!at)
		return false;
	t->at = at;
	t->at[t->n++] = number;
	return true;
}

struct tracer {
	void *arg;
	/* A fragment has come in the frame that is being dissected. */
	void (*fragment)(void *arg, const struct dissection *d, struct trail *t);
	/* The datagram is complete with it. */
	void (*whole)(void *arg, const struct dissection *d, const struct trail *t);
};

#endif
