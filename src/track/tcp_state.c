/* tcp_state.c - the state machine of an endpoint (TCPSessionAdapter::UpdateStateMachine).
 *
 *   INACTIVE      nothing seen from this side          ESTABLISHED  handshake done
 *   SYN_SENT      its SYN seen                         CLOSED       its FIN seen
 *   SYN_ACK_SENT  its SYN-ACK seen, no SYN of the peer RESET        its RST seen
 *   PARTIAL       packets seen, but no SYN
 *
 * A packet moves the state of its sender; a SYN-ACK also establishes the peer, and a FIN can turn a peer that was
 * reset after its own FIN back into a closed one.
 */
#include "conn/history.h"
#include "track/tcp.h"

static bool
in_handshake(uint8_t state)
{
	return state == TCP_INACTIVE || state == TCP_SYN_SENT || state == TCP_SYN_ACK_SENT;
}

/* TCP_Endpoint::SetState: leaving the handshake switches to TCP's own inactivity timeout. */
static void
set_state(const struct tcp_ctx *x, struct tcp_ep *ep, enum tcp_state state)
{
	if (state == ep->state)
		return;
	if (!in_handshake((uint8_t)state) && in_handshake(ep->state) && in_handshake(tcp_peer(x->t, ep)->state))
		conn_set_timeout(x->s, x->handle, TIMEOUT_TCP);
	ep->prev = ep->state;
	ep->state = (uint8_t)state;
}

/* What base/protocols/conn/inactivity.zeek does at connection_established: longer timeouts for the ports of
 * interactive services. */
static void
established(const struct tcp_ctx *x)
{
	const struct conn_options *opt = x->s->opt;
	uint16_t                   port = x->c->p[RESP];

	if (tcp_side(x->t, ORIG)->state == TCP_INACTIVE && !port_set_has(&opt->likely_server_tcp, port) &&
	    port_set_has(&opt->likely_server_tcp, x->c->p[ORIG]))
		port = x->c->p[ORIG];
	if (port_set_has(&opt->port_inactivity_tcp, port))
		conn_set_timeout(x->s, x->handle, TIMEOUT_PORT);
}

static void
inactive_syn(const struct tcp_ctx *x, struct tcp_ep *ep, const struct tcp_step *st)
{
	struct tcp    *t = x->t;
	struct tcp_ep *peer = tcp_peer(t, ep);

	if (st->is_orig) {
		set_state(x, ep, st->flags & TCP_ACK ? TCP_SYN_ACK_SENT : TCP_SYN_SENT);
		if (x->s->opt->tcp_attempt_delay != 0 && !(t->flags & TCP_CLOSING)) {
			const double was = conn_due(x->s, x->handle);
			if (x->now == conn_start(x->s, x->c))
				t->flags |= TCP_ATTEMPT;
			else
				tcp_set_last(x, x->now + x->s->opt->tcp_attempt_delay);
			conn_reschedule(x->s, x->handle, was);
		}
		return;
	}
	if (!(st->flags & TCP_ACK) && peer->state == TCP_SYN_ACK_SENT && st->seq == ep->start) {
		/* SYN-ACK and SYN arrived in the wrong order */
		t->flags &= (uint16_t)~TCP_IS_PARTIAL;
		conn_flip(x->s, x->handle);
		set_state(x, peer, TCP_ESTABLISHED);
		t->flags |= TCP_SAW_ORIG;
	}
	if (peer->state == TCP_SYN_SENT)
		set_state(x, peer, TCP_ESTABLISHED);
	set_state(x, ep, TCP_ESTABLISHED);
	if (peer->state != TCP_PARTIAL) {
		conn_event(x->s, x->handle, CONNLOG_EVENT_CONNECTION_ESTABLISHED);
		established(x);
	}
}

/* Handles the first packet of a side, or one after packets that did not change its state. */
static void
from_inactive(const struct tcp_ctx *x, struct tcp_ep *ep, struct tcp_step *st)
{
	struct tcp          *t = x->t;
	const struct tcp_ep *peer = tcp_peer(t, ep);

	if (st->flags & TCP_SYN)
		inactive_syn(x, ep, st);
	if (st->flags & TCP_FIN) {
		set_state(x, ep, TCP_CLOSED);
		st->close = st->event = true;
	}
	if (st->flags & TCP_RST) {
		set_state(x, ep, TCP_RESET);
		const bool reject = st->is_orig ? peer->state == TCP_ESTABLISHED
		                                : peer->state == TCP_SYN_SENT || peer->state == TCP_SYN_ACK_SENT;
		st->close = true;
		st->event = !reject;
		if (reject)
			conn_event(x->s, x->handle, CONNLOG_EVENT_CONNECTION_REJECTED);
	}
	if (ep->state != TCP_INACTIVE)
		return;
	if (!st->is_orig && st->len == 0 && tcp_side(t, ORIG)->state == TCP_SYN_SENT)
		return; /* some hosts acknowledge a SYN before they answer it */
	if ((st->flags & TCP_ACK) && peer->state == TCP_ESTABLISHED) {
		/* only the SYN was missed */
		set_state(x, ep, TCP_ESTABLISHED);
		t->flags &= (uint16_t)~TCP_IS_PARTIAL;
		t->flags |= (uint16_t)(st->is_orig ? TCP_SAW_ORIG : TCP_SAW_RESP);
		return;
	}
	set_state(x, ep, TCP_PARTIAL);
	if (peer->state == TCP_PARTIAL)
		conn_event(x->s, x->handle, CONNLOG_EVENT_PARTIAL_CONNECTION);
}

static void
from_syn_sent(const struct tcp_ctx *x, struct tcp_ep *ep, struct tcp_step *st)
{
	if (st->flags & TCP_FIN) {
		set_state(x, ep, TCP_CLOSED);
		st->close = st->event = true;
	}
	if (st->flags & TCP_RST) {
		set_state(x, ep, TCP_RESET);
		tcp_reset(x);
		st->close = true;
	}
}

static void
from_established(const struct tcp_ctx *x, struct tcp_ep *ep, struct tcp_step *st)
{
	struct tcp_ep *peer = tcp_peer(x->t, ep);

	if ((st->flags & TCP_SYN) && !(st->flags & TCP_ACK) && ep->state == TCP_PARTIAL && peer->state == TCP_INACTIVE)
		set_state(x, ep, TCP_SYN_SENT);
	if ((st->flags & TCP_FIN) && !(st->flags & TCP_RST)) {
		set_state(x, ep, TCP_CLOSED);
		if (peer->state == TCP_RESET && peer->prev == TCP_CLOSED)
			set_state(x, peer, TCP_CLOSED); /* FIN, then RST: that was a normal end */
		st->close = st->event = true;
	}
	if (st->flags & TCP_RST) {
		set_state(x, ep, TCP_RESET);
		st->close = true;
		if (peer->state != TCP_RESET || peer->prev != TCP_ESTABLISHED)
			tcp_reset(x);
	}
}

static void
from_closed(const struct tcp_ctx *x, struct tcp_ep *ep, struct tcp_step *st)
{
	if ((st->flags & TCP_RST) && tcp_peer(x->t, ep)->state != TCP_CLOSED) {
		set_state(x, ep, TCP_RESET);
		if (!(ep->flags & EP_DID_CLOSE))
			st->close = true;
		tcp_reset_later(x);
	}
}

void
tcp_advance_state(const struct tcp_ctx *x, struct tcp_ep *ep, struct tcp_step *st)
{
	switch (ep->state) {
	case TCP_INACTIVE:
		from_inactive(x, ep, st);
		break;
	case TCP_SYN_SENT:
	case TCP_SYN_ACK_SENT:
		from_syn_sent(x, ep, st);
		break;
	case TCP_PARTIAL:
	case TCP_ESTABLISHED:
		from_established(x, ep, st);
		break;
	case TCP_CLOSED:
		from_closed(x, ep, st);
		break;
	default:
		break; /* RESET is final */
	}
}
