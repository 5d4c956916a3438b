/* trail.h - which frames held the fragments of a datagram, for those who want to know.
 *
 * The decoder only keeps a trail with each datagram in reassembly; the numbering of frames is left to the tracer.
 * Without a tracer there are no trails.
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

/* Appends a frame. Returns false if it cannot be remembered. */
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
	/* Called for a fragment in the frame being dissected. */
	void (*fragment)(void *arg, const struct dissection *d, struct trail *t);
	/* Called when that frame completes the datagram. */
	void (*whole)(void *arg, const struct dissection *d, const struct trail *t);
};

#endif
