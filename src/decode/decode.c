/* decode.c - the loop over the pieces of a frame.
 *
 * A frame starts as one piece. A layer either moves the piece on to the next layer or ends it; an IP tunnel replaces
 * the piece by its content; an A-MSDU leaves its rest pending below each packet in it. The content of a UDP tunnel is
 * pushed by the engine after the carrier has been tracked.
 *
 * Zeek: src/packet_analysis/Analyzer.cc (ForwardPacket and its depth limit), Manager.h (the stack of analyzers, which
 * grows over a whole frame); links.h has the link types.
 */
#include "decode/decode.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>

#include "decode/links.h"
#include "decode/walk.h"

const uint8_t l2_empty[6];

void
decode_options_default(struct decode_options *opt)
{
	*opt = (struct decode_options){
		.frag_timeout = 300,
		.tunnel_max_depth = 4,
		.max_depth = 25,
		.ip_tunnel_timeout = 86400,
		.validate_vxlan_checksums = true,
		.delay_teredo_confirmation = true,
		.max_fragments = 65536,
		.max_fragment_bytes = (size_t)64 << 20,
		.max_ip_tunnels = 65536,
	};
}

struct decoder *
decoder_new(const struct decode_options *opt)
{
	struct decoder *dec = calloc(1, sizeof *dec);
	if (!dec)
		return NULL;
	dec->opt = *opt;
	if (dec->opt.tunnel_max_depth > ENCAP_MAX)
		dec->opt.tunnel_max_depth = ENCAP_MAX;
	if (opt->n_ignore_checksums_nets == 0)
		dec->straight_layers = opt->max_depth > 0 ? opt->max_depth - 1 : UINT_MAX;
	/* Without a key (if the kernel provides none) the tables still work, but an attacker can make tuples collide. */
	if (getrandom(&dec->key, sizeof dec->key, 0) != (ssize_t)sizeof dec->key)
		dec->key = (struct siphash_key){ (uintptr_t)dec, (uintptr_t)opt };
	return dec;
}

void
decoder_free(struct decoder *dec)
{
	if (!dec)
		return;
	frags_free(&dec->frags);
	iptunnels_free(&dec->tunnels);
	free(dec);
}

const struct decode_counters *
decoder_counters(const struct decoder *dec)
{
	return &dec->n;
}

void
decoder_set_counters(struct decoder *dec, const struct decode_counters *n)
{
	dec->n = *n;
}

void
decoder_trace(struct decoder *dec, const struct tracer *t)
{
	dec->tracer = t;
}

void
decoder_drop_fragments(struct decoder *dec)
{
	dec->n.fragments_evicted += frags_drop(&dec->frags);
}

/* Counts a packet of an unknown link type and remembers the type if there is room. */
static void
note_unknown_link(struct decode_counters *n, int32_t link)
{
	n->unknown_link++;
	for (unsigned i = 0; i < n->n_unknown_links; i++)
		if (n->unknown_links[i] == link)
			return;
	if (n->n_unknown_links < DECODE_LINKS_MAX)
		n->unknown_links[n->n_unknown_links++] = link;
}

#define LINK_CASE(dlt, name, layer)                                                                                    \
	case dlt:                                                                                                          \
		return layer;

static enum layer
link_layer(struct decoder *dec, int32_t link)
{
	switch (link) {
		LINK_TYPES(LINK_CASE)
	default:
		note_unknown_link(&dec->n, link);
		return LAYER_IP;
	}
}

void
decode_begin(struct decoder *dec, struct dissection *d, const struct connlog_packet *raw, double now)
{
	d->ts = packet_seconds(raw->sec, raw->nsec);
	d->now = now;
	d->pppoe_session = PKT_SESSION_NONE;
	d->depth = 0;
	d->stack.depth = 0;
	d->n_pending = 0;
	d->begun = false;
	d->not_summed = (raw->flags & CONNLOG_PACKET_NOT_SUMMED) != 0;
	dec->n.frames++;
	dec->n.truncated += raw->caplen < raw->len;
	if (raw->caplen == 0 || raw->len == 0) {
		dec->n.ignored[DECODE_I_empty_frame]++;
		return;
	}
	d->begun = true;
	d->at = (struct piece){
		.data = { raw->data, raw->caplen },
		.start = raw->data,
		.wire_len = raw->len,
		.cap_len = raw->caplen,
		.layer = (uint8_t)link_layer(dec, raw->link),
	};
	if (dec->tunnels.next_look)
		iptunnels_look(&dec->tunnels, dec->opt.ip_tunnel_timeout, now);
}

bool
push_piece(struct walk *w, const struct piece *p)
{
	if (w->d->n_pending == PIECES_MAX)
		return false;
	w->d->pending[w->d->n_pending++] = *p;
	return true;
}

static enum layer
call_link_layer(struct walk *w, enum layer layer)
{
	switch (layer) {
	case LAYER_ETHERNET:
		return ethernet_layer(w);
	case LAYER_VLAN:
		return vlan_layer(w);
	case LAYER_VNTAG:
		return vntag_layer(w);
	case LAYER_PBB:
		return pbb_layer(w);
	case LAYER_MPLS:
		return mpls_layer(w);
	case LAYER_PPPOE:
		return pppoe_layer(w);
	case LAYER_LLC:
		return llc_layer(w);
	case LAYER_SNAP:
		return snap_layer(w);
	case LAYER_FDDI:
		return fddi_layer(w);
	case LAYER_NFLOG:
		return nflog_layer(w);
	case LAYER_NULL:
		return null_layer(w);
	case LAYER_PPP:
		return ppp_layer(w);
	case LAYER_PPP_SERIAL:
		return ppp_serial_layer(w);
	case LAYER_SLL:
		return sll_layer(w);
	case LAYER_SLL2:
		return sll2_layer(w);
	case LAYER_RADIOTAP:
		return radiotap_layer(w);
	case LAYER_WLAN:
		return wlan_layer(w);
	case LAYER_ARP:
		return arp_layer(w);
	case LAYER_NOVELL:
		return ignored(w, DECODE_I_novell); /* IPX: Zeek has no analyzer */
	default:
		return layer;
	}
}

static enum layer
call_layer(struct walk *w, enum layer layer)
{
	switch (layer) {
	case LAYER_IP:
		return ip_layer(w);
	case LAYER_GRE:
		return gre_layer(w);
	case LAYER_IPTUNNEL:
		return iptunnel_layer(w);
	case LAYER_TCP:
		return tcp_layer(w);
	case LAYER_UDP:
		return udp_layer(w);
	case LAYER_ICMP:
		return icmp_layer(w);
	case LAYER_OTHER:
		return other_layer(w);
	case LAYER_AMSDU:
		return amsdu_layer(w);
	case LAYER_IGMP:
		return consumed(w, DECODE_I_igmp);
	default:
		return call_link_layer(w, layer);
	}
}

static bool
stack_full(const struct walk *w)
{
	return w->dec->opt.max_depth > 0 && w->d->depth >= w->dec->opt.max_depth;
}

/* Runs one layer if Zeek's stack of analyzers has room for it. */
static enum layer
step(struct walk *w, enum layer layer)
{
	if (layer != LAYER_AMSDU) {
		if (stack_full(w))
			return rejected(w, DECODE_R_max_packet_analyzer_depth_exceeded);
		w->d->depth++;
	}
	return call_layer(w, layer);
}

/* Ends an A-MSDU in which a packet has failed, unless Zeek does not notice the failure there. */
static void
note_failure(struct walk *w)
{
	if (!w->at->shielded && w->d->n_pending > 0)
		w->d->pending[w->d->n_pending - 1].failed = true;
}

static void
hand_out(struct walk *w)
{
	struct pkt *out = w->out;
	out->ts = w->d->ts;
	out->l2_src = w->at->l2_src;
	out->l2_dst = w->at->l2_dst;
	out->pppoe_session = w->d->pppoe_session;
	out->encap = w->d->stack.depth > 0 ? &w->d->stack : NULL;
	if (out->transport == TRANSPORT_UNKNOWN)
		note_failure(w); /* Zeek's analyzer of unknown transports never returns true */
}

/* Takes the next piece. The frame itself stays where decode_begin() put it: moving it would cost more than a header. */
static bool
next_piece(struct dissection *d)
{
	if (d->begun) {
		d->begun = false;
		return true;
	}
	if (d->n_pending == 0)
		return false;
	d->at = d->pending[--d->n_pending];
	return true;
}

bool
decode_next(struct decoder *dec, struct dissection *d, struct pkt *out)
{
	struct walk w;

	w.dec = dec;
	w.d = d;
	w.out = out;
	w.at = &d->at;
	while (next_piece(d)) {
		d->stack.depth = d->at.encap_depth;
		out->vlan = out->inner_vlan = PKT_VLAN_NONE;
		enum layer layer = (enum layer)d->at.layer;
		while (layer < LAYER_FLOW)
			layer = step(&w, layer);
		if (layer == LAYER_FLOW) {
			hand_out(&w);
			return true;
		}
		if (layer == LAYER_FAILED)
			note_failure(&w);
	}
	return false;
}

static enum layer
inner_layer(const struct inner *in)
{
	switch (in->what) {
	case INNER_ETHERNET:
		return LAYER_ETHERNET;
	case INNER_GRE:
		return LAYER_GRE;
	case INNER_ARP:
		return LAYER_ARP;
	case INNER_IP:
		break;
	}
	return LAYER_IP;
}

/* Decapsulates GRE over UDP at once, because it needs the addresses of the packet around it. Returns whether GRE finds
 * Zeek's stack of analyzers full; unlike others it can then still add to the carrier's history. */
static bool
push_gre(struct walk *w, const struct pkt *outer)
{
	w->tunnel = (struct tunnel_header){ .src = outer->src, .dst = outer->dst, .carrier = outer->proto };
	enum layer layer = step(w, LAYER_GRE);
	bool       full = layer == LAYER_IPTUNNEL && stack_full(w);
	if (layer == LAYER_IPTUNNEL)
		layer = step(w, layer);
	w->at->layer = (uint8_t)layer;
	if (layer < LAYER_FLOW && !push_piece(w, w->at))
		rejected(w, DECODE_R_exceeded_tunnel_max_depth);
	return full;
}

bool
decode_inner(struct decoder *dec, struct dissection *d, const struct pkt *outer, const struct inner *in,
             const struct encap *e)
{
	struct encap_stack *s = &d->stack;
	struct piece        p = {
			   .data = in->data,
			   .start = in->data.p,
			   .wire_len = outer->wire_len - (outer->cap_len - (uint32_t)in->data.n),
			   .cap_len = (uint32_t)in->data.n,
			   .l2_src = l2_empty,
			   .l2_dst = l2_empty,
			   .layer = (uint8_t)inner_layer(in),
			   .encap_depth = (uint8_t)s->depth,
			   .shielded = true,
	};
	struct walk w = { .dec = dec, .d = d, .at = &p };

	dec->n.inner++;
	if (in->what == INNER_GRE)
		return push_gre(&w, outer);
	d->depth++; /* the tunnel's own analyzer */
	if (s->depth >= ENCAP_MAX) {
		rejected(&w, DECODE_R_exceeded_tunnel_max_depth);
		return false;
	}
	s->at[s->depth++] = *e;
	p.encap_depth = (uint8_t)s->depth;
	if (!push_piece(&w, &p))
		rejected(&w, DECODE_R_exceeded_tunnel_max_depth);
	return false;
}

void
decode_batch_end(struct decoder *dec)
{
	frags_release(&dec->frags);
}
