/* tls_handshake.c - see tls_handshake.h.
 *
 * Follows Zeek's tls-handshake-protocol.pac and tls-handshake-analyzer.pac: a message is a type, a length of 3 bytes and that
 * many bytes, and is parsed when complete.  Bytes that its type does not describe are ignored.
 */
#include "service/tls/tls_handshake.h"
#include "service/reader.h"

enum {
	PREFIX = 4,
	HELLO_REQUEST = 0,
	HELLO_VERIFY_REQUEST = 3,
	SESSION_TICKET = 4,
	CERTIFICATE = 11,
	SERVER_KEY_EXCHANGE = 12,
	CERTIFICATE_REQUEST = 13,
	SERVER_HELLO_DONE = 14,
	CERTIFICATE_VERIFY = 15,
	CLIENT_KEY_EXCHANGE = 16,
	FINISHED = 20,
	CERTIFICATE_URL = 21,
	CERTIFICATE_STATUS = 22,
};

enum { SSL_2 = 0x0002, SSL_3 = 0x0300, TLS_1_1 = 0x0302, TLS_1_3 = 0x0304, DTLS_1_0 = 0xfeff, DTLS_1_2 = 0xfefd };

void
tls_give_up(struct tls_handshake *h, struct talk *t)
{
	h->stopped = true;
	talk_violate(t);
	talk_skip(t);
}

void
tls_established(const struct tls_handshake *h, struct talk *t)
{
	const uint8_t both = 1 << TALK_ORIG | 1 << TALK_RESP;

	if (h->version != 0 && h->shown == both && tls_is_null(h->cipher))
		talk_gridftp_data(t);
	talk_ssl_established(t);
}

bool
tls_is_13(const struct tls_handshake *h)
{
	return h->version == TLS_1_3 || h->version / 0xff == 0x7f; /* drafts; the odd divisor is Zeek's */
}

/* Zeek's version_ok(). */
static bool
version_known(uint16_t version)
{
	return version >> 8 == 0x7f || version == SSL_2 || (version >= SSL_3 && version <= TLS_1_3) ||
	       version == DTLS_1_0 || version == DTLS_1_2 || version == 0xfefc;
}

void
tls_client_version(struct tls_handshake *h, struct talk *t, uint16_t version)
{
	if (version_known(version)) {
		h->confirmed = true;
		talk_confirm(t);
	} else {
		tls_give_up(h, t);
	}
}

/* Returns whether signatures in the chosen version name their algorithm. */
static bool
names_algorithms(const struct tls_handshake *h)
{
	return h->version > TLS_1_1 && h->version != DTLS_1_0;
}

/* ---- messages: these return false if one is malformed */

/* Zeek reads but ignores the length of all extensions. */
static bool
extensions_at(struct tls_handshake *h, int side, uint8_t message, struct reader *r)
{
	if (read_left(r) > 0)
		read_skip(r, 2);
	return !r->bad && tls_extensions(h, side, message, read_rest(r));
}

static bool
client_hello(struct tls_handshake *h, struct talk *t, int side, struct reader *r)
{
	const uint16_t version = (uint16_t)read_be(r, 2);
	read_skip(r, 4); /* time */
	if (r->bad)
		return false;
	h->flipped = side != TALK_ORIG;
	read_skip(r, 28);        /* random */
	(void)read_vector(r, 1); /* session */
	if (version == DTLS_1_0 || version == DTLS_1_2)
		(void)read_vector(r, 1);         /* cookie */
	read_skip(r, read_be(r, 2) / 2 * 2); /* cipher suites */
	(void)read_vector(r, 1);             /* compression */
	if (r->bad || !extensions_at(h, side, TLS_CLIENT_HELLO, r))
		return false;
	tls_client_version(h, t, version);
	return true;
}

static bool
server_hello(struct tls_handshake *h, struct talk *t, int side, struct reader *r)
{
	const uint16_t version = (uint16_t)read_be(r, 2);

	if (r->bad)
		return false;
	h->flipped = side == TALK_ORIG;
	const bool is_13 = version == TLS_1_3 || version >> 8 == 0x7f;
	read_skip(r, 32);
	if (!is_13)
		(void)read_vector(r, 1); /* session */
	const uint16_t cipher = (uint16_t)read_be(r, 2);
	if (!is_13)
		read_skip(r, 1); /* compression */
	if (r->bad || !extensions_at(h, side, TLS_SERVER_HELLO, r))
		return false;
	h->cipher = cipher;
	if (!version_known(version))
		tls_give_up(h, t);
	tls_choose_version(h, version);
	return true;
}

static bool
server_key_exchange(const struct tls_handshake *h, struct reader *r)
{
	enum { NAMED_CURVE = 3 };
	const enum tls_exchange kind = tls_exchange_of(h->cipher);

	if (kind == TLS_EXCHANGE_OTHER)
		return true;
	if (kind == TLS_ECDHE || kind == TLS_ECDH_ANON) {
		if (read_be(r, 1) != NAMED_CURVE)
			return !r->bad;
		read_skip(r, 2);
		(void)read_vector(r, 1); /* point */
	} else {
		for (int i = 0; i < 3; i++)
			(void)read_vector(r, 2); /* prime, generator, public value */
	}
	if (kind == TLS_ECDHE || kind == TLS_DHE) {
		if (names_algorithms(h))
			read_skip(r, 2);
		(void)read_vector(r, 2); /* signature */
	}
	return !r->bad;
}

/* A certificate is a file to Zeek, and a new file (file_new) runs all events raised so far. */
static bool
certificates(struct tls_handshake *h, struct talk *t, int side, struct reader *r)
{
	const struct bytes all = read_vector(r, 3);
	struct reader      one = reader_of(all);
	bool               any = false;

	while (read_left(&one) > 0 && !one.bad)
		any |= read_vector(&one, 3).n > 0;
	if (all.n > 3) /* more than the length of an empty list */
		h->shown |= (uint8_t)(1 << side);
	if (r->bad || one.bad)
		return false;
	if (any)
		talk_drain(t);
	return true;
}

static bool
certificate_request(const struct tls_handshake *h, struct reader *r)
{
	(void)read_vector(r, 1); /* certificate types */
	if (names_algorithms(h) && read_vector(r, 2).n % 2 != 0)
		return false;
	const struct bytes authorities = read_vector(r, 2);
	return !r->bad && is_all_vectors(authorities, 0, 2, 0);
}

static bool
message(struct tls_handshake *h, struct talk *t, int side, uint8_t type, struct bytes b)
{
	struct reader r = reader_of(b);

	switch (type) {
	case HELLO_REQUEST:
		h->flipped = side == TALK_ORIG;
		return true;
	case TLS_CLIENT_HELLO:
		return client_hello(h, t, side, &r);
	case TLS_SERVER_HELLO:
		return server_hello(h, t, side, &r);
	case HELLO_VERIFY_REQUEST:
		read_skip(&r, 2);
		(void)read_vector(&r, 1);
		return !r.bad;
	case SESSION_TICKET:
		read_skip(&r, 4);
		(void)read_vector(&r, 2);
		return !r.bad;
	case CERTIFICATE:
		return certificates(h, t, side, &r);
	case SERVER_KEY_EXCHANGE:
		return server_key_exchange(h, &r);
	case CERTIFICATE_REQUEST:
		return certificate_request(h, &r);
	case CERTIFICATE_STATUS:
		read_skip(&r, 1 + 3);
		return !r.bad;
	case SERVER_HELLO_DONE:
	case CERTIFICATE_VERIFY:
	case CLIENT_KEY_EXCHANGE:
	case FINISHED:
	case CERTIFICATE_URL:
		return true;
	default:
		talk_violate(t); /* unknown, but its end is known */
		return true;
	}
}

/* ---- framing */

/* Takes one message, or the available part of it.  Returns false if it is malformed. */
static bool
one_message(struct tls_handshake *h, struct gather *g, struct talk *t, int side, struct bytes *b)
{
	const uint8_t *p = gather_need(g, b, PREFIX);

	if (!p)
		return true;
	const uint8_t  type = p[0];
	const uint32_t len = load_be32(p) & 0xffffff;
	if (len > (type == TLS_CLIENT_HELLO ? TLS_HELLO_MAX : TLS_OTHER_MAX)) {
		gather_take(g, b, PREFIX);
		h->skip[side] = len;
		if (type == CERTIFICATE)
			h->shown |= (uint8_t)(1 << side);
		return true;
	}
	p = gather_need(g, b, PREFIX + len);
	if (!p)
		return true;
	const bool good = message(h, t, side, type, (struct bytes){ p + PREFIX, len });
	if (good)
		gather_take(g, b, PREFIX + len);
	return good;
}

bool
tls_handshake_feed(struct tls_handshake *h, struct gather *part, struct talk *t, int side, struct bytes b)
{
	while (b.n > 0) {
		const size_t skipped = h->skip[side] < b.n ? h->skip[side] : b.n;
		h->skip[side] -= (uint32_t)skipped;
		b = bytes_skip(b, skipped);
		if (b.n > 0 && !one_message(h, part, t, side, &b)) {
			gather_clear(part);
			talk_violate(t);
			return false;
		}
	}
	return true;
}
