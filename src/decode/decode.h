/* decode.h - from a captured frame to the packets in it that belong to a connection.
 *
 * A frame can hold several (802.11 A-MSDU), and a packet can hold another (tunnels), so a frame is dissected
 * step by step:
 *
 *     decode_begin(dec, &d, &raw, now);
 *     while (decode_next(dec, &d, &pkt)) {
 *             ... track pkt; if it is UDP and carries a tunnel:
 *             udp_tunnel(..., &in) == ... && decode_inner(dec, &d, &pkt, &in);
 *     }
 *     decode_batch_end(dec);   // frees datagrams reassembled from fragments
 *
 * decode_next works through a small stack of pending pieces, the innermost first: a loop, not recursion.
 * Every piece ends in exactly one counter: it was returned (flows), contained something else (carriers), was kept for
 * reassembly (fragments), was ignored, or was rejected, by cause:
 *
 *     frames + inner == flows + carriers + fragments + sum(ignored) + sum(rejected)
 *
 * IP-level tunnels (GRE, IP in IP) are resolved here; tunnels over UDP belong to a connection and are resolved
 * by decode/udp_tunnel.h when the engine has tracked the carrier.
 */
#ifndef CONNLOG_DECODE_DECODE_H
#define CONNLOG_DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connlog.h"
#include "decode/pkt.h"

/* Causes, named as Zeek's weirds where there is one.  X(identifier): also the name in --stats. */
#define DECODE_REJECTED(X)                                                                                             \
	X(truncated_ethernet_frame)                                                                                        \
	X(truncated_link_header) /* every other link layer */                                                              \
	X(undefined_ether_type)                                                                                            \
	X(bad_link_header) /* NFLOG: impossible version or attribute lengths */                                            \
	X(truncated_ARP)                                                                                                   \
	X(invalid_802_11_amsdu_inner_packet)                                                                               \
	X(truncated_IP)                                                                                                    \
	X(unknown_ip_version)                                                                                              \
	X(ip_hdr_len_zero)                                                                                                 \
	X(truncated_IP_len)                                                                                                \
	X(invalid_IP_header_size)                                                                                          \
	X(IPv4_min_header_size)                                                                                            \
	X(internally_truncated_header)                                                                                     \
	X(bad_IP_checksum)                                                                                                 \
	X(incompletely_captured_fragment)                                                                                  \
	X(fragment_limit) /* no memory */                                                                                  \
	X(bad_MH_checksum)                                                                                                 \
	X(truncated_header)                                                                                                \
	X(truncated_GRE)                                                                                                   \
	X(invalid_GRE)      /* unknown version or flags, routing, PPTP without IP */                                       \
	X(invalid_inner_IP) /* version, or its length is not that of the remaining bytes */                                \
	X(exceeded_tunnel_max_depth)                                                                                       \
	X(max_packet_analyzer_depth_exceeded)

#define DECODE_IGNORED(X)                                                                                              \
	X(empty_frame)                                                                                                     \
	X(ether_type) /* no analyzer for what a link layer carries */                                                      \
	X(arp)                                                                                                             \
	X(llc)                                                                                                             \
	X(novell)                                                                                                          \
	X(wlan_not_data)                                                                                                   \
	X(wlan_encrypted)                                                                                                  \
	X(wlan_not_snap)                                                                                                   \
	X(esp)                                                                                                             \
	X(mobility)                                                                                                        \
	X(ipv6_no_next)                                                                                                    \
	X(igmp)

#define DECODE_ENUM_R(n) DECODE_R_##n,
#define DECODE_ENUM_I(n) DECODE_I_##n,
enum decode_rejected { DECODE_REJECTED(DECODE_ENUM_R) DECODE_R_COUNT };
enum decode_ignored { DECODE_IGNORED(DECODE_ENUM_I) DECODE_I_COUNT };

#define DECODE_LINKS_MAX 8

struct decode_counters {
	uint64_t frames;    /* pieces started with decode_begin */
	uint64_t inner;     /* pieces found inside others: tunnels, A-MSDU */
	uint64_t flows;     /* handed out */
	uint64_t carriers;  /* shells: GRE, IP in IP, A-MSDU */
	uint64_t fragments; /* kept for reassembly, or dropped there */
	uint64_t rejected[DECODE_R_COUNT];
	uint64_t ignored[DECODE_I_COUNT];
	uint64_t fragments_expired;  /* datagrams dropped after frag_timeout */
	uint64_t fragments_evicted;  /* datagrams dropped because of max_fragments or max_fragment_bytes */
	uint64_t ip_tunnels_evicted; /* forgotten because of max_ip_tunnels */
	uint64_t datagrams;          /* reassembled from fragments */
	uint64_t checked[4], bad[4]; /* checksums verified and found bad: IP, TCP, UDP, ICMP */
	uint64_t truncated;          /* frames with caplen < len */
	uint64_t unknown_link;       /* frames of a link type that is not in links.h, and which ones, the first few */
	unsigned n_unknown_links;
	int32_t  unknown_links[DECODE_LINKS_MAX];
};

struct subnet {
	struct addr net;
	uint8_t     bits; /* of 128: an IPv4 prefix length is 96 more */
};

/* Names follow Zeek's constants. */
struct decode_options {
	bool                 ignore_checksums;      /* F */
	const struct subnet *ignore_checksums_nets; /* not owned */
	size_t               n_ignore_checksums_nets;
	double               frag_timeout;              /* 300 s; 0 for never */
	unsigned             tunnel_max_depth;          /* Tunnel::max_depth, 4 */
	unsigned             max_depth;                 /* PacketAnalyzer::max_depth, 25 */
	double               ip_tunnel_timeout;         /* Tunnel::ip_tunnel_timeout, 86400 s */
	bool                 validate_vxlan_checksums;  /* Tunnel::validate_vxlan_checksums, T */
	bool                 delay_teredo_confirmation; /* Tunnel::delay_teredo_confirmation, T */
	bool                 delay_gtp_confirmation;    /* Tunnel::delay_gtp_confirmation, F */
	size_t               max_fragments;             /* datagrams in reassembly at once (ours), 65536 */
	size_t               max_fragment_bytes;        /* bytes of these (ours), 64 MiB */
	size_t               max_ip_tunnels;            /* GRE and IP-in-IP tunnels remembered (ours), 65536 */
	/* Makes the uid of an IP tunnel from its two ends and the time it was first seen. */
	struct uid (*new_uid)(void *arg, const struct addr *src, const struct addr *dst, double first);
	void *new_uid_arg;
};

struct decoder;
struct tracer; /* trail.h */

/* Returns a decoder, or NULL when out of memory.  `opt` is copied. */
struct decoder               *decoder_new(const struct decode_options *opt);
void                          decoder_free(struct decoder *dec);
const char                   *decode_rejected_name(enum decode_rejected cause);
const char                   *decode_ignored_name(enum decode_ignored cause);
const struct decode_counters *decoder_counters(const struct decoder *dec);
/* Adds the counters of another decoder, except for unknown link types. */
void decode_counters_add(struct decode_counters *n, const struct decode_counters *other);
/* Resets the counters to these earlier values. */
void decoder_set_counters(struct decoder *dec, const struct decode_counters *n);
/* Drops all incomplete datagrams; returned ones stay valid. */
void decoder_drop_fragments(struct decoder *dec);
/* Tells the tracer, which lives as long as the decoder, about fragments from now on. */
void decoder_trace(struct decoder *dec, const struct tracer *t);
void decode_options_default(struct decode_options *opt);

/* A piece of a frame that is still to be dissected: what Zeek keeps in a Packet. */
struct piece {
	struct bytes   data;
	uint32_t       wire_len, cap_len; /* Packet::len, Packet::cap_len */
	const uint8_t *start;             /* Packet::data: where the piece began; `data` advances from there */
	const uint8_t *l2_src, *l2_dst;
	uint8_t        layer;       /* the analyzer that takes it: enum layer in walk.h */
	uint8_t        encap_depth; /* of `stack` */
	bool           shielded;    /* failing does not end the enclosing A-MSDU */
	bool           failed;      /* the rest of an A-MSDU: the previous packet failed */
};

#define PIECES_MAX (ENCAP_MAX + 2) /* the rest of an A-MSDU at every depth, and what is inside the last */

/* Dissection of one frame: the caller's memory, one for each frame of a batch.  Nothing in it needs freeing. */
struct dissection {
	double             ts, now;
	uint32_t           pppoe_session; /* of the first PPPoE header in the frame */
	unsigned           depth;         /* analyzers so far: Zeek's AnalyzerStackDepth, which only grows */
	bool               not_summed;    /* CONNLOG_PACKET_NOT_SUMMED */
	bool               begun;         /* `at` is to be dissected before the pending ones */
	unsigned           n_pending;
	struct piece       at; /* the piece being dissected */
	struct piece       pending[PIECES_MAX];
	struct encap_stack stack; /* around the innermost piece */
};

/* Returns seconds as Zeek computes them, from whole microseconds (iosource/Packet.cc). */
static inline double
packet_seconds(int64_t sec, uint32_t nsec)
{
	const uint32_t usec = nsec / 1000;
	return (double)sec + (double)usec / 1e6;
}

/* `now` is network time: the latest packet time so far, which never decreases.  An empty frame does not count for network time
 * in Zeek (empty_pcap_header): leave it out of `now`. */
void decode_begin(struct decoder *dec, struct dissection *d, const struct connlog_packet *raw, double now);

/* Returns true with the next packet that belongs to a connection in `out`; false when the frame is done. */
bool decode_next(struct decoder *dec, struct dissection *d, struct pkt *out);

/* The content of a UDP datagram that is a tunnel. */
struct inner {
	struct bytes     data;
	enum tunnel_type type;
	enum { INNER_IP, INNER_ETHERNET, INNER_ARP, INNER_GRE } what; /* how to go on */
};

/* Pushes the content of `outer` onto the pending pieces, inside one more tunnel `e` (Zeek's
 * build_inner_packet); for INNER_GRE no tunnel is added here, GRE adds its own and `e` may be NULL.  Call it
 * before the next decode_next() on `d`.
 * Returns true if Zeek adds the letter X to the carrier's history: the stack of analyzers is full after GRE. */
bool decode_inner(struct decoder *dec, struct dissection *d, const struct pkt *outer, const struct inner *in,
                  const struct encap *e);

/* Frees the reassembled datagrams: packets returned before are no longer valid. */
void decode_batch_end(struct decoder *dec);

#endif
