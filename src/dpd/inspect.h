/* inspect.h - looking into the payload of connections.
 *
 * An inspection is attached to a connection by its first payload.  It is a tree of recognisers (struct talk): those that
 * claim the responder's port, a matcher of signatures behind them (Zeek's PIA), and what these attach.  What they ask for
 * goes into a queue that is worked through when the packet is done (events.c), as in Zeek.  When nothing more can come
 * of it the inspection is given back, and all that is left is a verdict of sixteen bytes, or nothing.
 *
 *   tree.c    attaching, feeding and removing recognisers; the talk_*() calls
 *   pia.c     signatures, what is buffered for them, and its replay
 *   undelivered.c  what the end of a TCP connection matches
 *   events.c  confirmations and violations: what they do to the verdict
 *   inspect.c an inspection's life, and what the trackers call
 *
 * A connection's `watch` names it: 0 nothing looked at yet; WATCH_OVER alone: over, nothing found; WATCH_OVER with a
 * handle: a verdict; a handle: an inspection.
 */
#ifndef CONNLOG_DPD_INSPECT_H
#define CONNLOG_DPD_INSPECT_H

#include "base/chain.h"
#include "base/pool.h"
#include "conn/conn.h"
#include "dpd/expect.h"
#include "dpd/options.h"
#include "service/registry.h"
#include "dpd/signatures.h"
#include "dpd/verdict.h"

enum talk_flag {
	TALK_CONFIRMED = 1,
	TALK_SKIP = 2,     /* gets no more input */
	TALK_REMOVING = 4, /* is freed when the packet is done */
	TALK_OUTSIDE = 8,  /* not in the tree */
	TALK_SETTLED = 16, /* could only violate */
	TALK_HOME = 32,    /* lies in the inspection's block, behind it */
	TALK_REPLAY = 64,  /* what it throws goes to the matcher that feeds it */
	TALK_THREW = 128,  /* it has thrown in this replay */
};

enum inspect_flag {
	INSPECT_UDP = 1,
	INSPECT_PURGE = 2,    /* something is to be removed */
	INSPECT_GRIDFTP = 4,  /* talk_gridftp() */
	INSPECT_EXPECTED = 8, /* bears a name that expect_ended() has to hear of */
	INSPECT_WEIGHS = 16,  /* talk_gridftp_data() */
	INSPECT_ROOM = 32,    /* its block has room for the first recogniser */
	INSPECT_DNS = 64,     /* talk_dns_timer(): `dns_at` */
};

enum pia_state { PIA_INIT, PIA_BUFFERING, PIA_MATCHING, PIA_SKIPPING };

/* A matcher of signatures and what it keeps: with its talk, and the pointer in front of that, one cache line. */
struct pia {
	struct sig_match match;
	struct chain     kept; /* what may be replayed */
	uint32_t         size; /* of what came */
	uint32_t         chunks : 30, state : 2;
};

_Static_assert(sizeof(struct inspect *) + sizeof(struct talk) + sizeof(struct pia) == 64, "one cache line");

/* Half a cache line, behind which the first recogniser of the port lies, in the same block of the pool.  A matcher has a block
 * of its own, since it is given back long before. */
struct inspect {
	struct inspector *by;
	uint32_t          handle; /* the connection's, whose `watch` names this block */
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

/* Talks are named by their place: that behind the inspection, or by their block of the pool, which begins with a pointer to the
 * inspection. */
#define TALK_AT_HOME UINT32_MAX

enum event_kind { EVENT_CONFIRM, EVENT_VIOLATE, EVENT_DISABLE, EVENT_GRIDFTP };

struct event {
	struct talk    *from;
	enum event_kind kind;
	enum service    service;
	bool            outside;
};

#define EVENTS_MAX 256 /* of one packet; what goes beyond is counted */

struct inspect_counters {
	uint64_t inspections, attached, given_up, events_lost;
	uint64_t undecided; /* inspections there are now */
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
	struct pool                   pool;   /* of inspections, further talks and what matchers keep */
	struct slab                  *blocks; /* the pool's, of chains */
	struct expectations           expect;
	struct budget                 held; /* talk_budget() */
	struct event                  events[EVENTS_MAX];
	unsigned                      n_events;
	struct inspect               *fed;      /* the inspection that was told something in this packet, or NULL, */
	uint32_t                      fed_name; /* and its name */
	bool                          closed;   /* nothing more is looked into, for lack of memory */
	uint64_t                      weighing; /* inspections with INSPECT_WEIGHS */
	struct inspect_counters       counters;
};

/* Returns false when out of memory. Sets the store's watcher, unless services are switched off. */
bool inspector_init(struct inspector *i, struct conn_store *s, const struct service_options *opt);
void inspector_free(struct inspector *i);
/* Puts it under a bound before the first connection, of which it leaves some to others; gives back what is not in use of it; and what
 * is. */
void     inspector_bound(struct inspector *i, struct memory *m, uint64_t leave);
void     inspector_trim(struct inspector *i);
uint64_t inspector_used(const struct inspector *i);
/* Bytes of slabs; what recognisers and matchers buffer comes on top. */
size_t inspector_bytes(const struct inspector *i);

/* A connection has begun: it may be one that is expected, and UDP's recognisers are attached. */
void inspect_begin(struct inspector *i, uint32_t handle);
/* A datagram; it may be empty. */
void inspect_datagram(struct inspector *i, uint32_t handle, int side, struct bytes b);
/* What a tunnel's decapsulation says of the connection that carries it. */
void inspect_tunnel(struct inspector *i, uint32_t handle, enum service s);
/* The packet is done: events take effect. */
void inspect_packet_done(struct inspector *i, const struct conn *c);

/* Ask for the memory that a payload needs: for the inspection, then, when that is there, for its matcher of signatures.  The
 * first returns what the second wants, 0 where there is nothing. */
uint32_t inspect_fetch(const void *inspector, const struct conn *c);
void     inspect_fetch_matcher(const void *inspector, uint32_t watch);

/* What was found goes to `out`; returns false where that is nothing. */
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
talk_what(const struct talk *t)
{
	return recognisers[t->what];
}

/* Bytes of a talk and its state; `what` NULL: of a matcher. */
size_t talk_size(const struct recogniser *what, bool udp);
/* Where `parent` is NULL: to the connection itself. */
struct talk *tree_attach(struct inspect *in, struct talk *parent, const struct recogniser *what);
struct talk *tree_attach_pia(struct inspect *in, struct talk *parent);
void         tree_feed(struct inspect *in, struct talk *t, int side, struct bytes b);
/* To a list of talks, by the place of the first. */
void tree_pass(struct inspect *in, uint32_t first, int side, struct bytes b);
void tree_pass_gap(struct inspect *in, uint32_t first, int side, uint64_t len);
void tree_pass_eof(struct inspect *in, uint32_t first, int side);
void tree_remove(struct inspect *in, struct talk *t); /* marks it and all below */
/* Frees what is marked; with `all`, everything. */
void tree_purge(struct inspect *in, uint32_t *list, bool all);
bool tree_live(const struct inspect *in, uint32_t first, enum service s);
/* Can nothing come of the tree any more? */
bool tree_decided(const struct inspect *in, uint32_t first);

bool pia_attach(struct inspect *in, struct talk *parent);
void pia_feed(struct inspect *in, struct talk *t, int side, struct bytes b);
void pia_gap(struct inspect *in, struct talk *t, int side, uint64_t len);
/* Gives back what it keeps. */
void pia_forget(struct inspect *in, struct talk *t);
bool pia_decided(const struct inspect *in, const struct talk *t);

/* A segment of that side has been delivered. */
void undelivered_note(struct inspect *in, int side, struct bytes b);
/* The connection ends while its matcher only matches. */
void undelivered_match(struct inspect *in);
/* Gives back what it keeps. */
void undelivered_forget(struct inspect *in);

void events_add(struct talk *t, enum event_kind kind);
void events_drain(struct inspector *i);
/* Violations do not count any more: too many bytes, a gap, or joined midway. */
bool events_deaf(const struct inspect *in);

struct conn *inspect_conn(const struct inspect *in);

#endif
