/* quic.c - QUIC over UDP (RFC 9000, RFC 9001, RFC 9369; Zeek's QUIC.spicy).
 *
 * Confirms at the first Initial packet that decrypts.  Violates, and ends, at anything that does not parse: headers
 * that do not fit, versions unknown to Zeek (including version negotiation), an Initial packet that does not decrypt, frames
 * that are not allowed in one.  The TLS message in each side's CRYPTO frames is passed to a child `ssl` in a record of its own.
 *
 * Buffers per direction the CRYPTO bytes until the message is complete, at most 16641, and which of them have arrived, since
 * they come in any order; allocated in quic_sink.c because they are not a stream yet.  Once the client's message is complete,
 * only violations can follow.
 */
#include "service/web/quic_crypto.h"
#include "service/web/quic_sink.h"
#include "dpd/talk.h"

enum {
	HELLO_MAX = 16640, /* of a TLS message with its prefix (RFC 8446) */
	HELLO_PREFIX = 4,
	TAG_AND_NUMBER = 20, /* the least payload of an Initial packet */
	RETRY_TAG = 16,
	CID_MAX = 255,
};

/* The CRYPTO frames of one direction, put in order. */
struct crypto {
	struct quic_sink sink;
	uint32_t         passed; /* bytes in order that were passed to the child */
	uint32_t         total;  /* of the message with its prefix; 0: not known yet */
	bool             dead;   /* too long: not passed on */
	bool             finished;
};

struct quic {
	struct crypto crypto[2];
	bool          opened; /* the child was made */
	bool          has_dcid, confirmed;
	uint8_t       client_cid_len, dcid_len;
	uint8_t       dcid[CID_MAX];
};

/* The relevant parts of a long header. */
struct header {
	uint32_t     version;
	uint8_t      first;
	struct bytes dcid, scid;
};

/* ---- the CRYPTO stream */

/* Passes the bytes that are in order to the child, as a TLS record. */
static void
crypto_pass(struct crypto *c, struct talk *t, int side)
{
	const struct quic_sink *s = &c->sink;
	uint64_t                end = s->ordered;

	if (c->total == 0 && end >= HELLO_PREFIX && s->room >= HELLO_PREFIX) {
		c->total = (load_be32(s->held) & 0xffffff) + HELLO_PREFIX;
		c->dead = c->total > HELLO_MAX;
		if (!c->dead) {
			uint8_t head[9] = { 0x16, 3, 3, (uint8_t)(c->total >> 8), (uint8_t)c->total };
			memcpy(head + 5, s->held, HELLO_PREFIX);
			talk_pass(t, side, (struct bytes){ head, sizeof head });
			c->passed = HELLO_PREFIX;
		}
	}
	if (c->total == 0 || c->dead)
		return;
	if (end > c->total)
		end = c->total;
	if (end > s->room) { /* out of memory */
		c->dead = true;
		return;
	}
	if (end > c->passed)
		talk_pass(t, side, (struct bytes){ s->held + c->passed, (size_t)end - c->passed });
	c->passed = (uint32_t)end;
	c->finished = end == c->total;
}

/* Returns false if there is more than one message. */
static bool
crypto_add(struct crypto *c, struct talk *t, int side, uint64_t offset, struct bytes b)
{
	const bool over = c->finished || c->dead;

	quic_sink_add(&c->sink, offset, b);
	if (!over)
		crypto_pass(c, t, side);
	if (c->finished || c->dead)
		quic_sink_drop(&c->sink);
	return c->total == 0 || c->sink.ordered <= c->total;
}

/* ---- frames of an Initial packet: these return false if they are malformed */

static bool
take(struct bytes *b, uint64_t n, struct bytes *out)
{
	if (n > b->n)
		return false;
	*out = bytes_head(*b, (size_t)n);
	*b = bytes_skip(*b, (size_t)n);
	return true;
}

static bool
varint(struct bytes *b, uint64_t *v)
{
	struct bytes field;

	if (b->n == 0 || !take(b, 1u << (b->p[0] >> 6), &field))
		return false;
	*v = field.p[0] & 0x3f;
	for (size_t i = 1; i < field.n; i++)
		*v = *v << 8 | field.p[i];
	return true;
}

static bool
varints(struct bytes *b, uint64_t n)
{
	for (uint64_t v; n > 0; n--)
		if (!varint(b, &v))
			return false;
	return true;
}

static bool
ack_frame(struct bytes *b, bool ecn)
{
	uint64_t ranges;

	/* The largest number, the delay, the count of ranges, the first range; each further range is two numbers. */
	return varints(b, 2) && varint(b, &ranges) && varints(b, 1) && varints(b, 2 * ranges) && (!ecn || varints(b, 3));
}

static bool
close_frame(struct bytes *b)
{
	uint64_t     len;
	struct bytes reason;

	return varints(b, 2) && varint(b, &len) && take(b, len, &reason);
}

static bool
frames(struct quic *q, struct talk *t, int side, struct bytes b)
{
	enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6, CONNECTION_CLOSE = 0x1c };

	while (b.n > 0) {
		const uint8_t type = b.p[0];
		uint64_t      offset, len;
		struct bytes  data;
		bool          good = true;

		b = bytes_skip(b, 1);
		if (type == ACK || type == ACK_ECN)
			good = ack_frame(&b, type == ACK_ECN);
		else if (type == CRYPTO)
			good = varint(&b, &offset) && varint(&b, &len) && take(&b, len, &data) &&
			       crypto_add(&q->crypto[side], t, side, offset, data);
		else if (type == CONNECTION_CLOSE)
			good = close_frame(&b);
		else if (type != PADDING && type != PING)
			good = false;
		if (!good)
			return false;
	}
	return true;
}

/* ---- packets: these return false if they are malformed */

static bool
decrypt_initial(struct quic *q, struct talk *t, int side, const struct header *h, struct bytes packet,
                size_t number_offset)
{
	uint8_t    plain[QUIC_PAYLOAD_MAX];
	const bool from_client = side == TALK_ORIG;

	if (q->crypto[side].finished || (!from_client && !q->has_dcid))
		return true;
	q->client_cid_len = (uint8_t)(from_client ? h->scid.n : h->dcid.n);
	if (!q->has_dcid) {
		memcpy(q->dcid, h->dcid.p, h->dcid.n);
		q->dcid_len = (uint8_t)h->dcid.n;
		q->has_dcid = true;
	}
	const struct quic_sealed sealed = {
		.version = h->version,
		.from_client = from_client,
		.dcid = { q->dcid, q->dcid_len },
		.packet = packet,
		.number_offset = number_offset,
	};
	const size_t n = quic_open(&sealed, plain);
	if (n == 0)
		return false;
	talk_confirm(t);
	q->confirmed = true;
	return frames(q, t, side, (struct bytes){ plain, n });
}

/* A Retry packet: everything starts over, with new keys. */
static bool
retry(struct quic *q, struct talk *t, struct bytes *rest)
{
	const bool long_enough = rest->n >= RETRY_TAG, child = t->child != 0;

	*rest = bytes_skip(*rest, rest->n);
	if (!long_enough || !child)
		return false;
	talk_drop_children(t);
	for (int side = 0; side < 2; side++) {
		quic_sink_free(&q->crypto[side].sink);
		q->crypto[side] = (struct crypto){ 0 };
	}
	q->opened = false;
	q->has_dcid = false;
	return true;
}

static bool
read_header(struct header *h, struct bytes *b)
{
	const uint8_t *p = bytes_at(*b, 0, 6);
	struct bytes   len;

	if (!p)
		return false;
	h->first = p[0];
	h->version = load_be32(p + 1);
	*b = bytes_skip(*b, 6);
	return take(b, p[5], &h->dcid) && take(b, 1, &len) && take(b, len.p[0], &h->scid) && quic_version_known(h->version);
}

static bool
long_packet(struct quic *q, struct talk *t, int side, struct bytes *b)
{
	enum { INITIAL, ZERO_RTT, HANDSHAKE, RETRY };
	const struct bytes start = *b;
	struct header      h;
	struct bytes       token, payload;
	uint64_t           len;

	if (!read_header(&h, b))
		return false;
	unsigned type = h.first >> 4 & 3;
	if (h.version == QUIC_VERSION_2)
		type = (type + 3) & 3; /* in this version Retry is 0 */
	if (type == RETRY)
		return retry(q, t, b);
	if (type == INITIAL && !(varint(b, &len) && take(b, len, &token)))
		return false;
	if (!varint(b, &len) || (type == INITIAL && len < TAG_AND_NUMBER))
		return false;
	const size_t number_offset = start.n - b->n;
	if (!take(b, len, &payload))
		return false;
	if (type != INITIAL)
		return true;
	return decrypt_initial(q, t, side, &h, bytes_head(start, number_offset + payload.n), number_offset);
}

static bool
packet(struct quic *q, struct talk *t, int side, struct bytes *b)
{
	enum { LONG = 0x80, FIXED = 0x40 };

	if (!q->opened) {
		talk_hand_over(t, SERVICE_SSL);
		q->opened = true;
	}
	if ((b->p[0] & FIXED) && (b->p[0] & LONG))
		return long_packet(q, t, side, b);
	/* A short header, or not QUIC: it takes the rest of the datagram. */
	const bool good = !(b->p[0] & FIXED) || b->n > q->client_cid_len;
	*b = bytes_skip(*b, b->n);
	return good;
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct quic *q = talk_state(t);

	while (b.n > 0) {
		if (!packet(q, t, side, &b)) {
			talk_violate(t);
			talk_skip(t);
			return;
		}
	}
	if (q->confirmed && q->crypto[TALK_ORIG].finished)
		talk_settled(t);
}

static void
end(struct talk *t)
{
	struct quic *q = talk_state(t);

	for (int side = 0; side < 2; side++)
		quic_sink_free(&q->crypto[side].sink);
}

static const uint16_t ports[] = { 443, 784, 853, 0 };

const struct recogniser recogniser_quic = {
	.service = SERVICE_QUIC,
	.udp_ports = ports,
	.state_size = sizeof(struct quic),
	.feed = feed,
	.end = end,
};
