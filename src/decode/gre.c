/* gre.c - GRE in its forms: plain and bridged (RFC 2784, 2890), PPTP (RFC 2637), ERSPAN I to III, Aruba.
 *
 * Zeek: src/packet_analysis/protocol/gre/GRE.cc. GRE itself returns true once its header was good, whatever happens to
 * the content.
 */
#include "decode/ip.h"
#include "decode/walk.h"

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_RESERVED = 0x0078,
	GRE_VERSION = 0x0007,

	GRE_ETHERNET = 0x6558,
	GRE_PPTP = 0x880b,
	GRE_ERSPAN_1_2 = 0x88be,
	GRE_ERSPAN_3 = 0x22eb,

	ETHERNET_HEADER = 14,
};

static unsigned
gre_header_len(unsigned flags)
{
	return 4u + (flags & GRE_CHECKSUM ? 4 : 0) + (flags & GRE_KEY ? 4 : 0) + (flags & GRE_SEQUENCE ? 4 : 0) +
	       (flags & GRE_ACK ? 4 : 0);
}

static bool
is_aruba(unsigned type)
{
	if (type == 0x9000)
		return true;
	if ((type & 0x0f) != 0)
		return false;
	return (type & 0x8200) == 0x8200 || ((type & 0x8300) == 0x8300 && type <= 0x8370);
}

/* Determines for version 0 how many bytes (`extra`) are between GRE's header and the packet, and the packet's first
 * layer. Returns false if it is cut short. */
static bool
version_0(struct walk *w, unsigned flags, unsigned type, size_t gre_len, size_t *extra, size_t *ethernet)
{
	struct bytes b = w->at->data;
	bool         erspan_3 = type == GRE_ERSPAN_3;

	w->tunnel.link = LAYER_IP;
	if (type == GRE_ETHERNET || type == GRE_ERSPAN_1_2 || erspan_3) {
		w->tunnel.link = LAYER_ETHERNET;
		*ethernet = ETHERNET_HEADER;
		if (type == GRE_ERSPAN_1_2 && flags & GRE_SEQUENCE)
			*extra = 8; /* type II; type I has no header of its own */
		if (erspan_3)
			*extra = 12;
		if (b.n <= gre_len + ETHERNET_HEADER + (erspan_3 ? *extra : 0))
			return false;
		if (erspan_3 && b.p[gre_len + *extra - 1] & 1) { /* an optional subheader */
			*extra += 8;
			if (b.n <= gre_len + *extra + ETHERNET_HEADER)
				return false;
		}
	} else if (is_aruba(type)) {
		w->tunnel.link = LAYER_WLAN;
		return b.n > gre_len;
	}
	return true;
}

enum layer
gre_layer(struct walk *w)
{
	struct bytes b = w->at->data;
	if (b.n < 4)
		return rejected(w, DECODE_R_truncated_GRE);
	unsigned flags = load_be16(b.p), type = load_be16(b.p + 2), version = flags & GRE_VERSION;
	size_t   len = gre_header_len(flags), extra = 0, ethernet = 0;

	if (version > 1 || (version == 1 && type != GRE_PPTP))
		return rejected(w, DECODE_R_invalid_GRE);
	if (version == 0 && !version_0(w, flags, type, len, &extra, &ethernet))
		return rejected(w, DECODE_R_truncated_GRE);
	if (version == 1)
		extra = 4; /* PPP: address, control, protocol */
	if (flags & (GRE_ROUTING | GRE_RESERVED))
		return rejected(w, DECODE_R_invalid_GRE);
	if (b.n < len + extra + ethernet)
		return rejected(w, DECODE_R_truncated_GRE);
	w->tunnel.proto = type;
	if (version == 1) {
		unsigned ppp = load_be16(b.p + len + 2);
		if (ppp != 0x0021 && ppp != 0x0057)
			return rejected(w, DECODE_R_invalid_GRE);
		w->tunnel.proto = ppp == 0x0021 ? PROTO_IPV4 : PROTO_IPV6;
	}
	w->tunnel.type = TUNNEL_GRE;
	w->tunnel.gre_version = (int)version;
	advance(w, len + extra);
	w->at->shielded = true;
	return LAYER_IPTUNNEL;
}
