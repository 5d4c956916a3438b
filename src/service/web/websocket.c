/* websocket.c - WebSocket (RFC 6455) after an upgrade, as Zeek follows it (analyzer/protocol/websocket/).
 *
 * Attached by HTTP only.  Confirms: a complete message of either side.  Violates: a continuation where a message should
 * begin, anything else where one should continue, and a close with a single byte.  The payload of text and binary messages is
 * passed, unmasked and in Zeek's pieces of 8192 bytes, to a signature matcher as a child.
 *
 * Buffers for each side a header (14 bytes) or, of text and binary, one piece (8192 bytes).
 */
#include "service/gather.h"
#include "dpd/talk.h"

#define PIECE 8192u /* WebSocket::payload_chunk_size */

enum { OP_CONTINUATION, OP_TEXT, OP_BINARY, OP_CLOSE = 8 };

struct flow {
	struct gather g;
	uint64_t      left;   /* of the frame's payload */
	uint64_t      length; /* of the payload */
	uint32_t      piece;  /* left of the piece, if the payload is not buffered */
	uint8_t       key[4];
	bool          masked, fin, in_payload;
	bool          in_message; /* its first frame is over */
	uint8_t       opcode;     /* of the message */
	bool          close;      /* the frame is one */
};

struct websocket {
	struct flow flow[2];
};

/* Discards everything; the next chunk begins a message. */
static void
give_up(struct talk *t, struct flow *f, struct bytes *in)
{
	gather_clear(&f->g);
	*f = (struct flow){ 0 };
	*in = bytes_skip(*in, in->n);
	talk_violate(t);
}

static void
frame_over(struct talk *t, struct flow *f)
{
	f->in_payload = false;
	f->in_message = !f->fin;
	if (f->fin)
		talk_confirm(t);
}

/* Reads the header. Returns false if more bytes are needed. */
static bool
header(struct talk *t, struct flow *f, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, 2);

	if (!p)
		return false;
	const uint8_t opcode = p[0] & 0x0f, short_length = p[1] & 0x7f;
	const bool    masked = p[1] & 0x80;
	if (f->in_message != (opcode == OP_CONTINUATION)) {
		give_up(t, f, in);
		return false;
	}
	const size_t more = short_length == 127 ? 8 : short_length == 126 ? 2 : 0, n = 2 + more + (masked ? 4 : 0);
	p = gather_need(&f->g, in, n);
	if (!p)
		return false;
	f->length = more == 8   ? (uint64_t)load_be32(p + 2) << 32 | load_be32(p + 6)
	            : more == 2 ? load_be16(p + 2)
	                        : short_length;
	if (masked)
		memcpy(f->key, p + 2 + more, 4);
	f->masked = masked;
	f->fin = p[0] & 0x80;
	if (!f->in_message)
		f->opcode = opcode;
	f->close = opcode == OP_CLOSE;
	f->left = f->length;
	f->in_payload = true;
	gather_take(&f->g, in, n);
	if (f->left == 0)
		frame_over(t, f);
	return true;
}

/* Passes a piece of text or binary to the child. */
static void
forward(struct talk *t, int side, const struct flow *f, struct bytes piece)
{
	if (!f->masked) {
		talk_pass(t, side, piece);
		return;
	}
	uint8_t        clear[PIECE];
	const uint64_t at = f->length - f->left;
	for (size_t i = 0; i < piece.n; i++)
		clear[i] = piece.p[i] ^ f->key[(at + i) % 4];
	talk_pass(t, side, (struct bytes){ clear, piece.n });
}

static bool
forwarded_piece(struct talk *t, int side, struct flow *f, struct bytes *in)
{
	const size_t   n = f->left < PIECE ? (size_t)f->left : PIECE;
	const uint8_t *p = gather_need(&f->g, in, n);

	if (!p)
		return false;
	forward(t, side, f, (struct bytes){ p, n });
	gather_take(&f->g, in, n);
	f->left -= n;
	return true;
}

/* Skips payload: a close needs two bytes for its status in each piece that Zeek parses. */
static bool
counted_piece(struct talk *t, struct flow *f, struct bytes *in)
{
	if (f->piece == 0)
		f->piece = f->left < PIECE ? (uint32_t)f->left : PIECE;
	const size_t n = in->n < f->piece ? in->n : f->piece;
	*in = bytes_skip(*in, n);
	f->left -= n;
	f->piece -= (uint32_t)n;
	if (f->piece > 0)
		return false;
	const uint64_t done = f->length - f->left;
	if (f->close && (done == 1 || done > PIECE)) {
		give_up(t, f, in);
		return false;
	}
	return true;
}

static void
feed(struct talk *t, int side, struct bytes in)
{
	struct websocket *w = talk_state(t);
	struct flow      *f = &w->flow[side];

	for (bool on = true; on && (in.n > 0 || gather_held(&f->g).n > 0);) {
		if (!f->in_payload) {
			on = header(t, f, &in);
			continue;
		}
		const bool wanted = f->opcode == OP_TEXT || f->opcode == OP_BINARY;
		on = wanted ? forwarded_piece(t, side, f, &in) : counted_piece(t, f, &in);
		if (on && f->left == 0)
			frame_over(t, f);
	}
}

static void
begin(struct talk *t)
{
	talk_guess(t);
}

static void
end(struct talk *t)
{
	struct websocket *w = talk_state(t);

	for (int side = 0; side < 2; side++)
		gather_clear(&w->flow[side].g);
}

const struct recogniser recogniser_websocket = {
	.service = SERVICE_WEBSOCKET,
	.state_size = sizeof(struct websocket),
	.feed = feed,
	.begin = begin,
	.gap = talk_skip_at_gap, /* both sides are lost */
	.end = end,
};
