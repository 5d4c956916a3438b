/* quoted.c - see quoted.h. */
#include "decode/quoted.h"

#include "decode/ip.h"

enum { ICMP_HEADER = 8, IP4_HEADER = 20, IP6_HEADER = 40 };

static bool
is_error(uint8_t proto, uint8_t type)
{
	if (proto == PROTO_ICMPV6)
		return type < 128;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* Reads the IP header.  Returns false if it is not all there, or belongs to a fragment that has no transport header. */
static bool
quoted_ip(struct bytes b, struct ip_header *h)
{
	const unsigned version = b.n > 0 ? b.p[0] >> 4 : 0;

	if (version == 4 && b.n >= IP4_HEADER)
		ip4_parse(b, h);
	else if (version == 6 && b.n >= IP6_HEADER)
		ip6_parse(b, h);
	else
		return false;
	return h->hdr_len >= (version == 4 ? IP4_HEADER : IP6_HEADER) && h->hdr_len <= b.n && h->offset == 0;
}

bool
quoted_packet(const struct pkt *p, struct pkt *out)
{
	struct ip_header h;

	if (p->transport != TRANSPORT_ICMP || !is_error(p->proto, (uint8_t)p->sport) || p->payload.n < ICMP_HEADER ||
	    !quoted_ip(bytes_skip(p->payload, ICMP_HEADER), &h))
		return false;
	const struct bytes rest = bytes_skip(p->payload, ICMP_HEADER + h.hdr_len);
	*out = (struct pkt){ .src = h.src, .dst = h.dst, .proto = h.next };
	if (h.next == PROTO_TCP || h.next == PROTO_UDP) {
		if (rest.n < 4)
			return false;
		out->sport = load_be16(rest.p);
		out->dport = load_be16(rest.p + 2);
	} else if (h.next == PROTO_ICMP || h.next == PROTO_ICMPV6) {
		if (rest.n < 2)
			return false;
		const int counterpart = icmp_counterpart(h.next, rest.p[0]);
		out->sport = rest.p[0];
		out->dport = counterpart < 0 ? rest.p[1] : (uint16_t)counterpart;
	}
	return true;
}
