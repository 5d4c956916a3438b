/* gather.h - a piece of a stream of which the length is known, held together over chunks.
 *
 * A recogniser asks for `want` bytes; as long as they lie in one chunk nothing is copied.  What is held is at most
 * `want`, so who asks bounds it; where that is more than GATHER_FREE, what it takes comes out of the budget that all
 * connections share.  As long as nothing is held, it is a pointer and no more.
 */
#ifndef CONNLOG_SERVICE_GATHER_H
#define CONNLOG_SERVICE_GATHER_H

#include "base/budget.h"
#include "base/bytes.h"

#define GATHER_FREE 65536u

struct gathered {
	struct budget *by; /* NULL: there is no more than GATHER_FREE */
	uint32_t       n, room;
	uint8_t        p[];
};

struct gather {
	struct gathered *held; /* from earlier chunks; NULL: nothing */
};

/* => What is held. */
static inline struct bytes
gather_held(const struct gather *g)
{
	return g->held ? (struct bytes){ g->held->p, g->held->n } : (struct bytes){ NULL, 0 };
}

/* How large binpac's FlowBuffer would be, which does not shrink with what it holds.  => False where `n` bytes are too many for
 * it: it throws, and begins anew. */
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

/* A message is over. */
static inline void
flow_buffer_next(uint32_t *room)
{
	if (*room >= 2u << 20) /* BinPAC::flowbuffer_contract_threshold */
		*room = 512;
}

/* => `want` bytes in a row: held ones, then from `*in`; NULL where there are not so many yet, `*in` then is held and empty.
 * The bytes are not taken: a call with a larger `want` goes on from the same start, gather_take() drops them.  Without
 * memory all is dropped and the answer is NULL. */
const uint8_t *gather_need(struct gather *g, struct bytes *in, size_t want);
/* The same, with what is beyond GATHER_FREE out of a budget: for all calls of one gather. */
const uint8_t *gather_need_from(struct gather *g, struct budget *by, struct bytes *in, size_t want);
/* Drops the first `n` bytes, which gather_need() has shown. */
void gather_take(struct gather *g, struct bytes *in, size_t n);
/* Forgets what is held, and frees it. */
void gather_clear(struct gather *g);

#endif
