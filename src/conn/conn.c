/* conn.c - creating, flipping and removing connections: see conn.h. */
#include "conn/conn.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conn/events.h"
#include "conn/evict.h"
#include "conn/history.h"
#include "conn/interim.h"

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

static struct wheel_rank
rank_of(void *store, uint32_t handle)
{
	return conn_rank(store, handle);
}

bool
conn_store_init(struct conn_store *s, const struct conn_options *opt, const struct conn_tracker *tracker)
{
	*s = (struct conn_store){
		.opt = opt, .tracker = tracker, .now = EPOCH_LEAST, .range_most = opt->max_reassembly_bytes
	};
	s->timeouts[TIMEOUT_TCP] = opt->tcp_inactivity_timeout;
	s->timeouts[TIMEOUT_UDP] = opt->udp_inactivity_timeout;
	s->timeouts[TIMEOUT_ICMP] = opt->icmp_inactivity_timeout;
	s->timeouts[TIMEOUT_UNKNOWN_IP] = opt->unknown_ip_inactivity_timeout;
	s->timeouts[TIMEOUT_PORT] = opt->port_inactivity_timeout;
	s->timeouts[TIMEOUT_ANALYZER] = opt->analyzer_inactivity_timeout;
	slab_init(&s->conns, sizeof(struct conn));
	slab_init(&s->colds, sizeof(struct conn_cold));
	slab_init(&s->ends, sizeof(struct conn_ends));
	slab_init(&s->sizes, sizeof(struct conn_sizes));
	intern_init(&s->links, &s->hash_key, UINT16_MAX);
	slab_init(&s->extras, sizeof(struct conn_extra));
	slab_init(&s->tcps, tracker->state_size);
	slab_init(&s->tcp_rares, tracker->rare_size);
	slab_init(&s->tcp_stats, tracker->stats_size);
	measure_layout_init(&s->measure, opt->measure, opt->first_payload_bytes);
	slab_init(&s->measures, s->measure.size);
	if (s->measure.wanted)
		s->events.wanted |= MEASURE_WANTED;
	s->tcp_spare = slab_alloc(&s->tcp_rares);
	return wheel_init(&s->wheel, &(struct wheel_calls){ node_of, due_of, rank_of }, s) && s->tcp_spare &&
	       table_init(&s->table);
}

static void
swap(uint32_t two[2])
{
	const uint32_t first = two[0];

	two[0] = two[1], two[1] = first;
}

/* Exchanges the two sides' values in the extra. */
static void
flip_extra(const struct conn_store *s, struct conn_extra *x)
{
	swap(x->pkts);
	swap(x->bytes);
	swap(x->flow_label);
	if (x->interim)
		interim_flip(x->interim);
	if (x->measure)
		measure_flip(&s->measure, slab_at(&s->measures, x->measure));
	x->flow_seen = (uint8_t)((x->flow_seen & 1) << 1 | x->flow_seen >> 1);
	x->extract = (uint8_t)((x->extract & 1) << 1 | x->extract >> 1);
}

static void
free_extra(struct conn_store *s, const struct conn *c)
{
	struct conn_extra *x = conn_extra_at(s, c);
	if (!x)
		return;
	free(x->encap);
	free(x->thresholds);
	free(x->interim);
	if (x->measure)
		slab_release(&s->measures, x->measure);
	free(x->parents);
	free(x->history);
	slab_release(&s->extras, conn_cold_at(s, c)->extra);
}

/* Frees the state attached to a connection that is not an embryo. */
static void
free_cold(struct conn_store *s, struct conn *c)
{
	if (c->transport == TRANSPORT_TCP && c->tcp) {
		s->tracker->release(s, c);
		slab_release(&s->tcps, c->tcp);
	}
	if (c->transport != TRANSPORT_TCP)
		slab_release(&s->sizes, c->sizes);
	free_extra(s, c);
	slab_release(&s->colds, c->cold);
}

/* Frees a connection's memory, without logging it. */
static void
conn_free(struct conn_store *s, uint32_t handle)
{
	struct conn *c = conn_at(s, handle);

	if (c->watch)
		s->watcher->release(s->watcher->arg, c->watch);
	if (!(c->flags & CONN_EMBRYO))
		free_cold(s, c);
	if (c->flags & CONN_V6)
		slab_release(&s->ends, c->ends);
	if (c->link)
		intern_drop(&s->links, c->link);
	c->flags = 0;
	slab_release(&s->conns, handle);
}

void
conn_store_free(struct conn_store *s)
{
	/* stops at once after a normal end, when no connections are left */
	for (uint32_t h = 1; s->conns.used > 0 && h < slab_high(&s->conns); h++)
		if (conn_at(s, h)->flags & CONN_LIVE)
			conn_free(s, h);
	slab_free_all(&s->conns);
	slab_free_all(&s->colds);
	slab_free_all(&s->ends);
	slab_free_all(&s->sizes);
	intern_free(&s->links);
	slab_free_all(&s->extras);
	slab_free_all(&s->tcps);
	slab_free_all(&s->tcp_rares);
	slab_free_all(&s->tcp_stats);
	slab_free_all(&s->measures);
	wheel_free(&s->wheel);
	table_free(&s->table);
}

bool
conn_settle(struct conn_store *s, struct conn *c)
{
	const uint32_t handle = slab_alloc(&s->colds);
	const uint32_t sizes = handle && c->transport != TRANSPORT_TCP ? slab_alloc(&s->sizes) : 0;

	if (!handle || (c->transport != TRANSPORT_TCP && !sizes)) {
		if (handle)
			slab_release(&s->colds, handle);
		return false;
	}
	struct conn_cold *cold = slab_at(&s->colds, handle);
	const double      timeout = s->timeouts[c->timeout];
	cold->start_time = c->last_time;
	cold->inactivity_at = timeout != 0 ? c->last_time + timeout : INFINITY;
	cold->uid_salt = c->uid_salt;
	if (c->hist_seen)
		cold->history[cold->history_len++] = 'S';
	c->flags &= (uint8_t)~CONN_EMBRYO;
	c->cold = handle;
	c->sizes = sizes;
	if (sizes)
		*conn_sizes_at(s, c) = (struct conn_sizes){ { -1, -1 } };
	return true;
}

struct conn_extra *
conn_extra_need(struct conn_store *s, uint32_t handle)
{
	struct conn *c = conn_at(s, handle);

	if ((c->flags & CONN_EMBRYO) && !s->tracker->open(s, handle))
		return NULL;
	struct conn_cold *cold = conn_cold_at(s, c);
	if (!cold->extra) {
		cold->extra = slab_alloc(&s->extras);
		if (!cold->extra)
			return NULL;
		c->flags |= CONN_EXTRA;
		conn_extra_at(s, c)->pppoe_session = PKT_SESSION_NONE;
	}
	return conn_extra_at(s, c);
}

/* Returns the hash of a connection: that of a packet with its tuple. */
static uint32_t
hash_of(const struct conn_store *s, const struct conn *c)
{
	const struct pkt p = {
		.ip_version = c->flags & CONN_V6 ? 6 : 4,
		.src = conn_host(s, c, ORIG),
		.dst = conn_host(s, c, RESP),
		.sport = c->p[ORIG],
		.dport = c->p[RESP],
		.proto = c->proto,
		.one_way = (c->flags & CONN_ONE_WAY) != 0,
	};
	return conn_hash(s, &p);
}

/* Stores the addresses. Returns false when out of memory. */
static bool
begin_hosts(struct conn_store *s, struct conn *c, const struct pkt *p, int from)
{
	if (conn_is_v4(p)) {
		c->v4[from] = addr_v4(&p->src);
		c->v4[!from] = addr_v4(&p->dst);
		return true;
	}
	const uint32_t ends = slab_alloc(&s->ends);
	if (!ends)
		return false;
	c->flags |= CONN_V6;
	c->ends = ends;
	struct conn_ends *e = slab_at(&s->ends, ends);
	e->h[from] = p->src;
	e->h[!from] = p->dst;
	return true;
}

const struct conn_link *
conn_link(const struct conn_store *s, const struct conn *c)
{
	static const struct conn_link none = { .vlan = PKT_VLAN_NONE, .inner_vlan = PKT_VLAN_NONE };
	const struct conn_extra      *x = c->link ? NULL : conn_extra_at(s, c);

	return c->link ? intern_at(&s->links, c->link) : x ? &x->link : &none;
}

/* Returns the six bytes of a link address, in memory order, as the first bytes of a word; 0 for no address. */
static inline uint64_t
l2_word(const uint8_t *l2)
{
	uint32_t four;
	uint16_t two;

	if (!l2)
		return 0;
	memcpy(&four, l2, 4);
	memcpy(&two, l2 + 4, 2);
	return le32toh(four) | (uint64_t)le16toh(two) << 32;
}

/* Returns where the packet was seen. The value is built from two words because it is read as such: loading a large word
 * right after storing small ones is slow. */
static struct conn_link
link_of(const struct pkt *p, int from)
{
	const uint64_t   src = l2_word(p->l2_src), dst = l2_word(p->l2_dst);
	const uint64_t   first = from == ORIG ? src : dst, second = from == ORIG ? dst : src;
	const uint64_t   vlans = htole64((uint64_t)htole16(p->vlan) << 32 | (uint64_t)htole16(p->inner_vlan) << 48);
	const uint64_t   w[2] = { htole64(first | second << 48), htole64(second >> 16) | vlans };
	struct conn_link link;

	memcpy(&link, w, sizeof link);
	return link;
}

/* Keeps a link in the extra when it cannot be interned because there are too many. */
static void
keep_link(struct conn_store *s, uint32_t handle, const struct conn_link *link)
{
	struct conn_extra *x = conn_extra_need(s, handle);

	if (x)
		x->link = *link;
}

/* Attaches an extra if the packet has a PPPoE session or tunnels. Returns false when out of memory. */
static bool
begin_extra(struct conn_store *s, uint32_t handle, const struct pkt *p)
{
	if (p->pppoe_session == PKT_SESSION_NONE && (!p->encap || p->encap->depth == 0))
		return true;
	struct conn_extra *x = conn_extra_need(s, handle);
	if (!x)
		return false;
	x->pppoe_session = p->pppoe_session;
	return !p->encap || p->encap->depth == 0 || conn_encap_begin(x, p->encap);
}

/* Initializes a connection from its first packet, before any tracker has seen it (Connection's constructor). Returns
 * false when out of memory. */
static bool
conn_begin(struct conn_store *s, uint32_t handle, const struct pkt *p, bool flip)
{
	struct conn           *c = conn_at(s, handle);
	const int              from = flip ? RESP : ORIG;
	const bool             plain = p->pppoe_session == PKT_SESSION_NONE && !p->encap;
	const struct conn_link link = link_of(p, from);

	c->p[from] = p->sport;
	c->p[!from] = p->dport;
	c->proto = p->proto;
	c->transport = (uint8_t)p->transport;
	c->flags = (uint8_t)(CONN_LIVE | CONN_EMBRYO | (p->one_way ? CONN_ONE_WAY : 0) | (s->replica ? CONN_REPLICA : 0));
	c->last_time = p->ts;
	c->link = (uint16_t)intern_add(&s->links, &link);
	c->uid_salt = s->salt;
	if (!begin_hosts(s, c, p, from))
		return false;
	const bool embryo = p->transport == TRANSPORT_TCP && plain && c->link && s->tracker->is_embryo(s, p);
	if (!embryo && !conn_settle(s, c))
		return false;
	if (!c->link)
		keep_link(s, handle, &link);
	if (flip) {
		s->counters.flipped++;
		history_add(s, handle, '^');
	}
	return plain || begin_extra(s, handle, p);
}

/* The mark distinguishes connections that began with the same packet, and does not change when the roles are flipped.
 * It is the same on every processor, and so is the order of the log. */
struct wheel_rank
conn_rank(const struct conn_store *s, uint32_t handle)
{
	const struct conn *c = conn_at(s, handle);
	uint32_t           mark = (uint32_t)c->p[ORIG] + c->p[RESP] + ((uint32_t)c->proto << 24);

	if (c->flags & CONN_V6) {
		uint32_t w[8];
		memcpy(w, ((const struct conn_ends *)slab_at(&s->ends, c->ends))->h, sizeof w);
		for (int i = 0; i < 4; i++)
			mark = (mark ^ (le32toh(w[i]) + le32toh(w[i + 4]))) * 0x9e3779b1u;
	} else {
		mark = (mark ^ (le32toh(c->v4[ORIG]) + le32toh(c->v4[RESP]))) * 0x9e3779b1u;
	}
	return (struct wheel_rank){ conn_start(s, c), conn_salt(s, c), mark };
}

/* Notes when connections stop being stored in order of rank: when one reuses the place of another, begins with a late
 * packet, or begins with the same packet as the one before. */
static void
note_order(struct conn_store *s, uint32_t handle, double begin)
{
	const struct wheel_rank rank = { begin, s->salt, 0 };

	if (wheel_rank_compare(&rank, &s->newest) <= 0 || handle < s->newest_handle)
		s->disordered = true;
	s->newest = rank;
	s->newest_handle = handle;
}

/* Returns the handle of a new connection in the table, or 0 when out of memory. */
static uint32_t
create(struct conn_store *s, const struct pkt *p, uint32_t hash, bool flip)
{
	const uint32_t handle = slab_alloc(&s->conns);

	if (!handle)
		return 0;
	if (conn_begin(s, handle, p, flip) && table_insert(&s->table, hash, handle))
		return handle;
	conn_free(s, handle);
	return 0;
}

/* Does what create() does after that has run out of memory: ends other connections first. Each of them may lack one of
 * the parts that are needed, so it tries several. */
static __attribute__((noinline)) uint32_t
create_in_place_of_others(struct conn_store *s, const struct pkt *p, uint32_t hash, bool flip)
{
	uint32_t handle = 0;

	for (int i = 0; s->memory && i < 8 && !handle; i++) {
		conn_make_room(s);
		handle = create(s, p, hash, flip);
	}
	return handle;
}

uint32_t
conn_create(struct conn_store *s, const struct pkt *p, uint32_t hash, bool flip)
{
	if (s->opt->max_connections && s->conns.used >= s->opt->max_connections)
		conn_evict(s);

	uint32_t handle = create(s, p, hash, flip);
	if (!handle)
		handle = create_in_place_of_others(s, p, hash, flip);
	if (!handle)
		return 0;
	note_order(s, handle, p->ts);
	s->counters.created[p->transport]++;
	if (s->conns.used > s->counters.peak)
		s->counters.peak = s->conns.used;
	return handle;
}

/* Exchanges the endpoints' addresses, ports and counters. */
static void
flip_ends(struct conn_store *s, struct conn *c)
{
	const uint16_t port = c->p[ORIG];

	c->p[ORIG] = c->p[RESP], c->p[RESP] = port;
	swap(c->pkts);
	swap(c->bytes);
	if (!(c->flags & CONN_V6)) {
		swap(c->v4);
		return;
	}
	struct conn_ends *ends = slab_at(&s->ends, c->ends);
	const struct addr h = ends->h[ORIG];
	ends->h[ORIG] = ends->h[RESP], ends->h[RESP] = h;
}

static void
flip_link(struct conn_store *s, uint32_t handle)
{
	struct conn           *c = conn_at(s, handle);
	const struct conn_link link = *conn_link(s, c);
	struct conn_link       flipped = link;

	memcpy(flipped.l2[ORIG], link.l2[RESP], sizeof link.l2[RESP]);
	memcpy(flipped.l2[RESP], link.l2[ORIG], sizeof link.l2[ORIG]);
	if (c->link)
		intern_drop(&s->links, c->link);
	c->link = (uint16_t)intern_add(&s->links, &flipped);
	if (!c->link)
		keep_link(s, handle, &flipped);
}

void
conn_flip(struct conn_store *s, uint32_t handle)
{
	struct conn *c = conn_at(s, handle);

	flip_ends(s, c);
	flip_link(s, handle);
	if (c->transport == TRANSPORT_TCP && c->tcp) /* an embryo was settled before it was flipped */
		s->tracker->flip(s, c);
	if (c->flags & CONN_EXTRA)
		flip_extra(s, conn_extra_at(s, c));
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
	for (int side = ORIG; side <= RESP; side++) { /* active if it has sent anything (UDP_ACTIVE, ICMP_ACTIVE) */
		const int64_t size = conn_sizes_at(s, c)->size[side];
		out[side] = (struct conn_endpoint){ size >= 0, size >= 0 ? (uint64_t)size : 0 };
	}
}

void
conn_check_flow_label(struct conn_store *s, uint32_t handle, int side, uint32_t label)
{
	struct conn_extra *x = conn_extra_need(s, handle);

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

/* Raises connection_state_remove, with the values that Zeek's handlers find in c$history, c$orig$state and
 * c$resp$state. */
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

void
conn_end(struct conn_store *s, uint32_t handle, enum conn_end why)
{
	const struct conn *c = conn_at(s, handle);

	if (!(c->flags & CONN_REPLICA)) {
		s->counters.ended[why]++;
		s->counters.gone[c->transport]++;
	}
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
