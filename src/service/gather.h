/* gather.h - collects a piece of a stream whose length is known, across chunks.
 *
 * A recogniser asks for `want` bytes; if they lie in one chunk, nothing is copied.  At most `want` bytes are buffered, so the
 * caller sets the limit; memory beyond GATHER_FREE is charged to the budget that all connections share.  While nothing is
 * buffered, it is just a pointer.
 */
#ifndef CONNLOG_SERVICE_GATHER_H
#define CONNLOG_SERVICE_GATHER_H

#include "base/budget.h"
#include "base/bytes.h"

#define GATHER_FREE 65536u

struct gathered {
	struct budget *by; /* NULL: at most GATHER_FREE bytes */
	uint32_t       n, room;
	uint8_t        p[];
};

struct gather {
	struct gathered *held; /* from earlier chunks; NULL: nothing */
};

/* Returns the buffered bytes. */
static inline struct bytes
gather_held(const struct gather *g)
{
	return g->held ? (struct bytes){ g->held->p, g->held->n } : (struct bytes){ NULL, 0 };
}

/* Follows the size of binpac's FlowBuffer, which does not shrink with its content.  Returns false if `n` bytes are too many for
 * it: it throws, and starts over. */
static inline bool
flow_buffer_fits(uint32_t *room, uint64_t n)
{
	enum { LEAST = 512, MOST = 10 << 20 }; /* BinPAC::flowbuffer_capacity_... */

	if (n <= *room)
		return true;
	if (n < LEAST)
		n = LEAST;
	if (n < 2u * (uint64_t)*room)
		n = 2u * (uint64_t)*room;
	if (n > MOST)
		return false;
	*room = (uint32_t)n;
	return true;
}

/* Ends a message. */
static inline void
flow_buffer_next(uint32_t *room)
{
	if (*room >= 2u << 20) /* BinPAC::flowbuffer_contract_threshold */
		*room = 512;
}

/* Returns `want` contiguous bytes, buffered ones followed by those of `*in`; or NULL if there are not enough yet, after
 * buffering all of `*in`.  The bytes are not consumed: a call with a larger `want` starts at the same place, and gather_take()
 * drops them.  When out of memory everything is dropped, and it returns NULL. */
const uint8_t *gather_need(struct gather *g, struct bytes *in, size_t want);
/* Does the same, charging memory beyond GATHER_FREE to a budget; to be used in all calls for one gather. */
const uint8_t *gather_need_from(struct gather *g, struct budget *by, struct bytes *in, size_t want);
/* Consumes the first `n` bytes that gather_need() returned. */
void gather_take(struct gather *g, struct bytes *in, size_t n);
/* Discards and frees the buffer. */
void gather_clear(struct gather *g);

#endif
