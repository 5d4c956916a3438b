/* tls_extensions.c - the extensions of TLS hellos whose form Zeek checks (tls-handshake-protocol.pac, SSLExtension).
 *
 * An extension without data is valid whatever its type, and bytes after the described structure are ignored.  Buffers nothing.
 */
#include "service/tls/tls_handshake.h"
#include "service/reader.h"

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
	struct reader r = reader_of(b);

	while (read_left(&r) > 0 && !r.bad) {
		if (read_be(&r, 1) == 0)
			(void)read_vector(&r, 2);
		else
			read_skip(&r, read_left(&r)); /* an unknown kind of name: the rest */
	}
	return !r.bad;
}

/* RFC 6962: a list of signed certificate timestamps. */
static bool
timestamps(struct bytes b)
{
	struct reader r = reader_of(b);

	while (read_left(&r) > 0 && !r.bad) {
		struct reader one = reader_of(read_vector(&r, 2));
		if (r.bad)
			break;
		read_skip(&one, 1 + 32 + 8); /* version, log, time */
		(void)read_vector(&one, 2);  /* extensions */
		read_skip(&one, 2);          /* algorithms */
		(void)read_vector(&one, 2);  /* signature */
		r.bad |= one.bad;
	}
	return !r.bad;
}

static bool
key_share(uint8_t message, struct reader *r)
{
	if (message == TLS_CLIENT_HELLO)
		return is_all_vectors(read_vector(r, 2), 2, 2, 0) && !r->bad;
	if (message != TLS_SERVER_HELLO)
		return true;
	const bool retry = read_left(r) == 2; /* HelloRetryRequest: only the group */
	read_skip(r, 2);
	if (!retry)
		(void)read_vector(r, 2);
	return !r->bad;
}

static bool
pre_shared_key(uint8_t message, struct reader *r)
{
	if (message == TLS_SERVER_HELLO)
		read_skip(r, 2);
	if (message != TLS_CLIENT_HELLO)
		return !r->bad;
	const struct bytes identities = read_vector(r, 2), binders = read_vector(r, 2);
	return !r->bad && is_all_vectors(identities, 0, 2, 4) && is_all_vectors(binders, 0, 1, 0);
}

/* The server's is the version that counts, whatever the ServerHello itself says. */
static bool
versions(struct tls_handshake *h, int side, struct reader *r)
{
	if ((side == TALK_ORIG) != h->flipped)
		return read_vector(r, 1).n % 2 == 0 && !r->bad;
	const uint16_t version = (uint16_t)read_be(r, 2);
	if (!r->bad)
		tls_choose_version(h, version);
	return !r->bad;
}

static bool
extension(struct tls_handshake *h, int side, uint8_t message, uint16_t type, struct bytes data)
{
	struct reader r = reader_of(data);

	if (data.n == 0)
		return true;
	switch (type) {
	case EXT_SERVER_NAME:
		return server_names(read_vector(&r, 2)) && !r.bad;
	case EXT_CURVES:
		read_skip(&r, read_be(&r, 2) / 2 * 2);
		return !r.bad;
	case EXT_POINT_FORMATS:
	case EXT_PSK_MODES:
	case EXT_CONNECTION_ID:
		(void)read_vector(&r, 1);
		return !r.bad;
	case EXT_SIGNATURE_ALGORITHMS:
		return read_vector(&r, 2).n % 2 == 0 && !r.bad;
	case EXT_ALPN:
		return is_all_vectors(read_vector(&r, 2), 0, 1, 0) && !r.bad;
	case EXT_TIMESTAMPS:
		return timestamps(read_vector(&r, 2)) && !r.bad;
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
	struct reader r = reader_of(b);

	while (read_left(&r) > 0) {
		const uint16_t     type = (uint16_t)read_be(&r, 2);
		const struct bytes data = read_vector(&r, 2);
		if (r.bad || !extension(h, side, message, type, data))
			return false;
	}
	return true;
}
