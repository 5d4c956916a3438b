/* mask_same.h - holds a masked frame against the frame it was made of: the decoder must see the same packets, with other addresses. */
#ifndef FUZZ_MASK_SAME_H
#define FUZZ_MASK_SAME_H

#include <stdlib.h>

#include "archive/mask.h"
#include "decode/decode.h"
#include "decode/udp_tunnel.h"

struct mask_pair {
	connlog_anonymizer   *with;
	struct decode_options opt;
	struct decoder       *old, *new;
	bool                  keep_payload;
	bool                  fragment; /* the last frame had one, whose payload is zeros */
};

static inline void
mask_note_fragment(void *arg, const struct mask *m, const struct ip_header *h, struct bytes ip)
{
	struct mask_pair *pair = arg;

	(void)m;
	(void)h;
	(void)ip;
	pair->fragment = true;
}

/* Masks a frame, allocated; the caller frees it.  Returns NULL when out of memory. */
static inline uint8_t *
mask_one(struct mask_pair *pair, const struct connlog_packet *raw)
{
	uint8_t *new = calloc(raw->caplen + 1, 1);
	struct mask m = { .with = pair->with,
		              .keep_payload = pair->keep_payload,
		              .old = { raw->data, raw->caplen },
		              .new = new,
		              .fragment = mask_note_fragment,
		              .arg = pair };

	pair->fragment = false;
	if (new) {
		mask_frame(&m, raw->link);
		mask_finish(m.sums, m.n_sums, new);
	}
	free(m.sums);
	if (m.failed) {
		free(new);
		return NULL;
	}
	return new;
}

static inline bool
mask_is(const connlog_anonymizer *with, struct addr a, const struct addr *b)
{
	return anonymizer_addr(with, &a) && addr_equal(&a, b);
}

static inline bool
mask_link_is(const connlog_anonymizer *with, const uint8_t *a, const uint8_t *b)
{
	uint8_t copy[6];

	if (!a || !b)
		return a == b;
	memcpy(copy, a, sizeof copy);
	return anonymizer_link(with, copy) && memcmp(copy, b, sizeof copy) == 0;
}

static inline bool
mask_same_packet(const connlog_anonymizer *with, const struct pkt *a, const struct pkt *b)
{
	const bool tcp = a->transport == TRANSPORT_TCP;

	return mask_is(with, a->src, &b->src) && mask_is(with, a->dst, &b->dst) &&
	       mask_link_is(with, a->l2_src, b->l2_src) && mask_link_is(with, a->l2_dst, b->l2_dst) && a->vlan == b->vlan &&
	       a->inner_vlan == b->inner_vlan && a->pppoe_session == b->pppoe_session && a->proto == b->proto &&
	       a->ttl == b->ttl && a->df == b->df && a->flow_label == b->flow_label && a->ip_len == b->ip_len &&
	       a->payload_len == b->payload_len && a->payload.n == b->payload.n && a->transport == b->transport &&
	       a->sport == b->sport && a->dport == b->dport && a->one_way == b->one_way && a->l4_bad == b->l4_bad &&
	       a->deep == b->deep &&
	       (!tcp || (a->tcp_bad == b->tcp_bad && a->tcp_flags == b->tcp_flags && a->tcp_win == b->tcp_win &&
	                 a->tcp_seq == b->tcp_seq && a->tcp_ack == b->tcp_ack)) &&
	       a->data_len == b->data_len && a->data_cap == b->data_cap && (a->encap != NULL) == (b->encap != NULL) &&
	       (!a->encap || a->encap->depth == b->encap->depth);
}

/* What is in a UDP packet is pushed for both.  Returns false if they differ. */
static inline bool
mask_same_inside(struct mask_pair *pair, struct dissection d[2], const struct pkt p[2], bool *known)
{
	struct udp_tunnel_state st[2] = { { 0 }, { 0 } };
	struct inner            in[2];
	bool                    note_x, inside[2];

	for (int i = 0; i < 2; i++)
		inside[i] = p[i].transport == TRANSPORT_UDP && !p[i].l4_bad &&
		            udp_tunnel(&pair->opt, &p[i], p[i].dport, true, &st[i], &in[i], &note_x) == UDP_TUNNEL_INNER;
	/* Elsewhere than on its port Teredo is known by its addresses. */
	*known = !inside[0] || in[0].type != TUNNEL_TEREDO || p[0].dport == 3544;
	if (!inside[0] || !*known)
		return !inside[1] || !*known;
	if (!inside[1] || in[0].type != in[1].type || in[0].what != in[1].what || in[0].data.n != in[1].data.n)
		return false;
	for (int i = 0; i < 2; i++) {
		struct encap e = {
			.src = p[i].src, .dst = p[i].dst, .sport = p[i].sport, .dport = p[i].dport, .proto = 17, .type = in[i].type
		};
		decode_inner(i == 0 ? pair->old : pair->new, &d[i], &p[i], &in[i], &e);
	}
	return true;
}

/* Returns whether the decoder sees the same in both frames. */
static inline bool
mask_same(struct mask_pair *pair, const struct connlog_packet *raw)
{
	struct connlog_packet masked = *raw;
	struct dissection     d[2];
	struct pkt            p[2];
	bool                  same = true, known = true;
	uint8_t *new = mask_one(pair, raw);

	if (!new)
		return false;
	masked.data = new;
	memset(p, 0, sizeof p);
	if (!pair->fragment) {
		decode_begin(pair->old, &d[0], raw, 0);
		decode_begin(pair->new, &d[1], &masked, 0);
		while (same && known) {
			const bool more = decode_next(pair->old, &d[0], &p[0]);
			same = more == decode_next(pair->new, &d[1], &p[1]);
			if (!more || !same)
				break;
			same = mask_same_packet(pair->with, &p[0], &p[1]) && mask_same_inside(pair, d, p, &known);
		}
		decode_batch_end(pair->old);
		decode_batch_end(pair->new);
	}
	free(new);
	return same;
}

#endif
