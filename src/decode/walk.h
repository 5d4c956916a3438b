/* walk.h - inside the decoder: one piece of a frame on its way through the layers.
 *
 * A layer is a function that parses `at.data`, moves it past its header and returns the next layer, or how the piece ended.
 * decode.c calls one after the other and counts them as Zeek counts the analyzers on its stack.  A layer that ends a piece has counted it under exactly one cause.
 */
#ifndef CONNLOG_DECODE_WALK_H
#define CONNLOG_DECODE_WALK_H

#include "base/siphash.h"
#include "decode/decode.h"
#include "decode/frag.h"
#include "decode/iptunnel.h"

enum layer {
	/* Zeek's packet analyzers */
	LAYER_ETHERNET,
	LAYER_VLAN,
	LAYER_VNTAG,
	LAYER_PBB,
	LAYER_MPLS,
	LAYER_PPPOE,
	LAYER_LLC,
	LAYER_SNAP,
	LAYER_NOVELL,
	LAYER_FDDI,
	LAYER_NFLOG,
	LAYER_NULL,
	LAYER_PPP,
	LAYER_PPP_SERIAL,
	LAYER_SLL,
	LAYER_SLL2,
	LAYER_RADIOTAP,
	LAYER_WLAN,
	LAYER_ARP,
	LAYER_IP,
	LAYER_GRE,
	LAYER_IPTUNNEL,
	LAYER_IGMP,
	LAYER_TCP,
	LAYER_UDP,
	LAYER_ICMP,
	LAYER_OTHER, /* Unknown_IP_Transport */
	/* not an analyzer: the rest of an A-MSDU */
	LAYER_AMSDU,
	/* how a piece ended; all but FAILED are a success in Zeek's eyes (AnalyzePacket returns true) */
	LAYER_FLOW,
	LAYER_DONE,
	LAYER_FAILED,
};

struct decoder {
	struct decode_options  opt;
	struct decode_counters n;
	struct siphash_key     key;
	struct frags           frags;
	struct iptunnels       tunnels;
	const struct tracer   *tracer; /* NULL: no tracer */
	unsigned straight_layers;      /* the most layers that a frame on the short path may have; 0: disables it */
};

/* What IP passes to tunnels (Zeek: Packet::ip_hdr, proto, tunnel_type, gre_version, gre_link_type). */
struct tunnel_header {
	struct addr      src, dst;
	uint8_t          carrier; /* IP protocol around the tunnel header */
	enum tunnel_type type;
	int              gre_version; /* -1: IP in IP */
	unsigned         proto;       /* of the content, 4 or 41; a GRE protocol type for version 0 */
	enum layer       link;        /* the first layer of a GRE version 0 packet */
};

struct walk {
	struct decoder      *dec;
	struct dissection   *d;
	struct pkt          *out;
	struct piece        *at; /* the piece being dissected */
	struct tunnel_header tunnel;
};

static inline enum layer
rejected(struct walk *w, enum decode_rejected cause)
{
	w->dec->n.rejected[cause]++;
	return LAYER_FAILED;
}

/* Ignored, and a failure in Zeek. */
static inline enum layer
ignored(struct walk *w, enum decode_ignored cause)
{
	w->dec->n.ignored[cause]++;
	return LAYER_FAILED;
}

/* Ignored, but Zeek has an analyzer that accepted it. */
static inline enum layer
consumed(struct walk *w, enum decode_ignored cause)
{
	w->dec->n.ignored[cause]++;
	return LAYER_DONE;
}

/* The layer of an EtherType in Linux cooked captures and 802.11, where Zeek knows only these. */
static inline enum layer
ip_or_arp_layer(struct walk *w, unsigned type)
{
	switch (type) {
	case 0x0800:
	case 0x86dd:
		return LAYER_IP;
	case 0x0806:
	case 0x8035:
		return LAYER_ARP;
	default:
		return ignored(w, DECODE_I_ether_type);
	}
}

static inline void
advance(struct walk *w, size_t n)
{
	if (n > w->at->data.n)
		n = w->at->data.n;
	w->at->data.p += n;
	w->at->data.n -= n;
}

/* Pushes a piece onto the pending ones and counts it.  Returns false if there is no room. */
bool push_piece(struct walk *w, const struct piece *p);

/* link.c */
enum layer ethernet_layer(struct walk *w);
enum layer vlan_layer(struct walk *w);
enum layer vntag_layer(struct walk *w);
enum layer pbb_layer(struct walk *w);
enum layer mpls_layer(struct walk *w);
enum layer pppoe_layer(struct walk *w);
enum layer llc_layer(struct walk *w);
enum layer snap_layer(struct walk *w);
enum layer ppp_layer(struct walk *w);
enum layer ppp_serial_layer(struct walk *w);
enum layer arp_layer(struct walk *w);

/* cooked.c */
enum layer fddi_layer(struct walk *w);
enum layer nflog_layer(struct walk *w);
enum layer null_layer(struct walk *w);
enum layer sll_layer(struct walk *w);
enum layer sll2_layer(struct walk *w);

/* wlan.c */
enum layer radiotap_layer(struct walk *w);
enum layer wlan_layer(struct walk *w);
enum layer amsdu_layer(struct walk *w);

/* ip.c, gre.c, iptunnel.c */
enum layer ip_layer(struct walk *w);
enum layer gre_layer(struct walk *w);
enum layer iptunnel_layer(struct walk *w);

/* transport.c; `out` has been filled by ip_layer */
enum layer tcp_layer(struct walk *w);
enum layer udp_layer(struct walk *w);
enum layer icmp_layer(struct walk *w);
enum layer other_layer(struct walk *w);

/* Returns whether ignore_checksums_nets hold the source address, as it stands in the IP header. */
bool ignored_by_net(const struct decode_options *opt, struct bytes ip, uint8_t version);

/* Returns whether checksums of packets with this source address are to be verified. */
static inline bool
verify_checksums(const struct decode_options *opt, struct bytes ip, uint8_t version)
{
	if (opt->ignore_checksums)
		return false;
	return opt->n_ignore_checksums_nets == 0 || !ignored_by_net(opt, ip, version);
}

/* Does the same for the packet in `out`, for checksums after the IP header. */
static inline bool
verify_transport(const struct walk *w)
{
	return !w->d->not_summed && verify_checksums(&w->dec->opt, w->out->ip, w->out->ip_version);
}

#endif
