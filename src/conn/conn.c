/* conn.c - making, finding, flipping and removing connections: see conn.h. */
#include "conn/conn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "conn/ahead.h"
#include "conn/events.h"
#include "conn/history.h"

#define EVICT_SAMPLE 16

static struct wheel_node *
node_of(void *store, uint32_t handle)
{
	return &conn_at(store, handle)->node;
}

static double
due_of(void *store, uint32_t handle)
{
	return conn_due(store, handle);
}

bool
conn_store_init(struct conn_store *s, const struct conn_options *opt, const struct conn_tracker *tracker)
{
	*s = (struct conn_store){ .opt = opt, .tracker = tracker, .now = EPOCH_LEAST };
	s->timeouts[TIMEOUT_TCP] = opt->tcp_inactivity_timeout;
	s->timeouts[TIMEOUT_UDP] = opt->udp_inactivity_timeout;
	s->timeouts[TIMEOUT_ICMP] = opt->icmp_inactivity_timeout;
	s->timeouts[TIMEOUT_UNKNOWN_IP] = opt->unknown_ip_inactivity_timeout;
	s->timeouts[TIMEOUT_PORT] = opt->port_inactivity_timeout;
	s->timeouts[TIMEOUT_ANALYZER] = opt->analyzer_inactivity_timeout;
	slab_init(&s->conns, sizeof(struct conn));
	slab_init(&s->colds, sizeof(struct conn_cold));
	slab_init(&s->extras, sizeof(struct conn_extra));
	slab_init(&s->tcps, tracker->state_size);
	slab_init(&s->tcp_rares, tracker->rare_size);
	slab_init(&s->tcp_stats, tracker->stats_size);
	wheel_init(&s->wheel, node_of, due_of, s);
	s->tcp_spare = slab_alloc(&s->tcp_rares);
	return s->tcp_spare && table_init(&s->table);
}

/* What the extra holds of each side changes places. */
static void
flip_extra(struct conn_extra *x)
{
	const uint32_t label = x->flow_label[ORIG];

	x->flow_label[ORIG] = x->flow_label[RESP], x->flow_label[RESP] = label;
	x->flow_seen = (uint8_t)((x->flow_seen & 1) << 1 | x->flow_seen >> 1);
	x->extract = (uint8_t)((x->extract & 1) << 1 | x->extract >> 1);
}

static void
free_extra(struct conn_store *s, struct conn *c)
{
	struct conn_extra *x = conn_extra_at(s, c);
	if (!x)
		return;
	free(x->encap);
	free(x->thresholds);
	free(x->parents);
	free(x->history);
	slab_release(&s->extras, c->extra);
	c->extra = 0;
}

/* Gives back a connection's memory, without logging it. */
static void
conn_free(struct conn_store *s, uint32_t handle)
{
	struct conn *c = conn_at(s, handle);

	if (c->watch)
		s->watcher->release(s->watcher->arg, c->watch);
	if (c->transport == TRANSPORT_TCP && c->tcp) {
		s->tracker->release(s, c);
		slab_release(&s->tcps, c->tcp);
	}
	free_extra(s, c);
	c->flags = 0;
	slab_release(&s->colds, handle);
	slab_release(&s->conns, handle);
}

void
conn_store_free(struct conn_store *s)
{
	for (uint32_t h = 1; h < s->conns.top; h++)
		if (conn_at(s, h)->flags & CONN_LIVE)
			conn_free(s, h);
	slab_free_all(&s->conns);
	slab_free_all(&s->colds);
	slab_free_all(&s->extras);
	slab_free_all(&s->tcps);
	slab_free_all(&s->tcp_rares);
	slab_free_all(&s->tcp_stats);
	wheel_free(&s->wheel);
	table_free(&s->table);
}

struct conn_extra *
conn_extra_need(struct conn_store *s, struct conn *c)
{
	if (!c->extra) {
		c->extra = slab_alloc(&s->extras);
		if (!c->extra)
			return NULL;
		conn_extra_at(s, c)->pppoe_session = PKT_SESSION_NONE;
	}
	return conn_extra_at(s, c);
}

/* An IPv4 address as a number: any order will do, as long as it is always the same. */
static inline uint64_t
v4_word(const struct addr *a)
{
	uint32_t word;
	memcpy(&word, a->b + 12, 4);
	return word;
}

/* IPv4: one block of two ends, the lower first unless the tuple is one-way. */
static uint64_t
hash_v4(const struct siphash_key *key, const struct pkt *p, uint64_t kind)
{
	const uint64_t src = v4_word(&p->src) << 16 | p->sport, dst = v4_word(&p->dst) << 16 | p->dport;
	const bool     swap = !p->one_way && src > dst;
	const uint64_t w[2] = { swap ? dst : src, (swap ? src : dst) | kind << 48 };
	return keyhash(key, w, 1);
}

/* IPv6: a block an address and one for the rest. */
static __attribute__((noinline)) uint64_t
hash_v6(const struct siphash_key *key, const struct pkt *p, uint64_t kind)
{
	uint64_t   w[6];
	const int  order = addr_cmp(&p->src, &p->dst);
	const bool swap = !p->one_way && (order > 0 || (order == 0 && p->sport > p->dport));
	memcpy(w, swap ? &p->dst : &p->src, 16);
	memcpy(w + 2, swap ? &p->src : &p->dst, 16);
	w[4] = swap ? p->dport | (uint64_t)p->sport << 16 : p->sport | (uint64_t)p->dport << 16;
	w[5] = kind;
	return keyhash(key, w, 3);
}

uint32_t
conn_hash(const struct conn_store *s, const struct pkt *p)
{
	const uint64_t kind = p->proto | (uint64_t)p->one_way << 8;
	const bool     v4 = p->ip_version == 4 || (addr_is_v4(&p->src) && addr_is_v4(&p->dst));
	const uint64_t hash = v4 ? hash_v4(&s->hash_key, p, kind) : hash_v6(&s->hash_key, p, kind);
	return (uint32_t)(hash ^ hash >> 32);
}

/* Do the ends of a packet that `from` sends have the connection's addresses and ports? */
static inline bool
has_ends(const struct conn *c, const struct pkt *p, int from)
{
	return c->p[from] == p->sport && c->p[!from] == p->dport && addr_equal(&c->h[from], &p->src) &&
	       addr_equal(&c->h[!from], &p->dst);
}

uint32_t
conn_find(const struct conn_store *s, const struct pkt *p, uint32_t hash, struct conn **found, bool *is_orig)
{
	uint32_t at = hash & s->table.mask, handle;
	while ((handle = table_probe(&s->table, hash, &at)) != 0) {
		struct conn *c = *found = conn_at(s, handle);
		if (c->proto != p->proto || !(c->flags & CONN_ONE_WAY) != !p->one_way)
			continue;
		if ((*is_orig = has_ends(c, p, ORIG)) || (!p->one_way && has_ends(c, p, RESP)))
			return handle;
	}
	return 0;
}

/* The hash of a connection is that of a packet with its tuple. */
static uint32_t
hash_of(const struct conn_store *s, const struct conn *c)
{
	const struct pkt p = {
		.src = c->h[ORIG],
		.dst = c->h[RESP],
		.sport = c->p[ORIG],
		.dport = c->p[RESP],
		.proto = c->proto,
		.one_way = (c->flags & CONN_ONE_WAY) != 0,
	};
	return conn_hash(s, &p);
}

/* Makes room by ending the least recently active of a few connections. */
static void
conn_evict(struct conn_store *s)
{
	uint32_t victim = 0;
	for (unsigned seen = 0; seen < EVICT_SAMPLE;) {
		if (++s->evict_hand >= s->conns.top)
			s->evict_hand = 1;
		const struct conn *c = conn_at(s, s->evict_hand);
		if (!(c->flags & CONN_LIVE))
			continue;
		if (!victim || c->last_time < conn_at(s, victim)->last_time)
			victim = s->evict_hand;
		if (++seen >= s->conns.used)
			break;
	}
	conn_remove(s, victim, CONN_END_evicted);
}

/* Connection's constructor: what the first packet says, before anybody has looked at it. */
static void
conn_begin(struct conn_store *s, uint32_t handle, const struct pkt *p, bool flip)
{
	struct conn      *c = conn_at(s, handle);
	struct conn_cold *cold = conn_cold_at(s, handle);
	const int         from = flip ? RESP : ORIG, to = !from;

	c->h[from] = p->src;
	c->h[to] = p->dst;
	c->p[from] = p->sport;
	c->p[to] = p->dport;
	c->proto = p->proto;
	c->transport = (uint8_t)p->transport;
	c->flags = CONN_LIVE | (p->one_way ? CONN_ONE_WAY : 0);
	c->start_time = c->last_time = p->ts;
	if (p->transport != TRANSPORT_TCP)
		c->size[ORIG] = c->size[RESP] = -1;
	c->uid_salt = s->salt;
	cold->inactivity_at = INFINITY;
	cold->vlan = p->vlan;
	cold->inner_vlan = p->inner_vlan;
	if (p->l2_src)
		memcpy(cold->l2[from], p->l2_src, 6);
	if (p->l2_dst)
		memcpy(cold->l2[to], p->l2_dst, 6);
	if (flip) {
		s->counters.flipped++;
		history_add(s, handle, '^');
	}
}

/* => False where there is no memory for what the packet's surroundings need. */
static bool
conn_begin_extra(struct conn_store *s, struct conn *c, const struct pkt *p)
{
	if (p->pppoe_session == PKT_SESSION_NONE && (!p->encap || p->encap->depth == 0))
		return true;
	struct conn_extra *x = conn_extra_need(s, c);
	if (!x)
		return false;
	x->pppoe_session = p->pppoe_session;
	return !p->encap || p->encap->depth == 0 || conn_encap_begin(x, p->encap);
}

uint32_t
conn_create(struct conn_store *s, const struct pkt *p, uint32_t hash, bool flip)
{
	if (s->opt->max_connections && s->conns.used >= s->opt->max_connections)
		conn_evict(s);

	const uint32_t handle = slab_alloc(&s->conns);
	if (!handle)
		return 0;
	const uint32_t cold = slab_alloc(&s->colds);
	if (!cold) {
		slab_release(&s->conns, handle);
		return 0;
	}
	conn_begin(s, handle, p, flip); /* both slabs hand out the same handles: they are used in step */
	if (!conn_begin_extra(s, conn_at(s, handle), p) || !table_insert(&s->table, hash, handle)) {
		conn_free(s, handle);
		return 0;
	}
	s->counters.created[p->transport]++;
	if (s->conns.used > s->counters.peak)
		s->counters.peak = s->conns.used;
	return handle;
}

void
conn_flip(struct conn_store *s, uint32_t handle)
{
	struct conn      *c = conn_at(s, handle);
	struct conn_cold *cold = conn_cold_at(s, handle);
	const struct addr h = c->h[ORIG];
	const uint16_t    port = c->p[ORIG];
	const uint64_t    pkts = c->pkts[ORIG], bytes = c->bytes[ORIG];
	uint8_t           l2[6];

	c->h[ORIG] = c->h[RESP], c->h[RESP] = h;
	c->p[ORIG] = c->p[RESP], c->p[RESP] = port;
	c->pkts[ORIG] = c->pkts[RESP], c->pkts[RESP] = pkts;
	c->bytes[ORIG] = c->bytes[RESP], c->bytes[RESP] = bytes;
	memcpy(l2, cold->l2[ORIG], 6);
	memcpy(cold->l2[ORIG], cold->l2[RESP], 6);
	memcpy(cold->l2[RESP], l2, 6);
	if (c->transport == TRANSPORT_TCP && c->tcp)
		s->tracker->flip(s, c);
	if (c->extra)
		flip_extra(conn_extra_at(s, c));
	c->flags |= CONN_FLIPPED;
	s->counters.flipped++;
	history_add(s, handle, '^');
	if (s->watcher)
		s->watcher->flipped(s->watcher->arg, handle);
	conn_event(s, handle, CONNLOG_EVENT_CONNECTION_FLIPPED);
}

void
conn_endpoints(const struct conn_store *s, const struct conn *c, struct conn_endpoint out[2])
{
	if (c->transport == TRANSPORT_TCP) {
		s->tracker->endpoints(s, c, out);
		return;
	}
	for (int side = ORIG; side <= RESP; side++) /* active once it has sent (UDP_ACTIVE, ICMP_ACTIVE) */
		out[side] = (struct conn_endpoint){ c->size[side] >= 0, c->size[side] >= 0 ? (uint64_t)c->size[side] : 0 };
}

void
conn_check_flow_label(struct conn_store *s, uint32_t handle, int side, uint32_t label)
{
	struct conn_extra *x = conn_extra_need(s, conn_at(s, handle));

	if (!x)
		return;
	const uint32_t old = x->flow_label[side];
	const bool     seen = x->flow_seen & 1 << side;
	x->flow_label[side] = label;
	x->flow_seen |= (uint8_t)(1 << side);
	if (seen && old != label)
		conn_raise(s, handle, CONNLOG_EVENT_CONNECTION_FLOW_LABEL_CHANGED,
		           (connlog_value[]){ event_bool(side == ORIG), event_count(old), event_count(label) });
}

/* connection_state_remove, with what Zeek's handlers find in c$history, c$orig$state and c$resp$state. */
static void
raise_state_remove(struct conn_store *s, uint32_t handle)
{
	struct conn_endpoint end[2];
	size_t               len;
	const char          *history = history_text(s, handle, &len);

	conn_endpoints(s, conn_at(s, handle), end);
	conn_raise(
		s, handle, CONNLOG_EVENT_CONNECTION_STATE_REMOVE,
		(connlog_value[]){ event_text(history, len), event_count(end[ORIG].state), event_count(end[RESP].state) });
}

/* Logs and gives back a connection's memory. */
static void
conn_end(struct conn_store *s, uint32_t handle, enum conn_end why)
{
	const struct conn *c = conn_at(s, handle);

	s->counters.ended[why]++;
	if (c->transport == TRANSPORT_TCP && c->watch && !(c->watch & WATCH_OVER))
		s->watcher->ends(s->watcher->arg, handle);
	if (s->recorder && c->transport == TRANSPORT_TCP)
		s->tracker->record_end(s, handle);
	if (conn_wants(s, CONNLOG_EVENT_CONNECTION_STATE_REMOVE))
		raise_state_remove(s, handle);
	s->on_end(s->on_end_arg, s, handle);
	conn_free(s, handle);
}

void
conn_remove(struct conn_store *s, uint32_t handle, enum conn_end why)
{
	wheel_cancel(&s->wheel, handle);
	table_remove(&s->table, hash_of(s, conn_at(s, handle)), handle);
	conn_end(s, handle, why);
}

/* Asks for what hangs at a connection that comes soon. */
static void
fetch_ahead(const struct conn_store *s, uint32_t handle)
{
	enum { AHEAD = 8 };
	const uint32_t at = handle + AHEAD;

	if (at < s->conns.top && conn_at(s, at)->flags & CONN_LIVE)
		conn_fetch_state(s, at, true);
}

void
conn_drain(struct conn_store *s)
{
	table_clear(&s->table);
	wheel_clear(&s->wheel);
	for (uint32_t h = 1; h < s->conns.top; h++) {
		fetch_ahead(s, h);
		if (!(conn_at(s, h)->flags & CONN_LIVE))
			continue;
		if (s->events.wanted)
			conn_at_end(s, h);
		conn_end(s, h, CONN_END_end_of_input);
	}
}
