/* tcp_close.c - closing a connection, and the timers that end it (TCPSessionAdapter::ConnectionClosed, …Timer). */
#include <math.h>

#include "track/tcp.h"

void
tcp_reset(const struct tcp_ctx *x)
{
	x->t->flags |= TCP_DONE;
}

/* A full close drops all timers and waits tcp_close_delay for stragglers. */
static void
close_complete(const struct tcp_ctx *x, struct tcp_ep *ep, bool event)
{
	struct tcp *t = x->t;

	if (ep->prev != TCP_INACTIVE || tcp_peer(t, ep)->state != TCP_INACTIVE) {
		if (t->flags & TCP_DEFERRED_EVENT) {
			event = true;
			t->flags &= (uint16_t)~TCP_DEFERRED_EVENT;
		}
		if (event)
			t->flags |= TCP_DONE;
	}
	const double was = conn_due(x->s, x->handle);
	t->expire_at[0] = t->expire_at[1] = INFINITY;
	t->last_at = x->c->last_time + x->s->opt->tcp_close_delay;
	t->closing = true;
	conn_reschedule(x->s, x->handle, was);
}

void
tcp_closed(const struct tcp_ctx *x, struct tcp_ep *ep, bool event)
{
	struct tcp          *t = x->t;
	const struct tcp_ep *peer = tcp_peer(t, ep);

	if (tcp_data_pending(x, ep)) {
		t->flags |= TCP_CLOSE_DEFERRED;
		if (event)
			t->flags |= TCP_DEFERRED_EVENT;
		return;
	}
	t->flags &= (uint16_t)~TCP_CLOSE_DEFERRED;
	if (ep->flags & EP_DID_CLOSE)
		return;
	ep->flags |= EP_DID_CLOSE;
	if (t->watch && tcp_is_watched(x))
		x->s->watcher->closed(x->s->watcher->arg, x->handle);

	if (ep->state == TCP_RESET || (peer->flags & EP_DID_CLOSE) || peer->state == TCP_INACTIVE) {
		close_complete(x, ep, event);
	} else if (ep->prev != TCP_INACTIVE) {
		const double was = conn_due(x->s, x->handle);
		t->expire_at[1] = x->c->last_time + x->s->opt->tcp_session_timer;
		conn_reschedule(x->s, x->handle, was);
	}
}

/* ExpireTimer: has the connection ended without our seeing it? */
static bool
has_expired(const struct tcp_ctx *x)
{
	struct tcp          *t = x->t;
	const struct tcp_ep *a = &t->ep[0], *b = &t->ep[1];
	const bool           a_closed = a->flags & EP_DID_CLOSE, b_closed = b->flags & EP_DID_CLOSE;

	if (!(x->c->last_time + x->s->opt->tcp_connection_linger < x->now))
		return false;
	if ((a_closed || b_closed) && ((a_closed && b_closed) || a->state == TCP_RESET || b->state == TCP_RESET ||
	                               a->state == TCP_INACTIVE || b->state == TCP_INACTIVE))
		return true;
	return a->state == TCP_INACTIVE && b->state == TCP_INACTIVE; /* nothing but trash was seen */
}

/* AttemptTimer, or the delay after closing. */
static enum conn_verdict
last_timer(const struct tcp_ctx *x, enum conn_end *why)
{
	struct tcp   *t = x->t;
	const uint8_t orig = tcp_side(t, ORIG)->state;

	t->last_at = INFINITY;
	if (t->closing) {
		*why = CONN_END_closed;
		return CONN_REMOVE;
	}
	if (t->flags & TCP_DONE)
		return CONN_KEEP;
	*why = CONN_END_attempt;
	return (orig == TCP_SYN_SENT || orig == TCP_SYN_ACK_SENT) && tcp_side(t, RESP)->state == TCP_INACTIVE ? CONN_REMOVE
	                                                                                                      : CONN_KEEP;
}

double
tcp_due(const struct conn_store *s, const struct conn *c)
{
	if (c->flags & CONN_EMBRYO) {
		const double expire = c->start_time + s->opt->tcp_SYN_timeout;
		const double attempt = c->start_time + s->opt->tcp_attempt_delay;
		return s->opt->tcp_attempt_delay != 0 && attempt < expire ? attempt : expire;
	}
	const struct tcp *t = tcp_at(s, c);
	double            due = t->last_at;
	for (int i = 0; i < 2; i++)
		if (t->expire_at[i] < due)
			due = t->expire_at[i];
	return due;
}

enum conn_verdict
tcp_timer(struct conn_store *s, uint32_t handle, double now, enum conn_end *why)
{
	struct conn *c = conn_at(s, handle);

	if (c->flags & CONN_EMBRYO) {
		*why = CONN_END_attempt;
		if (s->opt->tcp_attempt_delay != 0 && s->opt->tcp_attempt_delay <= s->opt->tcp_SYN_timeout)
			return CONN_REMOVE;
		*why = CONN_END_evicted;
		if (!tcp_open(s, handle))
			return CONN_REMOVE;
	}
	const struct tcp_ctx x = { s, handle, c, tcp_at(s, c), now };
	struct tcp          *t = x.t;
	const int            i = t->expire_at[1] < t->expire_at[0];

	if (t->last_at <= t->expire_at[i])
		return last_timer(&x, why);
	if (t->flags & TCP_DONE) {
		t->expire_at[i] = INFINITY;
		return CONN_KEEP;
	}
	if (has_expired(&x)) {
		*why = CONN_END_expired;
		return CONN_REMOVE;
	}
	/* Later than now in any case: a timer of no time would run for ever before the same packet. */
	t->expire_at[i] = fmax(now + s->opt->tcp_session_timer, nextafter(now, INFINITY));
	return CONN_KEEP;
}
