/* link.c - Ethernet and the layers between it and IP: VLAN (802.1Q), VNTag, PBB (802.1ah), MPLS, PPPoE, PPP, LLC and
 * SNAP (802.2), ARP.
 *
 * Follows Zeek's src/packet_analysis/protocol/NAME/ down to the comparisons: for most of these, a header that ends
 * exactly where the bytes end counts as cut short. Which protocol leads where is registered in
 * scripts/base/packet-protocols/NAME.
 */
#include "decode/walk.h"

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
	ETHERTYPE_MIN = 1536, /* smaller values are lengths */
	LENGTH_MAX = 1500,
};

static enum layer
ethertype(struct walk *w, unsigned type)
{
	switch (type) {
	case ETHERTYPE_IP4:
	case ETHERTYPE_IP6:
		return LAYER_IP;
	case ETHERTYPE_VLAN:
		return LAYER_VLAN;
	case ETHERTYPE_ARP:
	case ETHERTYPE_RARP:
		return LAYER_ARP;
	case ETHERTYPE_MPLS:
		return LAYER_MPLS;
	case ETHERTYPE_PPPOE:
		return LAYER_PPPOE;
	case ETHERTYPE_PBB:
		return LAYER_PBB;
	case ETHERTYPE_VNTAG:
		return LAYER_VNTAG;
	default:
		return ignored(w, DECODE_I_ether_type);
	}
}

/* Handles an 802.3 frame: `length` bytes of 802.2, the rest is padding. */
static enum layer
ieee_802_3(struct walk *w, unsigned length, enum decode_rejected truncated)
{
	if (w->at->data.n < 2)
		return rejected(w, truncated);
	const uint8_t *p = w->at->data.p;
	w->at->data = bytes_head(w->at->data, length);
	if (p[0] == 0xaa && p[1] == 0xaa)
		return LAYER_SNAP;
	if (p[0] == 0xff && p[1] == 0xff)
		return LAYER_NOVELL;
	return LAYER_LLC;
}

enum layer
ethernet_layer(struct walk *w)
{
	if (w->at->data.n <= 16)
		return rejected(w, DECODE_R_truncated_ethernet_frame);
	unsigned type = load_be16(w->at->data.p + 12);
	if (type == ETHERTYPE_FABRICPATH) { /* Cisco's: 16 more bytes, then Ethernet again */
		if (w->at->data.n <= 16 + 14)
			return rejected(w, DECODE_R_truncated_link_header);
		advance(w, 16);
		type = load_be16(w->at->data.p + 12);
	}
	w->at->l2_dst = w->at->data.p;
	w->at->l2_src = w->at->data.p + 6;
	advance(w, 14);
	if (type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD)
		return LAYER_VLAN;
	if (type >= ETHERTYPE_MIN)
		return ethertype(w, type);
	if (type <= LENGTH_MAX)
		return ieee_802_3(w, type, DECODE_R_truncated_ethernet_frame);
	return rejected(w, DECODE_R_undefined_ether_type);
}

enum layer
vlan_layer(struct walk *w)
{
	if (w->at->data.n <= 4)
		return rejected(w, DECODE_R_truncated_link_header);
	uint16_t id = load_be16(w->at->data.p) & 0xfff;
	unsigned type = load_be16(w->at->data.p + 2);
	if (w->out->vlan == PKT_VLAN_NONE)
		w->out->vlan = id;
	else
		w->out->inner_vlan = id; /* a third tag overwrites the second */
	advance(w, 4);
	if (type >= ETHERTYPE_MIN)
		return ethertype(w, type);
	if (type <= LENGTH_MAX)
		return ieee_802_3(w, type, DECODE_R_truncated_link_header);
	return rejected(w, DECODE_R_undefined_ether_type);
}

enum layer
vntag_layer(struct walk *w)
{
	if (w->at->data.n <= 6)
		return rejected(w, DECODE_R_truncated_link_header);
	unsigned type = load_be16(w->at->data.p + 4);
	advance(w, 6);
	if (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD)
		return LAYER_VLAN;
	return ignored(w, DECODE_I_ether_type);
}

enum layer
pbb_layer(struct walk *w)
{
	if (w->at->data.n <= 18)
		return rejected(w, DECODE_R_truncated_link_header);
	advance(w, 4); /* I-TAG; the customer's Ethernet header follows */
	return LAYER_ETHERNET;
}

enum layer
mpls_layer(struct walk *w)
{
	bool bottom = false;
	while (!bottom) {
		if (w->at->data.n <= 4)
			return rejected(w, DECODE_R_truncated_link_header);
		bottom = w->at->data.p[2] & 1;
		advance(w, 4);
	}
	return LAYER_IP;
}

/* Returns the layer of a PPP protocol number (RFC 1661); MPLS is registered for PPP itself, not for PPPoE. */
static enum layer
ppp_protocol(struct walk *w, unsigned protocol, bool with_mpls)
{
	if (protocol == 0x0021 || protocol == 0x0057)
		return LAYER_IP;
	if (protocol == 0x0281 && with_mpls)
		return LAYER_MPLS;
	return ignored(w, DECODE_I_ether_type);
}

enum layer
pppoe_layer(struct walk *w)
{
	if (w->at->data.n <= 8)
		return rejected(w, DECODE_R_truncated_link_header);
	const uint8_t *p = w->at->data.p;
	size_t         payload = load_be16(p + 4); /* including the two bytes of the PPP protocol */
	if (w->d->pppoe_session == PKT_SESSION_NONE)
		w->d->pppoe_session = load_be16(p + 2);
	advance(w, 8);
	w->at->data = bytes_head(w->at->data, payload >= 2 ? payload - 2 : 0);
	return ppp_protocol(w, load_be16(p + 6), false);
}

enum layer
ppp_layer(struct walk *w)
{
	struct bytes b = w->at->data;
	if (b.n <= 2)
		return rejected(w, DECODE_R_truncated_link_header);
	if (b.p[0] == 0xff && b.p[1] == 0x03) /* HDLC-like framing (RFC 1662) */
		return ppp_serial_layer(w);
	advance(w, 2);
	return ppp_protocol(w, load_be16(b.p), true);
}

enum layer
ppp_serial_layer(struct walk *w)
{
	struct bytes b = w->at->data;
	if (b.n <= 4)
		return rejected(w, DECODE_R_truncated_link_header);
	advance(w, 4);
	return ppp_protocol(w, load_be16(b.p + 2), true);
}

/* Returns the length of an LLC header, or 0 if it is not all there. The control field is one byte for unnumbered
 * frames. */
static size_t
llc_len(struct bytes b)
{
	if (b.n < 3)
		return 0;
	size_t len = (b.p[2] & 3) == 3 ? 3 : 4;
	return b.n < len ? 0 : len;
}

/* Zeek knows no protocol on plain LLC. */
enum layer
llc_layer(struct walk *w)
{
	if (llc_len(w->at->data) == 0)
		return rejected(w, DECODE_R_truncated_link_header);
	return ignored(w, DECODE_I_llc);
}

enum layer
snap_layer(struct walk *w)
{
	size_t         llc = llc_len(w->at->data);
	const uint8_t *p = bytes_at(w->at->data, llc, 5);
	if (llc == 0 || !p)
		return rejected(w, DECODE_R_truncated_link_header);
	advance(w, llc + 5);
	if (p[0] != 0 || p[1] != 0 || p[2] != 0) /* organisation code */
		return ignored(w, DECODE_I_ether_type);
	switch (load_be16(p + 3)) {
	case ETHERTYPE_IP4:
	case ETHERTYPE_IP6:
		return LAYER_IP;
	case ETHERTYPE_ARP:
	case ETHERTYPE_RARP:
		return LAYER_ARP;
	default:
		return ignored(w, DECODE_I_ether_type);
	}
}

/* ARP makes no connection; whether it is a valid request or reply matters only inside an A-MSDU. */
enum layer
arp_layer(struct walk *w)
{
	struct bytes b = w->at->data;
	if (b.n < 8 || b.n < 8 + 2u * b.p[4] + 2u * b.p[5])
		return rejected(w, DECODE_R_truncated_ARP);
	unsigned hardware = load_be16(b.p), protocol = load_be16(b.p + 2), op = load_be16(b.p + 6);
	bool     good = (hardware == 1 || hardware == 6) && b.p[4] == 6 && protocol == ETHERTYPE_IP4 && b.p[5] == 4 &&
	            w->at->l2_src && memcmp(w->at->l2_src, b.p + 8, 6) == 0 && (op == 1 || op == 2);
	return good ? consumed(w, DECODE_I_arp) : ignored(w, DECODE_I_arp);
}
