/* gather.c - see gather.h. */
#include "service/gather.h"

#include <stdlib.h>

/* Returns how much of the room is charged to the budget. */
static uint32_t
charged(size_t room)
{
	return room > GATHER_FREE ? (uint32_t)room : 0;
}

static bool
grow(struct gather *g, struct budget *by, size_t want)
{
	const uint32_t had = g->held ? g->held->room : 0;
	size_t         room = had ? had : 64;

	if (want <= had)
		return true;
	while (room < want)
		room *= 2;
	if (room > UINT32_MAX)
		return false;
	const uint32_t more = by ? charged(room) - charged(had) : 0;
	if (more > 0 && !budget_take(by, more))
		return false;
	struct gathered *held = realloc(g->held, sizeof *held + room);
	if (!held) {
		if (more > 0)
			budget_give(by, more);
		return false;
	}
	if (!g->held)
		held->n = 0;
	held->by = by;
	held->room = (uint32_t)room;
	g->held = held;
	return true;
}

/* Moves bytes from `*in` to the buffer until it has `n`.  Returns false when out of memory. */
static bool
hold(struct gather *g, struct budget *by, struct bytes *in, size_t n)
{
	const size_t have = gather_held(g).n, more = n - have < in->n ? n - have : in->n;

	if (!grow(g, by, have + more))
		return false;
	if (more)
		memcpy(g->held->p + have, in->p, more);
	if (g->held)
		g->held->n = (uint32_t)(have + more);
	*in = bytes_skip(*in, more);
	return true;
}

const uint8_t *
gather_need_from(struct gather *g, struct budget *by, struct bytes *in, size_t want)
{
	static const uint8_t nothing[1];
	const size_t         have = gather_held(g).n;

	if (want == 0)
		return nothing;
	if (have == 0 && in->n >= want)
		return in->p;
	if (have < want && !hold(g, by, in, want)) {
		gather_clear(g);
		*in = bytes_skip(*in, in->n);
		return NULL;
	}
	const struct bytes b = gather_held(g);
	return b.n >= want ? b.p : NULL;
}

const uint8_t *
gather_need(struct gather *g, struct bytes *in, size_t want)
{
	return gather_need_from(g, NULL, in, want);
}

void
gather_take(struct gather *g, struct bytes *in, size_t n)
{
	struct gathered *held = g->held;

	if (!held || held->n == 0) {
		*in = bytes_skip(*in, n);
	} else if (n < held->n) {
		memmove(held->p, held->p + n, held->n - n);
		held->n -= (uint32_t)n;
	} else {
		gather_clear(g);
	}
}

void
gather_clear(struct gather *g)
{
	if (g->held && g->held->by)
		budget_give(g->held->by, charged(g->held->room));
	free(g->held);
	g->held = NULL;
}
