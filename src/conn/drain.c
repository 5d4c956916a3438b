/* drain.c - see drain.h.
 *
 * Connections are stored in the order in which they began as long as none has reused the place of another; otherwise a
 * list of them is sorted first.
 */
#include "conn/drain.h"

#include <stdlib.h>

#include "conn/ahead.h"

enum {
	SOON = 16, /* connections to prefetch ahead */
	LIST_SHARE = 64, /* part of the bound for a list of connections; sorting takes as much again */
};

struct ranked {
	struct wheel_rank rank;
	uint32_t          handle;
};

static int
by_rank(const void *a, const void *b)
{
	return wheel_rank_compare(&((const struct ranked *)a)->rank, &((const struct ranked *)b)->rank);
}

/* Returns the first handle from `h` on that is a connection's, or `top` if there is none. */
static uint32_t
live_from(const struct conn_store *s, uint32_t h)
{
	while (h < slab_high(&s->conns) && !(conn_at(s, h)->flags & CONN_LIVE))
		h++;
	return h;
}

/* Returns how many connections may be listed at a time, which is limited when memory is bounded. */
static size_t
room_for(const struct conn_store *s)
{
	const size_t all = s->conns.used + 1u;

	if (!s->memory)
		return all;
	const size_t some = (size_t)(s->memory->most / LIST_SHARE / sizeof(struct ranked));
	return some < all ? some : all;
}

/* Drops the later half of a full list. */
static void
halve(struct conn_drain *d)
{
	qsort(d->list, d->n, sizeof *d->list, by_rank);
	d->n /= 2;
	d->more = true;
}

/* Lists the earliest connections, as many as there is room for. */
static void
list_first(const struct conn_store *s, struct conn_drain *d)
{
	const struct wheel_rank *last = NULL;

	d->n = d->next = 0;
	d->more = false;
	for (uint32_t h = live_from(s, 1); h < slab_high(&s->conns); h = live_from(s, h + 1)) {
		const struct ranked this = { conn_rank(s, h), h };
		if (last && wheel_rank_compare(&this.rank, last) > 0)
			continue;
		d->list[d->n++] = this;
		if (d->n == d->room) {
			halve(d);
			last = &d->list[d->n - 1].rank;
		}
	}
	qsort(d->list, d->n, sizeof *d->list, by_rank);
}

static void
sort(const struct conn_store *s, struct conn_drain *d)
{
	d->room = room_for(s);
	d->list = malloc(d->room * sizeof *d->list);
	if (d->list)
		list_first(s, d);
}

void
conn_drain_begin(struct conn_store *s, struct conn_drain *d)
{
	table_clear(&s->table);
	wheel_clear(&s->wheel);
	s->draining = true;
	*d = (struct conn_drain){ .next = live_from(s, 1) };
	if (s->disordered)
		sort(s, d);
}

bool
conn_drain_rank(const struct conn_store *s, const struct conn_drain *d, size_t ahead, struct wheel_rank *rank)
{
	if (d->list) {
		if (d->n - d->next <= ahead && !d->more)
			return false;
		*rank = d->list[d->n - d->next <= ahead ? d->n - 1 : d->next + ahead].rank;
		return true;
	}
	if (slab_high(&s->conns) - d->next <= ahead)
		return false;
	const uint32_t h = live_from(s, (uint32_t)(d->next + ahead));
	if (h >= slab_high(&s->conns))
		return false;
	*rank = conn_rank(s, h);
	return true;
}

/* Returns the connection `n` places later, or NULL. */
static const struct conn *
coming(const struct conn_store *s, const struct conn_drain *d, size_t ahead)
{
	const size_t at = d->next + ahead;
	uint32_t     h = at < slab_high(&s->conns) ? (uint32_t)at : 0;

	if (d->list)
		h = at < d->n ? d->list[at].handle : 0;
	return h && conn_at(s, h)->flags & CONN_LIVE ? conn_at(s, h) : NULL;
}

/* Prefetches the state attached to a connection that comes soon. */
static void
fetch_ahead(const struct conn_store *s, const struct conn_drain *d)
{
	const struct conn *c = coming(s, d, SOON);

	if (!c)
		return;
	conn_fetch_state(s, c);
	if (s->watcher && !(c->flags & CONN_EMBRYO))
		s->watcher->fetch(s->watcher->arg, c);
}

/* Returns the next connection, or 0 past the last one. */
static uint32_t
next_handle(const struct conn_store *s, struct conn_drain *d)
{
	if (d->list && d->next == d->n && d->more)
		list_first(s, d);
	if (d->list)
		return d->next < d->n ? d->list[d->next].handle : 0;
	return d->next < slab_high(&s->conns) ? (uint32_t)d->next : 0;
}

static bool
is_behind(const struct conn_store *s, uint32_t handle, const struct wheel_rank *last)
{
	const struct wheel_rank rank = conn_rank(s, handle);

	return wheel_rank_compare(&rank, last) > 0;
}

void
conn_drain_until(struct conn_store *s, struct conn_drain *d, const struct wheel_rank *last)
{
	uint32_t h;

	while ((h = next_handle(s, d)) != 0 && !(last && is_behind(s, h, last))) {
		fetch_ahead(s, d);
		d->next = d->list ? d->next + 1 : live_from(s, h + 1);
		if (s->keeps_moments)
			s->moment = (struct moment){ UINT64_MAX, 0, conn_rank(s, h) };
		if (s->events.wanted)
			conn_at_end(s, h);
		conn_end(s, h, CONN_END_end_of_input);
	}
}

void
conn_drain_end(struct conn_store *s, struct conn_drain *d)
{
	free(d->list);
	s->draining = false;
	if (s->watcher)
		s->watcher->drained(s->watcher->arg);
}

void
conn_drain(struct conn_store *s)
{
	struct conn_drain d;

	conn_drain_begin(s, &d);
	conn_drain_until(s, &d, NULL);
	conn_drain_end(s, &d);
}
