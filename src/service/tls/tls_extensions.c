/* tls_extensions.c - the extensions of TLS hellos whose form Zeek checks (tls-handshake-protocol.pac, SSLExtension).
 *
 * An extension without data is valid whatever its type, and bytes after the described structure are ignored.  Buffers nothing.
 */
#include "service/tls/tls_handshake.h"
#include "service/tls/tls_read.h"

enum {
	EXT_SERVER_NAME = 0,
	EXT_CURVES = 10,
	EXT_POINT_FORMATS = 11,
	EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_ALPN = 16,
	EXT_TIMESTAMPS = 18,
	EXT_KEY_SHARE_OLD = 40,
	EXT_PRE_SHARED_KEY = 41,
	EXT_VERSIONS = 43,
	EXT_PSK_MODES = 45,
	EXT_KEY_SHARE = 51,
	EXT_CONNECTION_ID = 54,
};

void
tls_choose_version(struct tls_handshake *h, uint16_t version)
{
	if (h->version == 0)
		h->version = version;
}

static bool
server_names(struct bytes b)
{
	struct tls_reader r = { b, false };

	while (r.b.n > 0 && !r.bad) {
		if (tls_number(&r, 1) == 0)
			tls_vector(&r, 2);
		else
			tls_take(&r, r.b.n); /* an unknown kind of name: the rest */
	}
	return !r.bad;
}

/* RFC 6962: a list of signed certificate timestamps. */
static bool
timestamps(struct bytes b)
{
	struct tls_reader r = { b, false };

	while (r.b.n > 0 && !r.bad) {
		struct tls_reader one = { tls_vector(&r, 2), false };
		if (r.bad)
			break;
		tls_take(&one, 1 + 32 + 8); /* version, log, time */
		tls_vector(&one, 2);        /* extensions */
		tls_take(&one, 2);          /* algorithms */
		tls_vector(&one, 2);        /* signature */
		r.bad |= one.bad;
	}
	return !r.bad;
}

static bool
key_share(uint8_t message, struct tls_reader *r)
{
	if (message == TLS_CLIENT_HELLO)
		return tls_all_vectors(tls_vector(r, 2), 2, 2, 0) && !r->bad;
	if (message != TLS_SERVER_HELLO)
		return true;
	const bool retry = r->b.n == 2; /* HelloRetryRequest: only the group */
	tls_take(r, 2);
	if (!retry)
		tls_vector(r, 2);
	return !r->bad;
}

static bool
pre_shared_key(uint8_t message, struct tls_reader *r)
{
	if (message == TLS_SERVER_HELLO)
		tls_take(r, 2);
	if (message != TLS_CLIENT_HELLO)
		return !r->bad;
	const struct bytes identities = tls_vector(r, 2), binders = tls_vector(r, 2);
	return !r->bad && tls_all_vectors(identities, 0, 2, 4) && tls_all_vectors(binders, 0, 1, 0);
}

/* The server's is the version that counts, whatever the ServerHello itself says. */
static bool
versions(struct tls_handshake *h, int side, struct tls_reader *r)
{
	if ((side == TALK_ORIG) != h->flipped)
		return tls_vector(r, 1).n % 2 == 0 && !r->bad;
	const uint16_t version = (uint16_t)tls_number(r, 2);
	if (!r->bad)
		tls_choose_version(h, version);
	return !r->bad;
}

static bool
extension(struct tls_handshake *h, int side, uint8_t message, uint16_t type, struct bytes data)
{
	struct tls_reader r = { data, false };

	if (data.n == 0)
		return true;
	switch (type) {
	case EXT_SERVER_NAME:
		return server_names(tls_vector(&r, 2)) && !r.bad;
	case EXT_CURVES:
		tls_take(&r, tls_number(&r, 2) / 2 * 2);
		return !r.bad;
	case EXT_POINT_FORMATS:
	case EXT_PSK_MODES:
	case EXT_CONNECTION_ID:
		tls_vector(&r, 1);
		return !r.bad;
	case EXT_SIGNATURE_ALGORITHMS:
		return tls_vector(&r, 2).n % 2 == 0 && !r.bad;
	case EXT_ALPN:
		return tls_all_vectors(tls_vector(&r, 2), 0, 1, 0) && !r.bad;
	case EXT_TIMESTAMPS:
		return timestamps(tls_vector(&r, 2)) && !r.bad;
	case EXT_KEY_SHARE_OLD:
	case EXT_KEY_SHARE:
		return key_share(message, &r);
	case EXT_PRE_SHARED_KEY:
		return pre_shared_key(message, &r);
	case EXT_VERSIONS:
		return versions(h, side, &r);
	default:
		return true;
	}
}

bool
tls_extensions(struct tls_handshake *h, int side, uint8_t message, struct bytes b)
{
	struct tls_reader r = { b, false };

	while (r.b.n > 0) {
		const uint16_t     type = (uint16_t)tls_number(&r, 2);
		const struct bytes data = tls_vector(&r, 2);
		if (r.bad || !extension(h, side, message, type, data))
			return false;
	}
	return true;
}
