/* walk.c - see walk.h. */
#include "engine/walk.h"

#include <math.h>
#include <stdlib.h>

#include "capture/source.h"
#include "capture/windows.h"
#include "engine/apart.h"
#include "engine/calm.h"
#include "engine/lines.h"

enum { SPINS = 2000 /* times a condition is polled before sleeping */ };

struct walker *
walker_new(struct member *m, connlog_source *source, uint64_t number)
{
	struct walker *w = aligned_alloc(_Alignof(struct walker), sizeof *w);

	if (!w)
		return NULL;
	*w = (struct walker){ .member = m, .source = source, .at = number, .read = number, .checked = number };
	w->doubted = UINT64_MAX;
	for (size_t k = 0; k < WALK_AHEAD; k++)
		if (!(w->slots[k] = calloc(1, sizeof *w->slots[k]))) {
			w->source = NULL;
			walker_free(w);
			return NULL;
		}
	atomic_init(&w->calm_until, number);
	atomic_init(&w->through, number);
	return w;
}

void
walker_free(struct walker *w)
{
	if (!w)
		return;
	for (size_t k = 0; k < WALK_AHEAD; k++)
		free(w->slots[k]);
	if (w->source) {
		source_lend(w->source, false);
		connlog_source_free(w->source);
	}
	free(w);
}

/* ---- reading */

bool
walker_has_room(const struct walker *w)
{
	return w->last - w->first < WALK_AHEAD && (w->windows->bytes < WALK_WINDOWS || w->read == w->at);
}

struct walk_slot *
walker_slot(struct walker *w)
{
	struct walk_slot *s = w->slots[w->last % WALK_AHEAD];

	if (s->n == 0) {
		s->first = w->read;
		s->from = w->windows->next;
	}
	return s;
}

/* Reads some packets. Errors of the source are reported by the caller's own source. */
static int
read_some(struct walker *w)
{
	connlog_engine   *e = w->member->engine;
	struct walk_slot *s = w->slots[w->last % WALK_AHEAD];
	const int         n = connlog_source_read(w->source, s->packets + s->n, WALK_PACKETS - s->n, NULL, 0);

	w->ended = n == CONNLOG_END;
	if (n <= 0)
		return n == CONNLOG_NO_MEMORY ? n : CONNLOG_OK;
	walker_slot(w);
	engine_note(e, s->times + s->n, s->packets + s->n, (size_t)n);
	e->packets = e->bytes = e->before_epoch = 0; /* the front engine counts them */
	s->n += (size_t)n;
	w->read += (uint64_t)n;
	w->last += s->n == WALK_PACKETS;
	return CONNLOG_OK;
}

/* Returns the windows before the first slot's to the source. */
static void
give_back(struct walker *w)
{
	const struct walk_slot *s = w->slots[w->first % WALK_AHEAD];

	windows_give_back(w->windows, s->n > 0 ? s->from : w->windows->next);
}

/* Advances to that packet: those before it have been tracked. */
static void
go_to(struct walker *w, uint64_t number)
{
	w->at = number;
	while (w->first <= w->last) {
		struct walk_slot *s = w->slots[w->first % WALK_AHEAD];
		if (s->n == 0 || s->first + s->n > number)
			break;
		s->n = 0;
		if (w->first == w->last)
			break;
		w->first++;
	}
	give_back(w);
}

/* Returns the slot that holds the packet. */
static const struct walk_slot *
slot_of(const struct walker *w, uint64_t number)
{
	uint64_t k = w->first;

	while (number - w->slots[k % WALK_AHEAD]->first >= w->slots[k % WALK_AHEAD]->n)
		k++;
	return w->slots[k % WALK_AHEAD];
}

/* ---- what is calm */

/* Returns the packets from that number on that are checked together: up to the end of the slot, unless they span too
 * much time. */
static struct batch_view
stretch(const struct walker *w, uint64_t number, double now)
{
	const struct walk_slot *s = slot_of(w, number);
	const size_t            from = (size_t)(number - s->first);
	const double            most = w->member->crew->span / 2;
	size_t                  n = s->n - from;

	if (s->times[s->n - 1].now - now >= most)
		for (n = 1; from + n < s->n && s->times[from + n].now - now < most; n++)
			;
	return (struct batch_view){ s->packets + from, s->times + from, n, number, false };
}

static bool
is_calm(const struct walker *w, const struct batch_view *b)
{
	const struct crew *c = w->member->crew;
	const bool         ahead = b->first > w->at;

	if (b->times[b->n - 1].now - w->checked_now >= c->span)
		return false;
	return calm_check(w->member->engine, b, ahead ? w->checked_now : -INFINITY, c->most, w->member->counts);
}

static void
say(struct walker *w, uint64_t number, double now)
{
	struct crew *c = w->member->crew;

	w->checked = number;
	w->checked_now = now;
	atomic_store(&w->calm_until, number);
	crew_moved(c);
}

void
walker_check(struct walker *w)
{
	const struct crew *c = w->member->crew;
	const double       now = w->member->engine->store.now;

	if (!c->bounded) {
		if (w->checked < w->read)
			say(w, w->read, w->checked_now);
		return;
	}
	while (w->checked < w->read && !w->behind && (w->checked != w->doubted || w->checked == w->at)) {
		const struct batch_view b = stretch(w, w->checked, w->checked_now);
		const double            last = b.times[b.n - 1].now;
		if (w->checked > w->at && last - now >= c->span)
			return; /* timers that have not been set yet may be due in it */
		if (!is_calm(w, &b)) {
			w->doubted = w->checked;
			return;
		}
		say(w, w->checked + b.n, last);
	}
}

/* Returns the number of the first packet that no worker may track yet. */
static uint64_t
limit(const struct crew *c)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < c->n; i++) {
		const uint64_t until = atomic_load(&c->members[i].walker->calm_until);
		least = until < least ? until : least;
	}
	return least;
}

/* ---- lines */

static bool
has_out(const struct walker *w)
{
	return atomic_load_explicit(&w->closed, memory_order_relaxed) - atomic_load(&w->taken) < SLOTS;
}

bool
walker_is_full(const struct walker *w)
{
	return atomic_load(&w->closed) - atomic_load(&w->taken) >= SLOTS / 2;
}

static struct out *
open_out(const struct walker *w)
{
	return &w->member->outs[atomic_load_explicit(&w->closed, memory_order_relaxed) % SLOTS];
}

void
walker_close(struct walker *w)
{
	const uint64_t closed = atomic_load_explicit(&w->closed, memory_order_relaxed);

	if (has_out(w) && open_out(w)->n > 0) {
		atomic_store(&w->closed, closed + 1);
		w->opened = w->at;
	}
	if (atomic_load_explicit(&w->through, memory_order_relaxed) < w->at) {
		atomic_store(&w->through, w->at);
		crew_moved(w->member->crew);
	}
}

static void
close_if_full(struct walker *w)
{
	const struct out *o = open_out(w);

	if (o->n == 0 || o->end >= WALK_LINES || w->at - w->opened >= WALK_OPEN)
		walker_close(w);
}

/* ---- tracking */

bool
walker_track(struct walker *w)
{
	connlog_engine *e = w->member->engine;
	const uint64_t  until = limit(w->member->crew);

	if (until <= w->at || w->behind || !has_out(w))
		return false;
	const struct walk_slot *s = slot_of(w, w->at);
	const size_t            from = (size_t)(w->at - s->first), all = s->n - from;
	const size_t            n = until - w->at < all ? (size_t)(until - w->at) : all;
	const struct batch_view b = { s->packets + from, s->times + from, n, w->at, false };
	struct out             *o = open_out(w);
	if (o->n == 0)
		w->opened = w->at;
	e->lines->out = o;
	if (engine_batch(e, &b) != CONNLOG_OK)
		return false;
	go_to(w, w->at + n);
	close_if_full(w);
	return true;
}

/* ---- waiting, under the crew's lock */

/* Returns whether this worker has read fewer packets than the caller has got from the same files. */
static bool
lacks_packets(const struct walker *w)
{
	return w->source && w->ended && atomic_load(&w->member->crew->fed) > w->read;
}

/* Returns whether there is something to do. May be called without the lock. */
static bool
can_go(const struct walker *w)
{
	const struct crew *c = w->member->crew;

	if (atomic_load(&c->trouble) || lacks_packets(w))
		return true;
	if (!w->source && apart_has_lines(c))
		return true;
	return !w->behind && limit(c) > w->at && has_out(w);
}

/* Tracks packets that are not calm for all workers, all of which are waiting here. */
static void
track_in_turn(struct walker *w)
{
	struct crew      *c = w->member->crew;
	struct batch_view b = stretch(w, w->at, w->member->engine->store.now);
	uint64_t          least = UINT64_MAX;

	for (unsigned i = 0; i < c->n; i++) {
		const struct walker *each = c->members[i].walker;
		least = each->read < least ? each->read : least;
		c->members[i].engine->lines->out = open_out(each);
	}
	b.n = least - w->at < b.n ? (size_t)(least - w->at) : b.n;
	pthread_mutex_unlock(&c->lock);
	crew_track_in_turn(c, &b);
	pthread_mutex_lock(&c->lock);
	c->in_turn++;
	c->turn = false;
	c->turn_end = w->at + b.n;
	c->turn_now = b.times[b.n - 1].now;
	c->turns++;
	pthread_cond_broadcast(&c->moved);
}

/* Skips packets that were tracked in turn. */
static void
skip(struct walker *w)
{
	const struct crew *c = w->member->crew;

	go_to(w, c->turn_end);
	w->behind = c->behind;
	if (w->checked < w->at || w->behind) {
		w->checked = w->at;
		w->checked_now = c->turn_now;
		atomic_store(&w->calm_until, w->at);
	}
	w->doubted = UINT64_MAX;
	if (w->member->engine->status != CONNLOG_OK)
		w->status = w->member->engine->status;
}

/* Handles packets that have to be tracked in turn: waits for the others, or tracks for all. */
static void
take_turn(struct walker *w)
{
	struct crew   *c = w->member->crew;
	const uint64_t turn = c->turns + 1;
	unsigned       n = 0;

	w->arrived = turn;
	for (unsigned i = 0; i < c->n; i++)
		n += c->members[i].walker->arrived == turn;
	if (n == c->n)
		track_in_turn(w);
	while (c->turns < turn && c->apart && !c->quit && !(c->paused && w->at == c->pause_at) && !atomic_load(&c->trouble))
		pthread_cond_wait(&c->moved, &c->lock);
	if (c->turns == turn)
		skip(w);
	else
		w->arrived = 0;
}

/* Waits at the packet at which the caller wants all workers to stop. */
static void
park(struct walker *w)
{
	struct crew *c = w->member->crew;

	w->parked = c->pauses;
	pthread_cond_broadcast(&c->moved);
	while (c->paused && c->pauses == w->parked && c->apart && !c->quit)
		pthread_cond_wait(&c->moved, &c->lock);
}

/* Handles a turn or a pause that the worker has reached. Returns whether there was one. */
static bool
come_to(struct walker *w)
{
	struct crew *c = w->member->crew;

	if (w->source && c->paused && w->at == c->pause_at) {
		park(w);
		return true;
	}
	if (w->read == w->at || !has_out(w))
		return false;
	if (!c->turn && w->checked == w->at && (w->behind || w->doubted == w->at)) {
		c->turn = true;
		c->turn_at = w->at;
		pthread_cond_broadcast(&c->moved);
	}
	if (!c->turn || c->turn_at != w->at)
		return false;
	take_turn(w);
	return true;
}

bool
walker_wait(struct walker *w)
{
	struct crew *c = w->member->crew;
	bool         goes = false;

	walker_close(w);
	for (int i = 0; i < SPINS && !goes; i++)
		goes = can_go(w);
	if (goes)
		return true;
	pthread_mutex_lock(&c->lock);
	atomic_fetch_add(&c->sleepers, 1);
	while (!c->quit && c->apart && !can_go(w) && !come_to(w))
		pthread_cond_wait(&c->moved, &c->lock);
	atomic_fetch_sub(&c->sleepers, 1);
	const bool over = c->quit || !c->apart;
	pthread_mutex_unlock(&c->lock);
	return !over;
}

/* ---- a worker's main loop */

static void
fail(struct walker *w, int status)
{
	struct crew *c = w->member->crew;

	walker_close(w);
	pthread_mutex_lock(&c->lock);
	w->status = status;
	atomic_store(&c->trouble, true);
	pthread_cond_broadcast(&c->moved);
	while (c->apart && !c->quit)
		pthread_cond_wait(&c->moved, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

void
walker_run(struct walker *w)
{
	int status = CONNLOG_OK;

	for (;;) {
		while (status == CONNLOG_OK && !w->ended && walker_has_room(w))
			status = read_some(w);
		walker_check(w);
		const bool tracked = walker_track(w);
		if (status == CONNLOG_OK)
			status = w->member->engine->status;
		if (status == CONNLOG_OK && lacks_packets(w))
			status = CONNLOG_IO;
		if (status != CONNLOG_OK) {
			fail(w, status);
			return;
		}
		if (!tracked && !walker_wait(w))
			return;
	}
}
