/* tcp.h - the state of a TCP connection (Zeek: TCPSessionAdapter, TCP_Endpoint, TCP_Reassembler).
 *
 * Zeek has a state machine for each endpoint, not one for the connection.  Sequence numbers are kept as Zeek keeps
 * them: 32 bits and a count of wraps; relative ones are 64 bits, the SYN being 0 and the first byte 1.
 *
 * Memory is attached in three steps: a connection that began with a plain SYN and has seen nothing else is just
 * the SYN's number (CONN_EMBRYO, in struct conn); the second packet attaches `struct tcp`; what only connections
 * with losses, oddities or a FIN need is in `struct tcp_rare`.
 */
#ifndef CONNLOG_TRACK_TCP_H
#define CONNLOG_TRACK_TCP_H

#include "base/ranges.h"
#include "conn/events.h"

/* Numbers are Zeek's (init-bare.zeek: TCP_INACTIVE …). */
enum tcp_state { TCP_INACTIVE, TCP_SYN_SENT, TCP_SYN_ACK_SENT, TCP_PARTIAL, TCP_ESTABLISHED, TCP_CLOSED, TCP_RESET };

enum tcp_ep_flag {
	EP_DID_CLOSE = 1, /* its closing has been reported */
	EP_FIN = 2,       /* FIN_cnt > 0 */
	EP_RST = 4,       /* RST_cnt > 0 */
	EP_SKIP = 8,      /* the reassembler has given up (skip_deliveries) */
	EP_EOF = 16,      /* did_EOF */
	EP_GAP = 32,      /* had_gap */
	EP_CONTENTS = 64, /* its stream is reported by tcp_contents (deliver_tcp_contents) */
	EP_RECORD = 128,  /* its stream goes into a file */
};

struct tcp_ep {
	uint32_t start, last, ack; /* sequence numbers; `ack` is what the peer has acknowledged */
	/* The lower halves of relative numbers; tcp_delivered() and tcp_trimmed() return them whole. */
	uint32_t delivered, trimmed;
	uint8_t  state, prev; /* enum tcp_state */
	uint8_t  flags;       /* enum tcp_ep_flag */
};

enum tcp_flag {
	TCP_FLIPPED = 1,  /* ep[1] is the originator */
	TCP_SAW_ORIG = 2, /* first_packet_seen */
	TCP_SAW_RESP = 4,
	TCP_IS_PARTIAL = 8,
	TCP_DONE = 16, /* !is_active: finished or reset, timers have nothing left to do */
	TCP_CLOSE_DEFERRED = 32,
	TCP_DEFERRED_EVENT = 64,
	TCP_FIRST_ORIG = 128, /* PIA's FirstPacket() was called for that side */
	TCP_FIRST_RESP = 256,
	TCP_SEEN_ACK = 512, /* connection_first_ACK was raised */
	TCP_ATTEMPT = 1024, /* the AttemptTimer is set, and counts from the connection's start */
	TCP_CLOSING = 2048, /* `last_at` is the close delay */
};

/* One cache line. */
struct tcp {
	_Alignas(64) struct tcp_ep ep[2];
	double   expire_at; /* the ExpireTimer that is always set */
	uint32_t rare;
	uint16_t flags;
};

_Static_assert(sizeof(struct tcp) == 64, "one cache line");

enum { LAST_SYN, LAST_FIN, LAST_RST };

/* The rest of an endpoint. */
struct tcp_ep_rare {
	uint32_t      seq_wraps, ack_wraps; /* of `last` and `ack` */
	uint32_t      delivered, trimmed;   /* the upper halves */
	uint64_t      fin_seq;
	uint64_t      last_flag[3]; /* hist_last_SYN, _FIN, _RST: relative numbers */
	struct scaled bad_checksum, rexmit, zero_window, gap;
	struct ranges above;  /* intervals above a hole */
	struct block *blocks; /* their bytes, while the payload is inspected */
	uint64_t      missed; /* bytes in content gaps */
	uint32_t      file;   /* EP_RECORD: the recorder's file */
};

struct tcp_rare {
	struct tcp_ep_rare ep[2];
	/* INFINITY: not set. */
	double   expire_at; /* the ExpireTimer that runs since a side has closed */
	double   last_at;   /* AttemptTimer without TCP_ATTEMPT, the close-delay timer after closing */
	uint32_t stats;     /* struct tcp_stats, where tcp_rexmit is handled */
	/* Timers that exist only when their event is handled: connection_partial_close, connection_reset. 0: not set. */
	double partial_close_at, reset_at;
};

/* One packet's view of a connection, passed around inside the tracker. */
struct tcp_ctx {
	struct conn_store *s;
	uint32_t           handle;
	struct conn       *c;
	struct tcp        *t;
	double             now; /* of the packet */
};

static inline struct tcp *
tcp_at(const struct conn_store *s, const struct conn *c)
{
	return slab_at_sized(&s->tcps, c->tcp, sizeof(struct tcp));
}

/* Returns whether the connection has TCP state. Embryos have none, nor do connections for which memory ran out. */
static inline bool
tcp_is_open(const struct conn *c)
{
	return !(c->flags & CONN_EMBRYO) && c->tcp;
}

static inline struct tcp_ep *
tcp_side(struct tcp *t, int side)
{
	return &t->ep[side ^ (t->flags & TCP_FLIPPED)];
}

static inline struct tcp_ep *
tcp_peer(struct tcp *t, const struct tcp_ep *ep)
{
	return &t->ep[ep == &t->ep[0]];
}

static inline bool
tcp_is_orig(const struct tcp *t, const struct tcp_ep *ep)
{
	return (ep == &t->ep[1]) == ((t->flags & TCP_FLIPPED) != 0);
}

/* Returns the endpoint's rare part, attaching it if necessary; the store's spare one when out of memory. */
struct tcp_ep_rare *tcp_rare_need(const struct tcp_ctx *x, const struct tcp_ep *ep);

/* Returns the rare part, or NULL. */
static inline struct tcp_ep_rare *
tcp_rare_at(const struct conn_store *s, const struct tcp *t, const struct tcp_ep *ep)
{
	return t->rare ? &((struct tcp_rare *)slab_at_sized(&s->tcp_rares, t->rare, sizeof(struct tcp_rare)))
	                      ->ep[ep == &t->ep[1]]
	               : NULL;
}

/* Attaches a rare part, which holds numbers of more than 32 bits.  Returns false when out of memory. */
bool tcp_widen(const struct tcp_ctx *x);

/* Returns the rare part with its timers; there must be one. */
static inline struct tcp_rare *
tcp_timers(const struct conn_store *s, const struct tcp *t)
{
	return slab_at_sized(&s->tcp_rares, t->rare, sizeof(struct tcp_rare));
}

/* Position in the full 64-bit space, and relative to the start (TCP_Endpoint.h). */
static inline uint64_t
tcp_full(uint32_t seq, uint32_t wraps)
{
	return ((uint64_t)wraps << 32) + seq;
}

static inline uint64_t
tcp_relative(const struct tcp_ep *ep, uint32_t seq, uint32_t wraps)
{
	return tcp_full(seq, wraps) - ep->start;
}

static inline int32_t
tcp_delta(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* How often an endpoint's `last` and `ack` have wrapped around. */
static inline uint32_t
tcp_seq_wraps(const struct conn_store *s, const struct tcp *t, const struct tcp_ep *ep)
{
	const struct tcp_ep_rare *r = tcp_rare_at(s, t, ep);
	return r ? r->seq_wraps : 0;
}

static inline uint32_t
tcp_ack_wraps(const struct conn_store *s, const struct tcp *t, const struct tcp_ep *ep)
{
	const struct tcp_ep_rare *r = tcp_rare_at(s, t, ep);
	return r ? r->ack_wraps : 0;
}

/* last_reassem_seq: everything below has been delivered or given up. */
static inline uint64_t
tcp_delivered(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	const struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	return ep->delivered | (r ? (uint64_t)r->delivered << 32 : 0);
}

/* trim_seq: everything below has been forgotten. */
static inline uint64_t
tcp_trimmed(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	const struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	return ep->trimmed | (r ? (uint64_t)r->trimmed << 32 : 0);
}

/* Callers that pass numbers of more than 32 bits have called tcp_widen(). */
static inline void
tcp_set_delivered(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t at)
{
	struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	ep->delivered = (uint32_t)at;
	if (r)
		r->delivered = (uint32_t)(at >> 32);
}

static inline void
tcp_set_trimmed(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t at)
{
	struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	ep->trimmed = (uint32_t)at;
	if (r)
		r->trimmed = (uint32_t)(at >> 32);
}

/* TCP_Endpoint::NoDataAcked. */
static inline bool
tcp_nothing_acked(const struct conn_store *s, const struct tcp *t, const struct tcp_ep *ep)
{
	const uint64_t ack = tcp_full(ep->ack, tcp_ack_wraps(s, t, ep));
	return ack == ep->start || ack == (uint64_t)ep->start + 1;
}

/* TCP_Endpoint::Size: payload bytes by sequence numbers. */
uint64_t tcp_size(const struct conn_store *s, const struct tcp *t, const struct tcp_ep *ep);

/* TCP_Endpoint::CheckHistory and ChecksumError, DidRxmit …: letters of a side. */
bool tcp_history_once(const struct tcp_ctx *x, const struct tcp_ep *ep, uint32_t bit, char letter);
void tcp_history_add(const struct tcp_ctx *x, const struct tcp_ep *ep, char letter);
/* `multiple` is the event at 10, 100, … */
void tcp_history_scaled(const struct tcp_ctx *x, const struct tcp_ep *ep, struct scaled *n, char letter,
                        connlog_event_id multiple);

/* ---- tcp_state.c: the state machine */

struct tcp_step {
	bool     is_orig; /* the side that sent the packet; a flip does not change it */
	uint8_t  flags;
	uint32_t seq, ack;
	int32_t  len;          /* payload length according to the headers */
	int32_t  delta_last;   /* how far the packet advances the sequence */
	bool     close, event; /* out: the side has closed; an event is due */
};
void tcp_advance_state(const struct tcp_ctx *x, struct tcp_ep *ep, struct tcp_step *step);

/* ---- tcp_reassembly.c: delivery, gaps, end of stream */

/* `data`: the bytes. */
void tcp_data(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t seq, uint64_t len, const uint8_t *data);
void tcp_acked(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t seq);
void tcp_check_eof(const struct tcp_ctx *x, struct tcp_ep *ep);
bool tcp_data_pending(const struct tcp_ctx *x, const struct tcp_ep *ep);

/* ---- tcp_blocks.c: the bytes above a hole, kept as they came */

struct block {
	struct block *next;
	uint64_t      lo, hi;
	uint8_t       data[];
};

/* Keeps the bytes that no block covers yet: the first copy wins.  Returns the bytes allocated, or -1 when out of memory. */
int64_t blocks_add(struct block **list, uint64_t lo, uint64_t hi, const uint8_t *data);
/* Takes the first block off the list, for the caller to free. */
struct block *blocks_pop(struct block **list);
/* Frees all blocks.  Returns the bytes freed. */
size_t blocks_clear(struct block **list);

/* Returns whether the payload is inspected. */
static inline bool
tcp_is_watched(const struct tcp_ctx *x)
{
	return x->s->watcher && !(x->c->watch & WATCH_OVER);
}

/* Returns whether anything needs the bytes of that side's stream. */
static inline bool
tcp_wants_bytes(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	return (ep->flags & (EP_CONTENTS | EP_RECORD)) || tcp_is_watched(x);
}

/* ---- tcp_record.c: streams recorded in files; only for sides with EP_RECORD, except for the first and the last
 * function */

/* Starts recording into the recorder's `file`, once per side.  The connection must have a struct tcp. */
void tcp_record_begin(struct conn_store *s, uint32_t handle, int side, uint32_t file);
void tcp_record_bytes(const struct tcp_ctx *x, const struct tcp_ep *ep, const uint8_t *p, size_t n);
void tcp_record_gap(const struct tcp_ctx *x, const struct tcp_ep *ep, uint64_t len);
/* Records what still waits above holes when the connection ends. */
void tcp_record_end(struct conn_store *s, uint32_t handle);

/* ---- tcp_close.c: closing and timers */

void tcp_closed(const struct tcp_ctx *x, struct tcp_ep *ep, bool event);
/* PacketWithRST, ConnectionFinished: no message in progress will be completed. */
void tcp_cut(const struct tcp_ctx *x);
/* ConnectionReset: a RST has ended the connection. */
void tcp_reset(const struct tcp_ctx *x);
/* A RST followed the FIN of its side: ends the connection after tcp_reset_delay if connection_reset is handled. */
void              tcp_reset_later(const struct tcp_ctx *x);
void              tcp_at_end(struct conn_store *s, uint32_t handle); /* conn_at_end() */
enum conn_verdict tcp_timer(struct conn_store *s, uint32_t handle, double now, enum conn_end *why);
double            tcp_due(const struct conn_store *s, const struct conn *c);
size_t            tcp_timer_list(const struct conn_store *s, const struct conn *c, double at[]);
/* The AttemptTimer or, with TCP_CLOSING, the close delay. */
void tcp_set_last(const struct tcp_ctx *x, double at);

/* ---- tcp_events.c: events of packets, and the state for tcp_rexmit */

/* Zeek's TCPSTATS and update_window() for one side. */
struct tcp_stats_ep {
	uint64_t top;              /* max_top_seq */
	uint32_t packets;          /* num_pkts, counted up to 2 */
	uint32_t window;           /* scaled */
	uint32_t win_seq, win_ack; /* of the packet that announced the window */
	uint16_t last_id;          /* IP's identification */
	uint8_t  scale;
};

struct tcp_stats {
	struct tcp_stats_ep ep[2];
};

/* Raise the events of a packet's header: connection_SYN_packet; tcp_packet, tcp_option and tcp_options, in that order. */
void tcp_raise_syn(const struct tcp_ctx *x, const struct pkt *p, bool is_orig);
void tcp_raise_packet(const struct tcp_ctx *x, const struct pkt *p, bool is_orig, uint64_t seq, uint64_t ack);
/* Returns whether any of these, or tcp_rexmit, is handled. */
static inline bool
tcp_wants_packets(const struct conn_store *s)
{
	return s->events.wanted &
	       (UINT64_C(1) << CONNLOG_EVENT_CONNECTION_SYN_PACKET | UINT64_C(1) << CONNLOG_EVENT_CONNECTION_FIRST_ACK |
	        UINT64_C(1) << CONNLOG_EVENT_TCP_PACKET | UINT64_C(1) << CONNLOG_EVENT_TCP_OPTION |
	        UINT64_C(1) << CONNLOG_EVENT_TCP_OPTIONS | UINT64_C(1) << CONNLOG_EVENT_TCP_REXMIT);
}

/* For tcp_rexmit: the window that a packet offers; and the packet itself, after everything else is done. */
void tcp_stats_window(const struct tcp_ctx *x, const struct tcp_ep *ep, const struct pkt *p);
void tcp_stats_packet(const struct tcp_ctx *x, const struct pkt *p, bool is_orig, uint64_t seq);

/* ---- tcp_straight.c: the ordinary segment */

/* Processes a good packet except for counting it, if it is ordinary. Returns false if it is not, having changed
 * nothing. */
bool tcp_straight(const struct tcp_ctx *x, const struct pkt *p, bool is_orig);

/* ---- tcp.c */

/* Attaches a full state, fresh or grown from an embryo.  Returns false when out of memory. */
bool tcp_open(struct conn_store *s, uint32_t handle);

#endif
