/* teredo.c - Teredo (RFC 4380): IPv6 in UDP, after at most an authentication header and an origin indication.
 *
 * Zeek: src/packet_analysis/protocol/teredo/Teredo.cc.
 */
#include "decode/ip.h"
#include "decode/udp_kinds.h"

#define IP6_HEADER 40

/* Returns whether an address in the bytes of an IPv6 header begins with Teredo's prefix, 2001:0::/32. */
static bool
has_prefix(const uint8_t *address)
{
	return load_be32(address) == 0x20010000;
}

/* DetectProtocol: fast, but so loose that it takes a plain IPv6 header whose second byte is 0 or 1 for a Teredo
 * header. */
bool
teredo_detect(struct bytes b)
{
	if (b.n < IP6_HEADER)
		return false;
	if (b.p[0] >> 4 == 6) {
		if (has_prefix(b.p + 8) || has_prefix(b.p + 24))
			return true;
	} else if (b.p[0] != 0 || b.p[1] > 1) {
		return false;
	}
	unsigned tag = b.p[1];
	if (tag == 1) { /* authentication */
		b = bytes_skip(b, 13u + b.p[2] + b.p[3]);
		if (b.n < IP6_HEADER)
			return false;
		tag = load_be16(b.p);
	}
	if (tag != 0)
		return false;
	b = bytes_skip(b, 8); /* origin indication */
	return b.n >= IP6_HEADER && b.p[0] >> 4 == 6;
}

/* Skips the headers. Returns false if this is not a Teredo packet. */
static bool
strip(struct bytes *b)
{
	bool origin = false, authentication = false;
	for (;;) {
		if (b->n < 2)
			return false;
		unsigned tag = load_be16(b->p);
		if (tag == 0) {
			if (origin || b->n < 8)
				return false;
			origin = true;
			*b = bytes_skip(*b, 8);
		} else if (tag == 1) {
			if (origin || authentication || b->n < 4)
				return false;
			size_t len = 4u + b->p[2] + b->p[3] + 8 + 1; /* identifier, value, nonce, confirmation */
			if (b->n < len)
				return false;
			authentication = true;
			*b = bytes_skip(*b, len);
		} else {
			return tag >> 12 == 6 && b->n >= IP6_HEADER;
		}
	}
}

bool
teredo_packet(const struct udp_view *v)
{
	struct bytes     b = v->p->data;
	struct ip_header h;

	if (!strip(&b))
		return violate(v);
	switch (ip_check_inner(b, PROTO_IPV6, &h)) {
	case IP_CHECK_OK:
		break;
	case IP_CHECK_TOO_LARGE: /* a bubble followed by something is valid */
		if (h.next == PROTO_NONE && h.payload_len == 0)
			break;
		return violate(v);
	default:
		return violate(v);
	}
	*(v->is_orig ? &v->st->valid_orig : &v->st->valid_resp) |= v->kind;
	if (!v->opt->delay_teredo_confirmation || (v->st->valid_orig & v->st->valid_resp & v->kind))
		confirm(v);
	return inside(v, TUNNEL_TEREDO, INNER_IP, b);
}
