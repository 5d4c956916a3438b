/* pia.c - signatures over what a connection begins with (Zeek: src/analyzer/protocol/pia/PIA.cc).
 *
 * Until dpd_buffer_size bytes or dpd_max_packets chunks of both sides together, input is kept, so that a recogniser that
 * a signature attaches gets all of it, the chunk that goes beyond included.  After that a match only names a service in
 * speculative_service, if matching goes on at all (dpd_match_only_beginning).
 *
 * Buffered: [side << 31 | gap << 30 | length, 4 bytes] [bytes] ...; a gap has no bytes, only its length.
 */
#include "dpd/inspect.h"

#define ENTRY_SIDE 0x80000000u
#define ENTRY_GAP  0x40000000u

bool
pia_attach(struct inspect *in, struct talk *parent)
{
	struct talk *t = tree_attach_pia(in, parent);

	if (!t)
		return false;
	struct pia *p = t->state;
	if (parent || (in->flags & INSPECT_UDP))
		for (int side = 0; side < 2; side++)
			sig_side_start(&p->match.side[side]);
	return true;
}

void
pia_forget(struct talk *t)
{
	struct pia *p = t->state;

	pool_release(&t->in->by->pool, p->buf, p->name);
	p->buf = NULL;
	p->n = 0;
}

/* => False where there is no memory. */
static bool
grow(struct talk *t, size_t want)
{
	struct pool *pool = &t->in->by->pool;
	struct pia  *p = t->state;
	const size_t room = pool_fit(want);
	uint32_t     name;
	uint8_t     *grown = pool_alloc(pool, room, &name);

	if (!grown)
		return false;
	if (p->buf)
		memcpy(grown, p->buf, p->n);
	pool_release(pool, p->buf, p->name);
	p->buf = grown;
	p->name = name;
	return true;
}

/* Keeps a chunk for replay; without memory, nothing any more. */
static void
keep(struct talk *t, uint32_t head, struct bytes b)
{
	struct pia  *p = t->state;
	const size_t want = p->n + sizeof head + b.n;

	if ((!p->buf || want > pool_fit(p->n)) && !grow(t, want)) {
		pia_forget(t);
		return;
	}
	memcpy(p->buf + p->n, &head, sizeof head);
	if (b.n)
		memcpy(p->buf + p->n + sizeof head, b.p, b.n);
	p->n = (uint32_t)want;
}

/* No longer buffering: nothing is replayed any more. Without matching either, the matcher is done with. */
static void
stop_buffering(struct talk *t)
{
	struct pia *p = t->state;

	p->state = t->in->by->opt->dpd_match_only_beginning ? PIA_SKIPPING : PIA_MATCHING;
	pia_forget(t);
	if (p->state == PIA_SKIPPING)
		tree_remove(t);
}

/* Feeds a recogniser with all datagrams that came before, and with this one.  Zeek hands them on without looking whether the
 * analyzer skips, and without catching what it throws (PIA::ReplayPacketBuffer).  => False where it threw: the rest is not
 * replayed. */
static bool
replay_datagrams(const struct pia *p, struct talk *to, int side, struct bytes now)
{
	const uint8_t deaf = to->what->unguarded ? 0 : TALK_SKIP;

	to->flags |= TALK_REPLAY;
	for (uint32_t at = 0; at <= p->n && !(to->flags & (TALK_THREW | deaf));) {
		struct bytes b = now;
		int          from = side;
		if (at < p->n) {
			uint32_t head;
			memcpy(&head, p->buf + at, sizeof head);
			from = (head & ENTRY_SIDE) != 0;
			b = (struct bytes){ p->buf + at + sizeof head, head & ~ENTRY_SIDE };
		}
		to->what->feed(to, from, b);
		at += (uint32_t)(sizeof(uint32_t) + b.n);
	}
	to->flags &= (uint8_t)~TALK_REPLAY;
	return !(to->flags & TALK_THREW);
}

/* Feeds a recogniser with all that came before, and with this chunk. */
static void
replay(const struct pia *p, struct talk *to, int side, struct bytes now)
{
	for (uint32_t at = 0; at + 4 <= p->n;) {
		uint32_t head;
		memcpy(&head, p->buf + at, sizeof head);
		at += sizeof head;
		const int      from = (head & ENTRY_SIDE) != 0;
		const uint32_t len = head & ~(ENTRY_SIDE | ENTRY_GAP);
		if (head & ENTRY_GAP) {
			if (to->what->gap && !(to->flags & (TALK_SKIP | TALK_REMOVING)))
				to->what->gap(to, from, len);
			continue;
		}
		tree_feed(to, from, (struct bytes){ p->buf + at, len });
		at += len;
	}
	tree_feed(to, side, now);
}

static void
match(struct talk *t, int side, struct bytes b)
{
	struct pia     *p = t->state;
	struct inspect *in = t->in;
	const bool      udp = in->flags & INSPECT_UDP;
	enum service    found[SIG_OUT];
	const unsigned  n = signatures_match(in->by->signatures, &p->match, udp && !t->parent, !udp, side, b, found);

	for (unsigned i = 0; i < n; i++) {
		if (p->state == PIA_MATCHING) {
			verdict_add(&in->verdict, VERDICT_SPECULATIVE, found[i]);
			continue;
		}
		struct talk *to = tree_attach(in, t->parent, in->by->registry.of[found[i]]);
		if (!to)
			continue;
		if (!udp || t->parent) {
			replay(p, to, side, b);
		} else if (!replay_datagrams(p, to, side, b)) {
			to->flags &= (uint8_t)~TALK_THREW;
			events_add(t, EVENT_VIOLATE);
			break; /* what else has matched is lost with it */
		}
	}
}

/* Which slot has seen its first packet with headers is told by TCP's tracker as it goes. */
static void
note_headers(const struct inspect *in, struct pia *p)
{
	const uint8_t slots = in->by->s->tracker->first_packets(in->by->s, inspect_conn(in));

	for (int side = 0; side < 2; side++)
		if (slots >> side & 1)
			sig_side_start(&p->match.side[side]);
}

/* Counts a chunk. => Is it one too many, or beyond the bytes that are kept? */
static bool
is_beyond(const struct talk *t, size_t n)
{
	const struct service_options *opt = t->in->by->opt;
	struct pia                   *p = t->state;

	p->size += (uint32_t)n;
	return p->size > opt->dpd_buffer_size || ++p->chunks > opt->dpd_max_packets;
}

void
pia_feed(struct talk *t, int side, struct bytes b)
{
	struct pia *p = t->state;

	if (p->state == PIA_INIT)
		p->state = PIA_BUFFERING;
	const bool buffers = p->state == PIA_BUFFERING && b.n > 0;
	const bool last = buffers && is_beyond(t, b.n);
	if (!t->parent && !(t->in->flags & INSPECT_UDP)) {
		note_headers(t->in, p);
		if (!t->in->by->opt->dpd_match_only_beginning)
			undelivered_note(t->in, side, b);
	}
	match(t, side, b);
	if (last)
		stop_buffering(t);
	else if (buffers)
		keep(t, (side ? ENTRY_SIDE : 0) | (uint32_t)b.n, b);
}

void
pia_gap(struct talk *t, int side, uint64_t len)
{
	struct pia *p = t->state;

	if (p->state != PIA_BUFFERING)
		return;
	if (len > 0x3fffffff)
		len = 0x3fffffff;
	if (++p->chunks > t->in->by->opt->dpd_max_packets)
		stop_buffering(t);
	else
		keep(t, (side ? ENTRY_SIDE : 0) | ENTRY_GAP | (uint32_t)len, (struct bytes){ NULL, 0 });
}

bool
pia_decided(const struct talk *t)
{
	const struct pia *p = t->state;
	const bool        udp = t->in->flags & INSPECT_UDP;

	return p->state == PIA_SKIPPING || !signatures_alive(t->in->by->signatures, &p->match, udp && !t->parent, !udp);
}
