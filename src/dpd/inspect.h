/* inspect.h - inspects the payload of connections.
 *
 * An inspection is attached to a connection by its first payload.  It is a tree of recognisers (struct talk): those that
 * claim the responder's port, a signature matcher after them (Zeek's PIA), and what these attach.  Their requests are
 * queued and processed after the packet (events.c), as in Zeek.  When nothing more can result, the inspection is freed, and only
 * a verdict of sixteen bytes remains, or nothing.
 *
 *   tree.c    attaching, feeding and removing recognisers; the talk_*() calls
 *   pia.c     signatures, what is buffered for them, and its replay
 *   undelivered.c  what the end of a TCP connection matches
 *   events.c  confirmations and violations, and their effect on the verdict
 *   inspect.c the life of an inspection, and the functions that trackers call
 *
 * A connection's `watch` refers to it: 0: not inspected yet; WATCH_OVER alone: over, nothing found; WATCH_OVER with a handle: a
 * verdict; a handle: an inspection.
 */
#ifndef CONNLOG_DPD_INSPECT_H
#define CONNLOG_DPD_INSPECT_H

#include "base/chain.h"
#include "base/pool.h"
#include "capture/again.h"
#include "conn/conn.h"
#include "dpd/expect.h"
#include "dpd/options.h"
#include "dpd/registry.h"
#include "dpd/signatures.h"
#include "dpd/verdict.h"

enum talk_flag {
	TALK_CONFIRMED = 1,
	TALK_SKIP = 2,     /* gets no more input */
	TALK_REMOVING = 4, /* is freed after the packet */
	TALK_OUTSIDE = 8,  /* not in the tree */
	TALK_SETTLED = 16, /* could only violate */
	TALK_HOME = 32,    /* is in the inspection's block, after it */
	TALK_REPLAY = 64,  /* its exceptions go to the matcher that feeds it */
	TALK_THREW = 128,  /* it has thrown in this replay */
};

enum inspect_flag {
	INSPECT_UDP = 1,
	INSPECT_PURGE = 2,    /* something has to be removed */
	INSPECT_GRIDFTP = 4,  /* talk_gridftp() */
	INSPECT_EXPECTED = 8, /* has a name that expect_ended() must be told about */
	INSPECT_WEIGHS = 16,  /* talk_gridftp_data() */
	INSPECT_ROOM = 32,    /* its block has room for the first recogniser */
	INSPECT_DNS = 64,     /* talk_dns_timer(): `dns_at` */
	INSPECT_MORE = 128,   /* has had talks besides the one in its block and the first matcher */
};

enum pia_state { PIA_INIT, PIA_BUFFERING, PIA_MATCHING, PIA_SKIPPING };

/* A signature matcher and its buffer: with its talk, and the pointer before that, one cache line. */
struct pia {
	struct sig_match match;
	struct chain     kept; /* bytes for a replay */
	uint32_t         size; /* bytes received */
	uint32_t         chunks : 30, state : 2;
};

_Static_assert(sizeof(struct inspect *) + sizeof(struct talk) + sizeof(struct pia) == 64, "one cache line");

/* Half a cache line, followed by the first recogniser of the port in the same block of the pool.  A matcher has its own block,
 * since it is freed much earlier. */
struct inspect {
	struct inspector *by;
	uint32_t          handle; /* of the connection, whose `watch` refers to this block */
	uint32_t          child;  /* the recognisers of the connection, then the matcher */
	union {
		double dns_at;                      /* UDP, INSPECT_DNS */
		struct {                            /* TCP */
			uint32_t                 heads; /* undelivered.c's in the pool; 0: none */
			struct smtp_transactions smtp;
		};
	};
	struct found found;
	uint8_t      flags;
};

_Static_assert(sizeof(struct inspect) == 32, "half a cache line");

/* Talks are referred to by their place: the one after the inspection, or a block of the pool, which begins with a pointer to the
 * inspection. */
#define TALK_AT_HOME UINT32_MAX

enum event_kind { EVENT_CONFIRM, EVENT_VIOLATE, EVENT_DISABLE, EVENT_GRIDFTP };

struct event {
	struct talk    *from;
	enum event_kind kind;
	enum service    service;
	bool            outside;
};

#define EVENTS_MAX 256 /* per packet; more are counted */

struct inspect_counters {
	uint64_t inspections, attached, given_up, events_lost;
	uint64_t undecided; /* current inspections */
	uint64_t confirmed, failed;
	uint64_t by_service[SERVICE_COUNT]; /* connections in which it was found */
};

struct inspector {
	struct conn_store            *s;
	const struct service_options *opt;
	struct signatures            *signatures;
	struct registry               registry;
	struct conn_watcher           watcher;
	struct slab                   verdicts;
	struct pool                   pool;   /* of inspections, further talks and matchers */
	struct slab                  *blocks; /* of the pool, for chains */
	struct again                  again;  /* where payload is kept as its place in a file */
	struct expectations           expect;
	struct budget                 held; /* talk_budget() */
	struct event                  events[EVENTS_MAX];
	unsigned                      n_events;
	struct inspect               *fed;      /* the inspection that was fed in this packet, or NULL, */
	uint32_t                      fed_name; /* and its name */
	bool                          closed;   /* out of memory: no new inspections */
	uint64_t                      weighing; /* inspections with INSPECT_WEIGHS */
	struct inspect_counters       counters;
};

/* `recognisers` are the registry's.  Returns false when out of memory. Sets the store's watcher, unless services are switched
 * off. */
bool inspector_init(struct inspector *i, struct conn_store *s, const struct service_options *opt,
                    const struct recogniser *const *recognisers);
void inspector_free(struct inspector *i);
/* Put it under a memory bound before the first connection, leaving a part to others; free its unused memory; return its used
 * memory. */
void     inspector_bound(struct inspector *i, struct memory *m, uint64_t leave);
void     inspector_trim(struct inspector *i);
uint64_t inspector_used(const struct inspector *i);
/* Bytes of slabs; buffers of recognisers and matchers are extra. */
size_t inspector_bytes(const struct inspector *i);

/* A connection has begun: it may be an expected one, and UDP's recognisers are attached. */
void inspect_begin(struct inspector *i, uint32_t handle);
/* Inspects a datagram, which may be empty. */
void inspect_datagram(struct inspector *i, uint32_t handle, int side, struct bytes b);
/* Reports what decapsulation found out about the connection that carries a tunnel. */
void inspect_tunnel(struct inspector *i, uint32_t handle, enum service s);
/* Ends the packet: events take effect. */
void inspect_packet_done(struct inspector *i, const struct conn *c);

/* Prefetch the memory that a payload needs: the inspection, then, once that is loaded, its signature matcher.  The first returns the
 * argument of the second, 0 for none. */
uint32_t inspect_fetch(const void *inspector, const struct conn *c);
void     inspect_fetch_matcher(const void *inspector, uint32_t watch);

/* Stores the result in `out`; returns false if nothing was found. */
bool inspect_verdict(const struct inspector *i, const struct conn *c, struct verdict *out);

/* ---- between the files of this folder */

static inline struct inspect *
talk_inspect(const struct talk *t)
{
	if (t->flags & TALK_HOME)
		return (struct inspect *)(uintptr_t)t - 1;
	return ((struct inspect *const *)(const void *)t)[-1];
}

/* Returns the talk at that place; NULL for 0. */
static inline struct talk *
talk_at(const struct inspect *in, uint32_t place)
{
	if (place == TALK_AT_HOME)
		return (struct talk *)(uintptr_t)(in + 1);
	return place ? (struct talk *)(void *)((struct inspect **)pool_at(&in->by->pool, place) + 1) : NULL;
}

/* Returns NULL for a matcher. */
static inline const struct recogniser *
talk_what(const struct inspect *in, const struct talk *t)
{
	return in->by->registry.of[t->what];
}

/* Bytes of a talk and its state; `what` NULL: for a matcher. */
size_t talk_size(const struct recogniser *what, bool udp);
/* `parent` NULL: attaches to the connection itself. */
struct talk *tree_attach(struct inspect *in, struct talk *parent, const struct recogniser *what);
struct talk *tree_attach_pia(struct inspect *in, struct talk *parent);
void         tree_feed(struct inspect *in, struct talk *t, int side, struct bytes b);
/* Pass to a list of talks, given the place of the first. */
void tree_pass(struct inspect *in, uint32_t first, int side, struct bytes b);
void tree_pass_gap(struct inspect *in, uint32_t first, int side, uint64_t len);
void tree_pass_eof(struct inspect *in, uint32_t first, int side);
void tree_remove(struct inspect *in, struct talk *t); /* marks it and all below */
/* Frees marked talks; with `all`, every talk. */
void tree_purge(struct inspect *in, uint32_t *list, bool all);
bool tree_live(const struct inspect *in, uint32_t first, enum service s);
/* Returns whether nothing more can result from the tree. */
bool tree_decided(const struct inspect *in, uint32_t first);

bool pia_attach(struct inspect *in, struct talk *parent);
void pia_feed(struct inspect *in, struct talk *t, int side, struct bytes b);
void pia_gap(struct inspect *in, struct talk *t, int side, uint64_t len);
/* Frees its buffer. */
void pia_forget(struct inspect *in, struct talk *t);
bool pia_decided(const struct inspect *in, const struct talk *t);

/* A segment of that side has been delivered. */
void undelivered_note(struct inspect *in, int side, struct bytes b);
/* The connection ends while only its matcher is attached. */
void undelivered_match(struct inspect *in);
/* Frees its buffer. */
void undelivered_forget(struct inspect *in);

void events_add(struct talk *t, enum event_kind kind);
void events_drain(struct inspector *i);
/* Returns whether violations no longer count: too many bytes, a gap, or joined midway. */
bool events_deaf(const struct inspect *in);

struct conn *inspect_conn(const struct inspect *in);

#endif
