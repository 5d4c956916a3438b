/* ssl.c - SSL and TLS over a stream (RFC 5246, RFC 8446, SSLv2; Zeek's ssl-protocol.pac, ssl-dtls-protocol.pac).
 *
 * Confirms at a ClientHello, of TLS or SSLv2, that is complete and well formed. Violates at 5 bytes that cannot be the
 * header of a record in the current version (after which it takes no more input), at an unknown record type, at an
 * alert or heartbeat of an impossible length, and at handshake messages (tls_handshake.c). The two sides share the
 * version of the record layer: the first to speak determines it. A record counts when it is complete.
 *
 * Once both sides are encrypted, Zeek's script disables the analyzer if it was confirmed (ssl_established).
 *
 * Buffers per direction one record if it is in the clear and has to be parsed (handshake, SSLv2), at most 18 KiB + 5
 * bytes; also the handshake message begun in it (tls_handshake.h). A longer record is skipped: its content could no
 * longer violate and, by the RFCs, it could not be a record at all. Other records are not buffered. The buffers'
 * descriptors are one allocated block, which exists while anything is buffered: most records end with their segment.
 */
#include <stdlib.h>

#include "service/tls/tls_handshake.h"
#include "service/reader.h"

enum { HEAD = 5, RECORD_MAX = 18432 /* RFC 5246, 6.2.3: 2^14 + 2048 */ };
enum { LAYER_UNKNOWN = 0, LAYER_SSL_2 = 2 };

/* Types of records; those of SSLv2 have 300 added, as in Zeek. */
enum {
	CHANGE_CIPHER_SPEC = 20,
	ALERT = 21,
	HANDSHAKE = 22,
	APPLICATION_DATA = 23,
	HEARTBEAT = 24,
	V2 = 300,
	V2_ERROR = V2,
	V2_CLIENT_HELLO = V2 + 1,
	V2_CLIENT_MASTER_KEY = V2 + 2,
	V2_SERVER_HELLO = V2 + 4,
};

struct way { /* one direction */
	uint16_t type, len;
	uint16_t left;          /* remaining bytes of a record that is not buffered */
	uint16_t version;       /* from the header of an SSLv2 record: that of a ClientHello */
	bool     in_record : 1; /* the header has been judged, the rest is to come */
	bool     held      : 1; /* the rest will be parsed */
	bool     encrypted : 1;
};

/* Incomplete records and messages, by side. */
struct parts {
	struct gather record[2], message[2];
};

struct ssl {
	struct tls_handshake hs;
	struct way           way[2];
	uint16_t             layer;
	bool                 established;
	struct parts
		*parts; /* allocated while something is buffered at the end of a chunk, which is rare; otherwise NULL */
};

_Static_assert(sizeof(struct ssl) == 48, "with its talk and inspection one and a half cache lines");

/* ---- the header of a record */

static bool
record_version(uint16_t v)
{
	return v >= 0x0300 && v <= 0x0303;
}

/* determine_ssl_record_layer(): returns the record's layer; LAYER_UNKNOWN if it has none, which has been reported. */
static uint16_t
layer_of(struct ssl *s, struct talk *t, int side, const uint8_t h[HEAD])
{
	const uint16_t version = load_be16(h + 1);

	if (s->layer == LAYER_SSL_2)
		return s->layer;
	if (s->layer != LAYER_UNKNOWN) {
		if (record_version(version))
			return s->layer;
	} else if (h[0] & 0x80) {
		const uint16_t hello = load_be16(h + 3);
		/* The layer stays undetermined: an SSLv2 hello may be answered with TLS. */
		if (h[2] == 1 && side == TALK_ORIG && (hello == LAYER_SSL_2 || record_version(hello)))
			return LAYER_SSL_2;
		if (h[2] == 4 && h[4] < 2 && side == TALK_RESP)
			return s->layer = LAYER_SSL_2;
	} else if (record_version(version) && h[0] >= 20 && h[0] <= 30) {
		return s->layer = version;
	}
	tls_give_up(&s->hs, t);
	return LAYER_UNKNOWN;
}

/* Parses the header. Returns false if it is not a record's, which has been reported. */
static bool
read_head(struct ssl *s, struct talk *t, int side, const uint8_t h[HEAD])
{
	struct way    *w = &s->way[side];
	const uint16_t layer = layer_of(s, t, side, h);
	int            len = load_be16(h + 3);

	if (layer == LAYER_UNKNOWN)
		return false;
	w->type = h[0];
	if (layer == LAYER_SSL_2) {
		w->type = (uint16_t)(V2 + h[2]);
		len = (load_be16(h) & 0x7fff) - 3;
	}
	if (len < 0) {
		talk_violate(t);
		return false;
	}
	w->version = load_be16(h + 3);
	w->len = (uint16_t)len;
	w->left = w->len;
	w->in_record = true;
	w->held = (w->type == HANDSHAKE || w->type >= V2) && !w->encrypted && len <= RECORD_MAX;
	return true;
}

/* ---- the content of a record */

/* ssl_established: the script knows the analyzer only if it was confirmed. */
static void
established(struct ssl *s, struct talk *t)
{
	if (s->hs.confirmed)
		tls_established(&s->hs, t);
	else
		talk_settled(t); /* no ClientHello can follow in the clear */
}

static void
ciphertext(struct ssl *s, struct talk *t)
{
	if (s->way[0].encrypted && s->way[1].encrypted && !s->established) {
		s->established = true;
		established(s, t);
	}
}

/* Returns whether that direction is encrypted: from TLS 1.3 on only application data shows it. */
static bool
encrypted_now(struct ssl *s, struct way *w)
{
	const uint16_t v = s->hs.version;

	if (w->type == APPLICATION_DATA && v != LAYER_SSL_2 && !record_version(v))
		w->encrypted = true;
	return w->encrypted;
}

/* Each byte of a ChangeCipherSpec record is a message; what follows the one that starts encryption is encrypted. */
static void
change_cipher_spec(struct ssl *s, struct talk *t, struct way *w)
{
	if (tls_is_13(&s->hs))
		return; /* in TLS 1.3 it has no meaning */
	w->encrypted = true;
	if (w->len > 1)
		ciphertext(s, t);
}

static bool
alert_fits(const struct ssl *s, unsigned len)
{
	const unsigned most = tls_is_13(&s->hs) ? 2 : 20; /* SSL::max_alerts_per_record */

	return len >= most || len % 2 == 0;
}

/* Parses one SSLv2 message of the record. Returns false if it is malformed. */
static bool
v2_message(struct ssl *s, struct talk *t, struct way *w, struct reader *r)
{
	unsigned len[3];

	if (w->type == V2_ERROR) {
		read_skip(r, read_left(r));
		return true;
	}
	if (w->type != V2_CLIENT_HELLO && w->type != V2_SERVER_HELLO && w->type != V2_CLIENT_MASTER_KEY) {
		talk_violate(t);
		read_skip(r, read_left(r));
		return true;
	}
	const unsigned front = w->type == V2_CLIENT_HELLO ? 0 : read_be(r, w->type == V2_SERVER_HELLO ? 2 : 1);
	for (int i = 0; i < 3; i++)
		len[i] = read_be(r, 2);
	if (w->type == V2_SERVER_HELLO)
		len[1] -= len[1] % 3; /* cipher suites; the rest counts as a message */
	read_skip(r, (size_t)len[0] + len[1] + len[2]);
	if (r->bad)
		return false;
	if (w->type == V2_CLIENT_HELLO) {
		tls_client_version(&s->hs, t, w->version);
	} else if (w->type == V2_SERVER_HELLO) {
		if (front != LAYER_SSL_2)
			tls_give_up(&s->hs, t);
	} else {
		s->way[0].encrypted = s->way[1].encrypted = true;
		established(s, t);
	}
	return true;
}

static bool
v2_record(struct ssl *s, struct talk *t, struct way *w, struct bytes body)
{
	struct reader r = reader_of(body);

	while (read_left(&r) > 0) {
		if (w->encrypted) {
			ciphertext(s, t);
			break;
		}
		if (!v2_message(s, t, w, &r))
			return false;
	}
	return true;
}

/* Handles a complete record; `body` is empty if it was not buffered. Returns false if it is malformed. */
static bool
record(struct ssl *s, struct parts *p, struct talk *t, int side, struct bytes body)
{
	struct way *w = &s->way[side];

	if (w->len == 0)
		return true;
	if (encrypted_now(s, w)) {
		ciphertext(s, t);
		return true;
	}
	if (w->type >= V2)
		return v2_record(s, t, w, body);
	switch (w->type) {
	case CHANGE_CIPHER_SPEC:
		change_cipher_spec(s, t, w);
		return true;
	case ALERT:
		return alert_fits(s, w->len);
	case HANDSHAKE:
		tls_handshake_feed(&s->hs, &p->message[side], t, side,
		                   body); /* malformed content does not invalidate the record */
		return true;
	case APPLICATION_DATA:
		return true;
	case HEARTBEAT:
		return w->len >= 3;
	default:
		talk_violate(t);
		return true;
	}
}

/* ---- framing */

/* Handles the available part of the body of a record. Returns false if it is malformed. */
static bool
read_body(struct ssl *s, struct parts *parts, struct talk *t, int side, struct bytes *b)
{
	struct way    *w = &s->way[side];
	struct gather *part = &parts->record[side];
	const uint8_t *p = NULL;

	if (w->held) {
		p = gather_need(part, b, w->len);
		if (!p)
			return true;
	} else {
		const size_t n = w->left < b->n ? w->left : b->n;
		w->left = (uint16_t)(w->left - n);
		*b = bytes_skip(*b, n);
		if (w->left > 0)
			return true;
	}
	w->in_record = false;
	const bool good = record(s, parts, t, side, (struct bytes){ p, p ? w->len : 0 });
	if (p)
		gather_take(part, b, w->len);
	if (!good)
		talk_violate(t);
	return good;
}

/* Skips records of application data at the beginning of `b`, as far as they are complete and can have no effect: their
 * version and layer are the expected ones, and nothing waits for encryption to begin. Returns the rest. */
static struct bytes
after_data(const struct ssl *s, int side, struct bytes b)
{
	const struct way *w = &s->way[side];

	if (s->layer == LAYER_UNKNOWN || s->layer == LAYER_SSL_2 || w->in_record)
		return b;
	if (s->parts && s->parts->record[side].held)
		return b;
	if (!s->established && (w->encrypted || !record_version(s->hs.version)))
		return b;
	while (b.n >= HEAD && b.p[0] == APPLICATION_DATA && record_version(load_be16(b.p + 1)) &&
	       load_be16(b.p + 3) <= b.n - HEAD)
		b = bytes_skip(b, HEAD + (size_t)load_be16(b.p + 3));
	return b;
}

static void
clear_parts(struct parts *p)
{
	for (int side = 0; side < 2; side++) {
		gather_clear(&p->record[side]);
		gather_clear(&p->message[side]);
	}
}

static void
clear(struct talk *t)
{
	struct ssl *s = talk_state(t);

	if (s->parts)
		clear_parts(s->parts);
	free(s->parts);
	s->parts = NULL;
}

/* Handles the records of a chunk. */
static void
records(struct ssl *s, struct parts *parts, struct talk *t, int side, struct bytes b)
{
	struct way    *w = &s->way[side];
	struct gather *part = &parts->record[side];

	while (!s->hs.stopped && (b.n > 0 || w->in_record)) {
		bool good = true;
		if (w->in_record) {
			good = read_body(s, parts, t, side, &b);
			if (w->in_record)
				break;
		} else {
			const uint8_t *h = gather_need(part, &b, HEAD);
			if (!h)
				break;
			good = read_head(s, t, side, h);
			gather_take(part, &b, HEAD);
		}
		if (!good) { /* binpac drops the rest of the chunk and starts over with the next one */
			gather_clear(part);
			break;
		}
	}
	if (s->hs.stopped)
		clear_parts(parts);
}

/* Keeps what a chunk has left over; when out of memory nothing, as a gather does. */
static void
keep_parts(struct ssl *s, struct parts *p)
{
	const bool holds = p->record[0].held || p->record[1].held || p->message[0].held || p->message[1].held;

	if (!holds) {
		free(s->parts);
		s->parts = NULL;
	} else if (!s->parts) {
		s->parts = malloc(sizeof *p);
		if (s->parts)
			*s->parts = *p;
		else
			clear_parts(p);
	}
}

/* Handles chunks that are not just application data. */
static __attribute__((noinline)) void
feed_records(struct ssl *s, struct talk *t, int side, struct bytes b)
{
	struct parts none = { 0 }, *parts = s->parts ? s->parts : &none;
	const bool   was_confirmed = s->hs.confirmed;

	records(s, parts, t, side, b);
	keep_parts(s, parts);
	if (s->hs.confirmed && !was_confirmed &&
	    talk_parent(t) != SERVICE_FTP) /* FTP also waits for ssl_established (gridftp) */
		talk_settled(t);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct ssl *s = talk_state(t);

	if (s->hs.stopped || talk_partial(t))
		return;
	b = after_data(s, side, b);
	if (b.n > 0 || s->way[side].in_record)
		feed_records(s, t, side, b);
}

/* After a gap neither side is parsed any more. */
static void
gap(struct talk *t, int side, uint64_t len)
{
	(void)side, (void)len;
	clear(t);
	talk_skip(t);
}

static const uint16_t ports[] = { 443, 465, 563, 585, 614, 636, 989, 990, 992, 993, 995, 5223, 0 };

const struct recogniser recogniser_ssl = {
	.service = SERVICE_SSL,
	.tcp_ports = ports,
	.state_size = sizeof(struct ssl),
	.feed = feed,
	.gap = gap,
	.end = clear,
};
