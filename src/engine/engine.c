/* engine.c - packets in, records out: the order of steps.
 *
 * A packet goes through decode -> expire -> look up -> track -> look inside; a connection that ends on the way goes
 * through fill -> callback. Packets come in batches, so that the table slots of all of them are fetched while the first
 * are tracked; a batch of one gives the same records.
 */
#include "engine/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/fetch.h"
#include "conn/ahead.h"
#include "conn/drain.h"
#include "conn/events.h"
#include "conn/history.h"
#include "conn/uid.h"
#include "decode/straight.h"
#include "engine/crew.h"
#include "engine/lines.h"
#include "engine/logging.h"
#include "engine/trace.h"
#include "track/track.h"

enum { FETCH_MOST = 1600 /* bytes of a packet that are prefetched */ };

/* Returns the handle of a new connection for `p`, or 0 when none is wanted or when out of memory. */
static uint32_t
begin_connection(struct connlog_engine *e, const struct pkt *p, uint32_t hash)
{
	struct conn_store *s = &e->store;
	bool               flip;
	const uint32_t     handle = track_wants(s->opt, p, &flip) ? conn_create(s, p, hash, flip) : 0;

	if (!handle) {
		s->counters.refused++;
		return 0;
	}
	if (!track_begin(s, handle, p)) {
		conn_remove(s, handle, CONN_END_evicted);
		return 0;
	}
	if (flip)
		conn_event(s, handle, CONNLOG_EVENT_CONNECTION_FLIPPED);
	if (p->transport == TRANSPORT_TCP)
		conn_event(s, handle, CONNLOG_EVENT_NEW_CONNECTION_CONTENTS);
	conn_event(s, handle, CONNLOG_EVENT_NEW_CONNECTION);
	if (s->watcher)
		inspect_begin(&e->inspector, handle);
	return handle;
}

/* Adds UDP tunnels that were decapsulated for the first time to the services of the connection carrying them. */
static void
note_tunnels(struct connlog_engine *e, uint32_t handle, unsigned confirmed)
{
	static const struct {
		enum udp_tunnel_kind kind;
		enum service         service;
	} names[] = {
		{ UDP_TUNNEL_TEREDO, SERVICE_TEREDO }, { UDP_TUNNEL_AYIYA, SERVICE_AYIYA },
		{ UDP_TUNNEL_GTPV1, SERVICE_GTPV1 },   { UDP_TUNNEL_VXLAN, SERVICE_VXLAN },
		{ UDP_TUNNEL_GENEVE, SERVICE_GENEVE },
	};
	for (size_t i = 0; e->store.watcher && i < sizeof names / sizeof *names; i++)
		if (confirmed & names[i].kind)
			inspect_tunnel(&e->inspector, handle, names[i].service);
}

/* Looks for another packet inside a UDP packet whose connection has been tracked. */
static void
look_inside(struct connlog_engine *e, struct frame *f, uint32_t handle, bool is_orig, bool is_new)
{
	struct conn_store *s = &e->store;
	struct conn       *c = conn_at(s, handle);

	if (!udp_tunnel_possible(c->p[RESP], f->pkt.data))
		return;
	struct conn_extra           *x = conn_extra_at(s, c);
	struct udp_tunnel_state      st = x ? x->udp_tunnel : (struct udp_tunnel_state){ 0 };
	struct inner                 in;
	bool                         note_x = false;
	const enum udp_tunnel_answer answer = udp_tunnel(&e->opt.decode, &f->pkt, c->p[RESP], is_orig, &st, &in, &note_x);

	if (note_x)
		history_once(s, handle, HIST_UNKNOWN, 'X');
	if (answer == UDP_TUNNEL_NO || !(x = conn_extra_need(s, handle)))
		return;
	note_tunnels(e, handle, st.confirmed & ~(unsigned)x->udp_tunnel.confirmed);
	x->udp_tunnel = st;
	if (answer != UDP_TUNNEL_INNER)
		return;
	const struct encap shell = {
		.src = conn_host(s, c, ORIG),
		.dst = conn_host(s, c, RESP),
		.sport = c->p[ORIG],
		.dport = c->p[RESP],
		.proto = c->proto,
		.type = in.type,
		.uid = conn_uid(s, c),
	};
	if (is_new) {
		conn_encap_push(s, handle, &shell);
		f->carrier = handle;
	}
	if (decode_inner(e->dec, f->d, &f->pkt, &in, &shell))
		history_once(s, handle, HIST_UNKNOWN, 'X');
	if (!pair_concerns_everybody(&f->pkt)) /* no other engine sees the inner packet, whatever address pair it has */
		f->everybody = false;
}

/* Returns the handle of a connection that begins with this packet, as conn_find() would find it, or 0. */
static uint32_t
new_connection(struct connlog_engine *e, const struct frame *f, struct conn **found, bool *is_orig)
{
	const struct pkt *p = &f->pkt;
	const uint32_t    handle = begin_connection(e, p, f->hash);

	if (!handle)
		return 0;
	const struct conn *c = *found = conn_at(&e->store, handle);
	const struct addr  orig = conn_host(&e->store, c, ORIG);
	*is_orig = p->sport == c->p[ORIG] && addr_equal(&p->src, &orig);
	return handle;
}

static void
flow_packet(struct connlog_engine *e, struct frame *f)
{
	struct conn_store *s = &e->store;
	const struct pkt  *p = &f->pkt;
	struct conn       *c;
	bool               is_orig, is_new = false;
	uint32_t           handle = conn_find(s, p, f->hash, &c, &is_orig);

	if (!s->replica)
		notice_packet(&e->notices, p, f->hash);
	if (handle && track_is_reuse(s, c, p)) {
		conn_event(s, handle, CONNLOG_EVENT_CONNECTION_REUSED);
		conn_remove(s, handle, CONN_END_reused);
		handle = 0;
	} else if (handle && (p->encap || (c->flags & CONN_EXTRA))) {
		conn_check_encap(s, handle, p->encap);
	}
	if (!handle) {
		handle = new_connection(e, f, &c, &is_orig);
		is_new = true;
	}
	if (!handle)
		return;

	if (p->ip_version == 6 && conn_wants(s, CONNLOG_EVENT_CONNECTION_FLOW_LABEL_CHANGED))
		conn_check_flow_label(s, handle, is_orig ? ORIG : RESP, p->flow_label);
	if (c->flags & CONN_SKIP)
		return;
	track_packet(s, handle, c, p, is_orig);
	if (p->l4_bad || p->tcp_bad)
		return;
	if (p->deep)
		history_once(s, handle, HIST_UNKNOWN, 'X');
	if (p->transport == TRANSPORT_UDP) {
		if (f->d && !p->deep) /* the short path is only for packets without a tunnel */
			look_inside(e, f, handle, is_orig, is_new);
		if (s->watcher)
			inspect_datagram(&e->inspector, handle, is_orig ? ORIG : RESP, p->data);
		track_count(s, handle, c, p, is_orig);
	}
	if (s->watcher)
		inspect_packet_done(&e->inspector, c);
}

/* Decodes the frame's first packet, which for most frames is the only one. */
static bool
first_packet(struct connlog_engine *e, struct frame *f, struct dissection *d, const connlog_packet *p, double now)
{
	f->d = NULL;
	if (decode_straight(e->dec, p, now, &f->pkt))
		return true;
	f->d = d;
	decode_begin(e->dec, d, p, now);
	return decode_next(e->dec, d, &f->pkt);
}

static inline void
frame_decode(struct connlog_engine *e, struct frame *f, struct dissection *d, const connlog_packet *p, double now)
{
	f->flow = first_packet(e, f, d, p, now);
	if (f->flow) {
		f->hash = conn_hash(&e->store, &f->pkt);
		table_fetch(&e->store.table, f->hash);
	}
}

/* Decodes the next packet in a frame. Zeek sets the PPPoE session of a new connection at the end of the frame, so a
 * session inside a tunnel also becomes that of the tunnel. */
static void
frame_next(struct connlog_engine *e, struct frame *f)
{
	f->flow = f->d && decode_next(e->dec, f->d, &f->pkt);
	if (f->flow) {
		f->hash = conn_hash(&e->store, &f->pkt);
		e->store.moment.rank.begin++;
	}
	if (f->carrier)
		conn_extra_at(&e->store, conn_at(&e->store, f->carrier))->pppoe_session = f->d->pppoe_session;
}

/* Returns whether this engine tracks a packet of a frame that every engine decodes: because the connection belongs to
 * its share, or because others depend on the packet. Nothing of another engine's connection is counted here. */
static __attribute__((noinline)) bool
share_begin(struct connlog_engine *e, const struct frame *f)
{
	if (pair_of_packet(&f->pkt, e->shares) == e->share)
		return true;
	if (!pair_concerns_everybody(&f->pkt))
		return false;
	e->store.replica = true;
	e->before.connections = e->store.counters;
	e->before.services = e->inspector.counters;
	return true;
}

static __attribute__((noinline)) void
replica_end(struct connlog_engine *e)
{
	e->store.replica = false;
	e->store.counters = e->before.connections;
	e->inspector.counters = e->before.services;
}

/* Counts what every engine decodes for the engine of the first share only. */
static __attribute__((noinline)) void
shared_frame_begin(struct connlog_engine *e)
{
	e->before.decoding = *decoder_counters(e->dec);
}

static __attribute__((noinline)) void
shared_frame_end(struct connlog_engine *e)
{
	if (e->share > 0)
		decoder_set_counters(e->dec, &e->before.decoding);
}

/* Advances from the frame's current packet to the first one that this engine tracks. Returns whether there is one. */
static __attribute__((noinline)) bool
frame_seek(struct connlog_engine *e, struct frame *f)
{
	for (; f->flow && e->status == CONNLOG_OK; frame_next(e, f)) {
		f->carrier = 0;
		if (!f->everybody || share_begin(e, f))
			return true;
	}
	return false;
}

static __attribute__((noinline)) bool
frame_seek_next(struct connlog_engine *e, struct frame *f)
{
	if (e->store.replica)
		replica_end(e);
	frame_next(e, f);
	return frame_seek(e, f);
}

/* Processes every packet that the frame holds; after the short path there is exactly one. */
static void
frame_process(struct connlog_engine *e, struct frame *f)
{
	const bool shared = f->everybody, one = !f->d && !shared;

	if (e->store.keeps_moments) {
		e->store.moment.at = INFINITY;
		e->store.moment.rank.begin = 0;
	}
	if (shared)
		shared_frame_begin(e);
	for (bool more = one ? e->status == CONNLOG_OK : frame_seek(e, f); more; more = !one && frame_seek_next(e, f))
		flow_packet(e, f);
	if (shared)
		shared_frame_end(e);
}

static __attribute__((noinline)) void
shared_frame_decode(struct connlog_engine *e, struct frame *f, struct dissection *d, const connlog_packet *p,
                    double now)
{
	shared_frame_begin(e);
	frame_decode(e, f, d, p, now);
	shared_frame_end(e);
}

/* Prefetches the bytes of the packets that are decoded next: another core has read them. */
static void
fetch_packets(const struct connlog_engine *e, const struct batch_view *b, size_t at)
{
	for (size_t n = 0; at < b->n && n < e->batch; at++)
		if (b->times[at].share == e->share) {
			const connlog_packet *p = &b->packets[at];
			fetch_to_read(p->data, p->caplen < FETCH_MOST ? p->caplen : FETCH_MOST);
			n++;
		}
}

/* Decodes up to e->batch frames of this engine, from packet `at` on. Returns the index of the packet after them. */
static __attribute__((noinline)) size_t
decode_ahead(struct connlog_engine *e, const struct batch_view *b, size_t at, size_t *n)
{
	struct frame            *f = e->frames, *end = f + e->batch;
	struct dissection       *d = e->dissections;
	const struct batch_time *t = b->times + at;
	const uint16_t           share = e->share;

	if (e->shares > 1)
		fetch_packets(e, b, at);
	for (; at < b->n && f < end; at++, t++) {
		if (t->share != share && t->share != PAIR_EVERYBODY)
			continue;
		f->index = (uint32_t)at;
		f->everybody = t->share != share;
		if (f->everybody)
			shared_frame_decode(e, f, d++, &b->packets[at], t->now);
		else
			frame_decode(e, f, d++, &b->packets[at], t->now);
		f++;
	}
	*n = (size_t)(f - e->frames);
	return at;
}

/* Prefetches the state attached to the connection that a frame's hash leads to. */
static void
fetch_state(struct connlog_engine *e, struct frame *f)
{
	conn_fetch_state(&e->store, f->guess);
	if (e->store.watcher && f->pkt.data.n > 0 && !(f->guess->flags & CONN_EMBRYO))
		f->watch = inspect_fetch(&e->inspector, f->guess);
}

/* Prefetches the connections of a batch, each step for all of them before the next one needs its result: first the
 * connections (the table's slots were prefetched while decoding), then the state attached to them, and so on. */
static __attribute__((noinline)) void
fetch_connections(struct connlog_engine *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		e->frames[i].guess = e->frames[i].flow ? conn_fetch(&e->store, e->frames[i].hash) : NULL;
	for (size_t i = 0; i < n; i++) {
		e->frames[i].watch = 0;
		if (e->frames[i].guess)
			fetch_state(e, &e->frames[i]);
	}
	for (size_t i = 0; e->store.watcher && i < n; i++)
		if (e->frames[i].watch)
			inspect_fetch_matcher(&e->inspector, e->frames[i].watch);
}

/* The main loop: before each packet of any engine, runs due timers; then processes this engine's packets. */
static void
process_all(struct connlog_engine *e, const struct batch_view *b, size_t at, size_t end)
{
	struct conn_store       *s = &e->store;
	struct frame            *f = e->frames;
	const struct batch_time *t = b->times + at;

	for (; at < end && e->status == CONNLOG_OK; at++, t++) {
		const bool ours = f->index == at;
		if (!ours && !(t->counts && conn_is_due(s, t->now)))
			continue;
		s->moment.packet = b->first + at;
		if (t->counts && !b->timers_run)
			conn_advance(s, t->now, t->salt);
		if (ours)
			frame_process(e, f++);
	}
}

int
engine_batch(struct connlog_engine *e, const struct batch_view *b)
{
	e->batch_first = b->first;
	for (size_t at = 0, end, n; at < b->n && e->status == CONNLOG_OK; at = end) {
		end = decode_ahead(e, b, at, &n);
		e->frames[n].index = UINT32_MAX;
		if (n > 1)
			fetch_connections(e, n);
		process_all(e, b, at, end);
		decode_batch_end(e->dec);
		if (e->store.memory)
			emergency_look(e, b, at, end);
		if (decoder_counters(e->dec)->n_unknown_links > e->notices.links_told)
			notice_links(&e->notices, decoder_counters(e->dec));
	}
	return e->status;
}

/* Notes a packet that Zeek ignores, even for its clock: one without bytes or from before 1970. No engine tracks it. */
static void
note_timeless(struct connlog_engine *e, struct batch_time *t, const connlog_packet *p)
{
	t->counts = false;
	if (p->sec >= 0)
		return;
	e->before_epoch++;
	t->share = PAIR_NOBODY;
}

/* Counts packets and notes their times. */
static void
note(struct connlog_engine *e, struct batch_time *t, const connlog_packet *p, size_t n)
{
	struct packet_clock clock = e->clock;
	uint64_t            bytes = 0;

	for (size_t i = 0; i < n; i++, t++, p++) {
		bytes += p->len;
		t->share = 0;
		t->counts = true;
		if (p->len > 0 && p->caplen > 0 && p->sec >= 0)
			clock_packet(&clock, packet_seconds(p->sec, p->nsec));
		else
			note_timeless(e, t, p);
		t->now = clock.now;
		t->salt = clock.salt;
	}
	e->packets += n;
	e->bytes += bytes;
	e->clock = clock;
}

void
engine_note(struct connlog_engine *e, struct batch_time *t, const connlog_packet *p, size_t n)
{
	note(e, t, p, n);
	for (size_t i = 0; e->shares > 1 && i < n; i++)
		if (t[i].share != PAIR_NOBODY)
			t[i].share = pair_of_frame(&p[i], e->shares);
}

/* Returns whether a crew tracks the packets. */
static inline bool
has_crew(connlog_engine *e)
{
	return e->begun ? e->crew != NULL : engine_begin(e);
}

int
connlog_packets(connlog_engine *e, const connlog_packet *p, size_t n)
{
	if (has_crew(e))
		return crew_packets(e->crew, p, n);
	again_window(&e->inspector.again, e->store.watcher ? e->lender : NULL);
	while (n > 0 && e->status == CONNLOG_OK) {
		const struct batch_view b = { p, e->times, n < e->batch ? n : e->batch, e->packets, false };
		engine_note(e, e->times, p, b.n);
		engine_batch(e, &b);
		p += b.n;
		n -= b.n;
	}
	return e->status = again_status(&e->inspector.again, e->status);
}

int
connlog_idle(connlog_engine *e, int64_t sec, uint32_t nsec)
{
	const double now = packet_seconds(sec, nsec);

	clock_idle(&e->clock, now);
	if (has_crew(e))
		return crew_idle(e->crew, e->clock.now);
	(void)conn_idle(&e->store, now, UINT64_MAX);
	if (e->store.memory)
		emergency_look(e, NULL, 0, 0);
	return logging_flush(e, now);
}

int
connlog_flush(connlog_engine *e)
{
	if (has_crew(e))
		return crew_sync(e->crew);
	return e->lines ? lines_flush(e->lines) : e->status;
}

void
connlog_shift_times(connlog_engine *e, double by)
{
	if (has_crew(e))
		crew_shift(e->crew, by);
	e->store.shift = by;
}

int
connlog_finish(connlog_engine *e)
{
	if (has_crew(e))
		return crew_finish(e->crew);
	e->store.now = e->clock.now; /* later packets may have been other shares' */
	conn_drain(&e->store);
	logging_flush(e, INFINITY);
	scripts_done(&e->scripts);
	scripts_tell(&e->scripts);
	notice_end(&e->notices, decoder_counters(e->dec));
	return e->status;
}

/* Makes the keys for the table and for uids: random, or derived from the seed. */
static bool
make_keys(struct conn_store *s, const char *seed)
{
	static const struct siphash_key fixed = { 0x636f6e6e6c6f6721u, 0x7569642073656564u };
	uint64_t                        w[4];

	if (seed) {
		siphash24_128(&fixed, seed, strlen(seed), w);
		const struct siphash_key first = { w[0], w[1] };
		siphash24_128(&first, seed, strlen(seed), w + 2);
	} else if (getrandom(w, sizeof w, 0) != sizeof w) {
		return false;
	}
	s->hash_key = (struct siphash_key){ w[0], w[1] };
	s->uid_key = (struct siphash_key){ w[2], w[3] };
	return true;
}

/* Computes a tunnel's uid from its endpoints and the time of its first packet only. Decoding is a batch ahead of
 * tracking, so anything else that the store knows would depend on how packets are divided into batches. */
static struct uid
tunnel_uid(void *arg, const struct addr *src, const struct addr *dst, double first)
{
	const struct conn_store *s = arg;
	return uid_make(&s->uid_key, src, 0, dst, 0, 0, first, 0);
}

connlog_engine *
connlog_engine_new(const connlog_options *o, char *err, size_t err_size)
{
	connlog_engine *e = calloc(1, sizeof *e);

	if (!e || !options_copy(o, &e->opt)) {
		free(e);
		snprintf(err, err_size, "no memory");
		return NULL;
	}
	e->clock.now = EPOCH_LEAST;
	e->share = e->opt.share.index;
	e->shares = e->opt.share.of > 0 ? e->opt.share.of : 1;
	e->batch = e->opt.max_batch >= 1 && e->opt.max_batch <= BATCH ? (size_t)e->opt.max_batch : BATCH;
	if (e->opt.max_memory)
		emergency_options(&e->opt);
	e->opt.decode.new_uid = tunnel_uid;
	e->opt.decode.new_uid_arg = &e->store;
	e->dec = decoder_new(&e->opt.decode);
	e->dissections = calloc(e->batch, sizeof *e->dissections);
	if (!conn_store_init(&e->store, &e->opt.conn, &tcp_tracker) ||
	    !inspector_init(&e->inspector, &e->store, &e->opt.service, recognisers) || !e->dec || !e->dissections) {
		snprintf(err, err_size, "no memory");
		connlog_engine_free(e);
		return NULL;
	}
	if (e->opt.max_memory)
		emergency_begin(e, e->opt.max_memory);
	bus_init(&e->bus, &e->store, &e->status);
	contents_init(&e->bus.contents, &e->store, &e->opt.contents, notice_text, &e->notices);
	listen_init(e);
	logging_init(e);
	if (!make_keys(&e->store, e->opt.conn.seed)) {
		snprintf(err, err_size, "the system gives no random numbers; use --seed");
		connlog_engine_free(e);
		return NULL;
	}
	if (e->opt.parallel_handlers && crew_make(e, err, err_size) != CONNLOG_OK) {
		connlog_engine_free(e);
		return NULL;
	}
	return e;
}

void
connlog_engine_free(connlog_engine *e)
{
	if (!e)
		return;
	crew_free(e->crew);
	lines_free(e->lines);
	logging_free(e);
	trace_free(e->trace);
	conn_store_free(&e->store);
	scripts_free(&e->scripts);
	bus_free(&e->bus);
	inspector_free(&e->inspector);
	decoder_free(e->dec);
	options_clear(&e->opt);
	arena_free(&e->arena);
	free(e->dissections);
	free(e);
}
