/* gather.c - see gather.h. */
#include "service/gather.h"

#include <stdlib.h>

/* => What of the room is the budget's. */
static uint32_t
charged(size_t room)
{
	return room > GATHER_FREE ? (uint32_t)room : 0;
}

static bool
grow(struct gather *g, size_t want)
{
	size_t room = g->room ? g->room : 64;

	if (want <= g->room)
		return true;
	while (room < want)
		room *= 2;
	if (room > UINT32_MAX)
		return false;
	const uint32_t more = g->by ? charged(room) - charged(g->room) : 0;
	if (more > 0 && !budget_take(g->by, more))
		return false;
	uint8_t *p = realloc(g->p, room);
	if (!p) {
		if (more > 0)
			budget_give(g->by, more);
		return false;
	}
	g->p = p;
	g->room = (uint32_t)room;
	return true;
}

/* Moves bytes from `*in` until `n` are held, or all are. => False where there is no memory. */
static bool
hold(struct gather *g, struct bytes *in, size_t n)
{
	const size_t more = n - g->n < in->n ? n - g->n : in->n;

	if (!grow(g, g->n + more))
		return false;
	if (more)
		memcpy(g->p + g->n, in->p, more);
	g->n += (uint32_t)more;
	*in = bytes_skip(*in, more);
	return true;
}

const uint8_t *
gather_need(struct gather *g, struct bytes *in, size_t want)
{
	static const uint8_t nothing[1];

	if (want == 0)
		return nothing;
	if (g->n == 0 && in->n >= want)
		return in->p;
	if (g->n < want && !hold(g, in, want)) {
		gather_clear(g);
		*in = bytes_skip(*in, in->n);
		return NULL;
	}
	return g->n >= want ? g->p : NULL;
}

void
gather_take(struct gather *g, struct bytes *in, size_t n)
{
	if (g->n == 0) {
		*in = bytes_skip(*in, n);
	} else if (n < g->n) {
		memmove(g->p, g->p + n, g->n - n);
		g->n -= (uint32_t)n;
	} else {
		gather_clear(g);
	}
}

void
gather_clear(struct gather *g)
{
	if (g->by)
		budget_give(g->by, charged(g->room));
	free(g->p);
	*g = (struct gather){ .by = g->by };
}
