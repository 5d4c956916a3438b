/* mask_tunnel.c - GRE, and tunnels over UDP: see mask.h.
 *
 * The engine knows by the connection which end's port says what a datagram is; here both ports are asked, and a datagram that is none
 * after all is payload.  The lengths are those of decode/gre.c, udp_tunnel.c, teredo.c and gtpv1.c.
 */
#include "archive/mask.h"

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080,
	GRE_VERSION = 0x0007,
	GRE_ETHERNET = 0x6558,
	GRE_PPTP = 0x880b,
	GRE_ERSPAN_1_2 = 0x88be,
	GRE_ERSPAN_3 = 0x22eb,

	IP6_HEADER = 40,
};

/* ---- GRE ---------------------------------------------------------------------------------------------------------------------- */

static bool
is_aruba(unsigned type)
{
	if (type == 0x9000)
		return true;
	if ((type & 0x0f) != 0)
		return false;
	return (type & 0x8200) == 0x8200 || ((type & 0x8300) == 0x8300 && type <= 0x8370);
}

/* What follows the header of version 0. */
static enum mask_layer
gre_content(struct mask *m, unsigned flags, unsigned type)
{
	size_t own = 0;

	if (is_aruba(type))
		return MASK_WLAN;
	if (type != GRE_ETHERNET && type != GRE_ERSPAN_1_2 && type != GRE_ERSPAN_3)
		return MASK_IP;
	if (type == GRE_ERSPAN_1_2 && flags & GRE_SEQUENCE)
		own = 8;
	if (type == GRE_ERSPAN_3)
		own = 12;
	if (mask_left(m) < own)
		return MASK_DONE;
	const bool more = own == 12 && mask_old(m)[11] & 1; /* a subheader */
	mask_take(m, own);
	if (more && mask_left(m) < 8)
		return MASK_DONE;
	m->at += more ? 8 : 0;
	return MASK_ETHERNET;
}

enum mask_layer
mask_gre(struct mask *m)
{
	const uint8_t *p = mask_old(m);
	const size_t   at = m->at;

	if (mask_left(m) < 4)
		return MASK_DONE;
	const unsigned flags = load_be16(p), type = load_be16(p + 2), version = flags & GRE_VERSION;
	const size_t n = 4u + (flags & GRE_CHECKSUM ? 4 : 0) + (flags & GRE_KEY ? 4 : 0) + (flags & GRE_SEQUENCE ? 4 : 0) +
	                 (flags & GRE_ACK ? 4 : 0);
	if (version > 1 || flags & GRE_ROUTING || mask_left(m) < n + (version == 1 ? 4 : 0)) {
		mask_keep(m, at, 4);
		return MASK_DONE;
	}
	if (flags & GRE_CHECKSUM)
		mask_add_sum(m, (struct mask_sum){ .field = at + 4, .at = at, .n = mask_left(m) }, 0, !m->ip.cut);
	mask_take(m, n);
	if (version == 0)
		return gre_content(m, flags, type);
	mask_take(m, 4); /* PPP */
	return type == GRE_PPTP ? MASK_IP : MASK_DONE;
}

/* ---- over UDP ----------------------------------------------------------------------------------------------------------------- */

/* Each returns MASK_PAYLOAD and stays where it is if the bytes are something else. */

static enum mask_layer
vxlan(struct mask *m)
{
	if (mask_left(m) < 8 || !(mask_old(m)[0] & 0x08))
		return MASK_PAYLOAD;
	mask_take(m, 8);
	return MASK_ETHERNET;
}

static enum mask_layer
geneve(struct mask *m)
{
	const uint8_t *p = mask_old(m);
	const size_t   n = mask_left(m) >= 8 ? 8 + (p[0] & 0x3f) * 4u : 0;

	if (n == 0 || n > mask_left(m))
		return MASK_PAYLOAD;
	const bool     known = p[0] >> 6 == 0;
	const unsigned type = load_be16(p + 2);
	mask_take(m, 8);
	for (size_t left = n - 8; left >= 4;) { /* options: class, type and length */
		const size_t option = 4 + (mask_old(m)[3] & 0x1f) * 4u;
		mask_keep(m, m->at, 4);
		m->at += option < left ? option : left;
		left -= option < left ? option : left;
	}
	if (!known)
		return MASK_DONE;
	switch (type) {
	case 0x6558:
		return MASK_ETHERNET;
	case 0x0800:
	case 0x86dd:
		return MASK_IP;
	case 0x0806:
		return MASK_ARP;
	default:
		return MASK_PAYLOAD;
	}
}

/* Of extension headers the length and the next type are kept; messages of the control plane are payload. */
static enum mask_layer
gtpv1(struct mask *m)
{
	const uint8_t *p = mask_old(m);
	const size_t   n = mask_left(m) >= 8 ? 8 + (p[0] & 0x07 ? 4 : 0) : 0;

	if (n == 0 || n > mask_left(m))
		return MASK_PAYLOAD;
	const bool data = p[0] >> 4 == 3 && p[1] == 255;
	bool       more = p[0] & 0x04;
	mask_take(m, n);
	while (more && mask_left(m) > 0) {
		const size_t extension = mask_old(m)[0] * 4u;
		if (extension == 0 || extension > mask_left(m))
			return MASK_DONE;
		more = mask_old(m)[extension - 1] != 0;
		mask_keep(m, m->at, 1);
		mask_keep(m, m->at + extension - 1, 1);
		m->at += extension;
	}
	return data ? MASK_IP : MASK_PAYLOAD;
}

/* The identity is often the tunnel's address. */
static enum mask_layer
ayiya(struct mask *m)
{
	const uint8_t *p = mask_old(m);

	if (mask_left(m) < 8)
		return MASK_PAYLOAD;
	const size_t identity = (size_t)1 << (p[0] >> 4), n = 8 + identity + (p[1] >> 4) * 4u;
	if (mask_left(m) < n)
		return MASK_PAYLOAD;
	const bool forwards = (p[2] & 0x0f) == 1 && (p[3] == PROTO_IPV4 || p[3] == PROTO_IPV6);
	mask_keep(m, m->at, 8);
	if (identity == 16)
		mask_v6(m, m->at + 8);
	if (identity == 4)
		mask_v4(m, m->at + 8);
	m->at += n;
	return forwards ? MASK_IP : MASK_DONE;
}

/* Authentication and origin indication (RFC 4380 5.1.1), whose address has all bits turned around.  Returns false if the
 * bytes are something else. */
static bool
teredo_headers(struct mask *m)
{
	for (;;) {
		const uint8_t *p = mask_old(m);
		const size_t   n = mask_left(m);
		if (n < IP6_HEADER)
			return false;
		if (p[0] >> 4 == 6)
			return true;
		if (p[0] != 0 || p[1] > 1)
			return false;
		if (p[1] == 1) {
			const size_t whole = 4u + p[2] + p[3] + 8 + 1;
			if (n < whole)
				return false;
			mask_keep(m, m->at, 4);
			m->at += whole;
			continue;
		}
		uint8_t address[4];
		for (size_t i = 0; i < 4; i++)
			address[i] = (uint8_t)~p[4 + i];
		const struct addr a = mask_addr(m, addr_from_v4(address));
		mask_keep(m, m->at, 4);
		for (size_t i = 0; i < 4; i++)
			m->new[m->at + 4 + i] = (uint8_t)~a.b[12 + i];
		m->at += 8;
	}
}

static enum mask_layer
teredo(struct mask *m)
{
	const size_t at = m->at;

	if (teredo_headers(m))
		return MASK_IP;
	memset(m->new + at, 0, m->at - at);
	m->at = at;
	return MASK_PAYLOAD;
}

static enum mask_layer
by_port(struct mask *m, uint16_t port)
{
	switch (port) {
	case 2123:
	case 2152:
		return gtpv1(m);
	case 3544:
		return teredo(m);
	case 4754:
		return MASK_GRE;
	case 4789:
		return vxlan(m);
	case 5072:
		return ayiya(m);
	case 6081:
		return geneve(m);
	default:
		return MASK_PAYLOAD;
	}
}

static bool
has_teredo_prefix(const uint8_t *address)
{
	return load_be32(address) == 0x20010000;
}

/* What the decoder finds by looking. */
static enum mask_layer
by_content(struct mask *m)
{
	const uint8_t *p = mask_old(m);
	const size_t   n = mask_left(m);

	if (n >= 3 && p[1] == 0x52 && p[2] == 0x11)
		return ayiya(m);
	if (n < IP6_HEADER || (p[0] >> 4 == 6 && !has_teredo_prefix(p + 8) && !has_teredo_prefix(p + 24)))
		return MASK_PAYLOAD;
	return teredo(m);
}

enum mask_layer
mask_udp_payload(struct mask *m, uint16_t sport, uint16_t dport)
{
	const size_t    at = m->at;
	enum mask_layer layer = by_port(m, dport);

	if (layer == MASK_PAYLOAD && m->at == at)
		layer = by_port(m, sport);
	return layer == MASK_PAYLOAD && m->at == at ? by_content(m) : layer;
}
