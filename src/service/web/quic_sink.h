/* quic_sink.h - bytes that come in any order, put in order as Spicy's sink does it (spicy/runtime/src/sink.cc).
 *
 * What is there already stays.  A piece that begins before the end of what is in order and goes beyond it is cut where the
 * last gap was closed, and is lost if it begins behind that: so Zeek can wait for bytes that it has seen.
 */
#ifndef CONNLOG_SERVICE_QUIC_SINK_H
#define CONNLOG_SERVICE_QUIC_SINK_H

#include <stdbool.h>

#include "base/bytes.h"

enum {
	SINK_HELD_MAX =
		16641, /* bytes: of a TLS message with its prefix (RFC 8446); one more shows that there is too much */
	SINK_PIECES_MAX = 256,
};

struct sink_piece {
	uint64_t from, to;
};

struct quic_sink {
	uint8_t           *held; /* `room` bytes from 0 on */
	struct sink_piece *piece;
	uint32_t           room;
	uint16_t           n, pieces_room; /* pieces that are kept, ascending and apart; room for them */
	uint64_t           ordered;        /* bytes without a hole from 0 on */
	uint64_t           trimmed;        /* what lies before it was closed */
	bool               dropped;        /* nothing is held any more */
};

/* More bytes, at `offset`. Those beyond SINK_HELD_MAX are counted but not held; a piece too many is dropped. */
void quic_sink_add(struct quic_sink *s, uint64_t offset, struct bytes b);
/* The bytes are not wanted any more; their order still is. */
void quic_sink_drop(struct quic_sink *s);
void quic_sink_free(struct quic_sink *s);

#endif
