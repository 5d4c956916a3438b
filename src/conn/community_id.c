/* community_id.c - see community_id.h.
 *
 * SHA-1 over: seed (2 bytes), address, address, protocol, 0, port, port; the lower endpoint first unless the tuple is
 * one-way ICMP. Zeek's communityid.bif chooses the table of ICMP types by the IP version, not by the protocol, so
 * ICMPv6 in IPv4 is treated as ICMP here. Zeek leaves out the ports of protocols that it does not track, except SCTP.
 */
#include "conn/community_id.h"

#include <openssl/evp.h>
#include <string.h>

#include "decode/ip.h"

/* Returns the port's rank in Zeek's comparison: Zeek compares ports as they lie in memory in network order
 * (communityid.bif, addr_port_canon_lt), so on its usual little-endian machines the low byte is the more significant
 * one. This matters only between ports of the same address. */
static uint16_t
port_rank(uint16_t port)
{
	return (uint16_t)(port << 8 | port >> 8);
}

static const uint8_t proto_sctp = 132;

static size_t
put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return 2;
}

size_t
community_id(const struct community_flow *c, uint16_t seed, bool base64, char out[COMMUNITY_ID_MAX])
{
	const bool   v4 = addr_is_v4(&c->h[ORIG]);
	const size_t skip = v4 ? 12 : 0;
	const int    order = addr_cmp(&c->h[ORIG], &c->h[RESP]);
	const bool   lower = order < 0 || (order == 0 && port_rank(c->p[ORIG]) < port_rank(c->p[RESP]));
	uint8_t      in[2 + 16 + 16 + 2 + 4], digest[EVP_MAX_MD_SIZE];
	unsigned     digest_len = 0;
	uint8_t      proto = c->proto;
	bool         one_way = false;
	size_t       n = put16(in, seed);

	if (c->transport == TRANSPORT_ICMP) {
		proto = v4 ? PROTO_ICMP : PROTO_ICMPV6;
		one_way = icmp_counterpart(proto, (uint8_t)c->p[ORIG]) < 0;
	}
	const int first = one_way || lower ? ORIG : RESP;
	memcpy(in + n, c->h[first].b + skip, 16 - skip);
	n += 16 - skip;
	memcpy(in + n, c->h[!first].b + skip, 16 - skip);
	n += 16 - skip;
	in[n++] = proto;
	in[n++] = 0;
	if (c->transport != TRANSPORT_UNKNOWN || proto == proto_sctp) {
		n += put16(in + n, c->p[first]);
		n += put16(in + n, c->p[!first]);
	}
	if (!EVP_Digest(in, n, digest, &digest_len, EVP_sha1(), NULL))
		return 0;

	memcpy(out, "1:", 2);
	if (base64)
		return 2 + (size_t)EVP_EncodeBlock((unsigned char *)out + 2, digest, (int)digest_len);
	for (unsigned i = 0; i < digest_len; i++) {
		out[2 + 2 * i] = "0123456789abcdef"[digest[i] >> 4];
		out[3 + 2 * i] = "0123456789abcdef"[digest[i] & 15];
	}
	return 2 + 2 * digest_len;
}
