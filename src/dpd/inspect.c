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

/* Returns an inspection without recognisers, but with room for `first`, which may be NULL; or NULL when out of
 * memory. */
static struct inspect *
inspect_new(struct inspector *i, uint32_t handle, const struct recogniser *first)
{
	struct conn *c = conn_at(i->s, handle);
	const bool   udp = c->transport == TRANSPORT_UDP;
	const size_t most = sizeof(struct inspect) + (first ? talk_size(first, udp) : 0);
	const bool   room = first && most <= POOL_NAMED;
	uint32_t     name;

	struct inspect *in = i->closed ? NULL : pool_alloc(&i->pool, room ? most : sizeof *in, &name);
	if (!in) {
		i->counters.given_up++;
		c->watch = WATCH_OVER;
		return NULL;
	}
	in->by = i;
	in->handle = handle;
	in->flags = (udp ? INSPECT_UDP : 0) | (room ? INSPECT_ROOM : 0);
	c->watch = name;
	i->counters.inspections++;
	i->counters.undecided++;
	return in;
}

/* Returns an inspection with the recognisers of the responder's port as of the connection's beginning, followed by the
 * signature matcher. Returns NULL when out of memory. */
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
		if (flipped && t && at_port[k]->flipped) /* in Zeek they exist from the connection's beginning */
			at_port[k]->flipped(t);
	}
	(void)pia_attach(in, NULL);
	return in;
}

static void
stop_weighing(struct inspect *in)
{
	if (in->flags & INSPECT_WEIGHS)
		in->by->weighing--;
	in->flags &= (uint8_t)~INSPECT_WEIGHS;
}

/* Frees only what an inspection has outside of the pool, without looking at its matcher, because all blocks are freed together
 * after the last connection (on_drained()). Returns false, without any change, if that is not all there is to do. */
static bool
leave_to_drained(struct inspect *in)
{
	const struct inspector *i = in->by;

	if (!i->s->draining || i->s->memory || in->flags & INSPECT_MORE)
		return false;
	if (in->child == TALK_AT_HOME) {
		struct talk *t = talk_at(in, TALK_AT_HOME);
		if (talk_what(in, t)->end)
			talk_what(in, t)->end(t);
	}
	return true;
}

/* Frees the inspection; `watch` is its handle. */
static void
inspect_free(struct inspect *in, uint32_t watch)
{
	struct inspector *i = in->by;
	const bool        counted = !(inspect_conn(in)->flags & CONN_REPLICA);

	i->counters.undecided -= counted;
	stop_weighing(in);
	if (leave_to_drained(in))
		return;
	if (!(in->flags & INSPECT_UDP))
		undelivered_forget(in);
	tree_purge(in, &in->child, true);
	pool_release(&i->pool, in, watch);
}

/* Ends an inspection: keeps the verdict and frees the rest. */
static void
finish(struct inspect *in)
{
	struct conn   *c = inspect_conn(in);
	const uint32_t watch = c->watch;

	if (in->flags & INSPECT_EXPECTED)
		return; /* expect_ended() has to be called at the end of the connection */
	c->watch = WATCH_OVER | found_keep(&in->found, &in->by->verdicts);
	inspect_free(in, watch);
}

/* Does what scripts/base/protocols/ftp/gridftp.zeek does at ConnThreshold::bytes_threshold_crossed. */
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
		found_add(&in->found, &in->by->verdicts, VERDICT_SERVICE, SERVICE_GRIDFTP_DATA);
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
		tree_purge(in, &in->child, false);
	}
	if (in->flags & INSPECT_WEIGHS)
		weigh(in);
	if (!(in->flags & (INSPECT_DNS | INSPECT_WEIGHS)) && tree_decided(in, in->child))
		finish(in);
}

static inline void
note_fed(struct inspector *i, struct inspect *in, uint32_t watch)
{
	i->fed = in;
	i->fed_name = watch;
}

/* Returns the connection's inspection, creating it if necessary; NULL when it is over. */
static inline struct inspect *
inspect_of(struct inspector *i, uint32_t handle)
{
	const struct conn *c = conn_at(i->s, handle);

	if (c->watch & WATCH_OVER)
		return NULL;
	struct inspect *in = c->watch ? inspect_at(i, c->watch) : build(i, handle, true);
	if (in)
		note_fed(i, in, c->watch);
	return in;
}

/* ---- functions for the trackers */

static void
on_data(void *arg, uint32_t handle, int side, const uint8_t *p, size_t n)
{
	struct inspect *in = inspect_of(arg, handle);
	if (in)
		tree_pass(in, in->child, side, (struct bytes){ p, n });
}

static void
on_gap(void *arg, uint32_t handle, int side, uint64_t len)
{
	struct inspect *in = inspect_of(arg, handle);
	if (in)
		tree_pass_gap(in, in->child, side, len);
}

static void
on_eof(void *arg, uint32_t handle, int side)
{
	struct inspect *in = inspect_of(arg, handle);
	if (in)
		tree_pass_eof(in, in->child, side);
}

static void
on_closed(void *arg, uint32_t handle)
{
	struct inspect *in = inspect_of(arg, handle);
	for (struct talk *t = in ? talk_at(in, in->child) : NULL; t; t = talk_at(in, t->next))
		if (t->what && talk_what(in, t)->closed && !(t->flags & (TALK_SKIP | TALK_REMOVING)))
			talk_what(in, t)->closed(t);
}

static void
on_cut(void *arg, uint32_t handle)
{
	struct inspect *in = inspect_of(arg, handle);
	for (struct talk *t = in ? talk_at(in, in->child) : NULL; t; t = talk_at(in, t->next))
		if (t->what && talk_what(in, t)->cut && !(t->flags & (TALK_SKIP | TALK_REMOVING)))
			talk_what(in, t)->cut(t);
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
		found_add(&in->found, &in->by->verdicts, VERDICT_SERVICE, names[k]);
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
		note_fed(i, in, watch);
		for (struct talk *t = talk_at(in, in->child); t; t = talk_at(in, t->next))
			if (t->what && talk_what(in, t)->flipped)
				talk_what(in, t)->flipped(t);
	}
	apply_expected(i, handle);
}

static double
on_due(const void *arg, const struct conn *c)
{
	const struct inspector *i = arg;
	const struct inspect   *in = is_inspected(c->watch) ? inspect_at(i, c->watch) : NULL;

	return in && in->flags & INSPECT_DNS ? in->dns_at : INFINITY;
}

/* Runs the DNS timer (DNS.cc, ExpireTimer). */
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
	for (const struct talk *t = talk_at(in, in->child); t; t = talk_at(in, t->next))
		if (!t->what && ((const struct pia *)talk_state(t))->state == PIA_MATCHING)
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
	found_clear(&in->found, &i->verdicts);
	inspect_free(in, watch);
}

static void
on_drained(void *arg)
{
	struct inspector *i = arg;

	if (i->s->memory)
		return; /* release() has left nothing */
	pool_free_all(&i->pool);
	signatures_forget_all(i->signatures);
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

/* ---- functions for the engine */

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
		tree_pass(in, in->child, side, b);
}

void
inspect_tunnel(struct inspector *i, uint32_t handle, enum service s)
{
	struct conn *c = conn_at(i->s, handle);

	if (is_inspected(c->watch)) {
		found_add(&inspect_at(i, c->watch)->found, &i->verdicts, VERDICT_SERVICE, s);
		return;
	}
	if (c->watch == WATCH_OVER)
		c->watch |= slab_alloc(&i->verdicts);
	if (c->watch & ~WATCH_OVER)
		verdict_add(slab_at(&i->verdicts, c->watch & ~WATCH_OVER), VERDICT_SERVICE, s);
}

void
inspect_packet_done(struct inspector *i, const struct conn *c)
{
	struct inspect *fed = i->fed;

	if (!fed && i->weighing == 0)
		return;
	i->fed = NULL;
	const uint32_t watch = c->watch;
	if (is_inspected(watch))
		packet_done(fed && watch == i->fed_name ? fed : inspect_at(i, watch));
}

bool
inspect_verdict(const struct inspector *i, const struct conn *c, struct verdict *out)
{
	if (is_inspected(c->watch))
		return found_get(&inspect_at(i, c->watch)->found, &i->verdicts, out);
	if (!(c->watch & ~WATCH_OVER))
		return false;
	*out = *(struct verdict *)slab_at(&i->verdicts, c->watch & ~WATCH_OVER);
	return true;
}

uint32_t
inspect_fetch(const void *inspector, const struct conn *c)
{
	const struct inspector *i = inspector;

	if (!is_inspected(c->watch))
		return 0;
	const char *block = pool_at(&i->pool, c->watch);
	fetch(block);
	if (pool_size(&i->pool, c->watch) > FETCH_LINE) /* most have everything in the first two cache lines */
		fetch(block + FETCH_LINE);
	return c->watch;
}

void
inspect_fetch_matcher(const void *inspector, uint32_t watch)
{
	const struct inspector *i = inspector;
	const struct inspect   *in = inspect_at(i, watch);
	const uint32_t          place = in->child == TALK_AT_HOME ? talk_at(in, TALK_AT_HOME)->next : in->child;

	if (place) /* a matcher is one cache line */
		fetch(pool_at(&i->pool, place));
}

bool
inspector_init(struct inspector *i, struct conn_store *s, const struct service_options *opt,
               const struct recogniser *const *recognisers)
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
		.fetch = inspect_fetch,
		.ends = on_ends,
		.release = on_release,
		.drained = on_drained,
		.give_up = on_give_up,
	};
	s->watcher = &i->watcher;
	i->signatures = signatures_new();
	return registry_init(&i->registry, recognisers) && i->signatures;
}

void
inspector_free(struct inspector *i)
{
	again_free(&i->again);
	slab_free_all(&i->verdicts);
	pool_free_all(&i->pool);
	registry_free(&i->registry);
	expect_free(&i->expect);
	signatures_free(i->signatures);
}

void
inspector_bound(struct inspector *i, struct memory *m, uint64_t leave)
{
	pool_bound(&i->pool, m, leave);
	slab_bound(&i->verdicts, m, 0); /* the verdicts */
	if (i->signatures)
		slab_bound(signatures_slab(i->signatures), m, leave);
}

void
inspector_trim(struct inspector *i)
{
	pool_trim(&i->pool);
	slab_trim(&i->verdicts);
	if (i->signatures)
		slab_trim(signatures_slab(i->signatures));
}

uint64_t
inspector_used(const struct inspector *i)
{
	return pool_used_bytes(&i->pool) + slab_used(&i->verdicts) +
	       (i->signatures ? slab_used(signatures_slab(i->signatures)) : 0);
}

size_t
inspector_bytes(const struct inspector *i)
{
	return slab_bytes(&i->verdicts) + pool_bytes(&i->pool) + (size_t)i->held.used;
}

/* ---- functions for recognisers that concern the connection */

struct budget *
talk_budget(const struct talk *t)
{
	return &talk_inspect(t)->by->held;
}

bool
talk_udp(const struct talk *t)
{
	return talk_inspect(t)->flags & INSPECT_UDP;
}

bool
talk_partial(const struct talk *t)
{
	const struct inspect *in = talk_inspect(t);

	return !(in->flags & INSPECT_UDP) && (tcp_at(in->by->s, inspect_conn(in))->flags & TCP_IS_PARTIAL);
}

uint16_t
talk_port(const struct talk *t, int side)
{
	return inspect_conn(talk_inspect(t))->p[side];
}

struct addr
talk_addr(const struct talk *t, int side)
{
	const struct inspect *in = talk_inspect(t);

	return conn_host(in->by->s, inspect_conn(in), side);
}

void
talk_flip(struct talk *t)
{
	const struct inspect *in = talk_inspect(t);

	conn_flip(in->by->s, in->handle);
}

void
talk_note_x(struct talk *t)
{
	const struct inspect *in = talk_inspect(t);

	history_once(in->by->s, in->handle, HIST_UNKNOWN, 'X');
}

void
talk_dns_timer(struct talk *t)
{
	struct inspect   *in = talk_inspect(t);
	struct inspector *i = in->by;
	const double      was = conn_due(i->s, in->handle);

	in->flags |= INSPECT_DNS;
	in->dns_at = i->s->now + i->opt->dns_session_timeout;
	conn_reschedule(i->s, in->handle, was);
}
