/* quic_sink.h - reassembles bytes that come in any order, as Spicy's sink does (spicy/runtime/src/sink.cc).
 *
 * Bytes that have arrived are kept.  A piece that begins before the end of the bytes in order and extends beyond it is trimmed at
 * the last closed gap, and is lost if it begins after that: so Zeek can wait for bytes that it has seen.
 */
#ifndef CONNLOG_SERVICE_QUIC_SINK_H
#define CONNLOG_SERVICE_QUIC_SINK_H

#include <stdbool.h>

#include "base/bytes.h"

enum {
	SINK_HELD_MAX = 16641, /* bytes: of a TLS message with its prefix (RFC 8446); one more shows an overflow */
	SINK_PIECES_MAX = 256,
};

struct sink_piece {
	uint64_t from, to;
};

struct quic_sink {
	uint8_t           *held; /* `room` bytes from 0 on */
	struct sink_piece *piece;
	uint32_t           room;
	uint16_t           n, pieces_room; /* pieces, ascending and disjoint; room for them */
	uint64_t           ordered;        /* bytes without a hole from 0 on */
	uint64_t           trimmed;        /* the position of the last closed gap */
	bool               dropped;        /* nothing is buffered any more */
};

/* Adds bytes at `offset`. Bytes beyond SINK_HELD_MAX are counted but not buffered; surplus pieces are dropped. */
void quic_sink_add(struct quic_sink *s, uint64_t offset, struct bytes b);
/* Frees the bytes; from now on only their order is tracked. */
void quic_sink_drop(struct quic_sink *s);
void quic_sink_free(struct quic_sink *s);

#endif
