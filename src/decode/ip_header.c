/* ip_header.c - reading IPv4 headers (RFC 791) and IPv6 header chains (RFC 8200, 4302, 6275).
 *
 * A chain ends after a fragment header, ESP or a mobility header, or where the next header is cut off; the type of that
 * header is then the payload's protocol, as in Zeek (src/IP.cc, IPv6_Hdr_Chain::Init).
 */
#include "decode/ip.h"

#define IP6_HEADER 40

void
ip4_parse(struct bytes b, struct ip_header *h)
{
	const uint8_t *p = b.p;
	unsigned       off = load_be16(p + 6);

	h->src = addr_from_v4(p + 12);
	h->dst = addr_from_v4(p + 16);
	h->total_len = load_be16(p + 2);
	h->hdr_len = (uint16_t)((p[0] & 15) * 4);
	h->payload_len = h->total_len ? (uint16_t)(h->total_len - h->hdr_len) : 0;
	h->version = 4;
	h->ttl = p[8];
	h->next = p[9];
	h->last = PROTO_RAW;
	h->last_off = 0;
	h->fragment = (off & 0x3fff) != 0;
	h->more = (off & 0x2000) != 0;
	h->df = (off & 0x4000) != 0;
	h->offset = (uint16_t)((off & 0x1fff) * 8);
	h->id = load_be16(p + 4);
	h->flow_label = 0;
}

static bool
is_extension(uint8_t type)
{
	switch (type) {
	case PROTO_HOPOPTS:
	case PROTO_ROUTING:
	case PROTO_DSTOPTS:
	case PROTO_FRAGMENT:
	case PROTO_AH:
	case PROTO_ESP:
	case PROTO_MOBILITY:
		return true;
	default:
		return false;
	}
}

/* Returns the length of an extension header; `p` holds two bytes. The first header of a chain counts as of type
 * PROTO_IPV6. */
static unsigned
header_len(uint8_t type, const uint8_t *p)
{
	switch (type) {
	case PROTO_IPV6:
		return IP6_HEADER;
	case PROTO_FRAGMENT:
	case PROTO_ESP:
		return 8;
	case PROTO_AH: /* (length + 2) words by RFC 4302; Zeek takes `length` words and two more */
		return 8 + 4u * p[1];
	default:
		return 8 + 8u * p[1];
	}
}

/* Applies a Routing header: with segments left, it names the final destination (types 0 and 2). Only the first one
 * counts. */
static void
routing_header(struct bytes r, struct addr *dst, bool *have_dst)
{
	unsigned words = r.p[1], type = r.p[2], left = r.p[3];

	if (*have_dst || left == 0)
		return;
	if ((type == 0 && words >= 2 && words % 2 == 0) || (type == 2 && words == 2)) {
		*dst = addr_from_v6(r.p + r.n - 16);
		*have_dst = true;
	}
}

/* Applies a Home Address option (RFC 6275 6.3), which names the true source. Only the first one counts. */
static void
destination_options(struct bytes o, struct addr *src, bool *have_src)
{
	o = bytes_skip(o, 2);
	while (o.n > 0) {
		size_t len = 1; /* Pad1 */
		if (o.p[0] != 0) {
			if (o.n < 2 || o.n < 2u + o.p[1])
				return;
			len = 2u + o.p[1];
			if (o.p[0] == 201 && o.p[1] == 16 && !*have_src) {
				*src = addr_from_v6(o.p + 2);
				*have_src = true;
			}
		}
		o = bytes_skip(o, len);
	}
}

/* Follows the chain. If `patch` is not NULL, it is the same memory as `b`, and the field that announces a fragment
 * header is overwritten with `patch_next`. */
static void
chain(struct bytes b, struct ip_header *h, uint8_t *patch, uint8_t patch_next)
{
	bool    have_src = false, have_dst = false;
	size_t  off = 0;
	uint8_t type, next = PROTO_IPV6;

	h->last = h->next = PROTO_NONE;
	do {
		if (b.n - off < 2)
			break;
		type = next;
		struct bytes header = bytes_head(bytes_skip(b, off), header_len(type, b.p + off));
		if (header.n < header_len(type, b.p + off))
			break;
		size_t field = off + (type == PROTO_IPV6 ? 6 : 0);
		next = type == PROTO_ESP ? PROTO_NONE : b.p[field];
		if (patch && next == PROTO_FRAGMENT)
			patch[field] = next = patch_next;
		h->last = type;
		h->last_off = (uint16_t)off;
		h->next = next;
		if (type == PROTO_ROUTING)
			routing_header(header, &h->dst, &have_dst);
		else if (type == PROTO_DSTOPTS)
			destination_options(header, &h->src, &have_src);
		off += header.n;
	} while (type != PROTO_FRAGMENT && type != PROTO_ESP && type != PROTO_MOBILITY && is_extension(next));
	h->hdr_len = (uint16_t)off;
}

static void
ip6_fields(struct bytes b, struct ip_header *h, uint8_t *patch, uint8_t patch_next)
{
	const uint8_t *p = b.p;

	h->src = addr_from_v6(p + 8);
	h->dst = addr_from_v6(p + 24);
	h->total_len = load_be16(p + 4) + IP6_HEADER;
	h->version = 6;
	h->ttl = p[7];
	h->flow_label = load_be32(p) & 0xfffff;
	h->df = h->more = false;
	h->offset = 0;
	h->id = 0;
	chain(b, h, patch, patch_next);
	h->payload_len = (uint16_t)(h->total_len - h->hdr_len);
	h->fragment = h->last == PROTO_FRAGMENT;
	if (h->fragment) {
		const uint8_t *f = p + h->last_off;
		h->offset = load_be16(f + 2) & 0xfff8;
		h->more = load_be16(f + 2) & 1;
		h->id = load_be32(f + 4);
	}
}

void
ip6_parse(struct bytes b, struct ip_header *h)
{
	ip6_fields(b, h, NULL, 0);
}

void
ip6_parse_reassembled(uint8_t *p, size_t n, uint8_t next, struct ip_header *h)
{
	ip6_fields((struct bytes){ p, n }, h, p, next);
}

enum ip_check
ip_check_inner(struct bytes b, unsigned proto, struct ip_header *h)
{
	if (proto == PROTO_IPV6) {
		if (b.n < IP6_HEADER)
			return IP_CHECK_TOO_SMALL;
		if (b.p[0] >> 4 != 6)
			return IP_CHECK_BAD;
		ip6_parse(b, h);
	} else if (proto == PROTO_IPV4) {
		if (b.n < 20 || b.p[0] >> 4 != 4)
			return IP_CHECK_BAD;
		ip4_parse(b, h);
	} else {
		return IP_CHECK_BAD;
	}
	if (b.n == h->total_len)
		return IP_CHECK_OK;
	return b.n < h->total_len ? IP_CHECK_TOO_SMALL : IP_CHECK_TOO_LARGE;
}
