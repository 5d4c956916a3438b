/* crew.c - the caller's side of a crew: see crew.h. */
#include "engine/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "engine/calm.h"
#include "engine/lines.h"
#include "engine/logging.h"

enum {
	DRAIN_STEP = 4096, /* connections that an engine ends before the lines are merged */
	NOTED = 64,        /* packets whose times and shares are noted at once */
	FEW_PACKETS = 16,  /* of a slot where memory is bound and packets lead to many lines */
	MANY_LINES = 4096, /* of a slot */
	IDLE_STEP = 4096,  /* timers that each engine runs at once */
};

/* ---- making a crew */

/* What all connections share is divided, so that the bounds are those of the whole.  Of memory, what waits to be merged comes first. */
static void
divide_bounds(connlog_engine *e, unsigned n)
{
	struct conn_options *o = &e->opt.conn;

	if (o->max_connections)
		o->max_connections = o->max_connections / n + 1;
	o->max_reassembly_bytes /= n;
	e->store.range_most = o->max_reassembly_bytes;
	if (e->store.memory)
		emergency_begin(e, e->opt.max_memory / n - MEMORY_LEAST / 4);
	e->inspector.held.most /= n;
}

static bool
member_init(struct crew *c, unsigned i, const connlog_writer_options *w, char *err, size_t err_size)
{
	struct member *m = &c->members[i];

	m->crew = c;
	m->engine = i == 0 ? c->front : connlog_engine_new(&c->front->opt, err, err_size);
	if (!m->engine)
		return false;
	if (i > 0) {
		m->engine->store.hash_key = c->front->store.hash_key;
		m->engine->store.uid_key = c->front->store.uid_key;
		if (!lines_attach(m->engine, c->front->lines->events))
			return false;
	}
	for (unsigned k = 0; k < SLOTS; k++)
		if (!(m->outs[k].writer = connlog_writer_new(w, err, err_size)))
			return false;
	return true;
}

struct crew *
crew_new(connlog_engine *front, unsigned n, const connlog_writer_options *w, char *err, size_t err_size)
{
	struct crew *c = calloc(1, sizeof *c);

	snprintf(err, err_size, "out of memory");
	if (!c)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	pthread_cond_init(&c->done, NULL);
	c->front = front;
	c->n = n;
	c->slot_packets = SLOT_PACKETS;
	c->merger.fn = front->lines->fn;
	c->merger.arg = front->lines->arg;
	c->span = calm_span(&front->opt);
	c->members = calloc(n, sizeof *c->members);
	for (unsigned i = 0; c->members && i < n; i++)
		if (!member_init(c, i, w, err, err_size)) {
			crew_free(c);
			return NULL;
		}
	for (unsigned k = 0; k < SLOTS; k++)
		if (!c->members || !(c->slots[k] = calloc(1, sizeof **c->slots)) ||
		    !(c->slots[k]->bytes = malloc(c->slots[k]->room = SLOT_BYTES))) {
			crew_free(c);
			return NULL;
		}
	return c;
}

/* Ends the threads, wherever they are. */
static void
stop(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->quit = true;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->n; i++)
		if (c->members[i].runs)
			pthread_join(c->members[i].thread, NULL);
}

void
crew_free(struct crew *c)
{
	if (!c)
		return;
	for (unsigned i = 0; c->members && i < c->n; i++) {
		struct member *m = &c->members[i];
		if (i == 0)
			stop(c);
		for (unsigned k = 0; k < SLOTS; k++)
			out_free(&m->outs[k]);
		if (i > 0)
			connlog_engine_free(m->engine);
	}
	for (unsigned k = 0; k < SLOTS; k++) {
		if (c->slots[k])
			free(c->slots[k]->bytes);
		free(c->slots[k]);
	}
	for (size_t i = 0; i < c->n_texts; i++)
		free(c->texts[i]);
	free(c->members);
	merge_free(&c->merger);
	pthread_cond_destroy(&c->done);
	pthread_cond_destroy(&c->work);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* A connlog_notice_fn of an engine in a thread: what it tells is handed on by the caller's.  All engines can tell that checksums
 * are wrong, which is told once. */
static void
keep_notice(void *arg, const char *text)
{
	struct member *m = arg;
	struct crew   *c = m->crew;
	const bool     again = m->engine->notices.told_offloading && !m->told_offloading;

	pthread_mutex_lock(&c->lock);
	if (!(again && c->told_offloading) && c->n_texts < CREW_TEXTS && (c->texts[c->n_texts] = strdup(text)) != NULL)
		c->n_texts++;
	m->told_offloading = m->told_offloading || again;
	c->told_offloading = c->told_offloading || again;
	pthread_mutex_unlock(&c->lock);
}

static void
hand_on_notices(struct crew *c)
{
	char  *texts[CREW_TEXTS];
	size_t n;

	pthread_mutex_lock(&c->lock);
	n = c->n_texts;
	memcpy(texts, c->texts, sizeof texts);
	c->n_texts = 0;
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < n; i++) {
		if (c->notice)
			c->notice(c->notice_arg, texts[i]);
		free(texts[i]);
	}
}

/* Does nobody else listen, who would have to be told from one thread? */
static bool
can_share(const connlog_engine *e)
{
	const struct event_bus *b = &e->bus;
	size_t                  listeners = b->records.n;

	for (size_t id = 0; id < CONNLOG_EVENTS; id++)
		listeners += b->events[id].n;
	const uint64_t events = e->lines->events;
	return listeners == (events ? (size_t)__builtin_popcountll(events) : 1) && b->policies.n == 0 &&
	       e->scripts.n == 0 && !e->opt.contents.default_extract;
}

static bool
start_threads(struct crew *c)
{
	bool good = true;

	for (unsigned i = 0; good && i < c->n; i++)
		good = c->members[i].runs = thread_begin(&c->members[i].thread, worker_run, &c->members[i]);
	return good;
}

bool
crew_start(struct crew *c)
{
	const uint64_t most = c->front->opt.conn.max_timer_expires;

	if (!can_share(c->front))
		return false;
	c->notice = c->front->notices.fn;
	c->notice_arg = c->front->notices.arg;
	c->bounded = most > 0;
	c->most = c->bounded ? (unsigned)((most - 1) / c->n) : 0;
	for (unsigned i = 0; i < c->n; i++) {
		connlog_engine *e = c->members[i].engine;
		if (i > 0 && !logging_like(e, c->front))
			c->status = CONNLOG_NO_MEMORY;
		e->share = (uint16_t)i;
		e->shares = (uint16_t)c->n;
		e->store.keeps_moments = true;
		e->lines->fn = NULL;
		connlog_on_notice(e, keep_notice, &c->members[i]);
		e->lines->out = &c->members[i].outs[0];
		divide_bounds(e, c->n);
	}
	c->started = true;
	if (!start_threads(c))
		c->status = CONNLOG_NO_MEMORY;
	return true;
}

/* ---- the ring */

static struct slot *
open_slot(struct crew *c)
{
	return c->slots[c->published % SLOTS];
}

static void
publish(struct crew *c)
{
	struct slot *s = open_slot(c);

	s->votes = s->arrived = s->finished = 0;
	s->calm = true;
	s->decided = false;
	s->status = CONNLOG_OK;
	pthread_mutex_lock(&c->lock);
	c->published++;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
}

static void
note_failure(struct crew *c, int status)
{
	if (c->status == CONNLOG_OK)
		c->status = status;
}

/* Lines that wait to be merged are memory: a slot that has led to many is followed by smaller ones. */
static void
adapt(struct crew *c, size_t lines)
{
	if (!c->front->store.memory)
		return;
	if (lines > MANY_LINES)
		c->slot_packets = FEW_PACKETS;
	else if (c->slot_packets < SLOT_PACKETS)
		c->slot_packets *= 2;
}

/* Merges the lines that the engines have for the slot at that place of the ring, unless it is over. */
static void
merge_lines(struct crew *c, size_t at)
{
	const struct out *outs[CREW_MAX];

	size_t lines = 0;

	for (unsigned i = 0; i < c->n; i++) {
		outs[i] = &c->members[i].outs[at];
		lines += outs[i]->n;
	}
	adapt(c, lines);
	if (c->status == CONNLOG_OK)
		note_failure(c, merge(&c->merger, outs, c->n));
	for (unsigned i = 0; i < c->n; i++)
		out_clear(&c->members[i].outs[at]);
}

/* Waits for the oldest slot and merges its lines; what an engine has failed with comes behind them. */
static void
take_oldest(struct crew *c)
{
	const size_t at = c->merged % SLOTS;
	struct slot *s = c->slots[at];

	pthread_mutex_lock(&c->lock);
	while (s->finished < c->n)
		pthread_cond_wait(&c->done, &c->lock);
	const int status = s->status;
	pthread_mutex_unlock(&c->lock);
	merge_lines(c, at);
	note_failure(c, status);
	hand_on_notices(c);
	s->view.n = s->used = 0;
	c->merged++;
}

/* Publishes the open slot and sees to it that there is a next one. */
static void
next(struct crew *c)
{
	publish(c);
	while (c->published - c->merged == SLOTS)
		take_oldest(c);
}

/* ---- packets */

/* Returns whether the slot lasts too long with a packet of that time, and does without it. */
static bool
is_too_long(const struct crew *c, const struct slot *s, double now)
{
	return s->view.n > 0 && now - s->begins >= c->span / 2;
}

/* Copies the packet's bytes. Returns false when out of memory. */
static bool
keep_bytes(struct slot *s, connlog_packet *p)
{
	if (s->room - s->used < p->caplen) { /* the slot is empty, and this one is large */
		uint8_t *bytes = realloc(s->bytes, p->caplen);
		if (!bytes)
			return false;
		s->bytes = bytes;
		s->room = p->caplen;
	}
	if (p->caplen > 0)
		memcpy(s->bytes + s->used, p->data, p->caplen);
	p->data = s->bytes + s->used;
	s->used += p->caplen;
	return true;
}

/* `number` is the packet's. */
static int
add(struct crew *c, const connlog_packet *p, const struct batch_time *t, uint64_t number)
{
	struct slot *s = open_slot(c);

	if (s->view.n >= c->slot_packets || (s->view.n > 0 && s->room - s->used < p->caplen) || is_too_long(c, s, t->now)) {
		const double begins = s->times[s->view.n - 1].now;
		if (c->front->store.memory && t->now - begins >= c->span / 2) /* many timers may be due */
			c->slot_packets = FEW_PACKETS;
		next(c);
		s = open_slot(c);
		s->begins = begins;
	}
	const size_t at = s->view.n;
	if (at == 0)
		s->view = (struct batch_view){ s->packets, s->times, 0, number, false };
	s->kind = SLOT_PACKETS_KIND;
	s->packets[at] = *p;
	s->times[at] = *t;
	if (!keep_bytes(s, &s->packets[at]))
		return CONNLOG_NO_MEMORY;
	s->view.n++;
	return CONNLOG_OK;
}

int
crew_packets(struct crew *c, const connlog_packet *p, size_t n)
{
	struct batch_time times[NOTED];

	while (n > 0 && c->status == CONNLOG_OK) {
		const uint64_t first = c->front->packets;
		const size_t   some = n < NOTED ? n : NOTED;
		engine_note(c->front, times, p, some);
		for (size_t i = 0; i < some && c->status == CONNLOG_OK; i++)
			if (times[i].share != PAIR_NOBODY)
				note_failure(c, add(c, &p[i], &times[i], first + i));
		p += some;
		n -= some;
	}
	return c->status;
}

static void
take_all(struct crew *c)
{
	while (c->merged < c->published)
		take_oldest(c);
}

int
crew_sync(struct crew *c)
{
	if (open_slot(c)->view.n > 0) {
		next(c);
		open_slot(c)->begins = c->front->clock.now;
	}
	take_all(c);
	if (c->status == CONNLOG_OK)
		note_failure(c, merge_flush(&c->merger));
	return c->status;
}

/* Runs timers that are due; all of them, unless memory is bound, since their lines have to wait for each other.  Returns whether there
 * may be more. */
static bool
idle_some(struct crew *c, double now)
{
	const size_t   at = c->published % SLOTS;
	const uint64_t most = c->front->store.memory ? IDLE_STEP : UINT64_MAX;
	bool           more = false;

	for (unsigned i = 0; i < c->n; i++) {
		connlog_engine *e = c->members[i].engine;
		e->lines->out = &c->members[i].outs[at];
		e->store.moment.packet = c->front->packets;
		more = conn_idle(&e->store, now, most) || more;
		if (e->store.memory)
			emergency_look(e, NULL, 0, 0);
	}
	merge_lines(c, at);
	return more;
}

/* The workers wait for packets meanwhile. */
int
crew_idle(struct crew *c, double now)
{
	crew_sync(c);
	while (idle_some(c, now))
		;
	open_slot(c)->begins = now;
	c->behind = false;
	return crew_sync(c);
}

void
crew_shift(struct crew *c, double by)
{
	crew_sync(c);
	for (unsigned i = 0; i < c->n; i++)
		c->members[i].engine->store.shift = by;
}

/* ---- the end of input */

/* Chooses up to which connection all engines go on, so that each has about DRAIN_STEP to end.  Returns false when all that are left
 * can be ended. */
static bool
choose_step(const struct crew *c, struct wheel_rank *until)
{
	bool found = false;

	for (unsigned i = 0; i < c->n; i++) {
		struct wheel_rank rank;
		if (!conn_drain_rank(&c->members[i].engine->store, &c->members[i].drain, DRAIN_STEP, &rank))
			continue;
		if (!found || wheel_rank_compare(&rank, until) < 0)
			*until = rank;
		found = true;
	}
	return found;
}

/* Waits until the workers are done with all slots, without merging. */
static void
wait_for_workers(struct crew *c)
{
	const struct slot *s = c->slots[(c->published - 1) % SLOTS];

	pthread_mutex_lock(&c->lock);
	while (s->finished < c->n)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

/* The lines of one step are merged while the workers are at the next. */
static void
drain(struct crew *c)
{
	bool more = true;

	open_slot(c)->kind = SLOT_DRAIN_BEGIN;
	publish(c);
	while (more) {
		wait_for_workers(c);
		struct slot *s = open_slot(c);
		more = choose_step(c, &s->until);
		s->kind = SLOT_DRAIN;
		s->all = !more;
		publish(c);
		while (c->published - c->merged > 1)
			take_oldest(c);
	}
}

/* What the engines have found out about the input is told as one engine's. */
static void
tell_notices(struct crew *c)
{
	struct decode_counters all = *decoder_counters(c->front->dec);

	for (unsigned i = 1; i < c->n; i++) {
		decode_counters_add(&all, decoder_counters(c->members[i].engine->dec));
		notices_join(&c->front->notices, &c->members[i].engine->notices);
	}
	notice_end(&c->front->notices, &all);
	hand_on_notices(c);
}

int
crew_finish(struct crew *c)
{
	crew_sync(c);
	if (c->status != CONNLOG_OK)
		return c->status;
	drain(c);
	c->behind = false;
	crew_sync(c);
	tell_notices(c);
	return c->status;
}
