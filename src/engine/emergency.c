/* emergency.c - see emergency.h. */
#include "engine/emergency.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>

#include "engine/engine.h"

enum {
	PER_MILLE = 1000,
	LESS = 80, /* per mille: how far below its beginning a stage ends */
	SHARE = 8, /* each kind of state on the heap may take one byte in so many */
	HEAP_SHARE =
		128, /* mallinfo is queried once per this fraction of the bound: the heap cannot have grown much more */
	HEAP_PACKET = 256, /* heap bytes that a packet may cost besides its own */
	LOOSE_SHARE = 16,  /* free memory worth returning: one byte in so many */
};

#define CALM 10.0 /* seconds without pressure after which the emergency is over */

/* Per mille of the bound at which each stage begins. */
static const unsigned begins[PRESS_COUNT] = { 0, 800, 880, 940 };

static void
at_most(size_t *value, uint64_t most)
{
	if (*value > most)
		*value = (size_t)most;
}

void
emergency_options(struct connlog_options *o)
{
	const uint64_t share = o->max_memory / SHARE;

	at_most(&o->decode.max_fragment_bytes, share);
	at_most(&o->decode.max_ip_tunnels, share / 1024);
	if (o->conn.max_reassembly_bytes > share)
		o->conn.max_reassembly_bytes = share;
	if (o->service.max_line_bytes > share)
		o->service.max_line_bytes = share;
	if (o->service.max_expected > share / 1024)
		o->service.max_expected = share / 1024;
}

void
emergency_begin(struct connlog_engine *e, uint64_t most)
{
	struct memory *m = &e->emergency.memory;

	*m = (struct memory){ .most = most };
	conn_store_bound(&e->store, m);
	inspector_bound(&e->inspector, m, most / SHARE / 2);
	e->emergency.seen = UINT64_MAX / 2; /* makes the first look query malloc */
}

uint64_t
emergency_used(const struct connlog_engine *e)
{
	return conn_store_used(&e->store) + inspector_used(&e->inspector) + e->emergency.heap;
}

/* The heap belongs to the whole process, so each engine of a crew counts its share of it. */
static void
ask_malloc(struct connlog_engine *e)
{
#ifdef __GLIBC__
	const struct mallinfo2 all = mallinfo2();
	struct emergency      *m = &e->emergency;

	m->heap = ((uint64_t)all.uordblks + (uint64_t)all.hblkhd) / e->shares;
	if (m->memory.heap < m->heap)
		m->memory.heap = m->heap;
#endif
	e->emergency.seen = 0;
}

/* Returns the bytes that are allocated but not in use. */
static uint64_t
loose_bytes(const struct emergency *m, uint64_t used)
{
	const uint64_t held = m->memory.mapped + m->memory.heap;

	return held > used ? held - used : 0;
}

/* Returns unused memory to the system, as far as whole pages are free. */
static void
trim(struct connlog_engine *e)
{
	conn_store_trim(&e->store);
	inspector_trim(&e->inspector);
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
	e->emergency.memory.heap = 0;
	ask_malloc(e);
	e->emergency.trims++;
}

/* Returns unused memory to the system when other state needs it, and once the emergency is over. Memory that could not
 * be returned last time is not tried again, because searching for free pages takes a while. */
static void
trim_if_worth_while(struct connlog_engine *e, uint64_t used, bool over)
{
	struct emergency    *m = &e->emergency;
	const struct memory *bound = &m->memory;
	const uint64_t       loose = loose_bytes(m, used);
	const bool           needed = bound->refused != m->refused || !memory_has_room(bound, 0, bound->most / LOOSE_SHARE);

	m->refused = bound->refused;
	if (m->loose > loose)
		m->loose = loose;
	if (!(needed || over) || loose - m->loose <= bound->most / LOOSE_SHARE)
		return;
	trim(e);
	m->loose = loose_bytes(m, used);
}

/* Returns the stage for that memory use, in bytes. A stage that has begun ends later than it begins (hysteresis). */
static enum press
stage_for(const struct emergency *m, uint64_t used)
{
	enum press stage = PRESS_NONE;

	for (unsigned k = PRESS_HURRY; k < PRESS_COUNT; k++) {
		const unsigned from = begins[k] - (m->stage >= k ? LESS : 0);
		if (used >= m->memory.most / PER_MILLE * from)
			stage = (enum press)k;
	}
	return stage;
}

static void
tell(struct connlog_engine *e, const char *text)
{
	notice_text(&e->notices, text);
}

static void
begin_counting(struct connlog_engine *e)
{
	struct emergency *m = &e->emergency;

	m->episodes++;
	m->before.hurried = e->store.counters.ended[CONN_END_hurried];
	m->before.evicted = e->store.counters.ended[CONN_END_evicted];
	m->before.given_up = e->inspector.counters.given_up;
}

static void
tell_stage(struct connlog_engine *e, uint64_t used)
{
	static const char *const does[PRESS_COUNT] = {
		[PRESS_HURRY] = "connections of which one side is silent end early",
		[PRESS_GIVE_UP] = "payload is looked into less, gaps and fragments are not waited for",
		[PRESS_END] = "the connections that have exchanged the least and are silent for longest are ended and logged",
	};
	struct emergency *m = &e->emergency;
	char              text[320];

	if (m->told == PRESS_NONE)
		begin_counting(e);
	m->told = m->stage;
	snprintf(text, sizeof text,
	         "memory runs short: %" PRIu64 " of %" PRIu64
	         " MiB are in use (max_memory): %s. It is told when this is over",
	         used >> 20, m->memory.most >> 20, does[m->stage]);
	tell(e, text);
}

static void
tell_end(struct connlog_engine *e)
{
	struct emergency *m = &e->emergency;
	char              text[320];

	snprintf(text, sizeof text,
	         "memory suffices again: %" PRIu64 " connections of one side ended early, %" PRIu64
	         " others were ended, and of %" PRIu64 " the payload was given up",
	         e->store.counters.ended[CONN_END_hurried] - m->before.hurried,
	         e->store.counters.ended[CONN_END_evicted] - m->before.evicted,
	         e->inspector.counters.given_up - m->before.given_up);
	m->told = PRESS_NONE;
	tell(e, text);
}

/* Changes to another stage. Returns whether the emergency has ended. */
static bool
change(struct connlog_engine *e, enum press to, uint64_t used)
{
	struct emergency *m = &e->emergency;

	if (to >= PRESS_GIVE_UP && to > m->stage)
		decoder_drop_fragments(e->dec);
	m->stage = to;
	e->store.range_most = to >= PRESS_GIVE_UP ? 0 : e->opt.conn.max_reassembly_bytes;
	e->inspector.closed = to >= PRESS_GIVE_UP;
	if (to > PRESS_NONE)
		m->pressed = e->store.now;
	if (to > m->told)
		tell_stage(e, used);
	if (to > PRESS_NONE || m->told == PRESS_NONE || e->store.now - m->pressed < CALM)
		return false;
	tell_end(e);
	return true;
}

void
emergency_look(struct connlog_engine *e, const struct batch_view *b, size_t from, size_t to)
{
	struct emergency *m = &e->emergency;

	for (; from < to; from++)
		m->seen += b->packets[from].caplen + HEAP_PACKET;
	if (m->seen >= m->memory.most / HEAP_SHARE)
		ask_malloc(e);
	const uint64_t   used = emergency_used(e);
	const enum press stage = stage_for(m, used);
	bool             over = false;
	if (stage > PRESS_NONE || m->told > PRESS_NONE)
		over = change(e, stage, used);
	if (m->memory.refused != m->refused || over || !memory_has_room(&m->memory, 0, m->memory.most / LOOSE_SHARE))
		trim_if_worth_while(e, used, over);
	if (stage > PRESS_NONE)
		conn_press(&e->store, stage);
}
