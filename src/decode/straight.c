/* straight.c - decodes the most common packets without walking through the layers.
 *
 * Anything unusual is left to the layers, so that each rule is implemented in one place: a check that fails here only
 * means "take the general path". test/unit/decode_straight_test.c compares both paths.
 */
#include "decode/straight.h"

#include "base/checksum.h"
#include "decode/ip.h"
#include "decode/udp_tunnel.h"
#include "decode/walk.h"

/* For functions with the IP version as argument: inlining makes it a constant, which need not be tested again. */
#define INLINE static inline __attribute__((always_inline))

enum {
	ETHERNET = 1,
	ETHERNET_HEADER = 14,
	VLAN_TAG = 4,
	IP4_HEADER = 20,
	IP6_HEADER = 40,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	LAYERS = 3, /* Ethernet, IP, transport: what they add to Zeek's stack of analyzers; a VLAN tag adds one more */
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IP6 = 0x86dd,
};

/* Decodes Ethernet and at most one VLAN tag. Returns the offset of the IP header, or 0 for the general path. */
static inline size_t
take_link(const struct decoder *dec, const struct connlog_packet *raw, struct pkt *out)
{
	const uint8_t *p = raw->data;
	unsigned       layers = LAYERS;
	size_t         at = ETHERNET_HEADER;

	if (raw->link != ETHERNET || raw->caplen < ETHERNET_HEADER + IP4_HEADER + UDP_HEADER)
		return 0;
	out->l2_dst = p;
	out->l2_src = p + 6;
	out->vlan = out->inner_vlan = PKT_VLAN_NONE;
	if (load_be16(p + 12) == ETHERTYPE_VLAN) {
		out->vlan = load_be16(p + 14) & 0xfff;
		at += VLAN_TAG;
		layers++;
	}
	return layers <= dec->straight_layers ? at : 0;
}

/* Decodes what does not depend on the IP version; the IP header of `header` bytes begins at `at`. Returns false if a
 * length is wrong or if the shortest transport header is not there. */
static inline bool
take_lengths(const struct connlog_packet *raw, size_t at, uint32_t header, uint32_t total, struct pkt *out)
{
	const uint8_t *ip = raw->data + at;
	const size_t   there = raw->caplen - at;

	if (there < header + UDP_HEADER || total <= header || raw->len < total + at)
		return false;
	out->pppoe_session = PKT_SESSION_NONE;
	out->reassembled = false;
	out->ip_len = total;
	out->payload_len = total - header;
	out->ip.p = ip;
	out->ip.n = there < total ? there : total;
	out->payload.p = ip + header;
	out->payload.n = out->ip.n - header;
	out->wire_len = raw->len;
	out->cap_len = raw->caplen;
	out->one_way = out->l4_bad = out->tcp_bad = out->deep = false;
	out->encap = NULL;
	return true;
}

/* Decodes IPv4 without options, not a fragment, with a correct checksum. */
static inline bool
take_ip4(const struct decoder *dec, const struct connlog_packet *raw, size_t at, struct pkt *out)
{
	const uint8_t *ip = raw->data + at;
	const uint16_t fragment = load_be16(ip + 6);

	if ((fragment & 0x3fff) != 0 || !take_lengths(raw, at, IP4_HEADER, load_be16(ip + 2), out))
		return false;
	if (!dec->opt.ignore_checksums && !checksum_is_right(checksum_words(ip, 5)))
		return false;
	out->src = addr_from_v4(ip + 12);
	out->dst = addr_from_v4(ip + 16);
	out->ip_version = 4;
	out->proto = ip[9];
	out->ttl = ip[8];
	out->df = (fragment & 0x4000) != 0;
	out->flow_label = 0;
	return true;
}

/* Decodes IPv6; take_transport() rejects extension headers. */
static inline bool
take_ip6(const struct connlog_packet *raw, size_t at, struct pkt *out)
{
	const uint8_t *ip = raw->data + at;

	if (!take_lengths(raw, at, IP6_HEADER, load_be16(ip + 4) + IP6_HEADER, out))
		return false;
	out->src = addr_from_v6(ip + 8);
	out->dst = addr_from_v6(ip + 24);
	out->ip_version = 6;
	out->proto = ip[6];
	out->ttl = ip[7];
	out->df = false;
	out->flow_label = load_be32(ip) & 0xfffff;
	return true;
}

/* Sets the payload. It has been truncated to what IP says, so data_cap never exceeds data_len here. */
INLINE void
take_data(struct pkt *out, size_t header)
{
	out->data_len = (int32_t)(out->payload_len - header);
	out->data_cap = (int32_t)(out->payload.n - header);
	out->data.p = out->payload.p + header;
	out->data.n = out->payload.n - header;
}

/* Returns whether the checksum of a payload that is all there is correct. */
INLINE bool
sums_up(const struct pkt *out, int version)
{
	/* the addresses as they are in the header */
	uint64_t sum = version == 4 ? checksum_words(out->ip.p + 12, 2) : checksum_words(out->ip.p + 8, 8);
	sum = checksum_word(sum, out->proto + out->payload_len);
	return checksum_is_right(checksum_add(sum, out->payload.p, out->payload_len));
}

/* Decodes TCP; `verify`: whether the checksum is verified. take_udp() works the same way. */
INLINE bool
take_tcp(struct decoder *dec, bool verify, int version, struct pkt *out)
{
	const uint8_t *p = out->payload.p;
	const size_t   header = (p[12] >> 4) * 4u;

	if (header < TCP_HEADER || header > out->payload.n)
		return false;
	if (verify && out->payload.n == out->payload_len) {
		if (!sums_up(out, version))
			return false;
		dec->n.checked[1]++;
	}
	out->transport = TRANSPORT_TCP;
	out->tcp_seq = load_be32(p + 4);
	out->tcp_ack = load_be32(p + 8);
	out->tcp_off = p[12] >> 4;
	out->tcp_flags = p[13];
	out->tcp_win = load_be16(p + 14);
	take_data(out, header);
	return true;
}

INLINE bool
take_udp(struct decoder *dec, bool verify, int version, struct pkt *out)
{
	const uint8_t *p = out->payload.p;

	take_data(out, UDP_HEADER);
	if (udp_tunnel_possible(out->sport, out->data) || udp_tunnel_possible(out->dport, out->data))
		return false;
	if (verify && out->payload.n == out->payload_len && out->wire_len <= out->cap_len &&
	    (load_be16(p + 6) != 0 || version == 6)) {
		if (!sums_up(out, version))
			return false;
		dec->n.checked[2]++;
	}
	out->transport = TRANSPORT_UDP;
	out->udp_len = load_be16(p + 4);
	return true;
}

INLINE bool
take_transport(struct decoder *dec, const struct connlog_packet *raw, int version, struct pkt *out)
{
	const bool verify = !(dec->opt.ignore_checksums | (raw->flags & CONNLOG_PACKET_NOT_SUMMED));

	out->sport = load_be16(out->payload.p);
	out->dport = load_be16(out->payload.p + 2);
	switch (out->proto) {
	case PROTO_TCP:
		return out->payload.n >= TCP_HEADER && take_tcp(dec, verify, version, out);
	case PROTO_UDP:
		return out->payload.n >= UDP_HEADER && take_udp(dec, verify, version, out);
	default:
		return false;
	}
}

/* Requires the EtherType, the version and, for IPv4, the header length of a usual packet. */
static inline bool
take_ip(struct decoder *dec, const struct connlog_packet *raw, size_t at, struct pkt *out)
{
	static const uint8_t ip4[3] = { 0x08, 0x00, 0x45 };
	const uint8_t       *p = raw->data + at;

	if (memcmp(p - 2, ip4, sizeof ip4) == 0) {
		if (!take_ip4(dec, raw, at, out) || !take_transport(dec, raw, 4, out))
			return false;
		dec->n.checked[0] += !dec->opt.ignore_checksums;
		return true;
	}
	return load_be16(p - 2) == ETHERTYPE_IP6 && p[0] >> 4 == 6 && take_ip6(raw, at, out) &&
	       take_transport(dec, raw, 6, out);
}

bool
decode_straight(struct decoder *dec, const struct connlog_packet *raw, double now, struct pkt *out)
{
	const size_t at = take_link(dec, raw, out);

	if (at == 0 || !take_ip(dec, raw, at, out))
		return false;
	out->ts = packet_seconds(raw->sec, raw->nsec);
	dec->n.frames++;
	dec->n.truncated += raw->caplen < raw->len;
	dec->n.flows++;
	if (dec->tunnels.next_look)
		iptunnels_look(&dec->tunnels, dec->opt.ip_tunnel_timeout, now);
	return true;
}
