/* tcp.c - what a TCP packet does to its connection.
 *
 * tcp_packet() follows the order of Zeek 8.2.2's TCPAnalyzer::DeliverPacket and TCPSessionAdapter::Process: sequence
 * numbers first, then history, acknowledgement, state machine, reassembly, and closing last, so that data that
 * comes with a FIN counts before the connection is closed.
 */
#include "track/tcp.h"

#include <math.h>

#include "conn/history.h"
#include "track/measure.h"
#include "track/track.h"

#define TOO_LARGE_SEQ_DELTA 1048576

/* Marks the sides whose streams are to be delivered (TCP_Reassembler's constructor): by the responder's port, or
 * all. */
static void
mark_contents(const struct conn_store *s, const struct conn *c, struct tcp *t)
{
	const struct conn_options *opt = s->opt;

	if (opt->tcp_content_deliver_all_orig || port_set_has(&opt->tcp_content_delivery_ports_orig, c->p[RESP]))
		tcp_side(t, ORIG)->flags |= EP_CONTENTS;
	if (opt->tcp_content_deliver_all_resp || port_set_has(&opt->tcp_content_delivery_ports_resp, c->p[RESP]))
		tcp_side(t, RESP)->flags |= EP_CONTENTS;
}

bool
tcp_open(struct conn_store *s, uint32_t handle)
{
	struct conn   *c = conn_at(s, handle);
	const bool     embryo = c->flags & CONN_EMBRYO;
	const uint32_t isn = c->isn, state = slab_alloc(&s->tcps);

	if (!state)
		return false;
	if (embryo && !conn_settle(s, c)) {
		slab_release(&s->tcps, state);
		return false;
	}
	c->tcp = state;
	struct tcp *t = tcp_at(s, c);
	for (int i = 0; i < 2; i++)
		t->ep[i].delivered = t->ep[i].trimmed = 1;
	t->expire_at = s->now + s->opt->tcp_SYN_timeout;
	if (conn_wants(s, CONNLOG_EVENT_TCP_CONTENTS))
		mark_contents(s, c, t);
	if (!embryo)
		return true;

	struct tcp_ep *ep = tcp_side(t, ORIG);
	ep->start = ep->ack = isn;
	ep->last = isn + 1;
	ep->state = TCP_SYN_SENT;
	t->flags = TCP_SAW_ORIG | TCP_FIRST_ORIG;
	t->expire_at = conn_start(s, c) + s->opt->tcp_SYN_timeout;
	if (s->opt->tcp_attempt_delay != 0)
		t->flags |= TCP_ATTEMPT;
	return true;
}

bool
tcp_widen(const struct tcp_ctx *x)
{
	if (x->t->rare)
		return true;
	x->t->rare = slab_alloc(&x->s->tcp_rares);
	if (!x->t->rare)
		return false;
	tcp_timers(x->s, x->t)->expire_at = tcp_timers(x->s, x->t)->last_at = INFINITY;
	return true;
}

struct tcp_ep_rare *
tcp_rare_need(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	if (!tcp_widen(x))
		return &((struct tcp_rare *)slab_at(&x->s->tcp_rares, x->s->tcp_spare))->ep[0];
	return tcp_rare_at(x->s, x->t, ep);
}

/* Returns whether the history is just "H".  The bit that the letter sets is in the cache; the text is not. */
static bool
history_is_synack(const struct tcp_ctx *x)
{
	size_t len;

	if (x->c->hist_seen != HIST_SYN)
		return false;
	const char *text = history_text(x->s, x->handle, &len);
	return len == 1 && text[0] == 'H';
}

/* TCP_Endpoint::CheckHistory. */
bool
tcp_history_once(const struct tcp_ctx *x, const struct tcp_ep *ep, uint32_t bit, char letter)
{
	if ((letter == 'A' || letter == 'D') && history_is_synack(x)) {
		/* The connection began with a SYN-ACK, possibly provoked by a stealth scan; now that there is real traffic,
		 * the sender of the SYN-ACK must be the responder. */
		conn_flip(x->s, x->handle);
		history_set(x->s, x->handle, "^h");
		x->t->flags |= TCP_SAW_ORIG;
	}
	if (!tcp_is_orig(x->t, ep)) {
		bit <<= HIST_RESP;
		letter = (char)(letter | 0x20);
	}
	return history_once(x->s, x->handle, bit, letter);
}

void
tcp_history_add(const struct tcp_ctx *x, const struct tcp_ep *ep, char letter)
{
	history_add(x->s, x->handle, tcp_is_orig(x->t, ep) ? letter : (char)(letter | 0x20));
}

void
tcp_history_scaled(const struct tcp_ctx *x, const struct tcp_ep *ep, struct scaled *n, char letter,
                   connlog_event_id multiple)
{
	const bool     is_orig = tcp_is_orig(x->t, ep);
	const uint32_t reached = history_scaled(x->s, x->handle, n, is_orig ? letter : (char)(letter | 0x20));

	conn_event_multiple(x->s, x->handle, multiple, is_orig, reached);
}

/* TCPSessionAdapter::FlipRoles: the endpoints stay where they are, only their roles change. */
static void
flip(struct conn_store *s, struct conn *c)
{
	struct tcp    *t = tcp_at(s, c);
	const uint16_t saw = t->flags & (TCP_SAW_ORIG | TCP_SAW_RESP);

	t->flags ^= TCP_FLIPPED;
	t->flags &= (uint16_t) ~(TCP_SAW_ORIG | TCP_SAW_RESP | TCP_IS_PARTIAL);
	if (saw & TCP_SAW_ORIG)
		t->flags |= TCP_SAW_RESP;
	if (saw & TCP_SAW_RESP)
		t->flags |= TCP_SAW_ORIG;
}

static void
endpoints(const struct conn_store *s, const struct conn *c, struct conn_endpoint out[2])
{
	if (!tcp_is_open(c)) {
		out[ORIG] = (struct conn_endpoint){ TCP_SYN_SENT, 0 };
		out[RESP] = (struct conn_endpoint){ TCP_INACTIVE, 0 };
		return;
	}
	struct tcp *t = tcp_at(s, c);
	for (int side = ORIG; side <= RESP; side++) {
		const struct tcp_ep *ep = tcp_side(t, side);
		out[side] = (struct conn_endpoint){ ep->state, tcp_size(s, t, ep) };
	}
}

static uint64_t
missed(const struct conn_store *s, const struct conn *c)
{
	if (!tcp_is_open(c) || !tcp_at(s, c)->rare)
		return 0;
	const struct tcp_rare *r = slab_at(&s->tcp_rares, tcp_at(s, c)->rare);
	return r->ep[0].missed + r->ep[1].missed;
}

static void
release(struct conn_store *s, struct conn *c)
{
	struct tcp *t = tcp_at(s, c);
	if (!t->rare)
		return;
	struct tcp_rare *r = slab_at(&s->tcp_rares, t->rare);
	if (r->stats)
		slab_release(&s->tcp_stats, r->stats);
	for (int i = 0; i < 2; i++) {
		if (t->ep[i].flags & EP_RECORD)
			s->recorder->close(s->recorder->arg, r->ep[i].file);
		s->range_bytes -= ranges_bytes(&r->ep[i].above) + blocks_clear(&r->ep[i].blocks);
		ranges_clear(&r->ep[i].above);
	}
	slab_release(&s->tcp_rares, t->rare);
}

static uint8_t
first_packets(const struct conn_store *s, const struct conn *c)
{
	const struct tcp *t = tcp_at(s, c);
	return (uint8_t)((t->flags & TCP_FIRST_ORIG ? 1 << ORIG : 0) | (t->flags & TCP_FIRST_RESP ? 1 << RESP : 0));
}

/* Returns whether the packet is a plain SYN with nothing to remember besides its number, and no event is handled for it. */
static bool
is_embryo(const struct conn_store *s, const struct pkt *p)
{
	return !p->tcp_bad && !p->l4_bad && (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == TCP_SYN &&
	       p->data_len == 0 && p->tcp_win != 0 && p->ts == s->now && !p->deep && s->events.wanted == 0;
}

const struct conn_tracker tcp_tracker = {
	.state_size = sizeof(struct tcp),
	.rare_size = sizeof(struct tcp_rare),
	.stats_size = sizeof(struct tcp_stats),
	.is_embryo = is_embryo,
	.open = tcp_open,
	.due = tcp_due,
	.timers = tcp_timer_list,
	.timer = tcp_timer,
	.at_end = tcp_at_end,
	.record_end = tcp_record_end,
	.flip = flip,
	.endpoints = endpoints,
	.missed = missed,
	.release = release,
	.first_packets = first_packets,
};

bool
tcp_begin(struct conn_store *s, uint32_t handle, const struct pkt *p)
{
	struct conn *c = conn_at(s, handle);

	if (c->flags & CONN_EMBRYO)
		c->isn = p->tcp_seq;
	else if (!tcp_open(s, handle))
		return false;
	/* Until the handshake is done, Zeek gives TCP the timeout of UDP (TCP.cc). */
	conn_begin_timeout(s, handle, TIMEOUT_UDP);
	return true;
}

/* TCPAnalyzer's SetPartialStatus. */
static void
set_partial(struct tcp *t, uint8_t flags, bool is_orig)
{
	if (is_orig) {
		if (t->flags & TCP_SAW_ORIG)
			return;
		if (!(flags & TCP_SYN) || (flags & TCP_ACK))
			t->flags |= TCP_IS_PARTIAL;
		else
			t->flags &= (uint16_t)~TCP_IS_PARTIAL;
	} else if (!(t->flags & (TCP_SAW_RESP | TCP_IS_PARTIAL)) && !(flags & TCP_SYN)) {
		t->flags |= TCP_IS_PARTIAL;
	}
}

/* init_endpoint: where a side's sequence numbers start.  Without a SYN they are set as if there had been one. */
static void
init_side(struct tcp_ep *ep, uint8_t flags, uint32_t seq, uint32_t behind)
{
	const bool syn = flags & TCP_SYN;
	bool       set = false;

	switch (ep->state) {
	case TCP_INACTIVE:
		if (!syn) {
			ep->start = ep->ack = seq - 1;
			ep->last = seq;
			return;
		}
		set = true;
		break;
	case TCP_SYN_SENT:
	case TCP_SYN_ACK_SENT:
		set = syn && seq != ep->start;
		break;
	case TCP_ESTABLISHED:
	case TCP_PARTIAL:
		set = syn;
		break;
	case TCP_RESET:
		set = syn && ep->prev == TCP_INACTIVE;
		break; /* the RST may have been forged */
	default:
		break;
	}
	if (set) {
		ep->start = ep->ack = seq;
		ep->last = behind;
	}
}

/* get_relative_seq: `*underflow` is set when `seq` lies before the start. */
static uint64_t
relative_seq(const struct tcp_ep *ep, uint32_t seq, uint32_t last, uint32_t wraps, bool *underflow)
{
	const int32_t delta = tcp_delta(seq, last);

	if (delta < 0 && wraps && seq > last)
		wraps--;
	else if (delta > 0 && seq < last)
		wraps++;
	if (wraps == 0) {
		const int32_t from_start = tcp_delta(seq, ep->start);
		if (from_start < 0)
			*underflow = true;
		return (uint64_t)(int64_t)from_start;
	}
	return tcp_relative(ep, seq, wraps);
}

/* Records a flag whose letter is repeated when its sequence number changes. */
static void
history_flag(const struct tcp_ctx *x, struct tcp_ep *ep, uint32_t bit, char letter, uint64_t seq, int which)
{
	const struct tcp_ep_rare *have = tcp_rare_at(x->s, x->t, ep);
	const bool                same = seq == (have ? have->last_flag[which] : 0);

	if (tcp_history_once(x, ep, bit, letter) && !same)
		tcp_history_add(x, ep, letter);
	if (!same)
		tcp_rare_need(x, ep)->last_flag[which] = seq;
}

/* update_history */
static void
note_history(const struct tcp_ctx *x, struct tcp_ep *ep, uint8_t flags, uint64_t seq, int32_t len)
{
	switch (flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
	case 0:
		if (len)
			tcp_history_once(x, ep, HIST_DATA, 'D');
		else if (flags & TCP_ACK)
			tcp_history_once(x, ep, HIST_ACK, 'A');
		break;
	case TCP_SYN:
		history_flag(x, ep, HIST_SYN, flags & TCP_ACK ? 'H' : 'S', seq, LAST_SYN);
		break;
	case TCP_FIN: /* counts where its data ends */
		history_flag(x, ep, HIST_FIN, 'F', seq + (uint64_t)(int64_t)len, LAST_FIN);
		break;
	case TCP_RST:
		history_flag(x, ep, HIST_RST, 'R', seq, LAST_RST);
		break;
	default:
		if ((flags & TCP_FIN) && (flags & TCP_RST))
			tcp_history_once(x, ep, HIST_FIN_RST, 'I');
		else
			tcp_history_once(x, ep, HIST_MULTI_FLAG, 'Q');
	}
}

/* update_window, as far as it is visible: a window of zero.  It leaves no letter with or after a RST, or when the peer has
 * sent its FIN. */
static void
note_window(const struct tcp_ctx *x, struct tcp_ep *ep, uint16_t window, uint8_t flags)
{
	if (window == 0 && !(flags & TCP_RST) && tcp_peer(x->t, ep)->state != TCP_CLOSED && ep->state != TCP_RESET)
		tcp_history_scaled(x, ep, &tcp_rare_need(x, ep)->zero_window, 'W', CONNLOG_EVENT_TCP_MULTIPLE_ZERO_WINDOWS);
}

/* init_peer and update_ack_seq.  Returns the acknowledgement relative to the peer's start. */
static uint64_t
take_ack(const struct tcp_ctx *x, struct tcp_ep *peer, uint32_t ack, uint8_t flags)
{
	bool underflow = false;

	if (peer->state == TCP_INACTIVE) {
		peer->start = peer->ack = peer->last = ack - 1;
		return 1;
	}
	const uint64_t rel = relative_seq(peer, ack, peer->ack, tcp_ack_wraps(x->s, x->t, peer), &underflow);
	if (underflow)
		return 0;
	if (flags & TCP_RST)
		return rel; /* acknowledgement numbers of RSTs cannot be trusted */
	const int32_t delta = tcp_delta(ack, peer->ack);
	if (delta > 0 && !(ack == 0 && delta > TOO_LARGE_SEQ_DELTA)) {
		if (ack < peer->ack)
			tcp_rare_need(x, peer)->ack_wraps++;
		peer->ack = ack;
	}
	return rel;
}

/* update_last_seq.  Returns how far the packet advances the sequence. */
static int32_t
take_seq(const struct tcp_ctx *x, struct tcp_ep *ep, uint32_t last, uint8_t flags, int32_t len)
{
	const int32_t delta = tcp_delta(last, ep->last);
	/* more than 2 GB, of which only SYN and FIN were seen */
	const bool sole_fin = (flags & TCP_FIN) && ep->last == ep->start + 1;

	if ((flags & (TCP_SYN | TCP_RST)) && (delta > TOO_LARGE_SEQ_DELTA || delta < -TOO_LARGE_SEQ_DELTA))
		return delta;
	if (!sole_fin && ep->state == TCP_RESET)
		return delta;
	if (sole_fin || delta > 0) {
		if (last < ep->last)
			tcp_rare_need(x, ep)->seq_wraps++;
		ep->last = last;
	} else if (len > 0) {
		tcp_history_scaled(x, ep, &tcp_rare_need(x, ep)->rexmit, 'T', CONNLOG_EVENT_TCP_MULTIPLE_RETRANSMISSIONS);
	}
	return delta;
}

static void
first_ack(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	if ((x->t->flags & TCP_SEEN_ACK) || (ep->state != TCP_ESTABLISHED && ep->state != TCP_SYN_SENT))
		return;
	x->t->flags |= TCP_SEEN_ACK;
	conn_raise(x->s, x->handle, CONNLOG_EVENT_CONNECTION_FIRST_ACK, NULL);
}

/* TCPSessionAdapter::Process.  Returns the relative sequence number of the packet's first data byte. */
static uint64_t
process(const struct tcp_ctx *x, const struct pkt *p, bool is_orig)
{
	struct tcp     *t = x->t;
	struct tcp_ep  *ep = tcp_side(t, is_orig ? ORIG : RESP), *peer = tcp_peer(t, ep);
	const uint8_t   flags = p->tcp_flags;
	const int32_t   len = p->data_len;
	const int32_t   seg_len = ((flags & TCP_RST) ? 0 : len) + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	struct tcp_step step = { .is_orig = is_orig, .flags = flags, .seq = p->tcp_seq, .ack = p->tcp_ack, .len = len };
	const bool      told = tcp_wants_packets(x->s);
	bool            underflow = false;
	uint64_t        rel_ack = 0;

	set_partial(t, flags, is_orig);
	init_side(ep, flags, p->tcp_seq, p->tcp_seq + (uint32_t)seg_len);
	const uint64_t rel = relative_seq(ep, p->tcp_seq, ep->last, tcp_seq_wraps(x->s, t, ep), &underflow);
	const uint64_t rel_data = rel + !!(flags & TCP_SYN);
	note_history(x, ep, flags, rel, len);
	note_window(x, ep, p->tcp_win, flags);
	if (told && conn_wants(x->s, CONNLOG_EVENT_TCP_REXMIT))
		tcp_stats_window(x, ep, p);

	if (!(t->ep[0].flags & t->ep[1].flags & EP_DID_CLOSE))
		x->c->last_time = x->now;
	if (told && (flags & TCP_SYN) && conn_wants(x->s, CONNLOG_EVENT_CONNECTION_SYN_PACKET))
		tcp_raise_syn(x, p, is_orig);
	if (flags & TCP_FIN) {
		ep->flags |= EP_FIN;
		tcp_rare_need(x, ep)->fin_seq = rel + (uint64_t)(int64_t)seg_len;
	}
	if (flags & TCP_RST) {
		ep->flags |= EP_RST;
		tcp_cut(x);
	}
	if (flags & TCP_ACK) {
		if (told && is_orig && conn_wants(x->s, CONNLOG_EVENT_CONNECTION_FIRST_ACK))
			first_ack(x, ep);
		rel_ack = take_ack(x, peer, p->tcp_ack, flags);
	}
	step.delta_last = take_seq(x, ep, p->tcp_seq + (uint32_t)seg_len, flags, len);

	tcp_advance_state(x, ep, &step);
	if (flags & TCP_ACK)
		tcp_acked(x, peer, rel_ack);
	if (told)
		tcp_raise_packet(x, p, is_orig, rel, rel_ack);
	if (!(t->flags & (is_orig ? TCP_SAW_ORIG : TCP_SAW_RESP)))
		t->flags |= (uint16_t)(is_orig ? TCP_SAW_ORIG | TCP_FIRST_ORIG : TCP_SAW_RESP | TCP_FIRST_RESP);
	if (len > 0 && !(flags & TCP_RST) && !underflow && p->data_cap >= len)
		tcp_data(x, ep, rel_data, (uint64_t)len, p->data.p);
	tcp_check_eof(x, ep);
	if (step.close)
		tcp_closed(x, ep, step.event);
	return rel_data;
}

/* Called after the processing, since a flip during it changes the packet's side (TCP.cc). */
static void
count(const struct tcp_ctx *x, const struct tcp_ep *ep, const struct pkt *p)
{
	const int side = tcp_is_orig(x->t, ep) ? ORIG : RESP;

	count_packet(x->s, x->handle, x->c, side, p);
}

void
tcp_packet(struct conn_store *s, uint32_t handle, struct conn *c, const struct pkt *p, bool is_orig)
{
	if (c->flags & CONN_EMBRYO) {
		if (c->pkts[ORIG] == 0) { /* the SYN itself */
			c->hist_seen = HIST_SYN;
			count_packet(s, handle, c, ORIG, p);
			return;
		}
		if (!tcp_open(s, handle)) {
			s->counters.refused++;
			return;
		}
	}
	const struct tcp_ctx x = { s, handle, c, tcp_at(s, c), p->ts };
	struct tcp_ep       *ep = tcp_side(x.t, is_orig ? ORIG : RESP);

	if (p->tcp_bad)
		return;
	if (p->l4_bad) {
		tcp_history_scaled(&x, ep, &tcp_rare_need(&x, ep)->bad_checksum, 'C',
		                   CONNLOG_EVENT_TCP_MULTIPLE_CHECKSUM_ERRORS);
		return;
	}
	/* Nobody waits for a threshold then, but whoever looked at the payload may have flipped the connection. */
	if (tcp_straight(&x, p, is_orig)) {
		conn_add(s, handle, c, tcp_is_orig(x.t, ep) ? ORIG : RESP, p->ip_len);
		return;
	}
	const uint64_t seq = process(&x, p, is_orig);

	if (conn_wants(s, CONNLOG_EVENT_TCP_REXMIT))
		tcp_stats_packet(&x, p, tcp_is_orig(x.t, ep), seq);
	count(&x, ep, p);
}

/* TCPSessionAdapter::IsReuse: only an initial SYN starts a new connection, for half connections also a SYN-ACK. */
bool
tcp_is_reuse(const struct conn_store *s, const struct conn *c, const struct pkt *p)
{
	if (!(p->tcp_flags & TCP_SYN) || p->tcp_off < 5)
		return false;
	if (c->flags & CONN_EMBRYO)
		return !(p->tcp_flags & TCP_ACK) && p->tcp_seq != c->isn;

	struct tcp          *t = tcp_at(s, c);
	const struct tcp_ep *orig = tcp_side(t, ORIG), *resp = tcp_side(t, RESP), *from = orig;
	if (p->tcp_flags & TCP_ACK) {
		if (orig->state != TCP_INACTIVE)
			return false;
		from = resp;
	}
	if ((orig->flags | resp->flags) & EP_DID_CLOSE)
		return true;
	if (p->tcp_seq == from->start)
		return false;
	/* SYN and SYN-ACK were reordered before they reached us: the state machine handles it. */
	return !(!(p->tcp_flags & TCP_ACK) && from->state == TCP_SYN_ACK_SENT && resp->state == TCP_INACTIVE &&
	         p->tcp_seq == resp->start);
}

uint64_t
tcp_size(const struct conn_store *s, const struct tcp *t, const struct tcp_ep *ep)
{
	const struct tcp_ep *peer = &t->ep[ep == &t->ep[0]];

	if (ep->prev == TCP_SYN_SENT && ep->state == TCP_RESET && peer->state == TCP_INACTIVE &&
	    !tcp_nothing_acked(s, t, ep))
		return 0; /* a half-open connection was discovered and aborted: the numbers mean nothing */
	const uint64_t last = tcp_full(ep->last, tcp_seq_wraps(s, t, ep)), ack = tcp_full(ep->ack, tcp_ack_wraps(s, t, ep));
	uint64_t       size = (last > ack ? last : ack) - ep->start;
	if (size != 0)
		size--; /* SYN */
	if ((ep->flags & EP_FIN) && size != 0)
		size--;
	return size;
}
