/* rdp_pdu.c - see rdp_pdu.h.  TPKT is RFC 1006, COTP X.224, the rest MS-RDPBCGR with its T.125 and T.124. */
#include "service/remote/rdp_pdu.h"

#include "service/asn1.h"
#include "service/text.h"

#define DATA_MAX 262144u /* MAX_DATA_LENGTH */

static bool
literal(struct reader *r, const char *text)
{
	const size_t   n = strlen(text);
	const uint8_t *p = read_fixed(r, n);

	if (!p || memcmp(p, text, n) != 0)
		read_fail(r);
	return !r->bad;
}

/* ---- the negotiation (X.224) */

static bool
connect_request(struct reader *r, uint8_t cotp_len)
{
	const size_t before = read_left(r) + 2;

	read_skip(r, 5);
	const struct bytes rest = read_rest(r);
	if (text_begins(rest, "Cookie: mstshash=")) {
		const uint8_t *cr = memchr(rest.p, '\r', rest.n);
		if (!cr)
			return false;
		read_skip(r, (size_t)(cr - rest.p));
		literal(r, "\r\n");
	}
	if (r->bad)
		return false;
	if (before - read_left(r) == cotp_len + 1u)
		return true;
	read_skip(r, 2);
	const uint16_t len = read_le16(r);
	read_skip(r, 4);
	return !r->bad && len == 8;
}

static bool
connect_confirm(struct rdp_said *said, struct reader *r, uint8_t cotp_len)
{
	read_skip(r, 5);
	if (r->bad || cotp_len == 6)
		return !r->bad;
	const uint8_t type = read_u8(r);
	read_skip(r, 1);
	const uint16_t len = read_le16(r);
	const uint32_t protocol = read_le32(r);
	if (r->bad)
		return false;
	if (type == 3) /* a refusal */
		return true;
	if (type != 2 || len != 8)
		return false;
	if (protocol > 0) {
		said->encrypted = true;
		said->method = protocol;
	}
	return true;
}

/* ---- the server's certificate */

static void
proprietary(struct reader *r)
{
	read_skip(r, 4 + 4 + 2);
	struct reader key = reader_of(read_take(r, read_le16(r)));
	read_skip(&key, 4);
	const uint32_t key_len = read_le32(&key);
	read_skip(&key, 4 + 4);
	read_skip(&key, key_len);
	if (key.bad || key_len > DATA_MAX)
		read_fail(r);
	read_skip(r, 2);
	read_skip(r, read_le16(r));
}

static void
x509(struct reader *r)
{
	const uint32_t n = read_le32(r);

	if (n > 1000)
		read_fail(r);
	for (uint32_t i = 0; i < n && !r->bad; i++) {
		const uint32_t len = read_le32(r);
		if (len > DATA_MAX)
			read_fail(r);
		read_skip(r, len);
	}
}

static bool
certificate(struct reader r)
{
	const uint32_t version = read_le32(&r) & 0x7fffffff;

	if (version == 1)
		proprietary(&r);
	else if (version == 2)
		x509(&r);
	else
		return false;
	return !r.bad;
}

static bool
server_security(struct rdp_said *said, struct reader *r)
{
	const uint32_t method = read_le32(r), level = read_le32(r), random = read_le32(r), cert = read_le32(r);

	if (r->bad || (random != 32 && (random != 0 || method != 0 || level != 0)))
		return false;
	read_skip(r, random);
	if (!certificate(reader_of(read_take(r, cert)))) /* an empty one has no version */
		return false;
	if (method > 0 && level > 0) {
		said->encrypted = true;
		said->method = 0;
	}
	said->rdp = true;
	return true;
}

/* ---- data blocks, all of which either side may send */

static bool
block(struct rdp_said *said, struct reader r, uint16_t type, uint16_t len)
{
	uint32_t n;

	switch (type) {
	case 0xc001: /* client core */
		read_skip(&r, 206);
		said->rdp |= !r.bad;
		break;
	case 0xc002: /* client security, cluster */
	case 0xc004:
		read_skip(&r, 8);
		break;
	case 0xc003: /* client network */
		n = read_le32(&r);
		if (n > 1000)
			return false;
		read_skip(&r, 12 * (size_t)n);
		break;
	case 0x0c01: /* server core */
		read_skip(&r, len == 8 ? 4 : 8);
		break;
	case 0x0c02:
		return server_security(said, &r);
	case 0x0c03: /* server network */
		read_skip(&r, 4);
		break;
	}
	return !r.bad;
}

static bool
blocks(struct rdp_said *said, struct reader *r)
{
	while (read_more(r)) {
		const uint16_t type = read_le16(r), len = read_le16(r);
		if (r->bad || len < 4)
			return false;
		const struct bytes b = read_take(r, len - 4u);
		if (r->bad || !block(said, reader_of(b), type, len))
			return false;
	}
	return !r->bad;
}

/* ---- MCS with its GCC conference */

static bool
client_mcs(struct rdp_said *said, struct reader *r)
{
	for (int i = 0; i < 4; i++) /* type, calling, called domain, upward flag */
		(void)asn1_value(r);
	for (int i = 0; i < 3; i++) /* target, minimum, maximum parameters */
		(void)asn1_value(r);
	read_skip(r, 4);
	read_skip(r, read_be16(r));
	read_skip(r, 2);
	read_skip(r, 8);
	literal(r, "Duca");
	read_skip(r, 2);
	return blocks(said, r);
}

static bool
server_mcs(struct rdp_said *said, struct reader *r)
{
	read_skip(r, 3);
	for (int i = 0; i < 3; i++) /* result, called id, domain parameters */
		(void)asn1_value(r);
	read_skip(r, 4);
	read_skip(r, read_be16(r));
	read_skip(r, 1);
	read_skip(r, 9);
	literal(r, "McDn");
	read_skip(r, 2);
	if (r->bad)
		return false;
	said->rdp = true;
	return blocks(said, r);
}

static bool
data(struct rdp_said *said, struct reader *r)
{
	read_skip(r, 2);
	const uint8_t type = read_u8(r);

	if (r->bad)
		return false;
	if (type == 0x65)
		return client_mcs(said, r);
	return type != 0x66 || server_mcs(said, r);
}

bool
rdp_packet(struct rdp_said *said, const uint8_t *p, size_t n)
{
	struct reader r = reader_of((struct bytes){ p, n });

	read_skip(&r, 4);
	const uint8_t cotp_len = read_u8(&r), pdu = read_u8(&r);
	if (r.bad)
		return false;
	switch (pdu) {
	case 0xe0:
		return connect_request(&r, cotp_len);
	case 0xd0:
		return connect_confirm(said, &r, cotp_len);
	case 0xf0:
		return data(said, &r);
	default:
		return true;
	}
}
