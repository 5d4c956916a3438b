/* inspect.c - the life of an inspection: see inspect.h.  Zeek: src/packet_analysis/protocol/ip/IPBasedAnalyzer.cc
 * (NewConn, BuildSessionAnalyzerTree), src/analyzer/Manager.cc (ApplyScheduledAnalyzers). */
#include "dpd/inspect.h"

#include <math.h>

#include "base/fetch.h"
#include "conn/events.h"
#include "conn/history.h"
#include "track/track.h"
#include "track/tcp.h"

static bool
is_inspected(uint32_t watch)
{
	return watch != 0 && !(watch & WATCH_OVER);
}

struct conn *
inspect_conn(const struct inspect *in)
{
	return conn_at(in->by->s, in->handle);
}

static struct inspect *
inspect_at(const struct inspector *i, uint32_t watch)
{
	return pool_at(&i->pool, watch);
}

/* => An inspection without recognisers, but with room for `first`, which may be NULL, and a matcher; or NULL. */
static struct inspect *
inspect_new(struct inspector *i, uint32_t handle, const struct recogniser *first)
{
	struct conn *c = conn_at(i->s, handle);
	const bool   udp = c->transport == TRANSPORT_UDP;
	const size_t least = sizeof(struct inspect) + talk_size(NULL, udp);
	const size_t most = least + (first ? talk_size(first, udp) : 0);
	const size_t size = most <= POOL_NAMED ? most : least;
	uint32_t     name;

	struct inspect *in = pool_alloc(&i->pool, size, &name);
	if (!in) {
		i->counters.given_up++;
		c->watch = WATCH_OVER;
		return NULL;
	}
	in->by = i;
	in->name = name;
	in->handle = handle;
	in->used = sizeof *in;
	in->size = (uint16_t)size;
	in->dns_at = INFINITY;
	if (udp)
		in->flags |= INSPECT_UDP;
	c->watch = name;
	i->counters.inspections++;
	i->counters.undecided++;
	return in;
}

/* An inspection with the recognisers of the responder's port as the connection began, then the matcher of signatures.
 * => NULL without memory. */
static struct inspect *
build(struct inspector *i, uint32_t handle, bool with_ports)
{
	const struct recogniser *at_port[PORT_CLAIMS];
	const struct conn       *c = conn_at(i->s, handle);
	const bool               udp = c->transport == TRANSPORT_UDP;
	const bool               flipped = !udp && (tcp_at(i->s, c)->flags & TCP_FLIPPED);
	unsigned                 n = 0;

	if (with_ports && !i->opt->dpd_ignore_ports)
		n = recognisers_at(&i->registry, udp, c->p[flipped ? ORIG : RESP], at_port);
	struct inspect *in = inspect_new(i, handle, n > 0 ? at_port[0] : NULL);
	if (!in)
		return NULL;
	for (unsigned k = 0; k < n; k++) {
		struct talk *t = tree_attach(in, NULL, at_port[k]);
		if (flipped && t && t->what->flipped) /* in Zeek they are there from the connection's beginning */
			t->what->flipped(t);
	}
	(void)pia_attach(in, NULL);
	return in;
}

/* => What was found, NULL where nothing is kept. */
static struct verdict *
verdict_at(const struct inspector *i, uint32_t watch)
{
	if (is_inspected(watch))
		return &inspect_at(i, watch)->verdict;
	return watch & ~WATCH_OVER ? slab_at(&i->verdicts, watch & ~WATCH_OVER) : NULL;
}

static void
stop_weighing(struct inspect *in)
{
	if (in->flags & INSPECT_WEIGHS)
		in->by->weighing--;
	in->flags &= (uint8_t)~INSPECT_WEIGHS;
}

static void
inspect_free(struct inspect *in)
{
	struct inspector *i = in->by;

	stop_weighing(in);
	undelivered_forget(in);
	tree_purge(&in->child, true);
	pool_release(&i->pool, in, in->name);
	i->counters.undecided--;
}

/* Nothing more is looked at: what was found is kept, the rest given back. */
static void
finish(struct inspect *in)
{
	struct inspector *i = in->by;
	uint32_t          kept = 0;

	if (in->flags & INSPECT_EXPECTED)
		return; /* expect_ended() is still to hear of it */
	if (!verdict_is_empty(&in->verdict) && (kept = slab_alloc(&i->verdicts)) != 0)
		*(struct verdict *)slab_at(&i->verdicts, kept) = in->verdict;
	inspect_conn(in)->watch = WATCH_OVER | kept;
	inspect_free(in);
}

/* What scripts/base/protocols/ftp/gridftp.zeek does at ConnThreshold::bytes_threshold_crossed. */
static void
weigh(struct inspect *in)
{
	const struct service_options *opt = in->by->opt;
	struct conn                  *c = inspect_conn(in);
	const struct conn_store      *s = in->by->s;
	const uint64_t                orig = conn_bytes(s, c, ORIG), resp = conn_bytes(s, c, RESP);

	if (c->last_time - conn_start(s, c) > opt->gridftp_max_time) {
		stop_weighing(in);
	} else if ((orig > resp ? orig : resp) >= opt->gridftp_size_threshold) {
		verdict_add(&in->verdict, VERDICT_SERVICE, SERVICE_GRIDFTP_DATA);
		if (opt->gridftp_skip_data)
			c->flags |= CONN_SKIP;
		stop_weighing(in);
	}
}

static void
packet_done(struct inspect *in)
{
	if (in->by->n_events > 0)
		events_drain(in->by);
	if (in->flags & INSPECT_PURGE) {
		in->flags &= (uint8_t)~INSPECT_PURGE;
		tree_purge(&in->child, false);
	}
	if (in->flags & INSPECT_WEIGHS)
		weigh(in);
	if (in->dns_at == INFINITY && !(in->flags & INSPECT_WEIGHS) && tree_decided(in->child))
		finish(in);
}

/* => The connection's inspection, made where there is none yet; NULL where it is over. */
static struct inspect *
inspect_of(struct inspector *i, uint32_t handle)
{
	const uint32_t watch = conn_at(i->s, handle)->watch;

	if (watch & WATCH_OVER)
		return NULL;
	i->fed = true;
	return watch ? inspect_at(i, watch) : build(i, handle, true);
}

/* ---- what the trackers call */

static void
on_data(void *arg, uint32_t handle, int side, const uint8_t *p, size_t n)
{
	struct inspect *in = inspect_of(arg, handle);
	if (in)
		tree_pass(in->child, side, (struct bytes){ p, n });
}

static void
on_gap(void *arg, uint32_t handle, int side, uint64_t len)
{
	struct inspect *in = inspect_of(arg, handle);
	if (in)
		tree_pass_gap(in->child, side, len);
}

static void
on_eof(void *arg, uint32_t handle, int side)
{
	struct inspect *in = inspect_of(arg, handle);
	if (in)
		tree_pass_eof(in->child, side);
}

static void
on_closed(void *arg, uint32_t handle)
{
	struct inspect *in = inspect_of(arg, handle);
	for (struct talk *t = in ? in->child : NULL; t; t = t->next)
		if (t->what && t->what->closed && !(t->flags & (TALK_SKIP | TALK_REMOVING)))
			t->what->closed(t);
}

static void
on_cut(void *arg, uint32_t handle)
{
	struct inspect *in = inspect_of(arg, handle);
	for (struct talk *t = in ? in->child : NULL; t; t = t->next)
		if (t->what && t->what->cut && !(t->flags & (TALK_SKIP | TALK_REMOVING)))
			t->what->cut(t);
}

static void
apply_expected(struct inspector *i, uint32_t handle)
{
	struct conn      *c = conn_at(i->s, handle);
	const struct addr orig = conn_host(i->s, c, ORIG), resp = conn_host(i->s, c, RESP);
	enum service      names[EXPECT_NAMES];
	unsigned          n;

	if (c->transport != TRANSPORT_TCP || i->expect.n == 0 ||
	    !expect_find(&i->expect, &orig, &resp, c->p[RESP], i->s->now, names, &n))
		return;
	if ((c->flags & CONN_EMBRYO) && !tcp_open(i->s, handle))
		return;
	if (c->watch & WATCH_OVER)
		return;
	struct inspect *in = c->watch ? inspect_at(i, c->watch) : build(i, handle, false);
	if (!in)
		return;
	for (unsigned k = 0; k < n; k++) {
		verdict_add(&in->verdict, VERDICT_SERVICE, names[k]);
		in->flags |= INSPECT_EXPECTED;
	}
}

static void
on_flipped(void *arg, uint32_t handle)
{
	struct inspector *i = arg;
	const uint32_t    watch = conn_at(i->s, handle)->watch;

	if (is_inspected(watch)) {
		struct inspect *in = inspect_at(i, watch);
		i->fed = true;
		for (struct talk *t = in->child; t; t = t->next)
			if (t->what && t->what->flipped)
				t->what->flipped(t);
	}
	apply_expected(i, handle);
}

static double
on_due(const void *arg, const struct conn *c)
{
	const struct inspector *i = arg;
	return c->watch & WATCH_OVER ? INFINITY : inspect_at(i, c->watch)->dns_at;
}

/* DNS.cc, ExpireTimer. */
static enum conn_verdict
on_timer(void *arg, uint32_t handle, double now)
{
	struct inspector *i = arg;
	struct conn      *c = conn_at(i->s, handle);
	struct inspect   *in = inspect_at(i, c->watch);

	if (now - c->last_time >= i->opt->dns_session_timeout - 1.0) {
		conn_event(i->s, handle, CONNLOG_EVENT_CONNECTION_TIMEOUT);
		return CONN_REMOVE;
	}
	in->dns_at = now + i->opt->dns_session_timeout;
	return CONN_KEEP;
}

static void
on_ends(void *arg, uint32_t handle)
{
	const struct inspector *i = arg;
	struct inspect         *in = inspect_at(i, conn_at(i->s, handle)->watch);

	if (!in->heads)
		return;
	for (const struct talk *t = in->child; t; t = t->next)
		if (!t->what && ((const struct pia *)t->state)->state == PIA_MATCHING)
			undelivered_match(in);
}

static void
on_release(void *arg, uint32_t watch)
{
	struct inspector *i = arg;

	if (watch & WATCH_OVER) {
		if (watch & ~WATCH_OVER)
			slab_release(&i->verdicts, watch & ~WATCH_OVER);
		return;
	}
	struct inspect    *in = inspect_at(i, watch);
	const struct conn *c = inspect_conn(in);
	if (in->flags & INSPECT_EXPECTED) {
		const struct addr resp = conn_host(i->s, c, RESP);
		expect_ended(&i->expect, SERVICE_FTP_DATA, &resp, c->p[RESP]);
		expect_ended(&i->expect, SERVICE_IRC_DCC_DATA, &resp, c->p[RESP]);
	}
	inspect_free(in);
}

static void
on_give_up(void *arg, uint32_t handle)
{
	struct inspector *i = arg;
	struct conn      *c = conn_at(i->s, handle);

	i->counters.given_up++;
	if (!is_inspected(c->watch)) {
		c->watch |= WATCH_OVER;
		return;
	}
	events_drain(i);
	inspect_at(i, c->watch)->flags &= (uint8_t)~INSPECT_EXPECTED;
	finish(inspect_at(i, c->watch));
}

/* ---- what the engine calls */

void
inspect_begin(struct inspector *i, uint32_t handle)
{
	if (i->expect.n > 0)
		apply_expected(i, handle);
	if (conn_at(i->s, handle)->transport == TRANSPORT_UDP)
		(void)inspect_of(i, handle);
}

void
inspect_datagram(struct inspector *i, uint32_t handle, int side, struct bytes b)
{
	struct inspect *in = inspect_of(i, handle);
	if (in)
		tree_pass(in->child, side, b);
}

void
inspect_tunnel(struct inspector *i, uint32_t handle, enum service s)
{
	struct conn *c = conn_at(i->s, handle);

	if (c->watch == WATCH_OVER)
		c->watch |= slab_alloc(&i->verdicts);
	struct verdict *v = verdict_at(i, c->watch);
	if (v)
		verdict_add(v, VERDICT_SERVICE, s);
}

void
inspect_packet_done(struct inspector *i, const struct conn *c)
{
	if (!i->fed && i->weighing == 0)
		return;
	i->fed = false;
	const uint32_t watch = c->watch;
	if (is_inspected(watch))
		packet_done(inspect_at(i, watch));
}

const struct verdict *
inspect_verdict(const struct inspector *i, const struct conn *c)
{
	return verdict_at(i, c->watch);
}

static void
on_fetch(const void *arg, const struct conn *c)
{
	const struct inspector *i = arg;

	if (is_inspected(c->watch))
		fetch_all(pool_at(&i->pool, c->watch), pool_size(&i->pool, c->watch));
}

bool
inspector_init(struct inspector *i, struct conn_store *s, const struct service_options *opt)
{
	i->s = s;
	i->opt = opt;
	slab_init(&i->verdicts, sizeof(struct verdict));
	pool_init(&i->pool);
	i->blocks = pool_slab(&i->pool, CHAIN_BLOCK);
	expect_init(&i->expect, opt->max_expected);
	i->held.most = opt->max_line_bytes;
	if (!opt->detect_services)
		return true;
	i->watcher = (struct conn_watcher){
		.arg = i,
		.data = on_data,
		.gap = on_gap,
		.eof = on_eof,
		.closed = on_closed,
		.cut = on_cut,
		.flipped = on_flipped,
		.due = on_due,
		.timer = on_timer,
		.fetch = on_fetch,
		.ends = on_ends,
		.release = on_release,
		.give_up = on_give_up,
	};
	s->watcher = &i->watcher;
	i->signatures = signatures_new();
	return registry_init(&i->registry) && i->signatures;
}

void
inspector_free(struct inspector *i)
{
	slab_free_all(&i->verdicts);
	pool_free_all(&i->pool);
	registry_free(&i->registry);
	expect_free(&i->expect);
	signatures_free(i->signatures);
}

size_t
inspector_bytes(const struct inspector *i)
{
	return slab_bytes(&i->verdicts) + pool_bytes(&i->pool) + (size_t)i->held.used;
}

/* ---- what recognisers call, of the connection */

struct budget *
talk_budget(const struct talk *t)
{
	return &t->in->by->held;
}

bool
talk_udp(const struct talk *t)
{
	return t->in->flags & INSPECT_UDP;
}

bool
talk_partial(const struct talk *t)
{
	return !talk_udp(t) && (tcp_at(t->in->by->s, inspect_conn(t->in))->flags & TCP_IS_PARTIAL);
}

uint16_t
talk_port(const struct talk *t, int side)
{
	return inspect_conn(t->in)->p[side];
}

struct addr
talk_addr(const struct talk *t, int side)
{
	return conn_host(t->in->by->s, inspect_conn(t->in), side);
}

void
talk_flip(struct talk *t)
{
	conn_flip(t->in->by->s, t->in->handle);
}

void
talk_note_x(struct talk *t)
{
	history_once(t->in->by->s, t->in->handle, HIST_UNKNOWN, 'X');
}

void
talk_dns_timer(struct talk *t)
{
	struct inspect   *in = t->in;
	struct inspector *i = in->by;
	const double      was = conn_due(i->s, in->handle);

	in->dns_at = i->s->now + i->opt->dns_session_timeout;
	conn_reschedule(i->s, in->handle, was);
}
