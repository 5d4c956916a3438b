/* dtls.c - TLS over datagrams (RFC 6347, RFC 9147; Zeek's dtls-protocol.pac and dtls-analyzer.pac).
 *
 * Confirms at a complete, well-formed ClientHello.  Violates at records that do not fit into the datagram, at the first
 * record of an unknown version once confirmed (more than ten of them: no more input), at unknown types, at fragments of
 * handshake messages that contradict each other, and at malformed messages (tls_handshake.c).  STUN packets are ignored.
 *
 * Buffers per direction one fragmented message and one incomplete message (tls_handshake.h), each up to 64 KiB + 4 bytes.  The
 * fragments are allocated here, since they arrive in any order; of a longer message only the order is tracked.
 */
#include "service/tls/tls_handshake.h"
#include "service/reader.h"

#include <stdlib.h>

enum { BAD_VERSIONS_MAX = 10, BAD_VERSIONS_REPORTED = 1, LENGTH_MAX = 100000, WINDOW = 32, FRAGMENTS_MAX = 30 };
enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23, HEARTBEAT = 24 };
enum { DTLS_1_0 = 0xfeff, DTLS_1_2 = 0xfefd, DTLS_1_3 = 0xfefc };

/* One handshake message in fragments. As in Zeek, record numbers, not offsets, tell which fragments have arrived. */
struct slot {
	uint8_t *held;
	uint32_t room;
	uint32_t length;
	uint32_t seen;        /* a bit for each record from `first` on */
	uint64_t first, last; /* records; `last` 0: not seen */
	uint16_t seq;         /* of the message */
	bool     used, has_first;
};

struct dtls {
	struct tls_handshake hs;
	struct gather        part[2]; /* by side: message being reassembled */
	struct slot          slot[2];
	uint16_t             bad_versions, reported;
	bool                 encrypted[2];
	bool                 established;
};

/* A record with the header of DTLS 1.0 to 1.2, which 1.3 also uses for plaintext. */
struct record {
	uint8_t      type;
	uint16_t     epoch;
	uint64_t     number;
	struct bytes body;
};

/* A fragment of a handshake message. */
struct fragment {
	uint8_t      type;
	uint32_t     length, offset, len;
	uint16_t     seq;
	struct bytes data;
};

/* ssl_established: the script knows the analyzer only if it was confirmed. */
static void
ciphertext(struct dtls *d, struct talk *t)
{
	if (!d->encrypted[0] || !d->encrypted[1] || d->established)
		return;
	d->established = true;
	if (d->hs.confirmed)
		tls_established(&d->hs, t);
}

/* ---- handshake */

/* Zeek rebuilds TLS's prefix and passes the data after it, whatever its length. */
static void
pass(struct dtls *d, struct talk *t, int side, const struct fragment *f, struct bytes data)
{
	const uint8_t length[3] = { (uint8_t)(f->length >> 16), (uint8_t)(f->length >> 8), (uint8_t)f->length };

	if (tls_handshake_feed(&d->hs, &d->part[side], t, side, (struct bytes){ &f->type, 1 }) &&
	    tls_handshake_feed(&d->hs, &d->part[side], t, side, (struct bytes){ length, sizeof length }))
		tls_handshake_feed(&d->hs, &d->part[side], t, side, data);
}

static void
slot_free(struct slot *s)
{
	free(s->held);
	*s = (struct slot){ 0 };
}

/* Stores a fragment that fits.  Returns false when out of memory, or the message is too long to be buffered. */
static bool
slot_store(struct slot *s, const struct fragment *f)
{
	const uint32_t end = f->offset + (uint32_t)f->data.n;

	if (s->length > TLS_HELLO_MAX)
		return false;
	if (end > s->room) {
		uint8_t *p = realloc(s->held, end);
		if (!p)
			return false;
		memset(p + s->room, 0, end - s->room);
		s->held = p;
		s->room = end;
	}
	if (f->data.n)
		memcpy(s->held + f->offset, f->data.p, f->data.n);
	return true;
}

/* Finds the slot of record `number` in the window. Returns false if the fragment is ignored; an error in it has been
 * reported. */
static bool
slot_place(struct slot *s, struct talk *t, uint64_t number, const struct fragment *f)
{
	const uint64_t distance = s->first > number ? s->first - number : number - s->first;

	if (distance >= WINDOW || (number < s->first && s->has_first)) {
		talk_violate(t);
		return false;
	}
	if (number < s->first) { /* the first fragment seen was not the first one sent */
		s->seen <<= distance;
		s->first = number;
	}
	if (f->offset == 0)
		s->has_first = true;
	if (s->seen >> (number - s->first) & 1)
		return false; /* duplicate */
	if (f->data.n != f->len || (uint64_t)f->offset + f->len > f->length) {
		talk_violate(t);
		return false;
	}
	s->seen |= UINT32_C(1) << (number - s->first);
	return true;
}

static void
fragment(struct dtls *d, struct talk *t, int side, uint64_t number, const struct fragment *f)
{
	struct slot *s = &d->slot[side];

	if (f->length > LENGTH_MAX) {
		talk_violate(t);
		return;
	}
	if (!s->used || s->seq != f->seq || s->length != f->length) {
		slot_free(s);
		*s = (struct slot){ .used = true, .seq = f->seq, .length = f->length, .first = number };
	}
	if (!slot_place(s, t, number, f))
		return;
	const bool stored = slot_store(s, f);
	if (f->offset + f->len == f->length)
		s->last = number;
	if (s->last == 0 || !s->has_first)
		return;
	const uint64_t more = s->last - s->first;
	if (more > FRAGMENTS_MAX)
		talk_violate(t);
	else if ((~s->seen & ((UINT32_C(1) << (more + 1)) - 1)) == 0 && stored && s->room == s->length)
		pass(d, t, side, f, (struct bytes){ s->held, s->length });
}

/* Returns false if the fragment's header does not fit. */
static bool
handshake(struct dtls *d, struct talk *t, int side, uint64_t number, struct bytes body)
{
	struct reader   r = reader_of(body);
	struct fragment f;

	f.type = (uint8_t)read_be(&r, 1);
	f.length = read_be(&r, 3);
	f.seq = (uint16_t)read_be(&r, 2);
	f.offset = read_be(&r, 3);
	f.len = read_be(&r, 3);
	f.data = read_rest(&r);
	if (r.bad)
		return false;
	if (f.offset == 0 && f.length == f.len)
		pass(d, t, side, &f, f.data);
	else
		fragment(d, t, side, number, &f);
	return true;
}

/* ---- records: these return false if they are malformed */

static bool
alert_fits(const struct dtls *d, size_t len)
{
	const size_t most = tls_is_13(&d->hs) ? 2 : 20; /* SSL::max_alerts_per_record */

	return len >= most || len % 2 == 0;
}

static bool
record(struct dtls *d, struct talk *t, int side, const struct record *rec)
{
	if (rec->body.n == 0)
		return true;
	if (rec->epoch != 0) {
		ciphertext(d, t);
		return true;
	}
	switch (rec->type) {
	case CHANGE_CIPHER_SPEC:
		if (!tls_is_13(&d->hs))
			d->encrypted[side] = true;
		return true;
	case ALERT:
		return alert_fits(d, rec->body.n);
	case HANDSHAKE:
		return handshake(d, t, side, rec->number, rec->body);
	case APPLICATION_DATA:
		return true;
	case HEARTBEAT:
		return rec->body.n >= 3;
	default:
		talk_violate(t);
		return true;
	}
}

/* DTLS 1.3's header of encrypted records; what follows it is the rest of the datagram. */
static bool
unified(struct dtls *d, struct talk *t, int side, uint8_t first, struct reader *r)
{
	enum { CONNECTION_ID = 0x10, LONG_NUMBER = 0x08, LENGTH = 0x04 };

	if (!(first & CONNECTION_ID)) {
		read_skip(r, first & LONG_NUMBER ? 2 : 1);
		read_skip(r, first & LENGTH ? 2 : 0);
	}
	if (r->bad)
		return false;
	read_skip(r, read_left(r));
	d->encrypted[side] = true;
	ciphertext(d, t);
	return true;
}

/* dtls_version_ok(). */
static bool
version_good(struct dtls *d, struct talk *t, uint16_t version)
{
	if (version == DTLS_1_0 || version == DTLS_1_2) {
		if (d->hs.confirmed)
			d->bad_versions = 0;
		return true;
	}
	if (d->hs.confirmed && d->reported < BAD_VERSIONS_REPORTED) {
		d->reported++;
		talk_violate(t);
	}
	if (d->bad_versions++ >= BAD_VERSIONS_MAX)
		talk_skip(t);
	return false;
}

static bool
one_record(struct dtls *d, struct talk *t, int side, struct reader *r)
{
	struct record rec;

	rec.type = (uint8_t)read_be(r, 1);
	if (d->hs.version == DTLS_1_3 && (rec.type & 0xe0) == 0x20)
		return unified(d, t, side, rec.type, r);
	const uint16_t version = (uint16_t)read_be(r, 2);
	rec.epoch = (uint16_t)read_be(r, 2);
	rec.number = (uint64_t)read_be(r, 2) << 32;
	rec.number |= read_be(r, 4);
	const uint32_t len = read_be(r, 2);
	if (r->bad)
		return false;
	if (!version_good(d, t, version)) {
		read_skip(r, read_left(r));
		return true;
	}
	rec.body = read_take(r, len);
	return !r->bad && record(d, t, side, &rec);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct dtls  *d = talk_state(t);
	struct reader r = reader_of(b);
	const bool    was_confirmed = d->hs.confirmed;

	if (b.n > 20 && load_be32(b.p + 4) == 0x2112a442) /* STUN's magic cookie */
		return;
	while (read_left(&r) > 0) {
		if (!one_record(d, t, side, &r)) {
			talk_throw(t);
			break;
		}
	}
	if (d->hs.confirmed && !was_confirmed)
		talk_settled(t);
}

static void
end(struct talk *t)
{
	struct dtls *d = talk_state(t);

	gather_clear(&d->part[0]);
	gather_clear(&d->part[1]);
	for (int side = 0; side < 2; side++)
		slot_free(&d->slot[side]);
}

static const uint16_t ports[] = { 443, 0 };

const struct recogniser recogniser_dtls = {
	.service = SERVICE_DTLS,
	.udp_ports = ports,
	.state_size = sizeof(struct dtls),
	.feed = feed,
	.end = end,
	.unguarded = true,
};
