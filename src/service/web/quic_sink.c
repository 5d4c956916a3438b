/* quic_sink.c - see quic_sink.h. */
#include "service/web/quic_sink.h"

#include <stdlib.h>

/* Returns false when out of memory. */
static bool
grow_held(struct quic_sink *s, uint32_t end)
{
	uint32_t room = s->room ? s->room : 528; /* reaches SINK_HELD_MAX in five steps */

	while (room < end)
		room *= 2;
	if (room == s->room)
		return true;
	uint8_t *p = realloc(s->held, room);
	if (!p)
		return false;
	s->held = p;
	s->room = room;
	return true;
}

/* Bytes that are already in order are not overwritten. */
static void
hold(struct quic_sink *s, uint64_t offset, struct bytes b)
{
	if (offset < s->ordered) {
		b = bytes_skip(b, s->ordered - offset < b.n ? (size_t)(s->ordered - offset) : b.n);
		offset = s->ordered;
	}
	if (s->dropped || offset >= SINK_HELD_MAX)
		return;
	b = bytes_head(b, SINK_HELD_MAX - (size_t)offset);
	if (b.n && grow_held(s, (uint32_t)(offset + b.n)))
		memcpy(s->held + offset, b.p, b.n);
}

/* Inserts a piece before that at `at`.  Returns false if there is no room for it. */
static bool
insert(struct quic_sink *s, unsigned at, uint64_t from, struct bytes b)
{
	if (s->n == s->pieces_room) {
		const unsigned     room = s->pieces_room ? 2u * s->pieces_room : 8;
		struct sink_piece *p = room <= SINK_PIECES_MAX ? realloc(s->piece, room * sizeof *p) : NULL;
		if (!p)
			return false;
		s->piece = p;
		s->pieces_room = (uint16_t)room;
	}
	memmove(s->piece + at + 1, s->piece + at, (s->n - at) * sizeof *s->piece);
	s->piece[at] = (struct sink_piece){ from, from + b.n };
	s->n++;
	hold(s, from, b);
	return true;
}

/* Stores the bytes that have not arrived yet, as pieces.  Returns the first of these; if all had arrived, the piece with the
 * last byte; `s->n` if there is none. */
static unsigned
store(struct quic_sink *s, uint64_t from, struct bytes b)
{
	unsigned first = SINK_PIECES_MAX, last = SINK_PIECES_MAX;

	for (unsigned at = 0; b.n > 0; at++) {
		while (at < s->n && s->piece[at].to <= from)
			at++;
		uint64_t gap = at < s->n && s->piece[at].from > from ? s->piece[at].from - from : 0;
		struct bytes new = at < s->n ? bytes_head(b, gap < b.n ? (size_t)gap : b.n) : b;
		if (new.n > 0) {
			if (!insert(s, at, from, new))
				break;
			if (first == SINK_PIECES_MAX)
				first = at;
			from += new.n;
			b = bytes_skip(b, new.n);
			continue;
		}
		const uint64_t there = s->piece[at].to - from;
		const size_t   skip = there < b.n ? (size_t)there : b.n;
		from += skip;
		b = bytes_skip(b, skip);
		last = at;
	}
	if (first == SINK_PIECES_MAX)
		first = last;
	return first < s->n ? first : s->n;
}

/* Appends pieces from that one on while they continue the bytes in order; a piece that begins before their end is discarded. */
static void
put_in_order(struct quic_sink *s, unsigned at)
{
	unsigned gone = 0;

	for (; at < s->n; at++)
		if (s->piece[at].from == s->ordered)
			s->ordered = s->piece[at].to;
	while (gone < s->n && s->piece[gone].from < s->ordered)
		gone++;
	memmove(s->piece, s->piece + gone, (s->n - gone) * sizeof *s->piece);
	s->n = (uint16_t)(s->n - gone);
	s->trimmed = s->ordered;
}

void
quic_sink_add(struct quic_sink *s, uint64_t offset, struct bytes b)
{
	if (b.n == 0)
		return;
	if (s->n == 0 && offset == s->ordered) {
		hold(s, offset, b);
		s->ordered += b.n;
		return;
	}
	if (offset < s->trimmed) {
		const uint64_t old = s->trimmed - offset;
		b = bytes_skip(b, old < b.n ? (size_t)old : b.n);
		offset = s->trimmed;
	}
	const unsigned at = store(s, offset, b);
	if (at < s->n && s->piece[at].from <= s->ordered && s->piece[at].to > s->ordered)
		put_in_order(s, at);
}

void
quic_sink_drop(struct quic_sink *s)
{
	free(s->held);
	s->held = NULL;
	s->room = 0;
	s->dropped = true;
}

void
quic_sink_free(struct quic_sink *s)
{
	free(s->held);
	free(s->piece);
	*s = (struct quic_sink){ 0 };
}
