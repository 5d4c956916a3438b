/* conn.h - a connection, and the store that holds all of them.
 *
 * `struct conn` is what every packet needs: one cache line.  What is needed when the connection begins, changes or ends is in
 * `cold`, TCP's state in `tcp`, what few connections need (tunnels, long histories, checksum errors) in the cold part's `extra`.  A connection of which only a plain SYN was seen (CONN_EMBRYO) has none of these.
 *
 * Life: conn_create(), conn_touch() by trackers, conn_remove(), the only function that frees.  It first passes the connection to
 * the store's `on_end`, which logs it.  Timers are by packet time: every connection
 * has one node in a timer wheel, scheduled for the earliest of its timers; conn_expire() runs those that are due.
 *
 * Times are doubles in seconds because Zeek's are: its comparisons of sums like last_time + timeout depend on the
 * last bit (Session.cc, Timer.cc).
 */
#ifndef CONNLOG_CONN_CONN_H
#define CONNLOG_CONN_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/intern.h"
#include "base/siphash.h"
#include "base/slab.h"
#include "base/wheel.h"
#include "conn/clock.h"
#include "conn/measure.h"
#include "conn/options.h"
#include "conn/table.h"
#include "connlog.h"
#include "decode/pkt.h"
#include "decode/udp_tunnel.h"

enum { ORIG, RESP };

enum conn_flag {
	CONN_LIVE = 1,      /* in the table */
	CONN_ONE_WAY = 2,   /* ICMP without a counterpart: found in one direction only */
	CONN_EMBRYO = 4,    /* no cold part; TCP: only a plain SYN seen so far, `isn` is all its state */
	CONN_FLIPPED = 8,   /* its roles were flipped since it began */
	CONN_SKIP = 16,     /* skip_further_processing(): its packets are neither inspected nor counted any more */
	CONN_V6 = 32,       /* not both of its addresses are IPv4: they are in `ends` */
	CONN_EXTRA = 64,    /* it has an extra */
	CONN_REPLICA = 128, /* another engine tracks it as well: nothing is reported here */
};

/* Which of the store's timeouts applies as a connection's inactivity timeout. */
enum conn_timeout {
	TIMEOUT_NONE,
	TIMEOUT_TCP,
	TIMEOUT_UDP,
	TIMEOUT_ICMP,
	TIMEOUT_UNKNOWN_IP,
	TIMEOUT_PORT,
	TIMEOUT_ANALYZER,
	TIMEOUT_COUNT
};

/* A side is ORIG or RESP. */
struct conn {
	union {
		uint32_t v4[2]; /* addresses as in packets */
		uint32_t ends;  /* CONN_V6: struct conn_ends */
	};
	uint16_t p[2]; /* host order */
	uint8_t  proto, transport, flags, timeout;
	double   last_time;
	uint32_t pkts[2], bytes[2]; /* packets and IP bytes of each side (ConnSize), without the part in the extra */
	uint16_t hist_seen;         /* letters recorded at most once: bits of history.h */
	uint16_t link;              /* struct conn_link, in the store's `links`; 0: in the extra */
	uint32_t watch;             /* TCP, UDP: what inspects its payload (conn_watcher) */
	struct wheel_node node;
	union {
		uint32_t cold;     /* struct conn_cold */
		uint32_t uid_salt; /* CONN_EMBRYO: that of the future cold part */
	};
	union {
		uint32_t tcp;   /* TCP: the tracker's state */
		uint32_t isn;   /* TCP, CONN_EMBRYO */
		uint32_t sizes; /* all others: struct conn_sizes */
	};
};

_Static_assert(sizeof(struct conn) == 64, "one cache line");

struct conn_ends {
	struct addr h[2];
};

/* Where a connection was seen. */
struct conn_link {
	uint8_t  l2[2][6];
	uint16_t vlan, inner_vlan; /* PKT_VLAN_NONE */
};

_Static_assert(sizeof(struct conn_link) == INTERN_SIZE, "links are interned");

/* UDP, ICMP: payload bytes, -1 while the side is silent. */
struct conn_sizes {
	int64_t size[2];
};

#define HISTORY_INLINE 15

struct conn_cold {
	double   start_time;
	double   inactivity_at; /* INFINITY: none */
	uint32_t extra;
	uint32_t uid_salt; /* distinguishes connections with the same tuple and start time */
	char     history[HISTORY_INLINE];
	uint8_t  history_len; /* more than HISTORY_INLINE: the text is in `extra` */
};

/* A counter that leaves a letter in the history at 1, 10, 100 … (Session::ScaledHistoryEntry). */
struct scaled {
	uint32_t count, threshold; /* threshold 0 means 1 */
};

#define PARENTS_MAX 255 /* Tunnel::max_changes_per_connection is 5: the first and five more */

struct conn_extra {
	struct encap_stack     *encap;   /* the tunnels around the latest packet, or NULL; as long as it is deep */
	struct uid             *parents; /* the innermost tunnels it was seen in */
	uint8_t                 n_parents;
	uint8_t                 tunnel_changes;
	struct udp_tunnel_state udp_tunnel;
	uint32_t                pppoe_session;     /* PKT_SESSION_NONE */
	struct scaled           bad_checksum[2];   /* UDP */
	uint32_t                pkts[2], bytes[2]; /* the upper halves of the connection's */
	struct conn_link        link;              /* if the connection's is 0 */
	char                   *history;           /* once it is longer than HISTORY_INLINE */
	uint32_t                history_len, history_room;
	/* Only while their event is handled: */
	uint32_t                flow_label[2]; /* IPv6: the latest */
	uint8_t                 flow_seen;     /* 1 << side: it has sent a packet */
	uint8_t                 extract;       /* 1 << side: record its contents once the connection is established */
	double                  status_at;     /* next connection_status_update; 0: none */
	struct conn_thresholds *thresholds;    /* NULL: none is set */
	struct conn_interim    *interim;       /* NULL: no interim record yet */
	uint32_t                measure;       /* in the store's `measures`; 0: it is not measured */
};

enum conn_verdict { CONN_KEEP, CONN_REMOVE };

/* Why a connection ended: counted in --stats. */
#define CONN_ENDS(X)     X(closed) X(attempt) X(expired) X(inactivity) X(reused) X(hurried) X(evicted) X(end_of_input)
#define CONN_END_ENUM(n) CONN_END_##n,
enum conn_end { CONN_ENDS(CONN_END_ENUM) CONN_END_COUNT };

struct conn_counters {
	uint64_t created[4]; /* by enum transport */
	uint64_t gone[4];    /* of these */
	uint64_t ended[CONN_END_COUNT];
	uint64_t refused; /* packets of connections that are not tracked, or when out of memory */
	uint64_t flipped;
	uint64_t history_cut;         /* letters omitted because of max_history */
	uint64_t reassembly_given_up; /* sides whose reassembly ended because of max_reassembly_bytes */
	uint64_t contents_lost;       /* bytes that tcp_contents omits because of max_reassembly_bytes */
	uint64_t timers;              /* timers run */
	uint64_t interims_given_up;   /* 1: out of memory for more of them */
	uint64_t measures_given_up;   /* connections without measured columns, for lack of memory */
	uint64_t peak;                /* connections at once */
};

/* How an endpoint ended, for the record. */
struct conn_endpoint {
	uint8_t  state; /* Zeek's numbers: TCP_INACTIVE … TCP_RESET, UDP_INACTIVE, UDP_ACTIVE */
	uint64_t size;
};

/* When something happens, ordered as in a single engine that tracks everything. */
struct moment {
	uint64_t          packet; /* the number of the packet; UINT64_MAX at the end of input */
	double            at;     /* when the timer was due; INFINITY for the packet itself, which follows the timers */
	struct wheel_rank rank;   /* of the timer's connection; `begin` counts the packets inside the packet */
};

struct conn_store;

#define TRACKER_TIMERS 5

/* What the store needs from the TCP tracker. */
struct conn_tracker {
	/* Sizes of a connection's state, of the part that few connections need (struct tcp_rare), and of the statistics for
	 * tcp_rexmit. */
	size_t state_size, rare_size, stats_size;
	/* Returns whether a connection that begins with this packet is an embryo; and turns an embryo into a full connection
	 * (returns false when out of memory). */
	bool (*is_embryo)(const struct conn_store *s, const struct pkt *p);
	bool (*open)(struct conn_store *s, uint32_t handle);
	/* Earliest timer of the state, INFINITY for none. */
	double (*due)(const struct conn_store *s, const struct conn *c);
	/* All its timers, at most TRACKER_TIMERS. Returns their number. */
	size_t (*timers)(const struct conn_store *s, const struct conn *c, double at[]);
	/* Runs the one timer that is due. */
	enum conn_verdict (*timer)(struct conn_store *s, uint32_t handle, double now, enum conn_end *why);
	/* conn_at_end() */
	void (*at_end)(struct conn_store *s, uint32_t handle);
	/* The connection ends: records the buffered part of its streams. */
	void (*record_end)(struct conn_store *s, uint32_t handle);
	void (*flip)(struct conn_store *s, struct conn *c);
	void (*endpoints)(const struct conn_store *s, const struct conn *c, struct conn_endpoint out[2]);
	/* Bytes missed in content gaps. */
	uint64_t (*missed)(const struct conn_store *s, const struct conn *c);
	/* Frees the parts attached to the state. */
	void (*release)(struct conn_store *s, struct conn *c);
	/* The sides whose first packet arrived in a way that shows its header to signatures: bits 1 << ORIG, 1 << RESP. */
	uint8_t (*first_packets)(const struct conn_store *s, const struct conn *c);
};

#define WATCH_OVER 0x80000000u /* bit of a connection's watch: inspection has ended, the rest is the result's handle */

/* What inspects payload (dpd/), as far as the store and the trackers need it. */
struct conn_watcher {
	void *arg;
	/* TCP, in order: bytes, a gap, the end of a side's stream; a side closes or is reset, possibly before its whole stream was
	 * seen; a packet with RST has arrived, or the connection is finished. */
	void (*data)(void *arg, uint32_t handle, int side, const uint8_t *p, size_t n);
	void (*gap)(void *arg, uint32_t handle, int side, uint64_t len);
	void (*eof)(void *arg, uint32_t handle, int side);
	void (*closed)(void *arg, uint32_t handle);
	void (*cut)(void *arg, uint32_t handle);
	void (*flipped)(void *arg, uint32_t handle);
	/* A timer for UDP: when it is due, INFINITY for none; and its verdict. */
	double (*due)(const void *arg, const struct conn *c);
	enum conn_verdict (*timer)(void *arg, uint32_t handle, double now);
	/* Prefetches what its payload and its end will need. */
	uint32_t (*fetch)(const void *arg, const struct conn *c);
	/* A TCP connection with an inspection ends: it is about to be logged. */
	void (*ends)(void *arg, uint32_t handle);
	/* The connection ends: frees `watch`. */
	void (*release)(void *arg, uint32_t watch);
	/* All connections have ended, after the store was draining: frees what release() has left. */
	void (*drained)(void *arg);
	/* Something was lost for lack of memory: nothing more is inspected. */
	void (*give_up)(void *arg, uint32_t handle);
};

/* What records the contents of streams in files (event/contents.c), which it identifies by numbers. */
struct conn_recorder {
	void *arg;
	void (*bytes)(void *arg, uint32_t handle, uint32_t file, bool is_orig, const uint8_t *p, size_t n);
	void (*gap)(void *arg, uint32_t handle, uint32_t file, bool is_orig, uint64_t len);
	void (*close)(void *arg, uint32_t file);
};

/* The listeners for events (event/); conn/events.h raises them. */
struct conn_listener {
	uint64_t wanted; /* bits: 1 << connlog_event_id */
	void    *arg;
	void (*raise)(void *arg, uint32_t handle, connlog_event_id id, const connlog_value *arguments);
};

typedef void (*conn_end_fn)(void *arg, struct conn_store *s, uint32_t handle);

struct conn_store {
	struct slab                 conns, colds, ends, sizes, extras, tcps, tcp_rares, tcp_stats, measures;
	struct measure_layout       measure;
	struct intern               links;
	struct table                table;
	struct wheel                wheel;
	struct siphash_key          hash_key, uid_key;
	const struct conn_options  *opt;
	const struct conn_tracker  *tracker;
	const struct conn_watcher  *watcher; /* NULL: payload is not inspected */
	struct conn_listener        events;
	const struct conn_recorder *recorder; /* NULL: nothing is recorded */
	double                      timeouts[TIMEOUT_COUNT];
	double                      now; /* network time: the latest packet time, never decreases; initially EPOCH_LEAST */
	double                      shift;  /* added to all times that are reported */
	uint32_t                    salt;   /* uid_salt of a connection that begins with this packet */
	struct wheel_rank           newest; /* of the newest connection, without its mark */
	uint32_t                    newest_handle;
	bool                        disordered; /* connections are not stored in order of rank */
	bool                        replica;    /* new connections are replicas */
	bool                        draining;   /* the input has ended: all connections do now (drain.h) */
	bool                        keeps_moments;
	struct moment               moment; /* the current moment, while moments are recorded */
	bool                        behind; /* more timers are due than may run before one packet */
	uint32_t                    evict_hand;
	struct memory              *memory; /* the bound, or NULL */
	struct {
		uint32_t ended;               /* since the hand last came around */
		bool     all;                 /* too few of the preferred victims: take any */
		bool     mild;                /* a part of the round was at a stage that ends none */
	} press;                          /* evict.h */
	uint32_t             tcp_spare;   /* a spare rare part for use when out of memory */
	uint64_t             range_bytes; /* used by intervals above holes (track/reassembly) */
	uint64_t             range_most;  /* max_reassembly_bytes, or less when memory runs short */
	struct conn_counters counters;
	conn_end_fn          on_end, on_interim, on_long; /* on_interim for the option interim, on_long for long */
	void                *on_end_arg;
	void (*on_counted)(void *arg, uint32_t handle, int side); /* with COUNTED_WANTED (threshold.h) */
	void *on_counted_arg;
};

/* Returns false when out of memory. */
bool conn_store_init(struct conn_store *s, const struct conn_options *opt, const struct conn_tracker *tracker);
void conn_store_free(struct conn_store *s);
/* Puts the store under a memory bound, before the first connection; and returns the memory in use. */
void     conn_store_bound(struct conn_store *s, struct memory *m);
uint64_t conn_store_used(const struct conn_store *s);
/* Calls slab_trim() for all slabs. */
void conn_store_trim(struct conn_store *s);

static inline struct conn *
conn_at(const struct conn_store *s, uint32_t handle)
{
	return slab_at_sized(&s->conns, handle, sizeof(struct conn));
}

/* Returns the cold part of a connection that is not an embryo. */
static inline struct conn_cold *
conn_cold_at(const struct conn_store *s, const struct conn *c)
{
	return slab_at_sized(&s->colds, c->cold, sizeof(struct conn_cold));
}

/* Returns NULL if the connection has none. */
static inline struct conn_extra *
conn_extra_at(const struct conn_store *s, const struct conn *c)
{
	return c->flags & CONN_EXTRA ? slab_at(&s->extras, conn_cold_at(s, c)->extra) : NULL;
}

/* Returns the connection's extra, attaching it if necessary; NULL when out of memory. */
struct conn_extra *conn_extra_need(struct conn_store *s, uint32_t handle);

/* Returns the address of that side. */
static inline struct addr
conn_host(const struct conn_store *s, const struct conn *c, int side)
{
	if (c->flags & CONN_V6)
		return ((const struct conn_ends *)slab_at(&s->ends, c->ends))->h[side];
	return addr_from_v4((const uint8_t *)&c->v4[side]);
}

static inline double
conn_start(const struct conn_store *s, const struct conn *c)
{
	return c->flags & CONN_EMBRYO ? c->last_time : conn_cold_at(s, c)->start_time;
}

static inline uint32_t
conn_salt(const struct conn_store *s, const struct conn *c)
{
	return c->flags & CONN_EMBRYO ? c->uid_salt : conn_cold_at(s, c)->uid_salt;
}

static inline struct conn_sizes *
conn_sizes_at(const struct conn_store *s, const struct conn *c)
{
	return slab_at_sized(&s->sizes, c->sizes, sizeof(struct conn_sizes));
}

/* Packets and IP bytes of a side. */
static inline uint64_t
conn_pkts(const struct conn_store *s, const struct conn *c, int side)
{
	const struct conn_extra *x = conn_extra_at(s, c);
	return c->pkts[side] | (x ? (uint64_t)x->pkts[side] << 32 : 0);
}

static inline uint64_t
conn_bytes(const struct conn_store *s, const struct conn *c, int side)
{
	const struct conn_extra *x = conn_extra_at(s, c);
	return c->bytes[side] | (x ? (uint64_t)x->bytes[side] << 32 : 0);
}

/* Returns where the connection was seen, until another begins. */
const struct conn_link *conn_link(const struct conn_store *s, const struct conn *c);

/* Returns whether both addresses are IPv4, whatever the packet is. */
static inline bool
conn_is_v4(const struct pkt *p)
{
	return p->ip_version == 4 || (addr_is_v4(&p->src) && addr_is_v4(&p->dst));
}

/* Returns a symmetric hash of a packet's addresses, ports and protocol; of the ordered tuple for one-way ICMP. */
uint32_t conn_hash(const struct conn_store *s, const struct pkt *p);

/* Returns the handle of the packet's connection, with the connection itself and whether its originator has sent the packet;
 * or 0. */
uint32_t conn_find(const struct conn_store *s, const struct pkt *p, uint32_t hash, struct conn **found, bool *is_orig);

/* Creates a connection that begins with `p`, which came from the originator, or from the responder if `flip`.
 * Returns its handle, or 0 when out of memory. */
uint32_t conn_create(struct conn_store *s, const struct pkt *p, uint32_t hash, bool flip);

/* Turns an embryo into a full connection.  Returns false when out of memory; it then stays an embryo. */
bool conn_settle(struct conn_store *s, struct conn *c);

/* Exchanges originator and responder (Connection::FlipRoles); adds ^ to the history. */
void conn_flip(struct conn_store *s, uint32_t handle);

/* Sets the first inactivity timeout of a new connection, and its first timer. */
void conn_begin_timeout(struct conn_store *s, uint32_t handle, enum conn_timeout which);

/* Session::SetInactivityTimeout. */
void conn_set_timeout(struct conn_store *s, uint32_t handle, enum conn_timeout which);

/* Returns when the earliest of the connection's timers is due; INFINITY for none. */
double conn_due(const struct conn_store *s, uint32_t handle);
#define CONN_TIMERS (TRACKER_TIMERS + 3)

/* Stores all timers of a connection that count for max_timer_expires, assuming that no further packet moves them, including those
 * that one of them sets when it fires.
 * Returns their number. */
size_t conn_timers(const struct conn_store *s, uint32_t handle, double at[CONN_TIMERS]);
/* To be called after a timer of the connection was set or moved, with what conn_due() returned before. */
void conn_reschedule(struct conn_store *s, uint32_t handle, double was);

/* Log (through on_end) and free; conn_end() is for a connection that is no longer in the table and the wheel. */
void conn_end(struct conn_store *s, uint32_t handle, enum conn_end why);
void conn_remove(struct conn_store *s, uint32_t handle, enum conn_end why);

/* Returns a connection's rank: the order in which connections began, independent of their place in memory. */
struct wheel_rank conn_rank(const struct conn_store *s, uint32_t handle);

/* Advances network time to that of a packet and runs the timers that are due, at most max_timer_expires of them
 * (RunState.cc: expire_timers). */
void conn_advance(struct conn_store *s, double now, uint32_t salt);

/* Returns whether conn_advance() would have to look for timers. */
static inline bool
conn_is_due(const struct conn_store *s, double now)
{
	return s->behind || now >= s->wheel.quiet_until;
}

/* Returns the timer that is due first, at or before `now`; NULL if none is. */
const struct wheel_due *conn_due_first(struct conn_store *s);
/* Runs the timer that conn_due_first() has just found.  Returns whether one was run that counts for max_timer_expires. */
bool conn_expire_one(struct conn_store *s);

/* Does the same without a packet: advances to `now` and runs at most `most` due timers.  Returns whether it was that many, so that
 * more may be due. */
bool conn_idle(struct conn_store *s, double now, uint64_t most);

/* At the end of the input, raises the events of the timers that Zeek runs then, due or not, and connection_pending. */
void conn_at_end(struct conn_store *s, uint32_t handle);

/* Records the tunnels around the first packet.  Returns false when out of memory. */
bool conn_encap_begin(struct conn_extra *x, const struct encap_stack *encap);
/* Connection::CheckEncapsulation: records the tunnels around a later packet. */
void conn_check_encap(struct conn_store *s, uint32_t handle, const struct encap_stack *encap);
/* What happens to Zeek's shared stack when a tunnel that began inside a tunnel is entered at its first packet. */
void conn_encap_push(struct conn_store *s, uint32_t handle, const struct encap *e);

/* Returns the state and size of the endpoints. */
void conn_endpoints(const struct conn_store *s, const struct conn *c, struct conn_endpoint out[2]);

/* Connection::CheckFlowLabel; to be called only for IPv6 packets, if the event is handled. */
void conn_check_flow_label(struct conn_store *s, uint32_t handle, int side, uint32_t label);

/* Session::EnableStatusUpdateTimer. */
void conn_enable_status_updates(struct conn_store *s, uint32_t handle);

struct uid conn_uid(const struct conn_store *s, const struct conn *c);

#endif
