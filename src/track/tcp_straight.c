/* tcp_straight.c - the segment that nearly all are: in order, of an established connection without holes.
 *
 * It does what process() in tcp.c would do, in the same order, for a packet that can only add bytes and acknowledge
 * bytes.  All conditions are checked before anything is changed, so whatever else may be the case is left to process().
 */
#include "conn/history.h"
#include "track/tcp.h"

/* Does nothing wait above a hole? */
static inline bool
is_whole(const struct tcp_ctx *x)
{
	if (!x->t->rare)
		return true;
	const struct tcp_rare *r = tcp_timers(x->s, x->t);
	return r->ep[0].above.n == 0 && r->ep[1].above.n == 0;
}

/* Nothing about the connection needs a second look: both sides established, no hole, nothing closed, told or recorded. */
static inline bool
is_smooth(const struct tcp_ctx *x)
{
	const struct tcp *t = x->t;
	const uint16_t    seen = TCP_SAW_ORIG | TCP_SAW_RESP | TCP_FIRST_ORIG | TCP_FIRST_RESP;

	return t->ep[0].state == TCP_ESTABLISHED && t->ep[1].state == TCP_ESTABLISHED &&
	       (t->ep[0].flags | t->ep[1].flags) == 0 &&
	       (t->flags & (seen | TCP_IS_PARTIAL | TCP_CLOSE_DEFERRED)) == seen && x->s->events.wanted == 0 && is_whole(x);
}

/* Neither a flag nor a window that would have to be noted. */
static inline bool
is_ordinary(const struct pkt *p)
{
	return (p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK && p->tcp_win != 0 && p->data_len >= 0 &&
	       p->data_cap >= p->data_len;
}

/* The position of `seq` in the stream.  Returns false where it lies before the start, or so far behind it that the count of
 * wraps would have to tell. */
static inline bool
position(const struct tcp_ep *ep, uint32_t seq, uint32_t wraps, uint64_t *at)
{
	*at = tcp_relative(ep, seq, wraps);
	return wraps != 0 || *at <= INT32_MAX;
}

/* Has the letter of such a packet been seen from that side? */
static inline bool
has_letter(const struct conn *c, bool is_orig, bool with_data)
{
	const uint32_t bit = with_data ? HIST_DATA : HIST_ACK;
	return c->hist_seen & (is_orig ? bit : bit << HIST_RESP);
}

/* Do two numbers differ in their lower halves alone, which are all that is changed here? */
static inline bool
same_half(uint64_t a, uint64_t b)
{
	return a >> 32 == b >> 32;
}

bool
tcp_straight(const struct tcp_ctx *x, const struct pkt *p, bool is_orig)
{
	struct tcp_ep *ep = tcp_side(x->t, is_orig ? ORIG : RESP), *peer = tcp_peer(x->t, ep);
	const uint64_t len = (uint64_t)p->data_len, most = x->s->opt->tcp_excessive_data_without_further_acks;
	uint64_t       at, acked;

	if (!is_ordinary(p) || !is_smooth(x) || !has_letter(x->c, is_orig, len > 0))
		return false;
	if (p->tcp_seq != ep->last || !position(ep, p->tcp_seq, tcp_seq_wraps(x->s, x->t, ep), &at) ||
	    !same_half(p->tcp_seq + len, p->tcp_seq) || !same_half(at + len, at))
		return false;
	if (p->tcp_ack < peer->ack || !position(peer, p->tcp_ack, tcp_ack_wraps(x->s, x->t, peer), &acked) ||
	    acked > tcp_delivered(x, peer) || tcp_delta(p->tcp_ack, peer->ack) < 0)
		return false;
	const uint64_t trimmed = tcp_trimmed(x, ep), forgotten = tcp_trimmed(x, peer);
	if (len > 0 && (at != tcp_delivered(x, ep) || at < trimmed || tcp_nothing_acked(x->s, x->t, ep) ||
	                (most && at + len - trimmed > most)))
		return false;
	if (acked > forgotten && !same_half(acked, forgotten))
		return false;

	x->c->last_time = x->now;
	peer->ack = p->tcp_ack;
	ep->last += (uint32_t)len;
	if (acked > forgotten)
		peer->trimmed = (uint32_t)acked;
	if (len > 0) {
		ep->delivered = (uint32_t)(at + len);
		if (tcp_is_watched(x))
			x->s->watcher->data(x->s->watcher->arg, x->handle, is_orig ? ORIG : RESP, p->data.p, (size_t)len);
	}
	return true;
}
