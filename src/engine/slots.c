/* slots.c - see slots.h.
 *
 * Workers are woken for several slots at once, and the caller sleeps until half of the ring is free, because waking a
 * thread costs as much as some fifty packets.
 */
#include "engine/slots.h"

#include <stdlib.h>
#include <string.h>

#include "capture/source.h"
#include "capture/windows.h"
#include "engine/handlers.h"

enum {
	GROUPS = 4,           /* groups in which the slots of the ring are published */
	NOTED = 64,           /* packets whose times and shares are computed in one go */
	LENT_MOST = 32 << 20, /* bytes of lent windows */
	FEW_PACKETS = 16,     /* packets per slot when memory is bounded and packets produce many lines */
	MANY_LINES = 4096,    /* lines per slot */
	SLOT_WINDOWS = 2,     /* windows that the packets of a slot lie in, besides the first */
};

struct slot *
slots_open(const struct crew *c)
{
	return c->slots[c->filled % c->ring];
}

void
slots_announce(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	if (c->published < c->filled) {
		c->published = c->filled;
		pthread_cond_broadcast(&c->work);
	}
	pthread_mutex_unlock(&c->lock);
}

void
slots_end(struct crew *c, enum slot_kind kind)
{
	struct slot *s = slots_open(c);

	s->kind = kind;
	s->votes = s->arrived = s->finished = 0;
	s->calm = true;
	s->decided = false;
	s->status = CONNLOG_OK;
	c->filled++;
}

void
slots_wait(struct crew *c, uint64_t number)
{
	if (number == 0)
		return;
	const struct slot *last = c->slots[(number - 1) % c->ring];

	slots_announce(c);
	pthread_mutex_lock(&c->lock);
	c->awaited = number - 1;
	while (last->finished < c->n)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

static void
note_failure(struct crew *c, int status)
{
	if (c->status == CONNLOG_OK)
		c->status = status;
}

/* Lines that wait to be merged take memory, so a slot that produced many is followed by smaller ones. */
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

void
slots_merge(struct crew *c, size_t at)
{
	const struct out *outs[CREW_MAX];
	size_t            lines = 0;

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

/* Returns the windows before the oldest slot's to the source. */
static void
give_back(struct crew *c)
{
	const struct slot *oldest = c->slots[c->merged % c->ring];

	windows_give_back(c->windows, oldest->view.n > 0 ? oldest->from : c->windows->next);
}

/* Merges the lines of the oldest slot; an engine's error takes effect after them. */
static void
take_oldest(struct crew *c)
{
	struct slot *s = c->slots[c->merged % c->ring];

	slots_merge(c, c->merged % c->ring);
	note_failure(c, s->status);
	s->view.n = s->used = 0;
	c->merged++;
	if (c->windows)
		give_back(c);
}

void
slots_take(struct crew *c, uint64_t number)
{
	slots_wait(c, number);
	while (c->merged < number)
		take_oldest(c);
	handlers_tell(c);
}

/* Ends the slot and waits until the next one is free. */
static void
next(struct crew *c)
{
	const double begins = slots_open(c)->times[slots_open(c)->view.n - 1].now;

	slots_end(c, SLOT_PACKETS_KIND);
	if (c->filled % (c->ring / GROUPS) == 0)
		slots_announce(c);
	if (c->filled - c->merged == c->ring)
		slots_take(c, c->merged + c->ring / 2);
	slots_open(c)->begins = begins;
}

void
slots_take_all(struct crew *c)
{
	if (slots_open(c)->view.n > 0)
		next(c);
	slots_take(c, c->filled);
	slots_open(c)->begins = c->front->clock.now;
}

/* Returns whether a non-empty slot has no room for a packet of that many bytes, or would span too much time with it. */
static bool
is_full(const struct crew *c, const struct slot *s, size_t bytes, double now)
{
	if (s->view.n >= c->slot_packets || now - s->begins >= c->span / 2)
		return true;
	return c->windows ? c->windows->next - s->from > SLOT_WINDOWS : s->room - s->used < bytes;
}

/* Copies the packet's bytes.  Returns false when out of memory. */
static bool
keep_bytes(struct slot *s, connlog_packet *p)
{
	if (s->room - s->used < p->caplen) { /* the slot is empty, and this packet is large */
		const size_t room = p->caplen > SLOT_BYTES ? p->caplen : SLOT_BYTES;
		uint8_t     *bytes = realloc(s->bytes, room);
		if (!bytes)
			return false;
		s->bytes = bytes;
		s->room = room;
	}
	if (p->caplen > 0)
		memcpy(s->bytes + s->used, p->data, p->caplen);
	p->data = s->bytes + s->used;
	s->used += p->caplen;
	return true;
}

/* Adds a packet to the slot; `number` is the packet's. */
static int
add(struct crew *c, const connlog_packet *p, const struct batch_time *t, uint64_t number)
{
	struct slot *s = slots_open(c);

	if (s->view.n > 0 && is_full(c, s, p->caplen, t->now)) {
		if (c->front->store.memory && t->now - s->times[s->view.n - 1].now >= c->span / 2) /* many timers may be due */
			c->slot_packets = FEW_PACKETS;
		next(c);
		s = slots_open(c);
	}
	const size_t at = s->view.n;
	if (at == 0) {
		s->view = (struct batch_view){ s->packets, s->times, 0, number, false };
		s->from = c->windows ? c->windows->next : 0;
	}
	s->packets[at] = *p;
	s->times[at] = *t;
	if (!c->windows && !keep_bytes(s, &s->packets[at]))
		return CONNLOG_NO_MEMORY;
	s->view.n++;
	return CONNLOG_OK;
}

void
slots_packets(struct crew *c, const connlog_packet *p, size_t n)
{
	struct batch_time times[NOTED];

	if (c->windows && c->windows->bytes > LENT_MOST)
		slots_take_all(c);
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
}
