/* measure_tcp.c - round trip times of the handshake, and which segments are repeated or late.
 *
 * Both follow Wireshark's TCP analysis (User's Guide 7.5, "TCP Analysis"; epan/dissectors/packet-tcp.c), as far as it can be done
 * in bounded memory; docs/COLUMNS.md says where it differs, and test/columns_test.py compares the two.
 */
#include <math.h>

#include "base/bytes.h"
#include "track/measure.h"

/* Seconds after duplicate acknowledgements within which a segment is a fast retransmission, and within which a segment
 * is late rather than retransmitted if the duration of the handshake is not known. */
#define FAST_WITHIN 0.020
#define LATE_WITHIN 0.003

static inline bool
is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Returns the length of the segment in sequence numbers, including SYN and FIN. */
static uint32_t
length(const struct pkt *p)
{
	return (uint32_t)p->data_len + !!(p->tcp_flags & TCP_SYN) + !!(p->tcp_flags & TCP_FIN);
}

/* ---- options */

enum { OPTION_END, OPTION_NOP, OPTION_MSS, OPTION_SCALE, OPTION_SACK = 5 };

/* Returns the first option of that kind if it has at least `least` bytes, otherwise NULL. */
static const uint8_t *
find_option(const struct pkt *p, uint8_t kind, size_t least)
{
	const size_t   end = 4u * p->tcp_off;
	const uint8_t *o = p->payload.p;

	for (size_t at = 20; end <= p->payload.n && at < end && o[at] != OPTION_END;) {
		const size_t len = o[at] == OPTION_NOP ? 1 : at + 1 < end ? o[at + 1] : 0;
		if (len == 0 || len > end - at)
			return NULL;
		if (o[at] == kind)
			return len >= least ? &o[at] : NULL;
		at += len;
	}
	return NULL;
}

void
measure_syn(struct measure_syn *y, int side, const struct pkt *p)
{
	const uint8_t *mss = find_option(p, OPTION_MSS, 4), *scale = find_option(p, OPTION_SCALE, 3);

	if (y->has[side] & SYN_SEEN)
		return;
	y->has[side] = (uint8_t)(SYN_SEEN | (mss ? SYN_HAS_MSS : 0) | (scale ? SYN_HAS_SCALE : 0));
	if (mss)
		y->mss[side] = load_be16(mss + 2);
	if (scale)
		y->scale[side] = scale[2];
}

/* ---- round trip times */

/* Returns whether a SYN-ACK acknowledges the SYN, or the data that came with it. */
static bool
answers(const struct measure_rtt *r, uint32_t ack)
{
	return ack - r->syn - 1 <= UINT16_MAX;
}

static void
from_orig(struct measure_rtt *r, const struct pkt *p)
{
	const uint8_t flags = p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST);

	if (flags == TCP_SYN && r->stage <= STAGE_SYN) {
		r->syn = p->tcp_seq;
		r->syn_at = p->ts;
		r->stage = STAGE_SYN;
	} else if (flags == TCP_ACK && r->stage == STAGE_SYNACK && p->tcp_ack == r->synack + 1) {
		r->half[ORIG] = p->ts - r->synack_at;
		r->whole = p->ts - r->syn_at;
		r->stage = STAGE_DONE;
	}
}

static void
from_resp(struct measure_rtt *r, const struct pkt *p)
{
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != (TCP_SYN | TCP_ACK) || !answers(r, p->tcp_ack))
		return;
	if (r->stage == STAGE_SYN) {
		r->half[RESP] = p->ts - r->syn_at;
		r->stage = STAGE_SYNACK;
	} else if (r->stage != STAGE_SYNACK) {
		return;
	}
	r->synack = p->tcp_seq;
	r->synack_at = p->ts;
}

void
measure_rtt(struct measure_rtt *r, int side, const struct pkt *p)
{
	if (r->stage == STAGE_DONE)
		return;
	if (side == ORIG)
		from_orig(r, p);
	else
		from_resp(r, p);
}

/* ---- holes */

static void
drop_hole(struct measure_stream *s, unsigned i)
{
	for (s->holes--; i < s->holes; i++)
		s->hole[i] = s->hole[i + 1];
}

/* Adds a hole. Holes are in order of their appearance; a new one replaces the oldest, and what fills that later counts
 * as retransmitted. */
static void
add_hole(struct measure_stream *s, uint32_t lo, uint32_t hi)
{
	if (s->holes == MEASURE_HOLES)
		drop_hole(s, 0);
	s->hole[s->holes].lo = lo;
	s->hole[s->holes].hi = hi;
	s->holes++;
}

/* Removes [lo, hi) from the holes. Returns whether it overlapped any. */
static bool
fill_holes(struct measure_stream *s, uint32_t lo, uint32_t hi)
{
	bool any = false;

	for (unsigned i = s->holes; i-- > 0;) {
		const uint32_t begin = s->hole[i].lo, end = s->hole[i].hi;
		if (!is_before(begin, hi) || !is_before(lo, end))
			continue;
		any = true;
		if (is_before(begin, lo))
			s->hole[i].hi = lo;
		else
			drop_hole(s, i);
		if (is_before(hi, end))
			add_hole(s, hi, end);
	}
	return any;
}

/* ---- retransmitted and late segments */

static bool
is_keep_alive(const struct measure_stream *from, const struct pkt *p)
{
	return p->data_len <= 1 && !(p->tcp_flags & (TCP_SYN | TCP_FIN)) && p->tcp_seq == from->next - 1;
}

static bool
is_window_probe(const struct measure_stream *from, const struct measure_stream *peer, const struct pkt *p)
{
	return p->data_len == 1 && p->tcp_seq == from->next && peer->has_acked && peer->window == 0;
}

/* Returns whether a segment that fills a hole was requested by the peer. */
static bool
is_asked_for(const struct measure_stream *peer, const struct pkt *p)
{
	if (p->ts - peer->ack_at >= FAST_WITHIN)
		return false;
	return (peer->repeated_acks >= 2 && peer->ack == p->tcp_seq) || peer->selective;
}

/* Counts a segment that begins before the highest sequence number as retransmitted or late. */
static void
take_old(struct measure_stream *from, const struct measure_stream *peer, const struct measure_rtt *r,
         const struct pkt *p)
{
	const uint32_t end = p->tcp_seq + length(p);
	const bool acked = peer->has_acked && p->data_len > 0 && !is_before(peer->ack, p->tcp_seq + (uint32_t)p->data_len);
	const bool fills = fill_holes(from, p->tcp_seq, end);
	const double within = isnan(r->whole) ? LATE_WITHIN : r->whole;

	if (!acked && fills && !is_asked_for(peer, p) && p->ts - from->next_at < within)
		from->late++;
	else
		from->retrans++;
}

static void
take_segment(struct measure_stream *from, const struct measure_stream *peer, const struct measure_rtt *r,
             const struct pkt *p)
{
	const uint32_t end = p->tcp_seq + length(p);
	const bool     takes = length(p) > 0, old = is_before(p->tcp_seq, from->next);

	if (!from->begun) {
		from->begun = true;
		from->next = end;
		from->next_at = p->ts;
		return;
	}
	if (is_keep_alive(from, p) || is_window_probe(from, peer, p))
		return;
	if (takes && old && !(p->data_len > 1 && p->tcp_seq == from->next - 1)) /* that byte is a window probe's */
		take_old(from, peer, r, p);
	if (is_before(from->next, p->tcp_seq))
		add_hole(from, from->next, p->tcp_seq);
	if (is_before(from->next, end)) {
		from->next = end;
		from->next_at = p->ts;
	}
}

static void
take_acknowledgement(struct measure_stream *from, const struct pkt *p)
{
	if (!(p->tcp_flags & TCP_ACK))
		return;
	if (!from->has_acked || p->tcp_ack != from->ack)
		from->repeated_acks = 0;
	else if (p->data_len == 0 && p->tcp_win != 0 && p->tcp_win == from->window && p->tcp_seq == from->next &&
	         !(p->tcp_flags & (TCP_SYN | TCP_FIN)) && from->repeated_acks < UINT8_MAX)
		from->repeated_acks++;
	from->has_acked = true;
	from->selective = find_option(p, OPTION_SACK, 10) != NULL;
	from->ack = p->tcp_ack;
	from->ack_at = p->ts;
	from->window = p->tcp_win;
}

void
measure_stream(struct measure_streams *streams, const struct measure_rtt *r, int side, const struct pkt *p)
{
	struct measure_stream *from = &streams->side[side], *peer = &streams->side[!side];

	if ((p->tcp_flags & TCP_RST) || p->data_len < 0) /* a RST's numbers need not be the stream's */
		return;
	take_segment(from, peer, r, p);
	take_acknowledgement(from, p);
}
