/* evict.c - see evict.h.
 *
 * A hand, as in the clock algorithm, goes round over all connections in the order of their memory. Connections that
 * began together are stored together, so a window of neighbours is no random sample: only connections of a window that
 * have exchanged little end, and only the older half of those. If a whole round has ended few, the others may end as
 * well.
 */
#include "conn/evict.h"

#include <stdlib.h>

enum {
	EVICT_SAMPLE = 16,
	WINDOW = 1024,  /* connections examined in one go */
	STEPS = 65536,  /* most steps of the hand for a window, over the gaps left by connections that have ended */
	FRUITLESS = 64, /* a round is fruitless if it has ended less than one connection in so many */
	A_FEW = 3,      /* packets of each side that count as an exchange */
	AT_ONCE = 128,  /* connections ended in one go */
};

/* What was exchanged: connections end in this order. */
enum worth { ONE_SIDED, ANSWERED, EXCHANGE };

struct candidate {
	double   last_time;
	uint32_t handle;
	uint32_t worth;
};

static enum worth
worth_of(const struct conn_store *s, const struct conn *c)
{
	const uint64_t orig = conn_pkts(s, c, ORIG), resp = conn_pkts(s, c, RESP), least = orig < resp ? orig : resp;

	return least == 0 ? ONE_SIDED : least < A_FEW ? ANSWERED : EXCHANGE;
}

static int
compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->worth != y->worth)
		return x->worth < y->worth ? -1 : 1;
	return x->last_time < y->last_time ? -1 : x->last_time > y->last_time;
}

/* Advances the hand. Returns the connection there, or NULL. */
static const struct conn *
step(struct conn_store *s)
{
	if (++s->evict_hand >= s->conns.top)
		s->evict_hand = 1;
	const struct conn *c = conn_at(s, s->evict_hand);
	return c->flags & CONN_LIVE ? c : NULL;
}

void
conn_evict(struct conn_store *s)
{
	uint32_t victim = 0;

	for (unsigned seen = 0; seen < EVICT_SAMPLE;) {
		const struct conn *c = step(s);
		if (!c)
			continue;
		if (!victim || c->last_time < conn_at(s, victim)->last_time)
			victim = s->evict_hand;
		if (++seen >= s->conns.used)
			break;
	}
	conn_remove(s, victim, CONN_END_evicted);
}

void
conn_make_room(struct conn_store *s)
{
	struct candidate best = { 0 };

	if (s->conns.used == 0)
		return;
	for (unsigned looked = 0, little = 0, steps = 0; looked < WINDOW && little < EVICT_SAMPLE && steps < STEPS;
	     steps++) {
		const struct conn *c = step(s);
		if (!c)
			continue;
		looked++;
		const struct candidate this = { c->last_time, s->evict_hand, worth_of(s, c) };
		little += this.worth < EXCHANGE;
		if (!best.handle || compare(&this, &best) < 0)
			best = this;
	}
	if (best.handle)
		conn_remove(s, best.handle, CONN_END_evicted);
}

/* Evaluates a finished round. Only a round that could end connections throughout shows whether there are too few
 * candidates. */
static void
note_round(struct conn_store *s)
{
	s->press.all = !s->press.mild && s->press.ended < s->conns.used / FRUITLESS;
	s->press.mild = false;
	s->press.ended = 0;
}

/* Applies the milder measures to a connection. Returns whether it still exists. */
static bool
press_one(struct conn_store *s, uint32_t handle, enum worth worth, enum press stage)
{
	const struct conn *c = conn_at(s, handle);

	if (worth == ONE_SIDED && s->now - c->last_time >= s->opt->emergency_timeout) {
		conn_remove(s, handle, CONN_END_hurried);
		s->press.ended++;
		return false;
	}
	if (stage >= PRESS_GIVE_UP && (worth < EXCHANGE || s->press.all) && c->watch && !(c->watch & WATCH_OVER)) {
		s->watcher->give_up(s->watcher->arg, handle);
		s->press.ended++;
	}
	return true;
}

/* Ends the older half of the candidates, at most `most` of them. */
static void
end_older_half(struct conn_store *s, struct candidate *at, size_t n, size_t most)
{
	qsort(at, n, sizeof *at, compare);
	n = (n + 1) / 2 < most ? (n + 1) / 2 : most;
	for (size_t i = 0; i < n; i++)
		if (conn_at(s, at[i].handle)->flags & CONN_LIVE) /* an event handler may have ended it */
			conn_remove(s, at[i].handle, CONN_END_evicted);
	s->press.ended += (uint32_t)n;
}

void
conn_press(struct conn_store *s, enum press stage)
{
	struct candidate at[WINDOW];
	size_t           n = 0, ended = 0;

	if (s->conns.used == 0)
		return;
	for (unsigned i = 0; i < WINDOW && ended < AT_ONCE; i++) {
		const struct conn *c = step(s);
		if (s->evict_hand == 1)
			note_round(s);
		if (stage < PRESS_END) {
			s->press.mild = true;
			s->press.all = false;
		}
		if (!c || c->flags & CONN_REPLICA)
			continue;
		const struct candidate this = { c->last_time, s->evict_hand, worth_of(s, c) };
		if (!press_one(s, this.handle, (enum worth)this.worth, stage))
			ended++;
		else if (this.worth < EXCHANGE || s->press.all)
			at[n++] = this;
	}
	if (stage == PRESS_END)
		end_older_half(s, at, n, AT_ONCE - ended);
}
