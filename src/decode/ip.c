/* ip.c - an IP packet: its lengths, checksum and fragments, and where its payload goes.
 *
 * The order of the checks is that of Zeek's src/packet_analysis/protocol/ip/IP.cc, since a packet is counted
 * under the first cause that applies.
 */
#include "decode/ip.h"

#include "base/checksum.h"
#include "decode/walk.h"

static bool
in_nets(const struct decode_options *opt, const struct addr *a)
{
	for (size_t i = 0; i < opt->n_ignore_checksums_nets; i++) {
		const struct subnet *s = &opt->ignore_checksums_nets[i];
		size_t               whole = s->bits / 8;
		unsigned             rest = s->bits % 8;
		if (memcmp(a->b, s->net.b, whole) != 0)
			continue;
		if (rest == 0 || ((a->b[whole] ^ s->net.b[whole]) >> (8 - rest)) == 0)
			return true;
	}
	return false;
}

bool
ignored_by_net(const struct decode_options *opt, struct bytes ip, uint8_t version)
{
	struct addr src = version == 4 ? addr_from_v4(ip.p + 12) : addr_from_v6(ip.p + 8);
	return in_nets(opt, &src);
}

/* Checks the lengths in the header against the bytes that there are. Returns DECODE_R_COUNT if they are good. */
static enum decode_rejected
check_lengths(struct walk *w, const struct ip_header *h, uint32_t *total_len)
{
	uint32_t base = (uint32_t)(w->at->data.p - w->at->start);
	*total_len = h->total_len;
	if (*total_len == 0) { /* segmentation offloading: the checksum is not valid either */
		if (!w->dec->opt.ignore_checksums)
			return DECODE_R_ip_hdr_len_zero;
		*total_len = w->at->cap_len - base;
	}
	if (w->at->wire_len < *total_len + base)
		return DECODE_R_truncated_IP_len;
	if (h->hdr_len > *total_len)
		return DECODE_R_invalid_IP_header_size;
	if (h->hdr_len > w->at->data.n)
		return DECODE_R_internally_truncated_header;
	if (h->version == 4 && h->hdr_len < 20)
		return DECODE_R_IPv4_min_header_size;
	if (h->version == 4 && verify_checksums(&w->dec->opt, w->at->data, 4)) {
		w->dec->n.checked[0]++;
		uint64_t sum = checksum_words(w->at->data.p, 5);
		if (h->hdr_len > 20)
			sum = checksum_add(sum, w->at->data.p + 20, h->hdr_len - 20u);
		if (checksum_fold(sum) != 0xffff) {
			w->dec->n.bad[0]++;
			return DECODE_R_bad_IP_checksum;
		}
	}
	return DECODE_R_COUNT;
}

/* Sets the lengths of a reassembled datagram, which counts as captured completely. At the end, Zeek restores the
 * frame's capture length but not its length on the wire, so the rest of an A-MSDU is compared with the datagram's. */
static void
reassembled_length(struct walk *w, uint32_t len)
{
	struct piece *rest = w->d->n_pending > 0 ? &w->d->pending[w->d->n_pending - 1] : NULL;
	w->at->cap_len = w->at->wire_len = len;
	if (rest && rest->start == w->at->start)
		rest->wire_len = len;
}

/* Returns LAYER_IP if there is a packet to continue with (a first fragment cut short, or the whole datagram). */
static enum layer
fragment(struct walk *w, struct ip_header *h, uint32_t total_len)
{
	struct ip_header  piece = *h;
	struct frag_input in = {
		.h = &piece, .ip = w->at->data, .ts = w->d->ts, .now = w->d->now, .tracer = w->dec->tracer, .d = w->d
	};
	struct bytes whole;

	if (w->at->data.n < total_len) /* at most its transport header is used */
		return h->offset != 0 ? rejected(w, DECODE_R_incompletely_captured_fragment) : LAYER_IP;
	switch (frag_add(&w->dec->frags, &w->dec->opt, &w->dec->n, &w->dec->key, &in, &whole, h)) {
	case FRAG_HELD:
		w->dec->n.fragments++;
		return LAYER_DONE;
	case FRAG_NO_MEMORY:
		return rejected(w, DECODE_R_fragment_limit);
	case FRAG_WHOLE:
		break;
	}
	if (h->hdr_len > h->total_len)
		return rejected(w, DECODE_R_invalid_IP_header_size);
	reassembled_length(w, h->total_len + (uint32_t)(w->at->data.p - w->at->start));
	w->at->data = bytes_head(whole, h->total_len);
	w->out->reassembled = true;
	return LAYER_IP;
}

/* Verifies the checksum of RFC 6275 6.1.1, with the length in 8 bits as in Zeek. */
static bool
mobility_checksum_good(const struct ip_header *h, struct bytes ip)
{
	const uint8_t *m = ip.p + h->last_off;
	uint8_t        len = (uint8_t)(8 + 8 * m[1]);
	uint64_t       sum = checksum_add(0, h->src.b, 16);
	sum = checksum_add(sum, h->dst.b, 16);
	sum = checksum_word(checksum_word(sum, PROTO_MOBILITY), len);
	return checksum_fold(checksum_add(sum, m, len)) == 0xffff;
}

static enum layer
forward(struct walk *w, const struct ip_header *h)
{
	switch (h->next) {
	case PROTO_TCP:
		return LAYER_TCP;
	case PROTO_UDP:
		return LAYER_UDP;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return LAYER_ICMP;
	case PROTO_NONE:
		if (w->d->stack.depth > 0 && w->d->stack.at[w->d->stack.depth - 1].type == TUNNEL_TEREDO)
			return consumed(w, DECODE_I_ipv6_no_next); /* a Teredo bubble */
		return ignored(w, DECODE_I_ipv6_no_next);
	case PROTO_IGMP:
		return LAYER_IGMP;
	case PROTO_IPV4:
	case PROTO_IPV6:
	case PROTO_GRE:
		w->tunnel = (struct tunnel_header){
			.src = h->src, .dst = h->dst, .carrier = h->next, .type = TUNNEL_IP, .gre_version = -1, .proto = h->next
		};
		return h->next == PROTO_GRE ? LAYER_GRE : LAYER_IPTUNNEL;
	default:
		return LAYER_OTHER;
	}
}

/* Fills in the IP fields. Bytes are handled as pointer and length: a pair stored in halves and loaded whole would stall
 * the CPU. */
static void
fill(struct walk *w, const struct ip_header *h)
{
	struct pkt    *out = w->out;
	const uint8_t *p = w->at->data.p;
	size_t         n = w->at->data.n, payload = n - h->hdr_len;
	if (h->payload_len != 0 && payload > h->payload_len)
		payload = h->payload_len;
	out->ip.p = p;
	out->ip.n = h->total_len != 0 && n > h->total_len ? h->total_len : n;
	out->payload.p = w->at->data.p = p + h->hdr_len;
	out->payload.n = w->at->data.n = payload;
	out->src = h->src;
	out->dst = h->dst;
	out->ip_version = h->version;
	out->proto = h->next;
	out->ttl = h->ttl;
	out->df = h->df;
	out->flow_label = h->flow_label;
	out->ip_len = h->total_len;
	out->payload_len = h->payload_len;
	out->wire_len = w->at->wire_len;
	out->cap_len = w->at->cap_len;
	/* The element of the batch held another packet before; these may be set by the transport layer. */
	out->one_way = out->l4_bad = out->tcp_bad = out->deep = false;
}

enum layer
ip_layer(struct walk *w)
{
	struct ip_header h;
	uint32_t         total_len;

	if (w->at->data.n < 20)
		return rejected(w, DECODE_R_truncated_IP);
	switch (w->at->data.p[0] >> 4) {
	case 4:
		ip4_parse(w->at->data, &h);
		break;
	case 6:
		if (w->at->data.n < 40)
			return rejected(w, DECODE_R_truncated_IP);
		ip6_parse(w->at->data, &h);
		break;
	default:
		return rejected(w, DECODE_R_unknown_ip_version);
	}
	enum decode_rejected bad = check_lengths(w, &h, &total_len);
	if (bad != DECODE_R_COUNT)
		return rejected(w, bad);
	w->out->reassembled = false;
	if (h.fragment) {
		enum layer go = fragment(w, &h, total_len);
		if (go != LAYER_IP)
			return go;
	}
	if (h.last == PROTO_ESP)
		return consumed(w, DECODE_I_esp);
	if (h.last == PROTO_MOBILITY) {
		if (!w->dec->opt.ignore_checksums && !mobility_checksum_good(&h, w->at->data))
			return rejected(w, DECODE_R_bad_MH_checksum);
		return consumed(w, DECODE_I_mobility);
	}
	fill(w, &h);
	return forward(w, &h);
}
