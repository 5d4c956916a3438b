/* worker.c - the threads of a crew: see crew.h. */
#include <math.h>

#include "engine/calm.h"
#include "engine/crew.h"
#include "engine/lines.h"
#include "engine/walk.h"

/* Returns whether the slot with that number is calm for this engine, which is about to work on slot `at`. */
static bool
is_calm(struct member *m, const struct slot *slot, bool ahead)
{
	const struct crew       *c = m->crew;
	const struct batch_view *b = &slot->view;

	if (!c->bounded || slot->kind != SLOT_PACKETS_KIND)
		return true;
	if (b->times[b->n - 1].now - slot->begins >= c->span)
		return false;
	return calm_check(m->engine, b, ahead ? slot->begins : -INFINITY, c->most, m->counts);
}

/* Finds out of the slot that the worker has come to, and of those behind it that are there already, whether they are calm.  Of a
 * later one that can be said as long as no timer that is set meanwhile can be due in it.  Returns how many slots it has gone through;
 * calm[k % c->ring] is of slot k. */
static uint64_t
look_ahead(struct member *m, uint64_t number, uint64_t published, bool calm[SLOTS])
{
	struct crew *c = m->crew;
	const double from = c->slots[number % c->ring]->begins;
	uint64_t     k;

	for (k = m->voted < number ? number : m->voted; k < published; k++) {
		const struct slot *slot = c->slots[k % c->ring];
		if (k > number && slot->kind == SLOT_PACKETS_KIND && slot->view.times[slot->view.n - 1].now - from >= c->span)
			break;
		calm[k % c->ring] = is_calm(m, slot, k > number);
	}
	return k;
}

/* Runs the timers that are due now, `left` at most, in the order of all engines'.  What several engines track fires in all of
 * them at once and counts once.  Returns how many more might have been run. */
static uint64_t
expire_all(struct crew *c, uint64_t left)
{
	while (left > 0) {
		const struct wheel_due *first = NULL;
		for (unsigned i = 0; i < c->n; i++) {
			const struct wheel_due *due = conn_due_first(&c->members[i].engine->store);
			if (due && (!first || wheel_due_compare(due, first) < 0))
				first = due;
		}
		if (!first)
			break;
		const struct wheel_due which = *first;
		for (unsigned i = 0; i < c->n; i++) {
			struct conn_store      *s = &c->members[i].engine->store;
			const struct wheel_due *due = conn_due_first(s);
			if (due && wheel_due_compare(due, &which) == 0)
				left -= conn_expire_one(s);
		}
	}
	return left;
}

/* conn_advance() for all engines. */
static void
advance_all(struct crew *c, const struct batch_time *t, uint64_t number)
{
	const uint64_t most = c->front->opt.conn.max_timer_expires;
	uint64_t       left = most ? most : UINT64_MAX;

	for (unsigned i = 0; i < c->n; i++) {
		struct conn_store *s = &c->members[i].engine->store;
		s->moment.packet = number;
		s->moment.at = -INFINITY;
		s->salt = t->salt;
	}
	if (c->behind)
		left = expire_all(c, left);
	for (unsigned i = 0; i < c->n; i++)
		c->members[i].engine->store.now = t->now;
	left = expire_all(c, left);
	c->behind = left == 0;
}

void
crew_track_in_turn(struct crew *c, const struct batch_view *b)
{
	for (size_t at = 0; at < b->n; at++) {
		const struct batch_view one = { b->packets + at, b->times + at, 1, b->first + at, true };
		if (one.times->counts)
			advance_all(c, one.times, one.first);
		for (unsigned i = 0; i < c->n; i++)
			engine_batch(c->members[i].engine, &one);
	}
}

/* Says whether slots are calm, as far as can be told, and waits until all have said it of the one with that number.  If it is not,
 * and all have come to it, the last one tracks it for all.  Returns whether the worker is to track it itself. */
static bool
agree(struct member *m, struct slot *slot, uint64_t number, uint64_t published)
{
	struct crew   *c = m->crew;
	bool           calm[SLOTS];
	const uint64_t end = look_ahead(m, number, published, calm);

	pthread_mutex_lock(&c->lock);
	for (uint64_t k = m->voted < number ? number : m->voted; k < end; k++) {
		struct slot *s = c->slots[k % c->ring];
		s->calm = s->calm && calm[k % c->ring];
		if (++s->votes == c->n)
			pthread_cond_broadcast(&c->agreed);
	}
	m->voted = end;
	while (slot->votes < c->n)
		pthread_cond_wait(&c->agreed, &c->lock);
	const bool mine = slot->calm && !c->behind; /* which changes only when all have come here */
	if (!mine && ++slot->arrived == c->n) {
		pthread_mutex_unlock(&c->lock);
		crew_track_in_turn(c, &slot->view);
		pthread_mutex_lock(&c->lock);
		c->in_turn++;
		slot->decided = true;
		pthread_cond_broadcast(&c->agreed);
	}
	while (!mine && !slot->decided)
		pthread_cond_wait(&c->agreed, &c->lock);
	pthread_mutex_unlock(&c->lock);
	return mine;
}

static void
work_on(struct member *m, struct slot *slot, uint64_t number, uint64_t published)
{
	struct conn_store *s = &m->engine->store;

	switch (slot->kind) {
	case SLOT_PACKETS_KIND:
		if (agree(m, slot, number, published))
			engine_batch(m->engine, &slot->view);
		break;
	case SLOT_DRAIN_BEGIN:
		conn_drain_begin(s, &m->drain);
		break;
	case SLOT_DRAIN:
		conn_drain_until(s, &m->drain, slot->all ? NULL : &slot->until);
		if (slot->all)
			conn_drain_end(&m->drain);
		break;
	}
}

/* The worker reads by itself.  Under the lock, before and after. */
static void
walk(struct member *m)
{
	struct crew *c = m->crew;

	pthread_mutex_unlock(&c->lock);
	walker_run(m->walker);
	pthread_mutex_lock(&c->lock);
	c->walking--;
	pthread_cond_broadcast(&c->moved);
}

void *
worker_run(void *arg)
{
	struct member *m = arg;
	struct crew   *c = m->crew;

	pthread_mutex_lock(&c->lock);
	for (uint64_t number = 0;; number++) {
		while (c->published <= number && !c->quit) {
			if (c->apart && m->walker->source)
				walk(m);
			else
				pthread_cond_wait(&c->work, &c->lock);
		}
		const uint64_t published = c->published;
		pthread_mutex_unlock(&c->lock);
		if (published <= number)
			return NULL;
		struct slot *slot = c->slots[number % c->ring];
		m->engine->lines->out = &m->outs[number % c->ring];
		work_on(m, slot, number, published);
		pthread_mutex_lock(&c->lock);
		if (slot->status == CONNLOG_OK)
			slot->status = m->engine->status;
		if (++slot->finished == c->n && c->awaited == number)
			pthread_cond_signal(&c->done);
	}
}
