/* crew.c - the caller's side of a crew: see crew.h. */
#include "engine/crew.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/thread.h"
#include "capture/source.h"
#include "engine/apart.h"
#include "engine/calm.h"
#include "engine/handlers.h"
#include "engine/lines.h"
#include "engine/logging.h"
#include "engine/slots.h"

enum {
	DRAIN_STEP = 1024, /* connections that an engine ends per slot */
	FEW_SLOTS = 4,     /* slots in the ring when memory is bounded */
	IDLE_STEP = 4096,  /* timers that each engine runs in one go */
};

/* ---- making a crew */

/* Divides the limits that all connections share among the engines, so that the total stays the same. Lines that wait to
 * be merged are deducted from the memory first. */
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
member_init(struct crew *c, unsigned i, char *err, size_t err_size)
{
	struct member         *m = &c->members[i];
	struct connlog_options alone = c->front->opt;

	alone.workers = 1;
	m->crew = c;
	m->engine = i == 0 ? c->front : connlog_engine_new(&alone, err, err_size);
	if (!m->engine)
		return false;
	m->engine->store.hash_key = c->front->store.hash_key;
	m->engine->store.uid_key = c->front->store.uid_key;
	return true;
}

static struct crew *
crew_new(connlog_engine *front, unsigned n, char *err, size_t err_size)
{
	struct crew *c = calloc(1, sizeof *c);

	snprintf(err, err_size, "out of memory");
	if (!c)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	pthread_cond_init(&c->agreed, NULL);
	pthread_cond_init(&c->done, NULL);
	pthread_cond_init(&c->moved, NULL);
	c->front = front;
	c->n = n;
	c->ring = SLOTS;
	c->slot_packets = SLOT_PACKETS;
	c->span = calm_span(&front->opt);
	c->members = calloc(n, sizeof *c->members);
	for (unsigned i = 0; c->members && i < n; i++)
		if (!member_init(c, i, err, err_size)) {
			crew_free(c);
			return NULL;
		}
	for (unsigned k = 0; k < SLOTS; k++)
		if (!c->members || !(c->slots[k] = calloc(1, sizeof **c->slots))) {
			crew_free(c);
			return NULL;
		}
	return c;
}

/* Returns how many threads the options ask for. */
static unsigned
workers_wanted(const struct connlog_options *o)
{
	const long     cores = sysconf(_SC_NPROCESSORS_ONLN);
	const uint64_t n = o->workers > 0 ? o->workers : cores > 0 ? (uint64_t)cores : 1;

	if (o->share.of > 1)
		return 1;
	return n < CREW_MAX ? (unsigned)n : CREW_MAX;
}

int
crew_make(connlog_engine *front, char *err, size_t err_size)
{
	const unsigned n = workers_wanted(&front->opt);

	if (front->crew || n == 1)
		return CONNLOG_OK;
	if (front->store.memory && front->opt.max_memory / n < MEMORY_LEAST) {
		snprintf(err, err_size, "max_memory: %u workers share it, and 16M for each worker are the least", n);
		return CONNLOG_BAD_OPTION;
	}
	front->crew = crew_new(front, n, err, err_size);
	return front->crew ? CONNLOG_OK : CONNLOG_NO_MEMORY;
}

int
crew_write(struct crew *c, const connlog_writer_options *w, char *err, size_t err_size)
{
	bool good = (c->merger.writer = connlog_writer_new(w, err, err_size)) != NULL;

	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = 0; good && k < SLOTS; k++)
			good = (c->members[i].outs[k].writer = connlog_writer_new(w, err, err_size)) != NULL;
	return good ? CONNLOG_OK : CONNLOG_NO_MEMORY;
}

/* Ends the threads, wherever they are. */
static void
stop(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->quit = true;
	pthread_cond_broadcast(&c->work);
	pthread_cond_broadcast(&c->agreed);
	pthread_cond_broadcast(&c->moved);
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
	if (c->members) {
		stop(c);
		apart_end(c);
	}
	for (unsigned i = 0; c->members && i < c->n; i++) {
		struct member *m = &c->members[i];
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
	outbuf_free(&c->printed);
	if (c->windows)
		source_lend(c->lender, false);
	free(c->members);
	merge_free(&c->merger);
	pthread_cond_destroy(&c->moved);
	pthread_cond_destroy(&c->done);
	pthread_cond_destroy(&c->agreed);
	pthread_cond_destroy(&c->work);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static bool
start_threads(struct crew *c)
{
	bool good = true;

	for (unsigned i = 0; good && i < c->n; i++)
		good = c->members[i].runs = thread_begin(&c->members[i].thread, worker_run, &c->members[i]);
	return good;
}

/* Gives each engine lines and the callbacks that the front has, and the merger a fold of its own.  Returns CONNLOG_OK or why not. */
static int
equip(struct crew *c)
{
	int status = CONNLOG_OK;

	for (unsigned i = 0; i < c->n; i++)
		if (!lines_like(c->members[i].engine, c->front->lines))
			return CONNLOG_NO_MEMORY;
	c->merger.fn = c->front->lines->fn;
	c->merger.arg = c->front->lines->arg;
	status = handlers_begin(c);
	if (status == CONNLOG_OK && c->front->fold && !(c->merger.fold = fold_copy(c->front->fold)))
		status = CONNLOG_NO_MEMORY;
	for (unsigned i = 1; i < c->n && status == CONNLOG_OK; i++)
		if (!logging_like(c->members[i].engine, c->front))
			status = CONNLOG_NO_MEMORY;
	return status;
}

bool
crew_start(struct crew *c)
{
	const uint64_t most = c->front->opt.conn.max_timer_expires;

	if (!handlers_fit(c))
		return false;
	c->bounded = most > 0;
	c->most = c->bounded ? (unsigned)((most - 1) / c->n) : 0;
	c->status = equip(c);
	c->started = true; /* from here on callbacks that are set are the merger's */
	if (c->status != CONNLOG_OK)
		return true;
	for (unsigned i = 0; i < c->n; i++) {
		connlog_engine *e = c->members[i].engine;
		e->share = (uint16_t)i;
		e->shares = (uint16_t)c->n;
		e->store.keeps_moments = true;
		e->lines->fn = NULL;
		e->lines->out = &c->members[i].outs[0];
		divide_bounds(e, c->n);
	}
	if (c->front->store.memory)
		c->ring = FEW_SLOTS;
	if (!start_threads(c))
		c->status = CONNLOG_NO_MEMORY;
	return true;
}

/* ---- what is asked of all engines */

void
crew_moved(struct crew *c)
{
	if (atomic_load(&c->sleepers) == 0)
		return;
	pthread_mutex_lock(&c->lock);
	pthread_cond_broadcast(&c->moved);
	pthread_mutex_unlock(&c->lock);
}

int
crew_packets(struct crew *c, const connlog_packet *p, size_t n)
{
	if (c->apart)
		apart_packets(c, p, n);
	else
		slots_packets(c, p, n);
	return c->status;
}

int
crew_sync(struct crew *c)
{
	if (c->apart)
		apart_sync(c);
	else
		slots_take_all(c);
	if (c->apart && c->status != CONNLOG_OK)
		apart_end(c);
	const int status = merge_flush(
		&c->merger); /* A failed crew still hands on what was merged before; failed output gets nothing more. */
	if (c->status == CONNLOG_OK)
		c->status = status;
	return c->status;
}

/* Lets workers read the input themselves once they run. */
static void
begin_apart(struct crew *c)
{
	if (c->status == CONNLOG_OK && c->started && c->windows && c->members[0].walker)
		apart_begin(c);
}

/* From here on, the caller's packets go into slots. */
static void
end_apart(struct crew *c)
{
	if (!c->apart)
		return;
	apart_end(c);
	slots_take_all(c);
}

int
crew_lend(struct crew *c, connlog_source *s)
{
	if (!c->started) {
		apart_end(c);
		return c->status;
	}
	const int status = crew_sync(c);

	end_apart(c);
	if (c->windows)
		source_lend(c->lender, false);
	c->lender = s;
	c->windows = s && !c->front->store.memory ? source_lend(s, true) : NULL;
	return status;
}

void
crew_begin(struct crew *c, connlog_source *s)
{
	crew_lend(c, s);
	begin_apart(c);
}

void
crew_follow(struct crew *c, connlog_source *s)
{
	if (apart_prepare(c, s))
		begin_apart(c);
}

/* Runs timers that are due: all of them, unless memory is bounded, since their lines are held until they are merged.
 * Returns whether there may be more. */
static bool
idle_some(struct crew *c, double now)
{
	const uint64_t most = c->front->store.memory ? IDLE_STEP : UINT64_MAX;
	bool           more = false;

	for (unsigned i = 0; i < c->n; i++) {
		connlog_engine *e = c->members[i].engine;
		e->lines->out = &c->members[i].outs[0];
		e->store.moment.packet = c->front->packets;
		more = conn_idle(&e->store, now, most) || more;
		if (e->store.memory)
			emergency_look(e, NULL, 0, 0);
	}
	slots_merge(c, 0);
	return more;
}

/* The workers are idle meanwhile, waiting for packets. */
int
crew_idle(struct crew *c, double now)
{
	crew_sync(c);
	end_apart(c);
	while (c->status == CONNLOG_OK && idle_some(c, now))
		;
	if (c->status == CONNLOG_OK)
		c->status = merge_rows(&c->merger, now + c->front->store.shift);
	slots_open(c)->begins = now;
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

/* Chooses the connection up to which all engines continue, so that each ends at most `ahead` connections. Returns false
 * when all remaining connections can be ended. */
static bool
choose_step(const struct crew *c, size_t ahead, struct wheel_rank *until)
{
	bool found = false;

	for (unsigned i = 0; i < c->n; i++) {
		struct wheel_rank rank;
		if (!conn_drain_rank(&c->members[i].engine->store, &c->members[i].drain, ahead, &rank))
			continue;
		if (!found || wheel_rank_compare(&rank, until) < 0)
			*until = rank;
		found = true;
	}
	return found;
}

/* Publishes slots for the next steps, up to half a ring. Returns whether there are more. */
static bool
publish_steps(struct crew *c)
{
	for (size_t k = 1; k <= c->ring / 2; k++) {
		struct slot *s = slots_open(c);
		s->all = !choose_step(c, k * DRAIN_STEP, &s->until);
		slots_end(c, SLOT_DRAIN);
		if (s->all)
			return false;
	}
	return true;
}

/* Merges the lines of some steps while the workers process the next. */
static void
drain(struct crew *c)
{
	bool more = true;

	slots_end(c, SLOT_DRAIN_BEGIN);
	while (more) {
		const uint64_t before = c->filled;
		slots_wait(c, before);
		more = publish_steps(c);
		slots_announce(c);
		slots_take(c, before);
	}
}

/* Combines what the engines have found out about the input and reports it as one engine would. */
static void
tell_notices(struct crew *c)
{
	struct decode_counters all = *decoder_counters(c->front->dec);

	for (unsigned i = 1; i < c->n; i++) {
		decode_counters_add(&all, decoder_counters(c->members[i].engine->dec));
		notices_join(&c->front->notices, &c->members[i].engine->notices);
	}
	notice_end(&c->front->notices, &all);
	handlers_tell(c);
}

int
crew_finish(struct crew *c)
{
	crew_sync(c);
	end_apart(c);
	if (c->status != CONNLOG_OK)
		return c->status;
	for (unsigned i = 0; i < c->n; i++)
		c->members[i].engine->store.now = c->front->clock.now; /* later packets may have been others' */
	drain(c);
	c->behind = false;
	slots_take_all(c);
	if (c->status == CONNLOG_OK)
		c->status = merge_rows(&c->merger, INFINITY);
	crew_sync(c);
	handlers_end(c);
	tell_notices(c);
	return c->status;
}
