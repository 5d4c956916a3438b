/* straight.c - the packets that nearly all are, without the walk through the layers.
 *
 * Whatever is unusual is left to the layers, so that every rule stands in one place: a check that fails here says
 * nothing but "the long way".  test/unit/decode_straight_test.c holds both ways against each other.
 */
#include "decode/straight.h"

#include "base/checksum.h"
#include "decode/ip.h"
#include "decode/udp_tunnel.h"
#include "decode/walk.h"

enum {
	ETHERNET = 1,
	ETHERNET_HEADER = 14,
	IP_HEADER = 20,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	LAYERS = 3, /* Ethernet, IP, transport: what they add to Zeek's stack of analyzers */
};

/* Returns whether the frame begins like one that can go the short way, and holds its headers. */
static inline bool
is_plain(const struct decoder *dec, const struct connlog_packet *raw)
{
	static const uint8_t begins[3] = { 0x08, 0x00, 0x45 }; /* EtherType, version and header length */
	const uint8_t       *p = raw->data;

	if (raw->link != ETHERNET || raw->caplen < ETHERNET_HEADER + IP_HEADER + TCP_HEADER ||
	    memcmp(p + 12, begins, sizeof begins) != 0)
		return false;
	if ((load_be16(p + ETHERNET_HEADER + 6) & 0x3fff) != 0) /* a fragment */
		return false;
	return dec->opt.n_ignore_checksums_nets == 0 && (dec->opt.max_depth == 0 || dec->opt.max_depth > LAYERS);
}

/* The fields of IP and below.  Returns false where a length or the checksum is wrong. */
static inline bool
take_ip(const struct decoder *dec, const struct connlog_packet *raw, struct pkt *out)
{
	const uint8_t *ip = raw->data + ETHERNET_HEADER;
	const uint32_t total = load_be16(ip + 2);
	const size_t   there = raw->caplen - ETHERNET_HEADER;

	if (total <= IP_HEADER || raw->len < total + ETHERNET_HEADER)
		return false;
	if (!dec->opt.ignore_checksums && checksum_fold(checksum_words(ip, 5)) != 0xffff)
		return false;
	out->l2_dst = raw->data;
	out->l2_src = raw->data + 6;
	out->vlan = out->inner_vlan = PKT_VLAN_NONE;
	out->pppoe_session = PKT_SESSION_NONE;
	out->src = addr_from_v4(ip + 12);
	out->dst = addr_from_v4(ip + 16);
	out->ip_version = 4;
	out->proto = ip[9];
	out->reassembled = false;
	out->ttl = ip[8];
	out->df = (ip[6] & 0x40) != 0;
	out->flow_label = 0;
	out->ip_len = total;
	out->payload_len = total - IP_HEADER;
	out->ip.p = ip;
	out->ip.n = there < total ? there : total;
	out->payload.p = ip + IP_HEADER;
	out->payload.n = out->ip.n - IP_HEADER;
	out->wire_len = raw->len;
	out->cap_len = raw->caplen;
	out->one_way = out->l4_bad = out->tcp_bad = out->deep = false;
	out->encap = NULL;
	return true;
}

/* The payload has been cut to what IP says, so data_cap never exceeds data_len here. */
static inline void
take_data(struct pkt *out, size_t header)
{
	out->data_len = (int32_t)(out->payload_len - header);
	out->data_cap = (int32_t)(out->payload.n - header);
	out->data.p = out->payload.p + header;
	out->data.n = out->payload.n - header;
}

/* Returns whether the checksum is right, of a payload that is all there. */
static inline bool
sums_up(const struct pkt *out)
{
	uint64_t sum = checksum_words(out->ip.p + 12, 2); /* the addresses as they stand there */
	sum = checksum_word(sum, out->proto + out->payload_len);
	return checksum_fold(checksum_add(sum, out->payload.p, out->payload_len)) == 0xffff;
}

/* `verify`: whether the checksum is looked at.  The same of UDP. */
static inline bool
take_tcp(struct decoder *dec, bool verify, struct pkt *out)
{
	const uint8_t *p = out->payload.p;
	const size_t   header = (p[12] >> 4) * 4u;

	if (header < TCP_HEADER || header > out->payload.n)
		return false;
	if (verify && out->payload.n == out->payload_len) {
		if (!sums_up(out))
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

static inline bool
take_udp(struct decoder *dec, bool verify, struct pkt *out)
{
	const uint8_t *p = out->payload.p;

	take_data(out, UDP_HEADER);
	if (udp_tunnel_possible(out->sport, out->data) || udp_tunnel_possible(out->dport, out->data))
		return false;
	if (verify && out->payload.n == out->payload_len && out->wire_len <= out->cap_len && load_be16(p + 6) != 0) {
		if (!sums_up(out))
			return false;
		dec->n.checked[2]++;
	}
	out->transport = TRANSPORT_UDP;
	out->udp_len = load_be16(p + 4);
	return true;
}

static inline bool
take_transport(struct decoder *dec, const struct connlog_packet *raw, struct pkt *out)
{
	const size_t least = out->payload_len < out->payload.n ? out->payload_len : out->payload.n;
	const bool   verify = !dec->opt.ignore_checksums && !(raw->flags & CONNLOG_PACKET_NOT_SUMMED);

	out->sport = load_be16(out->payload.p);
	out->dport = load_be16(out->payload.p + 2);
	switch (out->proto) {
	case PROTO_TCP:
		return least >= TCP_HEADER && take_tcp(dec, verify, out);
	case PROTO_UDP:
		return least >= UDP_HEADER && take_udp(dec, verify, out);
	default:
		return false;
	}
}

bool
decode_straight(struct decoder *dec, const struct connlog_packet *raw, double now, struct pkt *out)
{
	if (!is_plain(dec, raw) || !take_ip(dec, raw, out) || !take_transport(dec, raw, out))
		return false;
	out->ts = packet_seconds(raw->sec, raw->nsec);
	dec->n.frames++;
	dec->n.truncated += raw->caplen < raw->len;
	dec->n.checked[0] += !dec->opt.ignore_checksums;
	dec->n.flows++;
	if (dec->tunnels.next_look)
		iptunnels_look(&dec->tunnels, dec->opt.ip_tunnel_timeout, now);
	return true;
}
