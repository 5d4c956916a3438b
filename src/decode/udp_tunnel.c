/* udp_tunnel.c - which tunnel a UDP datagram belongs to, and the simple ones: AYIYA, VXLAN (RFC 7348), Geneve (RFC
 * 8926), GRE over UDP (RFC 8086).
 *
 * The responder's port decides; if it is no tunnel's, Zeek lets Teredo and AYIYA examine the payload. In Zeek their
 * order is that of two heap addresses; here AYIYA, which is created first, comes first. Zeek:
 * src/packet_analysis/protocol/{ayiya,vxlan,geneve}, Analyzer.cc (FindInnerAnalyzer).
 */
#include "decode/udp_tunnel.h"

#include "decode/ip.h"
#include "decode/udp_kinds.h"

static bool
ayiya_detect(struct bytes b)
{
	return b.n >= 3 && b.p[1] == 0x52 && b.p[2] == 0x11;
}

static uint8_t
kind_of(uint16_t resp_port, struct bytes data)
{
	switch (resp_port) {
	case 2123:
	case 2152:
		return UDP_TUNNEL_GTPV1;
	case 3544:
		return UDP_TUNNEL_TEREDO;
	case 4754:
		return UDP_TUNNEL_GRE;
	case 4789:
		return UDP_TUNNEL_VXLAN;
	case 5072:
		return UDP_TUNNEL_AYIYA;
	case 6081:
		return UDP_TUNNEL_GENEVE;
	default:
		if (ayiya_detect(data))
			return UDP_TUNNEL_AYIYA;
		return teredo_detect(data) ? UDP_TUNNEL_TEREDO : 0;
	}
}

bool
udp_tunnel_possible(uint16_t resp_port, struct bytes data)
{
	return kind_of(resp_port, data) != 0;
}

static bool
ayiya_packet(const struct udp_view *v)
{
	struct bytes b = v->p->data;
	if (b.n < 8)
		return violate(v);
	size_t identity = (size_t)1 << (b.p[0] >> 4), signature = (b.p[1] >> 4) * 4u;
	size_t header = 8 + identity + signature;
	if (b.n < header)
		return violate(v);
	if ((b.p[2] & 0x0f) != 1) /* only "forward" carries a packet */
		return false;
	confirm(v);
	unsigned next = b.p[3];
	b = bytes_skip(b, header);
	if (b.n == 0 || (next != PROTO_IPV4 && next != PROTO_IPV6))
		return false;
	return inside(v, TUNNEL_AYIYA, INNER_IP, b);
}

static bool
vxlan_packet(const struct udp_view *v)
{
	struct bytes b = v->p->data;
	if (b.n < 8 || !(b.p[0] & 0x08))
		return violate(v);
	confirm(v);
	b = bytes_skip(b, 8);
	return b.n > 0 && inside(v, TUNNEL_VXLAN, INNER_ETHERNET, b);
}

static bool
geneve_packet(const struct udp_view *v)
{
	struct bytes b = v->p->data;
	if (b.n < 8)
		return violate(v);
	if (b.p[0] >> 6 != 0) /* version */
		return false;
	size_t header = 8 + (b.p[0] & 0x3f) * 4u;
	if (b.n < header)
		return violate(v);
	unsigned next = load_be16(b.p + 2);
	confirm(v);
	b = bytes_skip(b, header);
	if (b.n == 0)
		return false;
	switch (next) {
	case 0x6558:
		return inside(v, TUNNEL_GENEVE, INNER_ETHERNET, b);
	case 0x0800:
	case 0x86dd:
		return inside(v, TUNNEL_GENEVE, INNER_IP, b);
	case 0x0806:
		return inside(v, TUNNEL_GENEVE, INNER_ARP, b);
	default:
		return false;
	}
}

/* Examines a datagram. GTPv1 has checks of its own; GRE is checked when it is decapsulated. */
static bool
look(const struct udp_view *v)
{
	if (v->kind == UDP_TUNNEL_GRE)
		return inside(v, TUNNEL_GRE, INNER_GRE, v->p->data);
	if (v->kind == UDP_TUNNEL_GTPV1)
		return gtpv1_packet(v);
	if (v->st->violated & v->kind)
		return false;
	if (tunnels_too_deep(v)) {
		*v->note_x = true;
		return false;
	}
	switch (v->kind) {
	case UDP_TUNNEL_TEREDO:
		return teredo_packet(v);
	case UDP_TUNNEL_AYIYA:
		return ayiya_packet(v);
	case UDP_TUNNEL_VXLAN:
		return vxlan_packet(v);
	default:
		return geneve_packet(v);
	}
}

enum udp_tunnel_answer
udp_tunnel(const struct decode_options *opt, const struct pkt *p, uint16_t resp_port, bool is_orig,
           struct udp_tunnel_state *st, struct inner *in, bool *note_x)
{
	struct udp_tunnel_state before = *st;
	struct udp_view         v = { opt, p, is_orig, kind_of(resp_port, p->data), st, in, note_x };

	*note_x = false;
	if (p->deep || v.kind == 0)
		return UDP_TUNNEL_NO;
	if (look(&v))
		return UDP_TUNNEL_INNER;
	return memcmp(&before, st, sizeof before) != 0 ? UDP_TUNNEL_STATE : UDP_TUNNEL_NO;
}
