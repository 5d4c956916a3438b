/* evict.c - see evict.h.
 *
 * A hand goes round over all connections as they lie in memory.  Those that began together lie together, so what is near is no sample:
 * of a window only connections that have exchanged little end, of the older half of them.  When the hand has come round and few have
 * ended, the rest of them can end, too.
 */
#include "conn/evict.h"

#include <stdlib.h>

enum {
	EVICT_SAMPLE = 16,
	WINDOW = 1024,  /* connections that are looked at at once */
	STEPS = 65536,  /* of the hand for that, over the gaps that connections which have ended leave */
	FRUITLESS = 64, /* a round has ended few where it has ended less than one in so many */
	A_FEW = 3,      /* packets of each side that make an exchange */
	AT_ONCE = 128,  /* connections that end at once */
};

/* What was exchanged, in the order in which connections end. */
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

/* Moves the hand on.  Returns the connection there, or NULL. */
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

/* The hand has come round.  Only a round that could end connections all the time says that there are too few to end. */
static void
note_round(struct conn_store *s)
{
	s->press.all = !s->press.mild && s->press.ended < s->conns.used / FRUITLESS;
	s->press.mild = false;
	s->press.ended = 0;
}

/* Does to a connection what is done before any has to end.  Returns whether it is still there. */
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

/* Ends the older half of these, `most` of them at most. */
static void
end_older_half(struct conn_store *s, struct candidate *at, size_t n, size_t most)
{
	qsort(at, n, sizeof *at, compare);
	n = (n + 1) / 2 < most ? (n + 1) / 2 : most;
	for (size_t i = 0; i < n; i++)
		if (conn_at(s, at[i].handle)->flags & CONN_LIVE) /* a handler of an event may have ended it */
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
