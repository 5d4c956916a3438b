/* tcp_reassembly.c - which parts of a stream have been delivered, and which are missing (TCP_Reassembler, Reassembler).
 *
 * Zeek keeps each segment until it is acknowledged. For records only positions count; while the payload is inspected,
 * the bytes above a hole are kept as well (tcp_blocks.c):
 *
 *       trimmed            delivered              above: [lo,hi) [lo,hi)
 *     ─────┼───────────────────┼───────── hole ──────┼───────┼─────
 *       forgotten  delivered, not acknowledged     waiting for the hole
 *
 * A hole that the peer acknowledges is data that was missed: a content gap. Zeek's list of blocks is empty exactly when
 * delivered <= trimmed and nothing is above.
 */
#include <stdlib.h>

#include "track/tcp.h"

static int
side_of(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	return tcp_is_orig(x->t, ep) ? ORIG : RESP;
}

static bool
has_blocks(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	const struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	return tcp_delivered(x, ep) > tcp_trimmed(x, ep) || (r && r->above.n > 0);
}

/* Returns whether a gap in this state is a loss, not an artefact of a RST or of a connection joined midway. */
static bool
is_clean(const struct tcp_ep *ep)
{
	return ep->state == TCP_ESTABLISHED || (ep->state == TCP_CLOSED && ep->prev == TCP_ESTABLISHED);
}

/* Handles a gap: the `len` bytes from `delivered` on are missing. */
static void
gap(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t len)
{
	const bool clean = is_clean(ep) && is_clean(tcp_peer(x->t, ep));

	if (tcp_is_watched(
			x)) /* recognisers are told before the gap is noted, since violations caused by the first gap itself still count */
		x->s->watcher->gap(x->s->watcher->arg, x->handle, side_of(x, ep), len);
	ep->flags |= EP_GAP;
	if (!clean && !x->s->opt->report_gaps_for_partial)
		return;
	struct tcp_ep_rare *r = tcp_rare_need(x, ep);
	if (clean)
		tcp_history_scaled(x, ep, &r->gap, 'G', CONNLOG_EVENT_TCP_MULTIPLE_GAP);
	r->missed += len;
	if (conn_wants(x->s, CONNLOG_EVENT_CONTENT_GAP))
		conn_raise(x->s, x->handle, CONNLOG_EVENT_CONTENT_GAP,
		           (connlog_value[]){ event_bool(tcp_is_orig(x->t, ep)), event_count(tcp_delivered(x, ep)),
		                              event_count(len) });
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
	x->s->range_bytes -= blocks_clear(&r->blocks);
}

/* The reassembler gives up on this side: it delivers nothing more, reports no gaps and forgets all segments. */
static void
give_up(const struct tcp_ctx *x, struct tcp_ep *ep)
{
	ep->flags |= EP_SKIP;
	if (tcp_trimmed(x, ep) < tcp_delivered(x, ep))
		tcp_set_trimmed(x, ep, tcp_delivered(x, ep));
	struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	if (r)
		above_clear(x, r);
}

static void trim(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t seq);

static void
raise_contents(const struct tcp_ctx *x, const struct tcp_ep *ep, uint64_t seq, const uint8_t *data, size_t n)
{
	const bool is_orig = tcp_is_orig(x->t, ep);

	if (conn_wants(x->s, CONNLOG_EVENT_TCP_CONTENTS))
		conn_raise(x->s, x->handle, CONNLOG_EVENT_TCP_CONTENTS,
		           (connlog_value[]){ event_bool(is_orig), event_count(seq), event_bytes(data, n) });
}

/* BlockInserted: delivers [delivered, upper); `data` has its bytes, or is NULL if nothing needs them. */
static void
deliver(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t upper, const uint8_t *data)
{
	const uint64_t from = tcp_delivered(x, ep);

	tcp_set_delivered(x, ep, upper);
	if (upper > from && (ep->flags & EP_RECORD)) {
		if (data)
			tcp_record_bytes(x, ep, data, (size_t)(upper - from));
		else
			tcp_record_gap(x, ep, upper - from);
	}
	if (data && upper > from && (ep->flags & EP_CONTENTS))
		raise_contents(x, ep, from, data, (size_t)(upper - from));
	if (data && upper > from && tcp_is_watched(x))
		x->s->watcher->data(x->s->watcher->arg, x->handle, side_of(x, ep), data, (size_t)(upper - from));
	/* Nothing is acknowledged, perhaps because those packets take another path. Data that will never be delivered is
	 * not kept. */
	if (tcp_nothing_acked(x->s, x->t, ep) && x->s->opt->tcp_max_initial_window &&
	    tcp_size(x->s, x->t, ep) > x->s->opt->tcp_max_initial_window)
		trim(x, ep, tcp_delivered(x, ep));
}

/* Delivers up to `hi`, the end of an interval that began at `delivered`; block by block if bytes are kept. */
static void
deliver_blocks(const struct tcp_ctx *x, struct tcp_ep *ep, struct tcp_ep_rare *r, uint64_t hi)
{
	while (r->blocks && r->blocks->lo < hi) {
		struct block *b = blocks_pop(&r->blocks);
		x->s->range_bytes -= sizeof *b + (size_t)(b->hi - b->lo);
		if (b->lo == tcp_delivered(x, ep))
			deliver(x, ep, b->hi, b->data);
		free(b);
	}
	if (hi > tcp_delivered(x, ep))
		deliver(x, ep, hi, NULL);
}

/* Delivers what waited for the hole that has just been filled or passed. */
static void
deliver_above(const struct tcp_ctx *x, struct tcp_ep *ep)
{
	struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	while (r && r->above.n > 0 && ranges_at(&r->above)[0].lo == tcp_delivered(x, ep)) {
		const uint64_t hi = ranges_at(&r->above)[0].hi;
		ranges_pop(&r->above);
		deliver_blocks(x, ep, r, hi);
	}
}

/* Undelivered: the peer has acknowledged up to `upto`, but not all of that was seen. */
static void
undelivered(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t upto)
{
	const uint8_t ends = ep->flags | tcp_peer(x->t, ep)->flags;

	if (upto <= 2 && (x->t->flags & TCP_IS_PARTIAL))
		return; /* the numbering started with an invented SYN */
	if (x->s->opt->detect_filtered_trace && tcp_delivered(x, ep) == 1 && (ends & (EP_FIN | EP_RST))) {
		ep->flags |= EP_SKIP;
	} else if (!(ep->flags & EP_SKIP)) {
		struct tcp_ep_rare *r;
		while ((r = tcp_rare_at(x->s, x->t, ep)) != NULL && r->above.n > 0 && ranges_at(&r->above)[0].lo < upto) {
			const struct range first = ranges_at(&r->above)[0];
			ranges_pop(&r->above);
			if (first.lo < tcp_delivered(x, ep))
				continue;
			gap(x, ep, first.lo - tcp_delivered(x, ep));
			tcp_set_delivered(x, ep, first.lo);
			deliver_blocks(x, ep, r, first.hi);
		}
		if (upto > tcp_delivered(x, ep))
			gap(x, ep, upto - tcp_delivered(x, ep));
	}
	if (upto <= tcp_delivered(x, ep))
		return;
	const struct tcp_ep_rare *rest = tcp_rare_at(x->s, x->t, ep);
	if ((ep->flags & EP_RECORD) && rest->above.n > 0)
		tcp_record_gap(x, ep, upto - tcp_delivered(x, ep));
	tcp_set_delivered(x, ep, upto);
}

/* TrimToSeq: everything below `seq` is no longer needed. */
static void
trim(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t seq)
{
	if (seq > tcp_delivered(x, ep))
		undelivered(x, ep, seq);
	struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	while (r && r->above.n > 0 && ranges_at(&r->above)[0].hi <= seq)
		ranges_pop(&r->above);
	deliver_above(x, ep);
	if (seq > tcp_trimmed(x, ep))
		tcp_set_trimmed(x, ep, seq);
}

/* Keeps the bytes of [lo, hi) within the limit that all connections share.  Beyond it the payload is no longer inspected, and
 * tcp_contents omits the bytes. */
static void
hold_bytes(const struct tcp_ctx *x, const struct tcp_ep *ep, struct tcp_ep_rare *r, uint64_t lo, uint64_t hi,
           const uint8_t *data)
{
	if (!tcp_wants_bytes(x, ep))
		return;
	const int64_t n = x->s->range_bytes <= x->s->range_most ? blocks_add(&r->blocks, lo, hi, data) : -1;
	if (n >= 0)
		x->s->range_bytes += (uint64_t)n;
	else if (tcp_is_watched(x))
		x->s->watcher->give_up(x->s->watcher->arg, x->handle);
	if (n < 0 && (ep->flags & (EP_CONTENTS | EP_RECORD)))
		x->s->counters.contents_lost += hi - lo;
}

/* Puts [lo, hi) above the hole, within the limit that all connections share. */
static void
hold_above(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t lo, uint64_t hi, const uint8_t *data)
{
	struct tcp_ep_rare *r = tcp_rare_need(x, ep);

	hold_bytes(x, ep, r, lo, hi, data);
	const size_t before = ranges_bytes(&r->above);
	if (x->s->range_bytes > x->s->range_most || !ranges_add(&r->above, lo, hi)) {
		x->s->counters.reassembly_given_up++;
		give_up(x, ep);
		return;
	}
	above_changed(x, before, &r->above);
}

/* NewBlock. */
static void
insert(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t lo, uint64_t hi, const uint8_t *data)
{
	const uint64_t trimmed = tcp_trimmed(x, ep);

	if (hi <= trimmed)
		return;
	if (lo < trimmed) {
		data += trimmed - lo;
		lo = trimmed;
	}
	if (lo > tcp_delivered(x, ep)) {
		hold_above(x, ep, lo, hi, data);
		return;
	}
	/* Intervals above that are reached are delivered in between: the first copy wins. */
	while (hi > tcp_delivered(x, ep)) {
		struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
		const uint64_t      above = r && r->above.n > 0 ? ranges_at(&r->above)[0].lo : UINT64_MAX;
		deliver(x, ep, hi < above ? hi : above, data + (tcp_delivered(x, ep) - lo));
		deliver_above(x, ep);
		if (ep->flags & EP_SKIP)
			return;
	}
}

void
tcp_data(const struct tcp_ctx *x, struct tcp_ep *ep, uint64_t seq, uint64_t len, const uint8_t *data)
{
	const struct conn_options *opt = x->s->opt;
	const uint64_t             upper = seq + len;

	if ((ep->flags & EP_SKIP) || upper < seq)
		return;
	if (upper > UINT32_MAX && !tcp_widen(x)) {
		ep->flags |= EP_SKIP;
		return;
	}
	/* Acknowledged data is not skipped here: Zeek could, but its only caller leaves the argument `replaying` at its
	 * default.  Only trimmed data counts as old. */
	insert(x, ep, seq, upper, data);

	const struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	const struct ranges      *above = r && r->above.n > 0 ? &r->above : NULL;
	if (tcp_nothing_acked(x->s, x->t, ep) && opt->tcp_max_above_hole_without_any_acks && above &&
	    ranges_at(above)[above->n - 1].hi - tcp_delivered(x, ep) > opt->tcp_max_above_hole_without_any_acks) {
		give_up(x, ep);
		return;
	}
	uint64_t held = tcp_delivered(x, ep) > tcp_trimmed(x, ep) ? tcp_delivered(x, ep) - tcp_trimmed(x, ep) : 0;
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
	if (seq <= tcp_trimmed(x, ep) || (seq > UINT32_MAX && !tcp_widen(x)))
		return;
	trim(x, ep, seq);
	tcp_check_eof(x, ep);
}

bool
tcp_data_pending(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	if (ep->flags & EP_SKIP)
		return false;
	const uint64_t delivered = ep->start + tcp_delivered(x, ep);
	const uint64_t last = tcp_full(ep->last, tcp_seq_wraps(x->s, x->t, ep));
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
	if (conn_wants(x->s, CONNLOG_EVENT_CONNECTION_EOF))
		conn_raise(x->s, x->handle, CONNLOG_EVENT_CONNECTION_EOF,
		           (connlog_value[]){ event_bool(tcp_is_orig(x->t, ep)) });
	if (x->c->watch && tcp_is_watched(x))
		x->s->watcher->eof(x->s->watcher->arg, x->handle, side_of(x, ep));
	if (x->t->flags & TCP_CLOSE_DEFERRED) {
		tcp_closed(x, ep, x->t->flags & TCP_DEFERRED_EVENT);
		x->t->flags &= (uint16_t)~TCP_CLOSE_DEFERRED;
	}
}
