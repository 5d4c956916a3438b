/* tcp_reassembly.c - what of a stream has been delivered, and what is missing (TCP_Reassembler, Reassembler).
 *
 * Zeek keeps each segment until it is acknowledged.  For records only positions count:
 *
 *       trimmed            delivered              above: [lo,hi) [lo,hi)
 *     ─────┼───────────────────┼───────── hole ──────┼───────┼─────
 *       forgotten  delivered, not acknowledged     waiting for the hole
 *
 * A hole that the peer acknowledges is data that was missed: a content gap.  Zeek's list of blocks is empty exactly
 * when delivered <= trimmed and nothing is above.
 */
#include "track/tcp.h"

static bool
has_blocks(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	const struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	return ep->delivered > ep->trimmed || (r && r->above.n > 0);
}

/* The state in which a gap is a loss and not an artefact of a RST or of a connection joined midway. */
static bool
is_clean(const struct tcp_ep *ep)
{
	return ep->state == TCP_ESTABLISHED || (ep->state == TCP_CLOSED && ep->prev == TCP_ESTABLISHED);
}

static void
gap(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t len)
{
	const bool clean = is_clean(ep) && is_clean(tcp_peer(x->t, ep));

	ep->flags |= EP_GAP;
	if (!clean && !x->s->opt->report_gaps_for_partial)
		return;
	struct tcp_ep_rare *r = tcp_rare_need(x, ep);
	if (clean)
		tcp_history_scaled(x, ep, &r->gap, 'G');
	r->missed += len;
}

static void
above_changed(const struct tcp_ctx *x, size_t before, const struct ranges *above)
{
	x->s->range_bytes += ranges_bytes(above) - before;
}

static void
above_clear(const struct tcp_ctx *x, struct tcp_ep_rare *r)
{
	const size_t before = ranges_bytes(&r->above);
	ranges_clear(&r->above);
	above_changed(x, before, &r->above);
}

/* The reassembler gives up on this side: nothing more is delivered, no gap is told, all segments are forgotten. */
static void
give_up(const struct tcp_ctx *x, struct tcp_ep *ep)
{
	ep->flags |= EP_SKIP;
	if (ep->trimmed < ep->delivered)
		ep->trimmed = ep->delivered;
	struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	if (r)
		above_clear(x, r);
}

static void trim(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t seq);

/* BlockInserted: delivers [delivered, upper). */
static void
deliver(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t upper)
{
	ep->delivered = upper;
	/* Nobody acknowledges: their packets may take another way. Do not keep what would never be acknowledged. */
	if (tcp_nothing_acked(ep) && x->s->opt->tcp_max_initial_window &&
	    tcp_size(x->t, ep) > x->s->opt->tcp_max_initial_window)
		trim(x, ep, ep->delivered);
}

/* Delivers what waited for the hole that has just been filled or passed. */
static void
deliver_above(const struct tcp_ctx *x, struct tcp_ep *ep)
{
	struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	while (r && r->above.n > 0 && ranges_at(&r->above)[0].lo == ep->delivered) {
		const uint64_t hi = ranges_at(&r->above)[0].hi;
		ranges_pop(&r->above);
		deliver(x, ep, hi);
	}
}

/* Undelivered: the peer has acknowledged up to `upto`, of which we have not seen all. */
static void
undelivered(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t upto)
{
	const uint8_t ends = ep->flags | tcp_peer(x->t, ep)->flags;

	if (upto <= 2 && (x->t->flags & TCP_IS_PARTIAL))
		return; /* the numbering started with a SYN that was made up */
	if (x->s->opt->detect_filtered_trace && ep->delivered == 1 && (ends & (EP_FIN | EP_RST))) {
		ep->flags |= EP_SKIP;
	} else if (!(ep->flags & EP_SKIP)) {
		struct tcp_ep_rare *r;
		while ((r = tcp_rare_at(x->s, x->t, ep)) != NULL && r->above.n > 0 && ranges_at(&r->above)[0].lo < upto) {
			const struct range first = ranges_at(&r->above)[0];
			ranges_pop(&r->above);
			if (first.lo < ep->delivered)
				continue;
			gap(x, ep, first.lo - ep->delivered);
			deliver(x, ep, first.hi);
		}
		if (upto > ep->delivered)
			gap(x, ep, upto - ep->delivered);
	}
	if (upto > ep->delivered)
		ep->delivered = upto;
}

/* TrimToSeq: everything below `seq` is done with. */
static void
trim(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t seq)
{
	if (seq > ep->delivered)
		undelivered(x, ep, seq);
	struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	while (r && r->above.n > 0 && ranges_at(&r->above)[0].hi <= seq)
		ranges_pop(&r->above);
	deliver_above(x, ep);
	if (seq > ep->trimmed)
		ep->trimmed = seq;
}

/* Puts [lo, hi) above the hole, within the limit that all connections share. */
static void
hold_above(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t lo, uint64_t hi)
{
	struct tcp_ep_rare *r = tcp_rare_need(x, ep);
	const size_t        before = ranges_bytes(&r->above);

	if (x->s->range_bytes > x->s->opt->max_reassembly_bytes || !ranges_add(&r->above, lo, hi)) {
		x->s->counters.reassembly_given_up++;
		give_up(x, ep);
		return;
	}
	above_changed(x, before, &r->above);
}

/* NewBlock. */
static void
insert(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t lo, uint64_t hi)
{
	if (hi <= ep->trimmed)
		return;
	if (lo < ep->trimmed)
		lo = ep->trimmed;
	if (lo > ep->delivered) {
		hold_above(x, ep, lo, hi);
	} else if (hi > ep->delivered) {
		deliver(x, ep, hi);
		/* what was above and is now covered, wholly or in part */
		struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
		while (r && r->above.n > 0 && ranges_at(&r->above)[0].lo <= ep->delivered) {
			const uint64_t above = ranges_at(&r->above)[0].hi;
			ranges_pop(&r->above);
			if (above > ep->delivered)
				deliver(x, ep, above);
		}
	}
}

void
tcp_data(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t seq, uint64_t len)
{
	const struct conn_options *opt = x->s->opt;
	const uint64_t             upper = seq + len;

	if ((ep->flags & EP_SKIP) || upper < seq)
		return;
	/* What the peer has acknowledged is not left out here: Zeek could, but its only caller leaves the argument
	 * `replaying` at its default.  It is what has been trimmed that is old. */
	insert(x, ep, seq, upper);

	const struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	const struct ranges      *above = r && r->above.n > 0 ? &r->above : NULL;
	if (tcp_nothing_acked(ep) && opt->tcp_max_above_hole_without_any_acks && above &&
	    ranges_at(above)[above->n - 1].hi - ep->delivered > opt->tcp_max_above_hole_without_any_acks) {
		give_up(x, ep);
		return;
	}
	uint64_t held = ep->delivered > ep->trimmed ? ep->delivered - ep->trimmed : 0;
	if (above)
		held += ranges_sum(above);
	if (opt->tcp_excessive_data_without_further_acks && held > opt->tcp_excessive_data_without_further_acks)
		give_up(x, ep);
}

void
tcp_acked(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t seq)
{
	const struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);

	if (r && (ep->flags & EP_FIN) && seq >= r->fin_seq)
		seq = r->fin_seq - 1;
	if (seq <= ep->trimmed)
		return;
	trim(x, ep, seq);
	tcp_check_eof(x, ep);
}

bool
tcp_data_pending(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	if (ep->flags & EP_SKIP)
		return false;
	const uint64_t delivered = ep->start + ep->delivered, last = tcp_full(ep->last, ep->seq_wraps);
	if (last < delivered)
		return false;
	if (delivered != last - 1 && delivered != last) /* a FIN takes one number, a RST none */
		return true;
	return ep->state != TCP_RESET && has_blocks(x, tcp_peer(x->t, ep));
}

void
tcp_check_eof(const struct tcp_ctx *x, struct tcp_ep *ep)
{
	if ((ep->flags & EP_EOF) || !((ep->flags & EP_FIN) || ep->state == TCP_CLOSED || ep->state == TCP_RESET) ||
	    tcp_data_pending(x, ep))
		return;
	ep->flags |= EP_EOF;
	if (x->t->flags & TCP_CLOSE_DEFERRED) {
		tcp_closed(x, ep, x->t->flags & TCP_DEFERRED_EVENT);
		x->t->flags &= (uint8_t)~TCP_CLOSE_DEFERRED;
	}
}
