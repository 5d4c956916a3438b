/* mask_link.c - link layers: see mask.h.  The lengths and what leads where are those of decode/link.c and decode/cooked.c. */
#include "archive/mask.h"

enum {
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_RARP = 0x8035,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_PBB = 0x88e7,
	ETHERTYPE_FABRICPATH = 0x8903,
	ETHERTYPE_VNTAG = 0x8926,
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_MIN = 1536,
	NFLOG_PAYLOAD = 9,
};

static enum mask_layer
ethertype(struct mask *m, unsigned type)
{
	switch (type) {
	case ETHERTYPE_IP4:
	case ETHERTYPE_IP6:
		return MASK_IP;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
		return MASK_VLAN;
	case ETHERTYPE_ARP:
	case ETHERTYPE_RARP:
		return MASK_ARP;
	case ETHERTYPE_MPLS:
		return MASK_MPLS;
	case ETHERTYPE_PPPOE:
		return MASK_PPPOE;
	case ETHERTYPE_PBB:
		return MASK_PBB;
	case ETHERTYPE_VNTAG:
		return MASK_VNTAG;
	default:
		if (type >= ETHERTYPE_MIN)
			return MASK_DONE;
		mask_head(m, type);
		return MASK_LLC;
	}
}

static enum mask_layer
ethernet(struct mask *m)
{
	if (mask_left(m) >= 16 + 14 && load_be16(mask_old(m) + 12) == ETHERTYPE_FABRICPATH) {
		mask_link_address(m, m->at);
		mask_link_address(m, m->at + 6);
		m->at += 12;
		mask_take(m, 4);
	}
	if (mask_left(m) < 14)
		return MASK_DONE;
	const unsigned type = load_be16(mask_old(m) + 12);
	mask_link_address(m, m->at);
	mask_link_address(m, m->at + 6);
	m->at += 12;
	mask_take(m, 2);
	return ethertype(m, type);
}

/* A header of `n` bytes without an address, whose EtherType is at `type`. */
static enum mask_layer
tag(struct mask *m, size_t n, size_t type)
{
	if (mask_left(m) < n)
		return MASK_DONE;
	const unsigned next = load_be16(mask_old(m) + type);
	mask_take(m, n);
	return ethertype(m, next);
}

static enum mask_layer
mpls(struct mask *m)
{
	for (bool bottom = false; !bottom;) {
		if (mask_left(m) < 4)
			return MASK_DONE;
		bottom = mask_old(m)[2] & 1;
		mask_take(m, 4);
	}
	return MASK_IP;
}

static enum mask_layer
ppp_protocol(unsigned protocol)
{
	if (protocol == 0x0021 || protocol == 0x0057)
		return MASK_IP;
	return protocol == 0x0281 ? MASK_MPLS : MASK_DONE;
}

/* A header of `n` bytes, whose protocol is at its end. */
static enum mask_layer
ppp(struct mask *m, size_t n)
{
	if (mask_left(m) < n)
		return MASK_DONE;
	const unsigned protocol = load_be16(mask_old(m) + n - 2);
	mask_take(m, n);
	return ppp_protocol(protocol);
}

static enum mask_layer
pppoe(struct mask *m)
{
	if (mask_left(m) < 8)
		return MASK_DONE;
	const size_t payload = load_be16(mask_old(m) + 4);
	mask_head(m, payload >= 2 ? 6 + payload : 8);
	return ppp(m, 8);
}

/* The header of 802.2, and that of SNAP if it follows. */
static enum mask_layer
llc(struct mask *m)
{
	const uint8_t *p = mask_old(m);

	if (mask_left(m) < 3 || p[0] != 0xaa || p[1] != 0xaa) {
		mask_keep(m, m->at, 3);
		return MASK_DONE;
	}
	const size_t n = (p[2] & 3) == 3 ? 3 : 4;
	if (mask_left(m) < n + 5)
		return MASK_DONE;
	const bool     is_ethertype = p[n] == 0 && p[n + 1] == 0 && p[n + 2] == 0;
	const unsigned type = load_be16(p + n + 3);
	mask_take(m, n + 5);
	return is_ethertype ? ethertype(m, type) : MASK_DONE;
}

static enum mask_layer
fddi(struct mask *m)
{
	if (mask_left(m) < 13 + 8)
		return MASK_DONE;
	mask_take(m, 1);
	mask_link_address(m, m->at);
	mask_link_address(m, m->at + 6);
	m->at += 12;
	mask_take(m, 8);
	return MASK_IP;
}

static uint16_t
load_native16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

/* Of attributes, kinds and lengths are kept: there are link addresses and texts among them. */
static enum mask_layer
nflog(struct mask *m)
{
	if (mask_left(m) <= 4)
		return MASK_DONE;
	const unsigned family = mask_old(m)[0];
	mask_take(m, 4);
	for (;;) {
		if (mask_left(m) <= 4)
			return MASK_DONE;
		const uint8_t *p = mask_old(m);
		const size_t   n = load_native16(p), padded = (n + 3) & ~(size_t)3;
		const bool     payload = load_native16(p + 2) == NFLOG_PAYLOAD;
		mask_take(m, 4);
		if (payload)
			return family == 2 || family == 10 ? MASK_IP : MASK_DONE;
		if (n < 4 || padded > mask_left(m) + 4)
			return MASK_DONE;
		m->at += padded - 4;
	}
}

static enum mask_layer
null(struct mask *m)
{
	if (mask_left(m) < 4)
		return MASK_DONE;
	mask_take(m, 4);
	return MASK_IP;
}

/* Linux's cooked headers hold an address of up to eight bytes at `address` and a protocol at `protocol`. */
static enum mask_layer
cooked(struct mask *m, size_t n, size_t address, size_t protocol)
{
	if (mask_left(m) < n)
		return MASK_DONE;
	const size_t   begin = m->at;
	const unsigned type = load_be16(mask_old(m) + protocol);
	mask_keep(m, begin, address);
	mask_link_address(m, begin + address);
	if (protocol > address)
		mask_keep(m, begin + protocol, 2);
	m->at += n;
	switch (type) {
	case ETHERTYPE_IP4:
	case ETHERTYPE_IP6:
		return MASK_IP;
	case ETHERTYPE_ARP:
	case ETHERTYPE_RARP:
		return MASK_ARP;
	default:
		return MASK_DONE;
	}
}

enum mask_layer
mask_arp(struct mask *m)
{
	const uint8_t *p = mask_old(m);

	if (mask_left(m) < 8)
		return MASK_DONE;
	const size_t hardware = p[4], protocol = p[5];
	mask_take(m, 8);
	for (int side = 0; side < 2; side++) {
		if (hardware == 6)
			mask_link_address(m, m->at);
		if (protocol == 4)
			mask_v4(m, m->at + hardware);
		if (protocol == 16)
			mask_v6(m, m->at + hardware);
		if (mask_left(m) < hardware + protocol)
			return MASK_DONE;
		m->at += hardware + protocol;
	}
	return MASK_DONE;
}

enum mask_layer
mask_link(struct mask *m, enum mask_layer layer)
{
	switch (layer) {
	case MASK_ETHERNET:
		return ethernet(m);
	case MASK_VLAN:
		return tag(m, 4, 2);
	case MASK_VNTAG:
		return tag(m, 6, 4);
	case MASK_PBB:
		if (mask_left(m) < 4)
			return MASK_DONE;
		mask_take(m, 4);
		return MASK_ETHERNET;
	case MASK_MPLS:
		return mpls(m);
	case MASK_PPPOE:
		return pppoe(m);
	case MASK_LLC:
		return llc(m);
	case MASK_FDDI:
		return fddi(m);
	case MASK_NFLOG:
		return nflog(m);
	case MASK_NULL:
		return null(m);
	case MASK_PPP: {
		const bool framed = mask_left(m) >= 2 && mask_old(m)[0] == 0xff && mask_old(m)[1] == 0x03;
		return ppp(m, framed ? 4 : 2);
	}
	case MASK_PPP_SERIAL:
		return ppp(m, 4);
	case MASK_SLL:
		return cooked(m, 16, 6, 14);
	case MASK_SLL2:
		return cooked(m, 20, 12, 0);
	default:
		return MASK_DONE;
	}
}
