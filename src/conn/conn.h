/* conn.h - a connection, and the store that holds all of them.
 *
 * `struct conn` is what a packet looks at: one cache line.  What is looked at when the connection begins, changes or ends
 * hangs at `cold`, what only TCP needs at `tcp`, what few connections need (tunnels, long histories, checksum errors) at
 * the cold part's `extra`.  A connection of which only a plain SYN was seen (CONN_EMBRYO) has none of these.
 *
 * Life: conn_create() -> conn_touch()ed by trackers -> conn_remove(), the only place that frees.  conn_remove()
 * hands the connection to the store's `on_end` first, which logs it.  Timers are by packet time: every connection
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
#include "conn/options.h"
#include "conn/table.h"
#include "connlog.h"
#include "decode/pkt.h"
#include "decode/udp_tunnel.h"

enum { ORIG, RESP };

enum conn_flag {
	CONN_LIVE = 1,      /* in the table */
	CONN_ONE_WAY = 2,   /* ICMP without a counterpart: found in one direction only */
	CONN_EMBRYO = 4,    /* it has no cold part; TCP: one plain SYN seen so far, `isn` is all its state */
	CONN_FLIPPED = 8,   /* its ends have changed roles since it began */
	CONN_SKIP = 16,     /* skip_further_processing(): its packets are neither looked at nor counted any more */
	CONN_V6 = 32,       /* not both of its addresses are IPv4: they are in `ends` */
	CONN_EXTRA = 64,    /* it has an extra */
	CONN_REPLICA = 128, /* another engine tracks it, too: nothing is told of it here */
};

/* Which of the store's timeouts is a connection's inactivity timeout. */
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
		uint32_t v4[2]; /* addresses as they stand in packets */
		uint32_t ends;  /* CONN_V6: struct conn_ends */
	};
	uint16_t          p[2]; /* host order */
	uint8_t           proto, transport, flags, timeout;
	double            last_time;
	uint32_t          pkts[2], bytes[2]; /* packets and IP bytes of each side (ConnSize), without what the extra has */
	uint16_t          hist_seen;         /* letters recorded at most once: bits of history.h */
	uint16_t          link;              /* struct conn_link, in the store's `links`; 0: in the extra */
	uint32_t          watch;             /* TCP, UDP: what looks into its payload (conn_watcher) */
	struct wheel_node node;
	union {
		uint32_t cold;     /* struct conn_cold */
		uint32_t uid_salt; /* CONN_EMBRYO: that of the cold part to be */
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

/* UDP, ICMP: payload bytes, -1 as long as the side was silent. */
struct conn_sizes {
	int64_t size[2];
};

#define HISTORY_INLINE 15

struct conn_cold {
	double   start_time;
	double   inactivity_at; /* INFINITY: none */
	uint32_t extra;
	uint32_t uid_salt; /* tells apart connections with one tuple and one start time */
	char     history[HISTORY_INLINE];
	uint8_t  history_len; /* more than HISTORY_INLINE: the text is in `extra` */
};

/* A counter that leaves a letter in the history at 1, 10, 100 … (Session::ScaledHistoryEntry). */
struct scaled {
	uint32_t count, threshold; /* threshold 0 stands for 1 */
};

#define PARENTS_MAX 255 /* Tunnel::max_changes_per_connection is 5: the first and five more */

struct conn_extra {
	struct encap_stack     *encap;   /* the tunnels around the latest packet, or NULL; as long as it is deep */
	struct uid             *parents; /* innermost tunnels that it was seen in */
	uint8_t                 n_parents;
	uint8_t                 tunnel_changes;
	struct udp_tunnel_state udp_tunnel;
	uint32_t                pppoe_session;     /* PKT_SESSION_NONE */
	struct scaled           bad_checksum[2];   /* UDP */
	uint32_t                pkts[2], bytes[2]; /* the upper halves of the connection's */
	struct conn_link        link;              /* where the connection's is 0 */
	char                   *history;           /* once it is longer than HISTORY_INLINE */
	uint32_t                history_len, history_room;
	/* As long as their event is handled: */
	uint32_t                flow_label[2]; /* IPv6: the latest */
	uint8_t                 flow_seen;     /* 1 << side: it has sent a packet */
	uint8_t                 extract; /* 1 << side: its contents are to be recorded once the connection is established */
	double                  status_at;  /* next connection_status_update; 0: none */
	struct conn_thresholds *thresholds; /* NULL: none is set */
	struct conn_interim    *interim;    /* NULL: no record was made before its end */
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
	uint64_t refused; /* packets of connections that are not wanted, or for which there was no memory */
	uint64_t flipped;
	uint64_t history_cut;         /* letters left out for max_history */
	uint64_t reassembly_given_up; /* sides whose reassembly ended for max_reassembly_bytes */
	uint64_t contents_lost;       /* bytes that tcp_contents leaves out for max_reassembly_bytes */
	uint64_t timers;              /* timers run */
	uint64_t interims_given_up;   /* 1: there was no memory for any more of them */
	uint64_t peak;                /* connections at once */
};

/* How an endpoint ended, for the record. */
struct conn_endpoint {
	uint8_t  state; /* Zeek's numbers: TCP_INACTIVE … TCP_RESET, UDP_INACTIVE, UDP_ACTIVE */
	uint64_t size;
};

/* When something happens, in the order in which one engine that tracks everything would tell of it. */
struct moment {
	uint64_t          packet; /* the number of the packet; UINT64_MAX at the end of input */
	double            at;   /* when the timer was due; INFINITY for the packet itself, which comes behind the timers */
	struct wheel_rank rank; /* of the timer's connection; `begin` counts the packets inside of the packet */
};

struct conn_store;

#define TRACKER_TIMERS 5

/* What the store needs of the TCP tracker. */
struct conn_tracker {
	/* Of a connection's state, of the part that few connections need, and of what is kept for tcp_rexmit. */
	size_t state_size, rare_size, stats_size;
	/* Is a connection that begins with this packet an embryo?  And makes a full one of it: false when out of memory. */
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
	/* The connection ends: what was kept of its streams is recorded. */
	void (*record_end)(struct conn_store *s, uint32_t handle);
	void (*flip)(struct conn_store *s, struct conn *c);
	void (*endpoints)(const struct conn_store *s, const struct conn *c, struct conn_endpoint out[2]);
	/* Bytes missed in content gaps. */
	uint64_t (*missed)(const struct conn_store *s, const struct conn *c);
	/* Frees what hangs at the state. */
	void (*release)(struct conn_store *s, struct conn *c);
	/* Which sides' first packet came in a way that shows their headers to matching: bits 1 << ORIG, 1 << RESP. */
	uint8_t (*first_packets)(const struct conn_store *s, const struct conn *c);
};

#define WATCH_OVER 0x80000000u /* bit of a connection's watch: nobody looks any more, the rest is the result's handle */

/* Who looks into payload (service/), as far as the store and the trackers need it. */
struct conn_watcher {
	void *arg;
	/* TCP, in order: bytes, a gap, the end of a side's stream; a side closes or is reset, perhaps before all of its stream
	 * was there; a packet with RST has come, or the connection is finished. */
	void (*data)(void *arg, uint32_t handle, int side, const uint8_t *p, size_t n);
	void (*gap)(void *arg, uint32_t handle, int side, uint64_t len);
	void (*eof)(void *arg, uint32_t handle, int side);
	void (*closed)(void *arg, uint32_t handle);
	void (*cut)(void *arg, uint32_t handle);
	void (*flipped)(void *arg, uint32_t handle);
	/* A timer of its own for UDP: when it is due, INFINITY for none; and what it says then. */
	double (*due)(const void *arg, const struct conn *c);
	enum conn_verdict (*timer)(void *arg, uint32_t handle, double now);
	/* Ask for the memory that its payload and its end will need: the second, later, for what the first has brought leads to. */
	uint32_t (*fetch)(const void *arg, const struct conn *c);
	void (*fetch_more)(const void *arg, uint32_t watch);
	/* A TCP connection with an inspection ends: it is about to be logged. */
	void (*ends)(void *arg, uint32_t handle);
	/* The connection ends: `watch` is given back. */
	void (*release)(void *arg, uint32_t watch);
	/* Something was lost for lack of memory: nothing more is inspected. */
	void (*give_up)(void *arg, uint32_t handle);
};

/* Who keeps the contents of streams in files (event/contents.c): a file is a number of the recorder's. */
struct conn_recorder {
	void *arg;
	void (*bytes)(void *arg, uint32_t handle, uint32_t file, bool is_orig, const uint8_t *p, size_t n);
	void (*gap)(void *arg, uint32_t handle, uint32_t file, bool is_orig, uint64_t len);
	void (*close)(void *arg, uint32_t file);
};

/* Who listens to events (event/): conn/events.h raises them. */
struct conn_listener {
	uint64_t wanted; /* bits: 1 << connlog_event_id */
	void    *arg;
	void (*raise)(void *arg, uint32_t handle, connlog_event_id id, const connlog_value *arguments);
};

typedef void (*conn_end_fn)(void *arg, struct conn_store *s, uint32_t handle);

struct conn_store {
	struct slab                 conns, colds, ends, sizes, extras, tcps, tcp_rares, tcp_stats;
	struct intern               links;
	struct table                table;
	struct wheel                wheel;
	struct siphash_key          hash_key, uid_key;
	const struct conn_options  *opt;
	const struct conn_tracker  *tracker;
	const struct conn_watcher  *watcher; /* NULL: nobody looks into payload */
	struct conn_listener        events;
	const struct conn_recorder *recorder; /* NULL: nobody records */
	double                      timeouts[TIMEOUT_COUNT];
	double                      now;   /* network time: the latest packet time, never goes back; EPOCH_LEAST at first */
	double                      shift; /* what is handed out as a time is so much later */
	uint32_t                    salt;  /* uid_salt of a connection that begins with this packet */
	struct wheel_rank           newest; /* of the connection that began last, without its mark */
	uint32_t                    newest_handle;
	bool                        disordered; /* connections do not lie in the order of their ranks */
	bool                        replica;    /* a connection that begins is one */
	bool                        keeps_moments;
	struct moment               moment; /* of what happens now, while moments are kept */
	bool                        behind; /* more timers were due than may be run before one packet */
	uint32_t                    evict_hand;
	struct memory              *memory; /* the bound, or NULL */
	struct {
		uint32_t ended;               /* since the hand came round */
		bool     all;                 /* too few of those that should go first */
	} press;                          /* evict.h */
	uint32_t             tcp_spare;   /* a rare part that takes what there was no memory for */
	uint64_t             range_bytes; /* held by intervals above holes (track/reassembly) */
	uint64_t             range_most;  /* max_reassembly_bytes, or less when memory runs short */
	struct conn_counters counters;
	conn_end_fn          on_end, on_interim; /* the latter with the option interim */
	void                *on_end_arg;
};

/* Returns false when out of memory. */
bool conn_store_init(struct conn_store *s, const struct conn_options *opt, const struct conn_tracker *tracker);
void conn_store_free(struct conn_store *s);
/* Puts the store under a bound, before the first connection; and what is in use of it. */
void     conn_store_bound(struct conn_store *s, struct memory *m);
uint64_t conn_store_used(const struct conn_store *s);
/* slab_trim() for all of it. */
void conn_store_trim(struct conn_store *s);

static inline struct conn *
conn_at(const struct conn_store *s, uint32_t handle)
{
	return slab_at_sized(&s->conns, handle, sizeof(struct conn));
}

/* Of a connection that is no embryo. */
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

/* Returns the connection's extra, attached when there was none; NULL when out of memory. */
struct conn_extra *conn_extra_need(struct conn_store *s, uint32_t handle);

/* Returns the connection's end at that side. */
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

/* Are both addresses IPv4, whatever the packet is? */
static inline bool
conn_is_v4(const struct pkt *p)
{
	return p->ip_version == 4 || (addr_is_v4(&p->src) && addr_is_v4(&p->dst));
}

/* Symmetric hash of a packet's addresses, ports and protocol; of the ordered tuple for one-way ICMP. */
uint32_t conn_hash(const struct conn_store *s, const struct pkt *p);

/* Returns the handle of the packet's connection, with the connection itself and whether its originator has sent the packet;
 * or 0. */
uint32_t conn_find(const struct conn_store *s, const struct pkt *p, uint32_t hash, struct conn **found, bool *is_orig);

/* A connection that begins with `p`, which came from the originator, or from the responder if `flip`.
 * Returns its handle, or 0 when out of memory. */
uint32_t conn_create(struct conn_store *s, const struct pkt *p, uint32_t hash, bool flip);

/* Attaches the cold part of what was an embryo.  Returns false when out of memory; it then still is one. */
bool conn_settle(struct conn_store *s, struct conn *c);

/* Exchanges originator and responder (Connection::FlipRoles); adds ^ to the history. */
void conn_flip(struct conn_store *s, uint32_t handle);

/* The first inactivity timeout of a new connection, and its first timer. */
void conn_begin_timeout(struct conn_store *s, uint32_t handle, enum conn_timeout which);

/* Session::SetInactivityTimeout. */
void conn_set_timeout(struct conn_store *s, uint32_t handle, enum conn_timeout which);

/* Returns when the earliest of the connection's timers is due; INFINITY for none. */
double conn_due(const struct conn_store *s, uint32_t handle);
#define CONN_TIMERS (TRACKER_TIMERS + 3)

/* All timers of a connection that count for max_timer_expires, as far as no further packet moves them, those included that one of
 * them sets when it fires.
 * Returns their number. */
size_t conn_timers(const struct conn_store *s, uint32_t handle, double at[CONN_TIMERS]);
/* To be called when a timer of the connection was set or moved, with what conn_due() answered before. */
void conn_reschedule(struct conn_store *s, uint32_t handle, double was);

/* Logs (through on_end) and frees; conn_end() a connection that is in neither table nor wheel any more. */
void conn_end(struct conn_store *s, uint32_t handle, enum conn_end why);
void conn_remove(struct conn_store *s, uint32_t handle, enum conn_end why);

/* Returns what puts connections in an order that does not depend on where they lie in memory: that in which they began. */
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
/* Takes that timer, which conn_due_first() has just found.  Returns whether one was run that counts for max_timer_expires. */
bool conn_expire_one(struct conn_store *s);

/* The same without a packet: time has come to `now`, and the timers that are due are run, `most` of them at most.  Returns whether it
 * was as many: then there may be more. */
bool conn_idle(struct conn_store *s, double now, uint64_t most);

/* The input has ended: raises the events of those timers that Zeek runs then, due or not, and connection_pending. */
void conn_at_end(struct conn_store *s, uint32_t handle);

/* Notes the tunnels around the first packet.  Returns false when out of memory. */
bool conn_encap_begin(struct conn_extra *x, const struct encap_stack *encap);
/* Connection::CheckEncapsulation: notes the tunnels around a further packet. */
void conn_check_encap(struct conn_store *s, uint32_t handle, const struct encap_stack *encap);
/* What happens to Zeek's shared stack when a tunnel that began inside a tunnel is entered at its first packet. */
void conn_encap_push(struct conn_store *s, uint32_t handle, const struct encap *e);

/* How the ends stand: state and size. */
void conn_endpoints(const struct conn_store *s, const struct conn *c, struct conn_endpoint out[2]);

/* Connection::CheckFlowLabel; to be called for IPv6 packets alone, where the event is handled. */
void conn_check_flow_label(struct conn_store *s, uint32_t handle, int side, uint32_t label);

/* Session::EnableStatusUpdateTimer. */
void conn_enable_status_updates(struct conn_store *s, uint32_t handle);

struct uid conn_uid(const struct conn_store *s, const struct conn *c);

#endif
