/* transport.c - TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792, 4443) headers and their checksums.
 *
 * Two lengths are used, as in Zeek: what the IP header says (`len`), and what is there (`remaining`), which is more
 * with padding and less with a short snaplen. Zeek: src/packet_analysis/protocol/{tcp,udp,icmp, unknown_ip_transport}
 * and ip/IPBasedAnalyzer.cc.
 */
#include "base/checksum.h"
#include "decode/ip.h"
#include "decode/walk.h"

#define VXLAN_PORT 4789

/* CheckHeaderTrunc. Returns DECODE_R_COUNT if the fixed header is there. */
static enum decode_rejected
check_header(const struct pkt *out, size_t min)
{
	if (out->payload_len != 0 && out->payload_len < min)
		return DECODE_R_truncated_header;
	if (out->payload.n < min)
		return DECODE_R_internally_truncated_header;
	return DECODE_R_COUNT;
}

static void
set_data(struct pkt *out, size_t header, uint32_t len)
{
	out->data_len = (int32_t)(len - header);
	out->data_cap = (int32_t)(out->payload.n - header);
	out->data = bytes_head(bytes_skip(out->payload, header), len - header);
}

/* Returns whether the checksum over `len` bytes of payload, all of which are there, and their pseudo header is
 * correct. */
static bool
checksum_good(const struct pkt *out, uint8_t proto, uint32_t len, bool v4)
{
	uint64_t sum = v4 ? checksum_words(out->src.b + 12, 1) + checksum_words(out->dst.b + 12, 1)
	                  : checksum_plus(checksum_words(out->src.b, 4), checksum_words(out->dst.b, 4));
	sum = checksum_word(sum, proto);
	sum = checksum_word(sum, (uint16_t)len);
	if (!v4)
		sum = checksum_word(sum, (uint16_t)(len >> 16));
	return checksum_fold(checksum_add(sum, out->payload.p, len)) == 0xffff;
}

static enum layer
flow(struct walk *w)
{
	w->dec->n.flows++;
	/* All three pass the packet on, which is where Zeek checks the depth. */
	w->out->deep = w->dec->opt.max_depth > 0 && w->d->depth == w->dec->opt.max_depth;
	return LAYER_FLOW;
}

/* Counts a verified checksum; `which` is the index in decode_counters.checked. */
static void
count_checksum(struct walk *w, unsigned which, bool good)
{
	w->dec->n.checked[which]++;
	if (good)
		return;
	w->dec->n.bad[which]++;
	w->out->l4_bad = true;
}

enum layer
tcp_layer(struct walk *w)
{
	struct pkt          *out = w->out;
	enum decode_rejected bad = check_header(out, 20);
	if (bad != DECODE_R_COUNT)
		return rejected(w, bad);

	const uint8_t *p = out->payload.p;
	out->transport = TRANSPORT_TCP;
	out->sport = load_be16(p);
	out->dport = load_be16(p + 2);
	out->tcp_seq = load_be32(p + 4);
	out->tcp_ack = load_be32(p + 8);
	out->tcp_off = p[12] >> 4;
	out->tcp_flags = p[13];
	out->tcp_win = load_be16(p + 14);

	uint32_t len = out->ip_len == 0 ? (uint32_t)out->payload.n : out->payload_len;
	size_t   header = out->tcp_off * 4u;
	out->tcp_bad = header < 20 || header > len || header > out->payload.n;
	if (out->tcp_bad) {
		out->data_len = out->data_cap = 0;
		out->data = (struct bytes){ p, 0 };
		return flow(w);
	}
	set_data(out, header, len);
	if (out->payload.n >= len && verify_transport(w))
		count_checksum(w, 1, checksum_good(out, PROTO_TCP, len, out->ip_version == 4));
	return flow(w);
}

/* Returns whether the datagram is a VXLAN carrier, which should have no checksum; a receiver need not verify one (RFC
 * 7348 5). */
static bool
vxlan_exempt(const struct decode_options *opt, const struct pkt *out, uint32_t len, bool has_checksum)
{
	const uint32_t ethernet_in_vxlan = 8 + 8 + 14;
	if (out->dport != VXLAN_PORT || len <= ethernet_in_vxlan || !(out->payload.p[8] & 0x08))
		return false;
	return !has_checksum || !opt->validate_vxlan_checksums;
}

enum layer
udp_layer(struct walk *w)
{
	struct pkt          *out = w->out;
	enum decode_rejected bad = check_header(out, 8);
	if (bad != DECODE_R_COUNT)
		return rejected(w, bad);

	const uint8_t *p = out->payload.p;
	uint32_t       len = out->payload_len ? out->payload_len : (uint32_t)out->payload.n;
	bool           has_checksum = load_be16(p + 6) != 0;
	out->transport = TRANSPORT_UDP;
	out->sport = load_be16(p);
	out->dport = load_be16(p + 2);
	out->udp_len = load_be16(p + 4);
	set_data(out, 8, len);
	if (out->payload.n >= len && out->wire_len <= out->cap_len && verify_transport(w) &&
	    (has_checksum || out->ip_version == 6) && !vxlan_exempt(&w->dec->opt, out, len, has_checksum))
		count_checksum(w, 2, checksum_good(out, PROTO_UDP, len, out->ip_version == 4));
	return flow(w);
}

static int
icmp4_counterpart(uint8_t type)
{
	switch (type) {
	case 0:
		return 8; /* echo reply, echo */
	case 8:
		return 0;
	case 9:
		return 10; /* router advertisement, solicitation */
	case 10:
		return 9;
	case 13:
		return 14; /* timestamp, reply */
	case 14:
		return 13;
	case 15:
		return 16; /* information request, reply */
	case 16:
		return 15;
	case 17:
		return 18; /* address mask request, reply */
	case 18:
		return 17;
	default:
		return -1;
	}
}

static int
icmp6_counterpart(uint8_t type)
{
	switch (type) {
	case 128:
		return 129; /* echo request, reply */
	case 129:
		return 128;
	case 130:
		return 131; /* multicast listener query, report */
	case 131:
		return 130;
	case 133:
		return 134; /* router solicitation, advertisement */
	case 134:
		return 133;
	case 135:
		return 136; /* neighbour solicitation, advertisement */
	case 136:
		return 135;
	case 139:
		return 140; /* node information query, response */
	case 140:
		return 139;
	case 144:
		return 145; /* home agent address discovery request, reply */
	case 145:
		return 144;
	default:
		return -1;
	}
}

int
icmp_counterpart(uint8_t proto, uint8_t type)
{
	return proto == PROTO_ICMP ? icmp4_counterpart(type) : icmp6_counterpart(type);
}

enum layer
icmp_layer(struct walk *w)
{
	struct pkt          *out = w->out;
	enum decode_rejected bad = check_header(out, 8);
	if (bad != DECODE_R_COUNT)
		return rejected(w, bad);

	const uint8_t *p = out->payload.p;
	uint32_t       len = out->payload_len ? out->payload_len : (uint32_t)out->payload.n;
	int            counterpart = icmp_counterpart(out->proto, p[0]);
	out->transport = TRANSPORT_ICMP;
	out->one_way = counterpart < 0;
	out->sport = p[0];
	out->dport = counterpart < 0 ? p[1] : (uint16_t)counterpart;
	set_data(out, 8, len);
	if (out->payload.n >= len && verify_transport(w)) {
		/* The protocol number decides about the pseudo header, not the IP version. */
		bool good = out->proto == PROTO_ICMP ? checksum_fold(checksum_add(0, p, len)) == 0xffff
		                                     : checksum_good(out, PROTO_ICMPV6, len, false);
		count_checksum(w, 3, good);
	}
	return flow(w);
}

enum layer
other_layer(struct walk *w)
{
	struct pkt *out = w->out;
	uint32_t    len = out->payload_len ? out->payload_len : (uint32_t)out->payload.n;
	out->transport = TRANSPORT_UNKNOWN;
	out->sport = out->dport = 0;
	out->deep = false; /* nothing is passed on from here */
	set_data(out, 0, len);
	w->dec->n.flows++;
	return LAYER_FLOW;
}
