/* tcp_straight.c - the most common segment: in order, in an established connection without holes.
 *
 * Does what process() in tcp.c would do, in the same order, for a packet that can only add bytes and acknowledge bytes.
 * All conditions are checked before anything is changed; every other case is left to process().
 */
#include "conn/history.h"
#include "track/tcp.h"

/* An endpoint with all its numbers. */
struct side {
	struct tcp_ep *ep;
	uint32_t       seq_wraps, ack_wraps;
	uint64_t       delivered, trimmed;
};

static inline struct side
side_of(struct tcp_ep *ep, const struct tcp_ep_rare *r)
{
	struct side side = { ep, 0, 0, ep->delivered, ep->trimmed };

	if (r) {
		side.seq_wraps = r->seq_wraps;
		side.ack_wraps = r->ack_wraps;
		side.delivered |= (uint64_t)r->delivered << 32;
		side.trimmed |= (uint64_t)r->trimmed << 32;
	}
	return side;
}

/* Returns whether the connection needs no special treatment: both sides established, no hole, nothing closed, reported
 * or recorded. */
static inline bool
is_smooth(const struct tcp_ctx *x, const struct tcp_rare *r)
{
	const struct tcp *t = x->t;
	const uint16_t    seen = TCP_SAW_ORIG | TCP_SAW_RESP | TCP_FIRST_ORIG | TCP_FIRST_RESP;

	return t->ep[0].state == TCP_ESTABLISHED && t->ep[1].state == TCP_ESTABLISHED &&
	       (t->ep[0].flags | t->ep[1].flags) == 0 &&
	       (t->flags & (seen | TCP_IS_PARTIAL | TCP_CLOSE_DEFERRED)) == seen && x->s->events.wanted == 0 &&
	       x->c->hist_seen != HIST_SYN && /* HIST_SYN alone may stand for a SYN-ACK */
	       (!r || (r->ep[0].above.n == 0 && r->ep[1].above.n == 0));
}

/* Returns whether the packet has neither a flag nor a window that must be noted. */
static inline bool
is_ordinary(const struct pkt *p)
{
	return (p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK && p->tcp_win != 0 && p->data_len >= 0 &&
	       p->data_cap >= p->data_len;
}

/* Stores the position of `seq` in the stream.  Returns false if it lies before the start, or so far after it that only the
 * count of wraps could tell. */
static inline bool
position(const struct tcp_ep *ep, uint32_t seq, uint32_t wraps, uint64_t *at)
{
	*at = tcp_relative(ep, seq, wraps);
	return wraps != 0 || *at <= INT32_MAX;
}

/* Returns the bit of the history letter that such a packet of that side leaves once. */
static inline uint32_t
letter_bit(bool is_orig, bool with_data)
{
	const uint32_t bit = with_data ? HIST_DATA : HIST_ACK;
	return is_orig ? bit : bit << HIST_RESP;
}

static __attribute__((noinline)) void
add_letter(const struct tcp_ctx *x, uint32_t bit, bool is_orig, bool with_data)
{
	const char letter = with_data ? 'D' : 'A';
	history_once(x->s, x->handle, bit, is_orig ? letter : (char)(letter | 0x20));
}

/* Returns whether two numbers differ only in their lower halves, the only part that is changed here. */
static inline bool
same_half(uint64_t a, uint64_t b)
{
	return a >> 32 == b >> 32;
}

/* Returns whether the peer has acknowledged only the SYN (tcp_nothing_acked()). */
static inline bool
is_unheard(const struct side *from)
{
	const uint64_t heard = tcp_full(from->ep->ack, from->ack_wraps) - from->ep->start;
	return heard <= 1;
}

/* Returns whether `len` bytes from `at` can be delivered without having to forget anything for lack of acknowledgements.
 * See deliver() and tcp_data() in tcp_reassembly.c. */
static inline bool
is_deliverable(const struct conn_options *opt, const struct side *from, uint64_t at, uint64_t len)
{
	const uint64_t excess = opt->tcp_excessive_data_without_further_acks, window = opt->tcp_max_initial_window;

	return at == from->delivered && at >= from->trimmed && (excess == 0 || at + len - from->trimmed <= excess) &&
	       (window == 0 || at + len <= window || !is_unheard(from));
}

/* `r`: the connection's rare part, or NULL. */
static inline __attribute__((always_inline)) bool
take(const struct tcp_ctx *x, const struct pkt *p, bool is_orig, const struct tcp_rare *r)
{
	struct tcp_ep    *ep = tcp_side(x->t, is_orig ? ORIG : RESP), *other = tcp_peer(x->t, ep);
	const int         i = ep == &x->t->ep[1];
	const struct side from = side_of(ep, r ? &r->ep[i] : NULL), to = side_of(other, r ? &r->ep[!i] : NULL);
	const uint64_t    len = (uint64_t)p->data_len;
	uint64_t          at, acked;

	if (p->tcp_seq != ep->last || !position(ep, p->tcp_seq, from.seq_wraps, &at) ||
	    !same_half(p->tcp_seq + len, p->tcp_seq) || !same_half(at + len, at))
		return false;
	if (p->tcp_ack < other->ack || !position(other, p->tcp_ack, to.ack_wraps, &acked) || acked > to.delivered ||
	    tcp_delta(p->tcp_ack, other->ack) < 0)
		return false;
	if (len > 0 && !is_deliverable(x->s->opt, &from, at, len))
		return false;
	if (acked > to.trimmed && !same_half(acked, to.trimmed))
		return false;

	const uint32_t bit = letter_bit(is_orig, len > 0);
	if (!(x->c->hist_seen & bit))
		add_letter(x, bit, is_orig, len > 0);
	x->c->last_time = x->now;
	other->ack = p->tcp_ack;
	ep->last += (uint32_t)len;
	if (acked > to.trimmed)
		other->trimmed = (uint32_t)acked;
	if (len > 0) {
		ep->delivered = (uint32_t)(at + len);
		if (tcp_is_watched(x))
			x->s->watcher->data(x->s->watcher->arg, x->handle, is_orig ? ORIG : RESP, p->data.p, (size_t)len);
	}
	return true;
}

/* The conditions tested first need few registers, so the numbers are loaded after them. */
static inline __attribute__((always_inline)) bool
straight(const struct tcp_ctx *x, const struct pkt *p, bool is_orig, const struct tcp_rare *r)
{
	return is_ordinary(p) && is_smooth(x, r) && take(x, p, is_orig, r);
}

static __attribute__((noinline)) bool
straight_with_rare(const struct tcp_ctx *x, const struct pkt *p, bool is_orig)
{
	return straight(x, p, is_orig, tcp_timers(x->s, x->t));
}

bool
tcp_straight(const struct tcp_ctx *x, const struct pkt *p, bool is_orig)
{
	return x->t->rare ? straight_with_rare(x, p, is_orig) : straight(x, p, is_orig, NULL);
}
