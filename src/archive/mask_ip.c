/* mask_ip.c - IPv4 and IPv6 headers: see mask.h.
 *
 * RFC 791, 8200, 4302 (AH), 6275 (Home Address option, mobility header), 8754 (segment routing).  Which header is how long and what the packet's
 * addresses are is what decode/ip_header.c says.
 */
#include "archive/mask.h"
#include "base/checksum.h"

enum { IP4_HEADER = 20, IP6_HEADER = 40, OPTION_HOME_ADDRESS = 201 };

/* The kinds and lengths of options, and the addresses of routes. */
static void
v4_options(struct mask *m, size_t at, size_t end)
{
	while (at < end && m->old.p[at] != 0) {
		const uint8_t *p = m->old.p + at;
		const size_t   n = p[0] == 1 ? 1 : end - at >= 2 ? p[1] : 0;
		if (n == 0 || n > end - at || (p[0] != 1 && n < 2))
			return;
		mask_keep(m, at, n < 2 ? n : 2);
		if (p[0] == 7 || p[0] == 131 || p[0] == 137) { /* record route, loose and strict source route */
			mask_keep(m, at + 2, n > 2);
			for (size_t i = 3; i + 4 <= n; i += 4)
				mask_v4(m, at + i);
		}
		at += n;
	}
}

static void
v4_header(struct mask *m, size_t n)
{
	const size_t at = m->at;

	mask_keep(m, at, 12);
	mask_v4(m, at + 12);
	mask_v4(m, at + 16);
	if (n < IP4_HEADER || n > mask_left(m))
		return;
	v4_options(m, at + IP4_HEADER, at + n);
	mask_add_sum(m, (struct mask_sum){ .field = at + 10, .at = at, .n = n }, 0, true);
}

static void
v6_options(struct mask *m, size_t at, size_t end)
{
	while (at < end) {
		const uint8_t *p = m->old.p + at;
		const size_t   n = p[0] == 0 ? 1 : end - at >= 2 ? 2u + p[1] : 0;
		if (n == 0 || n > end - at)
			return;
		mask_keep(m, at, n < 2 ? n : 2);
		if (p[0] == OPTION_HOME_ADDRESS && n == 18)
			mask_v6(m, at + 2);
		at += n;
	}
}

/* Types 0 and 2 (RFC 5095, 6275) and 4 (RFC 8754) hold addresses from the ninth byte on; of type 4 other things may follow. */
static void
v6_routing(struct mask *m, size_t at, size_t n)
{
	const unsigned type = m->old.p[at + 2];
	size_t         addresses = (n - 8) / 16;

	mask_keep(m, at, 4);
	if (type == 4) {
		mask_keep(m, at + 4, 1); /* the last address */
		addresses = m->old.p[at + 4] + 1u < addresses ? m->old.p[at + 4] + 1u : addresses;
	}
	if (type != 0 && type != 2 && type != 4)
		return;
	for (size_t i = 0; i < addresses; i++)
		mask_v6(m, at + 8 + 16 * i);
}

/* The length is kept in eight bits, as the decoder does. */
static void
v6_mobility(struct mask *m, const struct ip_header *h, size_t at)
{
	const uint8_t  n = (uint8_t)(8 + 8 * m->old.p[at + 1]);
	const uint64_t fixed = checksum_word(checksum_word(0, PROTO_MOBILITY), n);
	const uint64_t was = checksum_add(checksum_add(fixed, h->src.b, 16), h->dst.b, 16);
	struct addr    src = mask_addr(m, h->src), dst = mask_addr(m, h->dst);

	mask_keep(m, at, 4);
	if (n >= 6 && n <= m->end - at)
		mask_add_sum(
			m,
			(struct mask_sum){
				.pseudo = checksum_add(checksum_add(fixed, src.b, 16), dst.b, 16), .field = at + 4, .at = at, .n = n },
			was, true);
}

/* A header of the chain, which is all there.  Returns its length. */
static size_t
v6_extension(struct mask *m, const struct ip_header *h, unsigned type, size_t at)
{
	const uint8_t *p = m->old.p + at;

	switch (type) {
	case PROTO_FRAGMENT:
	case PROTO_ESP:
		mask_keep(m, at, 8);
		return 8;
	case PROTO_AH:
		mask_keep(m, at, p[1] >= 1 ? 12 : 8); /* up to the integrity check value */
		return 8 + 4u * p[1];
	case PROTO_ROUTING:
		v6_routing(m, at, 8 + 8u * p[1]);
		return 8 + 8u * p[1];
	case PROTO_MOBILITY:
		v6_mobility(m, h, at);
		return 8 + 8u * p[1];
	default: /* hop-by-hop and destination options */
		mask_keep(m, at, 2);
		v6_options(m, at + 2, at + 8 + 8u * p[1]);
		return 8 + 8u * p[1];
	}
}

/* Returns whether a header of this type behind the chain is one that is not all there. */
static bool
is_cut_extension(unsigned type)
{
	return type == PROTO_HOPOPTS || type == PROTO_ROUTING || type == PROTO_DSTOPTS || type == PROTO_AH ||
	       type == PROTO_MOBILITY;
}

static void
v6_header(struct mask *m, const struct ip_header *h)
{
	const size_t begin = m->at;
	unsigned     type = m->old.p[begin + 6];

	mask_keep(m, begin, 8);
	mask_v6(m, begin + 8);
	mask_v6(m, begin + 24);
	for (size_t at = begin + IP6_HEADER; at < begin + h->hdr_len;) {
		const unsigned next = m->old.p[at];
		at += v6_extension(m, h, type, at);
		type = next;
	}
	mask_keep(m, begin + h->hdr_len, is_cut_extension(type) ? 2 : 0); /* so that it stays one that is cut short */
}

/* The piece becomes the payload, as far as it was captured; m->ip is what its checksum covers. */
static void
begin_payload(struct mask *m, const struct ip_header *h, bool quoted)
{
	m->at += h->hdr_len;
	if (h->payload_len != 0)
		mask_head(m, h->payload_len);
	m->ip.src = h->src;
	m->ip.dst = h->dst;
	m->ip.new_src = mask_addr(m, h->src);
	m->ip.new_dst = mask_addr(m, h->dst);
	m->ip.proto = h->next;
	m->ip.v4 = h->version == 4;
	m->ip.quoted = quoted;
	m->ip.len = h->payload_len;
	if (h->total_len == 0 || (h->payload_len == 0 && h->next != PROTO_TCP))
		m->ip.len = (uint32_t)mask_left(m);
	m->ip.cut = mask_left(m) < m->ip.len;
}

static enum mask_layer
forward(const struct mask *m, unsigned proto)
{
	switch (proto) {
	case PROTO_TCP:
		return MASK_TCP;
	case PROTO_UDP:
		return MASK_UDP;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return MASK_ICMP;
	case PROTO_IPV4:
	case PROTO_IPV6:
		return m->ip.quoted ? MASK_DONE : MASK_IP;
	case PROTO_GRE:
		return m->ip.quoted ? MASK_DONE : MASK_GRE;
	case PROTO_NONE:
	case PROTO_IGMP:
		return MASK_DONE;
	default:
		return MASK_PAYLOAD;
	}
}

/* Returns whether there is more behind the header than a fragment that only the whole datagram can tell of. */
static bool
is_complete(struct mask *m, const struct ip_header *h, bool quoted)
{
	if (!h->fragment || (m->whole && m->at == 0))
		return true;
	if (quoted || mask_left(m) < h->total_len || h->total_len < h->hdr_len)
		return h->offset == 0;
	if (m->fragment)
		m->fragment(m->arg, m, h, (struct bytes){ mask_old(m), mask_left(m) });
	return false;
}

enum mask_layer
mask_ip(struct mask *m, bool quoted)
{
	struct ip_header   h;
	const struct bytes b = { mask_old(m), mask_left(m) };
	const unsigned     version = b.n > 0 ? b.p[0] >> 4 : 0;

	if (version == 4 && b.n >= IP4_HEADER) {
		ip4_parse(b, &h);
		v4_header(m, h.hdr_len);
	} else if (version == 6 && b.n >= IP6_HEADER) {
		ip6_parse(b, &h);
		if (h.hdr_len > b.n || h.hdr_len < IP6_HEADER)
			return MASK_DONE;
		v6_header(m, &h);
	} else {
		return MASK_DONE;
	}
	if (h.hdr_len < (version == 4 ? IP4_HEADER : IP6_HEADER) || h.hdr_len > b.n || !is_complete(m, &h, quoted) ||
	    h.last == PROTO_ESP || h.last == PROTO_MOBILITY)
		return MASK_DONE;
	begin_payload(m, &h, quoted);
	return forward(m, h.next);
}
