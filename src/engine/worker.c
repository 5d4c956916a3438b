/* worker.c - the threads of a crew: see crew.h. */
#include <math.h>

#include "engine/calm.h"
#include "engine/crew.h"
#include "engine/lines.h"
#include "engine/walk.h"

/* Returns whether the slot is calm for this engine; with `ahead`, other slots come before it. */
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

/* Determines whether the slot that the worker has reached is calm, and likewise for the slots after it that are already
 * published. For a later slot this is known as long as no timer set meanwhile can be due in it. Returns the number of
 * slots examined; calm[k % c->ring] is the result for slot k. */
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

/* Runs at most `left` timers that are due now, in the common order of all engines. A timer that several engines have
 * fires in all of them at the same time and counts once. Returns how many more may run. */
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

/* Does what conn_advance() does, for all engines. */
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

/* Publishes whether slots are calm, as far as that is known, and waits until all workers have done so for slot
 * `number`. If it is not calm and all workers have reached it, the last one tracks it for all. Returns whether this
 * worker has to track the slot itself. */
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
	const bool mine = slot->calm && !c->behind; /* `behind` changes only when all workers have arrived */
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
			conn_drain_end(s, &m->drain);
		break;
	}
}

/* Runs a worker that reads the input itself. Called and returns with the lock held. */
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
