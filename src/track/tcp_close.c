/* tcp_close.c - closing a connection, and the timers that end it (TCPSessionAdapter::ConnectionClosed, …Timer). */
#include <math.h>

#include "track/tcp.h"

void
tcp_cut(const struct tcp_ctx *x)
{
	if (x->c->watch && tcp_is_watched(x))
		x->s->watcher->cut(x->s->watcher->arg, x->handle);
}

void
tcp_reset(const struct tcp_ctx *x)
{
	conn_event(x->s, x->handle, CONNLOG_EVENT_CONNECTION_RESET);
	x->t->flags |= TCP_DONE;
}

void
tcp_set_last(const struct tcp_ctx *x, double at)
{
	x->t->flags &= (uint16_t)~TCP_ATTEMPT;
	if (tcp_widen(x))
		tcp_timers(x->s, x->t)->last_at = at;
}

static double
last_due(const struct conn_store *s, const struct conn *c, const struct tcp *t)
{
	if (t->flags & TCP_ATTEMPT)
		return conn_start(s, c) + s->opt->tcp_attempt_delay;
	return t->rare ? tcp_timers(s, t)->last_at : INFINITY;
}

/* Sets one of the rare part's timers. */
static void
set_timer(const struct tcp_ctx *x, double *at, double when)
{
	const double was = conn_due(x->s, x->handle);
	*at = when;
	conn_reschedule(x->s, x->handle, was);
}

void
tcp_reset_later(const struct tcp_ctx *x)
{
	tcp_rare_need(x, &x->t->ep[0]);
	if (x->t->rare && conn_wants(x->s, CONNLOG_EVENT_CONNECTION_RESET))
		set_timer(x, &tcp_timers(x->s, x->t)->reset_at, x->now + x->s->opt->tcp_reset_delay);
}

static void
partial_close_later(const struct tcp_ctx *x)
{
	tcp_rare_need(x, &x->t->ep[0]);
	if (x->t->rare)
		set_timer(x, &tcp_timers(x->s, x->t)->partial_close_at, x->c->last_time + x->s->opt->tcp_partial_close_delay);
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
		if (event) {
			tcp_cut(x);
			conn_event(x->s, x->handle,
			           tcp_peer(t, ep)->state == TCP_INACTIVE ? CONNLOG_EVENT_CONNECTION_HALF_FINISHED
			                                                  : CONNLOG_EVENT_CONNECTION_FINISHED);
			t->flags |= TCP_DONE;
		}
	}
	const double was = conn_due(x->s, x->handle);
	tcp_set_last(x, x->c->last_time + x->s->opt->tcp_close_delay);
	t->flags |= TCP_CLOSING;
	t->expire_at = INFINITY;
	if (t->rare) {
		tcp_timers(x->s, t)->expire_at = INFINITY;
		tcp_timers(x->s, t)->partial_close_at = tcp_timers(x->s, t)->reset_at = 0;
	}
	conn_reschedule(x->s, x->handle, was);
}

void
tcp_closed(const struct tcp_ctx *x, struct tcp_ep *ep, bool event)
{
	struct tcp          *t = x->t;
	const struct tcp_ep *peer = tcp_peer(t, ep);

	if (x->c->watch && tcp_is_watched(x)) /* always, even if data is still to come */
		x->s->watcher->closed(x->s->watcher->arg, x->handle);
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
	if (ep->state == TCP_RESET || (peer->flags & EP_DID_CLOSE) || peer->state == TCP_INACTIVE) {
		close_complete(x, ep, event);
	} else if (ep->prev != TCP_INACTIVE) {
		const double was = conn_due(x->s, x->handle);
		if (tcp_widen(x))
			tcp_timers(x->s, t)->expire_at = x->c->last_time + x->s->opt->tcp_session_timer;
		conn_reschedule(x->s, x->handle, was);
	} else if (conn_wants(x->s, CONNLOG_EVENT_CONNECTION_PARTIAL_CLOSE)) {
		partial_close_later(x);
	}
}

/* ExpireTimer: returns whether the connection must have ended unseen. */
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
	return a->state == TCP_INACTIVE && b->state == TCP_INACTIVE; /* only invalid packets were seen */
}

static enum conn_verdict
attempt_timer(const struct tcp_ctx *x, enum conn_end *why)
{
	struct tcp   *t = x->t;
	const uint8_t orig = tcp_side(t, ORIG)->state;

	if ((t->flags & TCP_DONE) || (orig != TCP_SYN_SENT && orig != TCP_SYN_ACK_SENT) ||
	    tcp_side(t, RESP)->state != TCP_INACTIVE)
		return CONN_KEEP;
	conn_event(x->s, x->handle, CONNLOG_EVENT_CONNECTION_ATTEMPT);
	t->flags |= TCP_DONE;
	*why = CONN_END_attempt;
	return CONN_REMOVE;
}

/* AttemptTimer, or the delay after closing (which Zeek counts as a timeout unless the delay is 0). */
static enum conn_verdict
last_timer(const struct tcp_ctx *x, enum conn_end *why)
{
	x->t->flags &= (uint16_t)~TCP_ATTEMPT;
	if (x->t->rare)
		tcp_timers(x->s, x->t)->last_at = INFINITY;
	if (!(x->t->flags & TCP_CLOSING))
		return attempt_timer(x, why);
	if (x->s->opt->tcp_close_delay != 0)
		conn_event(x->s, x->handle, CONNLOG_EVENT_CONNECTION_TIMEOUT);
	*why = CONN_END_closed;
	return CONN_REMOVE;
}

static bool
both_closed(const struct tcp *t)
{
	return t->ep[0].flags & t->ep[1].flags & EP_DID_CLOSE;
}

static enum conn_verdict
reset_timer(const struct tcp_ctx *x, enum conn_end *why)
{
	if (x->t->flags & TCP_DONE)
		return CONN_KEEP;
	if (!both_closed(x->t))
		tcp_reset(x);
	*why = CONN_END_closed;
	return CONN_REMOVE;
}

static enum conn_verdict
partial_close_timer(const struct tcp_ctx *x, enum conn_end *why)
{
	const struct tcp    *t = x->t;
	const enum tcp_state a = t->ep[0].state, b = t->ep[1].state;

	if ((t->flags & TCP_DONE) || a == TCP_INACTIVE || b == TCP_INACTIVE || both_closed(t) || a == TCP_RESET ||
	    b == TCP_RESET)
		return CONN_KEEP;
	conn_event(x->s, x->handle, CONNLOG_EVENT_CONNECTION_PARTIAL_CLOSE);
	*why = CONN_END_expired;
	return CONN_REMOVE;
}

/* Returns when the earlier of the rare part's timers is due. */
static double
rare_due(const struct tcp_rare *r)
{
	const double a = r->partial_close_at > 0 ? r->partial_close_at : INFINITY;
	const double b = r->reset_at > 0 ? r->reset_at : INFINITY;
	return a < b ? a : b;
}

static enum conn_verdict
rare_timer(const struct tcp_ctx *x, struct tcp_rare *r, enum conn_end *why)
{
	const bool reset = r->reset_at == rare_due(r);

	*(reset ? &r->reset_at : &r->partial_close_at) = 0;
	return reset ? reset_timer(x, why) : partial_close_timer(x, why);
}

/* Zeek's TimerMgr::Expire() runs only some timers at the end: those of attempts, and of a RST after a FIN. */
void
tcp_at_end(struct conn_store *s, uint32_t handle)
{
	struct conn  *c = conn_at(s, handle);
	enum conn_end why;

	if (c->flags & CONN_EMBRYO) {
		conn_event(s, handle,
		           s->opt->tcp_attempt_delay != 0 ? CONNLOG_EVENT_CONNECTION_ATTEMPT
		                                          : CONNLOG_EVENT_CONNECTION_PENDING);
		return;
	}
	const struct tcp_ctx   x = { s, handle, c, tcp_at(s, c), s->now };
	const struct tcp      *t = x.t;
	const struct tcp_rare *r = t->rare ? tcp_timers(s, t) : NULL;
	if (!(t->flags & TCP_CLOSING) && last_due(s, c, t) < INFINITY && attempt_timer(&x, &why) == CONN_REMOVE)
		return;
	if (r && r->reset_at > 0 && reset_timer(&x, &why) == CONN_REMOVE)
		return;
	if (!(t->flags & TCP_DONE) && !both_closed(t))
		conn_event(s, handle, CONNLOG_EVENT_CONNECTION_PENDING);
}

double
tcp_due(const struct conn_store *s, const struct conn *c)
{
	if (c->flags & CONN_EMBRYO) {
		const double expire = conn_start(s, c) + s->opt->tcp_SYN_timeout;
		const double attempt = conn_start(s, c) + s->opt->tcp_attempt_delay;
		return s->opt->tcp_attempt_delay != 0 && attempt < expire ? attempt : expire;
	}
	const struct tcp *t = tcp_at(s, c);
	const double      last = last_due(s, c, t), due = t->expire_at < last ? t->expire_at : last;
	if (!t->rare)
		return due;
	const struct tcp_rare *r = tcp_timers(s, t);
	const double           rare = rare_due(r), first = rare < r->expire_at ? rare : r->expire_at;
	return first < due ? first : due;
}

size_t
tcp_timer_list(const struct conn_store *s, const struct conn *c, double at[])
{
	if (c->flags & CONN_EMBRYO) {
		at[0] = s->opt->tcp_attempt_delay != 0 ? conn_start(s, c) + s->opt->tcp_attempt_delay : INFINITY;
		at[1] = conn_start(s, c) + s->opt->tcp_SYN_timeout;
		return 2;
	}
	const struct tcp *t = tcp_at(s, c);
	at[0] = t->expire_at;
	at[1] = last_due(s, c, t);
	if (!t->rare)
		return 2;
	const struct tcp_rare *r = tcp_timers(s, t);
	at[2] = r->expire_at;
	at[3] = r->partial_close_at > 0 ? r->partial_close_at : INFINITY;
	at[4] = r->reset_at > 0 ? r->reset_at : INFINITY;
	return 5;
}

enum conn_verdict
tcp_timer(struct conn_store *s, uint32_t handle, double now, enum conn_end *why)
{
	struct conn *c = conn_at(s, handle);

	if (c->flags & CONN_EMBRYO) {
		if (s->opt->tcp_attempt_delay != 0 && s->opt->tcp_attempt_delay <= s->opt->tcp_SYN_timeout) {
			conn_event(s, handle, CONNLOG_EVENT_CONNECTION_ATTEMPT);
			*why = CONN_END_attempt;
			return CONN_REMOVE;
		}
		*why = CONN_END_evicted;
		if (!tcp_open(s, handle))
			return CONN_REMOVE;
	}
	const struct tcp_ctx x = { s, handle, c, tcp_at(s, c), now };
	struct tcp          *t = x.t;
	struct tcp_rare     *r = t->rare ? tcp_timers(s, t) : NULL;
	double              *expire_at = r && r->expire_at < t->expire_at ? &r->expire_at : &t->expire_at;
	const double         rare = r ? rare_due(r) : INFINITY, last = last_due(s, c, t);

	if (rare < INFINITY && rare <= last && rare <= *expire_at)
		return rare_timer(&x, r, why);
	if (last <= *expire_at)
		return last_timer(&x, why);
	if (t->flags & TCP_DONE) {
		*expire_at = INFINITY;
		return CONN_KEEP;
	}
	if (has_expired(&x)) {
		conn_event(s, handle, CONNLOG_EVENT_CONNECTION_TIMEOUT);
		*why = CONN_END_expired;
		return CONN_REMOVE;
	}
	/* Always later than now: a timer with no delay would run endlessly before the same packet. */
	*expire_at = fmax(now + s->opt->tcp_session_timer, nextafter(now, INFINITY));
	return CONN_KEEP;
}
