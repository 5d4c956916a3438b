/* pia.c - signatures over what a connection begins with (Zeek: src/analyzer/protocol/pia/PIA.cc).
 *
 * Up to dpd_buffer_size bytes or dpd_max_packets chunks of both sides together, input is kept, so that a recogniser
 * that a signature attaches is given all of it, including the chunk that exceeds the limit. After that a match only
 * names a service in speculative_service, if matching continues at all (dpd_match_only_beginning).
 *
 * Each chunk is kept as [length << 3 | again << 2 | gap << 1 | side, in as few bytes as possible] [bytes]. A gap has no
 * bytes, only its length; a chunk that can be read again from its file is kept as its place there.
 */
#include "dpd/inspect.h"

#define HEAD_SIDE   1u
#define HEAD_GAP    2u
#define HEAD_AGAIN  4u
#define HEAD_BITS   3
#define HEAD_MAX    5  /* bytes */
#define PLACE_SIZE  6  /* bytes of a place in a file */
#define LONG_ENOUGH 16 /* bytes from which on only a chunk's place is kept */

bool
pia_attach(struct inspect *in, struct talk *parent)
{
	struct talk *t = tree_attach_pia(in, parent);

	if (!t)
		return false;
	struct pia *p = talk_state(t);
	if (parent || (in->flags & INSPECT_UDP))
		for (int side = 0; side < 2; side++)
			sig_start(&p->match, side);
	return true;
}

/* Drops what is kept, and keeps nothing more. */
static void
forget_kept(struct inspect *in, struct pia *p)
{
	chain_clear(&p->kept, in->by->blocks);
}

void
pia_forget(struct inspect *in, struct talk *t)
{
	struct pia *p = talk_state(t);

	forget_kept(in, p);
	signatures_forget(in->by->signatures, &p->match);
}

/* Writes a number in groups of seven bits, the lowest first; the top bit says that more follow. Returns the number of
 * bytes written. */
static size_t
put_head(uint8_t out[HEAD_MAX], uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return n;
}

static size_t
put_place(uint8_t out[PLACE_SIZE], uint64_t place)
{
	const uint32_t low = (uint32_t)place;
	const uint16_t high = (uint16_t)(place >> 32);

	memcpy(out, &low, sizeof low);
	memcpy(out + sizeof low, &high, sizeof high);
	return PLACE_SIZE;
}

static uint64_t
take_place(struct bytes *in)
{
	uint32_t low;
	uint16_t high;

	memcpy(&low, in->p, sizeof low);
	memcpy(&high, in->p + sizeof low, sizeof high);
	*in = bytes_skip(*in, PLACE_SIZE);
	return low | (uint64_t)high << 32;
}

static uint64_t
take_head(struct bytes *in)
{
	uint64_t v = 0;

	for (unsigned shift = 0; in->n > 0; shift += 7) {
		const uint8_t c = in->p[0];
		*in = bytes_skip(*in, 1);
		v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			break;
	}
	return v;
}

/* Keeps a chunk for replay, or a gap, which has no bytes. When out of memory, nothing is kept any more. */
static void
keep(struct inspect *in, struct talk *t, int side, uint64_t len, struct bytes b)
{
	struct pia    *p = talk_state(t);
	uint8_t        room[HEAD_MAX + PLACE_SIZE];
	uint64_t       place;
	const bool     again = b.n >= LONG_ENOUGH && again_place(&in->by->again, b, &place);
	const uint32_t kind = (b.n == 0 ? HEAD_GAP : 0) | (again ? HEAD_AGAIN : 0) | (side ? HEAD_SIDE : 0);
	size_t         n = put_head(room, len << HEAD_BITS | kind);

	if (again) {
		n += put_place(room + n, place);
		b.n = 0;
	}
	if (!chain_add(&p->kept, in->by->blocks, (struct bytes){ room, n }, b))
		forget_kept(in, p);
}

/* Ends buffering, so nothing is replayed any more. If matching has ended as well, the matcher is removed. */
static void
stop_buffering(struct inspect *in, struct talk *t)
{
	struct pia *p = talk_state(t);

	p->state = in->by->opt->dpd_match_only_beginning ? PIA_SKIPPING : PIA_MATCHING;
	forget_kept(in, p);
	if (p->state == PIA_SKIPPING)
		tree_remove(in, t);
}

/* Feeds a recogniser all earlier datagrams and this one. Zeek passes them on even if the analyzer is skipping, and
 * does not catch exceptions (PIA::ReplayPacketBuffer). Returns false if the recogniser threw; the rest is then not
 * replayed. */
static bool
replay_datagrams(const struct recogniser *what, struct bytes kept, struct talk *to, int side, struct bytes now)
{
	const uint8_t deaf = what->unguarded ? 0 : TALK_SKIP;

	to->flags |= TALK_REPLAY;
	for (bool last = false; !last && !(to->flags & (TALK_THREW | deaf));) {
		last = kept.n == 0;
		if (last) {
			what->feed(to, side, now);
		} else {
			const uint64_t head = take_head(&kept);
			what->feed(to, (head & HEAD_SIDE) != 0, bytes_head(kept, head >> HEAD_BITS));
			kept = bytes_skip(kept, head >> HEAD_BITS);
		}
	}
	to->flags &= (uint8_t)~TALK_REPLAY;
	return !(to->flags & TALK_THREW);
}

/* Feeds a recogniser everything that came before, and this chunk. */
static void
replay_stream(struct inspect *in, struct bytes kept, struct talk *to, int side, struct bytes now)
{
	while (kept.n > 0) {
		const uint64_t head = take_head(&kept), len = head >> HEAD_BITS;
		const int      from = (head & HEAD_SIDE) != 0;
		if (head & HEAD_GAP) {
			if (talk_what(in, to)->gap && !(to->flags & (TALK_SKIP | TALK_REMOVING)))
				talk_what(in, to)->gap(to, from, len);
			continue;
		}
		tree_feed(in, to, from, bytes_head(kept, len));
		kept = bytes_skip(kept, len);
	}
	tree_feed(in, to, side, now);
}

/* Returns the number of bytes once those kept as places have been read. */
static size_t
size_in_full(struct bytes kept)
{
	size_t n = kept.n;

	while (kept.n > 0) {
		const uint64_t head = take_head(&kept), len = head >> HEAD_BITS;
		if (head & HEAD_AGAIN)
			n += (size_t)len - PLACE_SIZE;
		if (!(head & HEAD_GAP))
			kept = bytes_skip(kept, head & HEAD_AGAIN ? PLACE_SIZE : (size_t)len);
	}
	return n;
}

/* Copies everything, reading the bytes kept as places. Returns false if these can no longer be read. */
static bool
copy_in_full(struct again *again, struct bytes kept, uint8_t *out)
{
	while (kept.n > 0) {
		const uint64_t head = take_head(&kept);
		const size_t   len = head & HEAD_GAP ? 0 : (size_t)(head >> HEAD_BITS);
		out += put_head(out, head & ~(uint64_t)HEAD_AGAIN);
		if (head & HEAD_AGAIN) {
			if (!again_read(again, take_place(&kept), out, len))
				return false;
		} else if (len > 0) {
			memcpy(out, kept.p, len);
			kept = bytes_skip(kept, len);
		}
		out += len;
	}
	return true;
}

/* Gathers what is kept, without places, in a block of the pool. Returns NULL if nothing is kept or the block cannot be
 * had. */
static uint8_t *
gather_kept(struct inspect *in, const struct pia *p, uint32_t *name, size_t *n)
{
	struct pool *pool = &in->by->pool;
	uint32_t     short_name;
	uint8_t     *brief = p->kept.n > 0 ? pool_alloc(pool, p->kept.n, &short_name) : NULL, *all = NULL;

	*n = 0;
	if (!brief)
		return NULL;
	chain_copy(&p->kept, in->by->blocks, brief);
	const struct bytes kept = { brief, p->kept.n };
	*n = size_in_full(kept);
	all = pool_alloc(pool, *n, name);
	if (all && !copy_in_full(&in->by->again, kept, all)) {
		pool_release(pool, all, *name);
		all = NULL;
	}
	pool_release(pool, brief, short_name);
	return all;
}

/* Replays to a recogniser. Returns false if a datagram's recogniser threw. */
static bool
replay(struct inspect *in, struct talk *t, struct talk *to, int side, struct bytes now)
{
	struct pool *pool = &in->by->pool;
	struct pia  *p = talk_state(t);
	uint32_t     name = 0;
	size_t       n;
	uint8_t     *all = gather_kept(in, p, &name, &n);
	bool         good = true;

	if (!all)
		forget_kept(in, p);
	const struct bytes kept = { all, all ? n : 0 };
	if ((in->flags & INSPECT_UDP) && !t->parent)
		good = replay_datagrams(talk_what(in, to), kept, to, side, now);
	else
		replay_stream(in, kept, to, side, now);
	pool_release(pool, all, name);
	return good;
}

static void
match(struct inspect *in, struct talk *t, int side, struct bytes b)
{
	struct pia    *p = talk_state(t);
	const bool     udp = in->flags & INSPECT_UDP;
	enum service   found[SIG_OUT];
	const unsigned n = signatures_match(in->by->signatures, &p->match, udp && !t->parent, !udp, side, b, found);

	for (unsigned i = 0; i < n; i++) {
		if (p->state == PIA_MATCHING) {
			found_add(&in->found, &in->by->verdicts, VERDICT_SPECULATIVE, found[i]);
			continue;
		}
		struct talk *to = tree_attach(in, talk_at(in, t->parent), in->by->registry.of[found[i]]);
		if (!to)
			continue;
		if (!replay(in, t, to, side, b)) {
			to->flags &= (uint8_t)~TALK_THREW;
			events_add(t, EVENT_VIOLATE);
			break; /* the exception also discards the other matches */
		}
	}
}

/* Notes which sides' first packets had headers that signatures can use; TCP's tracker knows. */
static void
note_headers(const struct inspect *in, struct pia *p)
{
	if ((p->match.begun & 3) == 3)
		return;
	const uint8_t slots = in->by->s->tracker->first_packets(in->by->s, inspect_conn(in));

	for (int side = 0; side < 2; side++)
		if (slots >> side & 1)
			sig_start(&p->match, side);
}

/* Counts a chunk. Returns whether it exceeds the limit of chunks or bytes. */
static bool
is_beyond(const struct inspect *in, const struct talk *t, size_t n)
{
	const struct service_options *opt = in->by->opt;
	struct pia                   *p = talk_state(t);

	p->size += (uint32_t)n;
	return p->size > opt->dpd_buffer_size || ++p->chunks > opt->dpd_max_packets;
}

/* Kept out of line: without it, the callers need few registers in the usual case of a lone recogniser. */
__attribute__((noinline)) void
pia_feed(struct inspect *in, struct talk *t, int side, struct bytes b)
{
	struct pia *p = talk_state(t);

	if (p->state == PIA_INIT)
		p->state = PIA_BUFFERING;
	const bool buffers = p->state == PIA_BUFFERING && b.n > 0;
	const bool last = buffers && is_beyond(in, t, b.n);
	if (!t->parent && !(in->flags & INSPECT_UDP)) {
		note_headers(in, p);
		if (!in->by->opt->dpd_match_only_beginning)
			undelivered_note(in, side, b);
	}
	match(in, t, side, b);
	if (last)
		stop_buffering(in, t);
	else if (buffers)
		keep(in, t, side, b.n, b);
}

void
pia_gap(struct inspect *in, struct talk *t, int side, uint64_t len)
{
	struct pia *p = talk_state(t);

	if (p->state != PIA_BUFFERING)
		return;
	if (len > 0x3fffffff)
		len = 0x3fffffff;
	if (++p->chunks > in->by->opt->dpd_max_packets)
		stop_buffering(in, t);
	else
		keep(in, t, side, len, (struct bytes){ NULL, 0 });
}

bool
pia_decided(const struct inspect *in, const struct talk *t)
{
	const struct pia *p = talk_state(t);
	const bool        udp = in->flags & INSPECT_UDP;

	return p->state == PIA_SKIPPING || !signatures_alive(in->by->signatures, &p->match, udp && !t->parent, !udp);
}
