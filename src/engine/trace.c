/* trace.c - see trace.h.
 *
 * The store reports that a connection has counted a packet; which packet it was follows from the frame being tracked.
 * The decoder reports the frames in which the fragments of a datagram arrived. It works a batch ahead of the tracking,
 * so its reports are kept until the batch is over.
 */
#include "engine/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/more.h"
#include "conn/threshold.h"
#include "conn/uid.h"
#include "connlog_packets.h"
#include "decode/quoted.h"
#include "decode/trail.h"
#include "engine/engine.h"

/* Frame `whole` completed a datagram of which frame `part` held a fragment. */
struct trace_part {
	uint64_t whole, part;
};

struct trace {
	struct connlog_engine *engine;
	struct tracer          tracer;
	connlog_counted_fn     fn;
	void                  *arg;
	struct trace_part     *parts; /* parts in the frames of this batch */
	size_t                 n, room;
	uint64_t               batch; /* number of the batch's first packet */
	uint64_t               lost;
};

struct connlog_count_now {
	const struct conn_store *store;
	uint32_t                 handle;
};

static uint64_t
number_of(const struct connlog_engine *e, const struct frame *f)
{
	return e->batch_first + f->index;
}

/* Frames and dissections with the same index belong together. */
static uint64_t
dissected_number(const struct connlog_engine *e, const struct dissection *d)
{
	return number_of(e, &e->frames[d - e->dissections]);
}

/* ---- fragments */

static void
part_add(struct trace *t, uint64_t whole, uint64_t part)
{
	struct trace_part *parts = more(t->parts, t->n, &t->room, sizeof *parts, SIZE_MAX);

	if (!parts) {
		t->lost++;
		return;
	}
	t->parts = parts;
	t->parts[t->n++] = (struct trace_part){ whole, part };
}

static void
begin_batch(struct trace *t)
{
	if (t->batch != t->engine->batch_first)
		t->n = 0;
	t->batch = t->engine->batch_first;
}

/* If the fragment itself was inside a datagram that arrived in fragments, the frames of those belong to it as well. */
static void
on_fragment(void *arg, const struct dissection *d, struct trail *trail)
{
	struct trace  *t = arg;
	const uint64_t number = dissected_number(t->engine, d);

	begin_batch(t);
	t->lost += !trail_add(trail, number);
	for (size_t i = 0; i < t->n; i++)
		if (t->parts[i].whole == number)
			t->lost += !trail_add(trail, t->parts[i].part);
}

static void
on_whole(void *arg, const struct dissection *d, const struct trail *trail)
{
	struct trace  *t = arg;
	const uint64_t number = dissected_number(t->engine, d);

	for (size_t i = 0; i < trail->n; i++)
		if (trail->at[i] != number)
			part_add(t, number, trail->at[i]);
}

/* ---- counted packets */

static connlog_tuple
tuple_of(const struct conn_store *s, const struct conn *c)
{
	const struct addr orig = conn_host(s, c, ORIG), resp = conn_host(s, c, RESP);
	connlog_tuple     t = { .orig_p = c->p[ORIG], .resp_p = c->p[RESP], .proto = c->proto };

	memcpy(t.orig_h, orig.b, sizeof t.orig_h);
	memcpy(t.resp_h, resp.b, sizeof t.resp_h);
	return t;
}

static connlog_tuple
tuple_quoted(const struct pkt *p)
{
	connlog_tuple t = { .orig_p = p->sport, .resp_p = p->dport, .proto = p->proto };

	memcpy(t.orig_h, p->src.b, sizeof t.orig_h);
	memcpy(t.resp_h, p->dst.b, sizeof t.resp_h);
	return t;
}

/* Returns the frame being tracked: frames are in order of their indexes. */
static const struct frame *
tracked_frame(const struct connlog_engine *e)
{
	const struct frame *f = e->frames;

	while (number_of(e, f) != e->store.moment.packet)
		f++;
	return f;
}

static void
call(struct trace *t, const connlog_counted *c)
{
	if (t->engine->status == CONNLOG_OK)
		t->engine->status = t->fn(t->arg, c);
}

static void
on_counted(void *arg, uint32_t handle, int side)
{
	struct trace            *t = arg;
	const struct conn_store *s = &t->engine->store;
	const struct conn       *c = conn_at(s, handle);
	const struct frame      *f = tracked_frame(t->engine);
	struct connlog_count_now now = { s, handle };
	struct pkt               inner;
	connlog_tuple            quoted;
	connlog_counted          counted;

	if (c->flags & CONN_REPLICA)
		return;
	counted = (connlog_counted){ .packet = s->moment.packet, .is_orig = side == ORIG, .tuple = tuple_of(s, c) };
	counted.ts = conn_start(s, c) + s->shift;
	counted.now = &now;
	if (quoted_packet(&f->pkt, &inner)) {
		quoted = tuple_quoted(&inner);
		counted.quoted = &quoted;
	}
	call(t, &counted);
	begin_batch(t);
	counted.fragment = true;
	for (size_t i = 0; i < t->n; i++)
		if (t->parts[i].whole == s->moment.packet) {
			counted.packet = t->parts[i].part;
			call(t, &counted);
		}
}

/* ---- the interface */

int
connlog_on_counted(connlog_engine *e, connlog_counted_fn fn, void *arg)
{
	struct trace *t;

	if (e->crew || e->trace)
		return CONNLOG_BAD_OPTION;
	t = calloc(1, sizeof *t);
	if (!t)
		return CONNLOG_NO_MEMORY;
	*t = (struct trace){ .engine = e, .tracer = { t, on_fragment, on_whole }, .fn = fn, .arg = arg };
	e->trace = t;
	e->store.on_counted = on_counted;
	e->store.on_counted_arg = t;
	e->store.events.wanted |= COUNTED_WANTED;
	decoder_trace(e->dec, &t->tracer);
	return CONNLOG_OK;
}

void
connlog_counted_uid(const connlog_counted *c, char out[CONNLOG_UID_SIZE])
{
	char             text[UID_TEXT_MAX];
	const struct uid uid = conn_uid(c->now->store, conn_at(c->now->store, c->now->handle));
	const size_t     n = uid_format(&uid, text);

	_Static_assert(CONNLOG_UID_SIZE > 18, "C and 17 digits, and the NUL");
	memcpy(out, text, n);
	out[n] = '\0';
}

uint64_t
connlog_counted_lost(const connlog_engine *e)
{
	return e->trace ? e->trace->lost : 0;
}

void
trace_free(struct trace *t)
{
	if (!t)
		return;
	free(t->parts);
	free(t);
}
