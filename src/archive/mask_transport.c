/* mask_transport.c - TCP, UDP and ICMP: see mask.h.
 *
 * Of TCP's options (RFC 9293 and IANA's list) those are copied whose values are numbers that every system sends; others, of Multipath TCP for
 * example, can hold addresses.  Of ICMP (RFC 792) and ICMPv6 (RFC 4443, 4861, 2710) what is quoted and announced is replaced.
 */
#include "archive/mask.h"
#include "base/checksum.h"

enum { TCP_HEADER = 20, UDP_HEADER = 8, ICMP_HEADER = 8 };

static uint64_t
pseudo(const struct addr *src, const struct addr *dst, bool v4, unsigned proto, uint32_t len)
{
	const size_t   skipped = v4 ? 12 : 0;
	const uint64_t sum = checksum_add(checksum_add(0, src->b + skipped, 16 - skipped), dst->b + skipped, 16 - skipped);

	return checksum_word(checksum_word(checksum_word(sum, proto), len & 0xffff), len >> 16);
}

/* A checksum at `field` over the header that begins at `at`, and what follows. */
static void
add_sum(struct mask *m, unsigned proto, size_t at, size_t field)
{
	const struct mask_ip *ip = &m->ip;
	const bool            v4 = ip->v4 && proto != PROTO_ICMPV6;
	const size_t          n = m->end - at < ip->len ? m->end - at : ip->len;
	struct mask_sum       sum = { .field = at + field, .at = at, .n = n, .never_zero = proto == PROTO_UDP };
	uint64_t              was = 0;

	if (n < field + 2)
		return;
	if (proto != PROTO_ICMP) {
		was = pseudo(&ip->src, &ip->dst, v4, proto, ip->len);
		sum.pseudo = pseudo(&ip->new_src, &ip->new_dst, v4, proto, ip->len);
	}
	mask_add_sum(m, sum, was, n == ip->len);
}

/* ---- TCP ---------------------------------------------------------------------------------------------------------------------- */

static void
tcp_options(struct mask *m, size_t at, size_t end)
{
	enum { END, NOP, MSS, WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS = 8 };

	while (at < end && m->old.p[at] != END) {
		const uint8_t *p = m->old.p + at;
		const size_t   n = p[0] == NOP ? 1 : end - at >= 2 ? p[1] : 0;
		const bool     number = p[0] <= SACK || p[0] == TIMESTAMPS;
		if (n == 0 || n > end - at || (p[0] != NOP && n < 2))
			return;
		mask_keep(m, at, number ? n : 2);
		at += n;
	}
}

enum mask_layer
mask_tcp(struct mask *m)
{
	const size_t at = m->at, n = mask_left(m), header = n > 12 ? (m->old.p[at + 12] >> 4) * 4u : 0;

	mask_keep(m, at, TCP_HEADER);
	add_sum(m, PROTO_TCP, at, 16);
	if (header < TCP_HEADER || header > n || header > m->ip.len)
		return MASK_DONE;
	tcp_options(m, at + TCP_HEADER, at + header);
	m->at += header;
	return MASK_PAYLOAD;
}

/* ---- UDP ---------------------------------------------------------------------------------------------------------------------- */

enum mask_layer
mask_udp(struct mask *m)
{
	const uint8_t *p = mask_old(m);
	const size_t   at = m->at;

	mask_keep(m, at, UDP_HEADER);
	if (mask_left(m) < UDP_HEADER)
		return MASK_DONE;
	if (load_be16(p + 6) != 0)
		add_sum(m, PROTO_UDP, at, 6);
	m->at += UDP_HEADER;
	return m->ip.quoted ? MASK_PAYLOAD : mask_udp_payload(m, load_be16(p), load_be16(p + 2));
}

/* ---- ICMP --------------------------------------------------------------------------------------------------------------------- */

/* Goes on behind the next `n` bytes. */
static enum mask_layer
behind(struct mask *m, size_t n, enum mask_layer layer)
{
	m->at += n < mask_left(m) ? n : mask_left(m);
	return layer == MASK_QUOTE && m->ip.quoted ? MASK_DONE : layer;
}

static enum mask_layer
icmp4(struct mask *m, unsigned type)
{
	switch (type) {
	case 0:  /* echo reply */
	case 8:  /* echo */
	case 13: /* timestamp and its reply */
	case 14:
	case 15: /* information request and reply */
	case 16:
	case 17: /* address mask request and reply */
	case 18:
		mask_keep(m, m->at + 4, 4);
		return behind(m, ICMP_HEADER, MASK_PAYLOAD);
	case 3:  /* destination unreachable */
	case 4:  /* source quench */
	case 11: /* time exceeded */
	case 12: /* parameter problem */
		mask_keep(m, m->at + 4, 4);
		return behind(m, ICMP_HEADER, MASK_QUOTE);
	case 5: /* redirect */
		mask_v4(m, m->at + 4);
		return behind(m, ICMP_HEADER, MASK_QUOTE);
	case 9: /* router advertisement: its addresses stay zero */
		mask_keep(m, m->at + 4, 4);
		return MASK_DONE;
	default:
		return MASK_DONE;
	}
}

/* Options of neighbour discovery (RFC 4861 4.6): link addresses and the MTU; prefixes and names stay zero. */
static void
nd_options(struct mask *m, size_t at)
{
	while (at + 8 <= m->end) {
		const uint8_t *p = m->old.p + at;
		const size_t   n = p[1] * 8u;
		if (n == 0 || n > m->end - at)
			return;
		mask_keep(m, at, p[0] == 5 ? 8 : 2);
		if (p[0] <= 2)
			mask_link_address(m, at + 2);
		at += n;
	}
}

static enum mask_layer
icmp6(struct mask *m, unsigned type)
{
	const size_t at = m->at;

	if (type == 0 || type > 137)
		return MASK_DONE;
	if (type <= 4) { /* errors */
		mask_keep(m, at + 4, 4);
		return behind(m, ICMP_HEADER, MASK_QUOTE);
	}
	if (type < 128)
		return MASK_DONE;
	mask_keep(m, at + 4, 4);
	switch (type) {
	case 128: /* echo */
	case 129:
		return behind(m, ICMP_HEADER, MASK_PAYLOAD);
	case 130: /* multicast listener query, report, done */
	case 131:
	case 132:
		mask_v6(m, at + 8);
		return MASK_DONE;
	case 133: /* router solicitation */
		nd_options(m, at + 8);
		return MASK_DONE;
	case 134: /* router advertisement */
		mask_keep(m, at + 8, 8);
		nd_options(m, at + 16);
		return MASK_DONE;
	case 135: /* neighbour solicitation, advertisement */
	case 136:
		mask_v6(m, at + 8);
		nd_options(m, at + 24);
		return MASK_DONE;
	default: /* redirect */
		mask_v6(m, at + 8);
		mask_v6(m, at + 24);
		nd_options(m, at + 40);
		return MASK_DONE;
	}
}

enum mask_layer
mask_icmp(struct mask *m)
{
	const size_t at = m->at;

	if (mask_left(m) < 4)
		return MASK_DONE;
	mask_keep(m, at, 4);
	add_sum(m, m->ip.proto, at, 2);
	return m->ip.proto == PROTO_ICMPV6 ? icmp6(m, m->old.p[at]) : icmp4(m, m->old.p[at]);
}
