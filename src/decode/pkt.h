/* pkt.h - one decoded packet: what the link layers, IP and the transport header said, filled once.
 *
 * No later code parses a header again.  A `struct pkt` points into the source's buffer (or into a
 * reassembled datagram that the decoder owns) and is valid until decode_batch_end().
 *
 * Lengths follow Zeek's packet_analysis, since several of its rules compare them:
 *   ip_len       IP_Hdr::TotalLen(): what the IP header says, 0 with segmentation offloading
 *   payload_len  IP_Hdr::PayloadLen(): what the IP header says, less the IP headers; 0 with offloading
 *   payload.n    the bytes captured after the IP headers, truncated to payload_len if that is not 0
 *                (Zeek's `remaining`)
 */
#ifndef CONNLOG_DECODE_PKT_H
#define CONNLOG_DECODE_PKT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"

#define PKT_VLAN_NONE    0xffffu
#define PKT_SESSION_NONE 0xffffffffu
#define ENCAP_MAX        8 /* entries of a stack; Tunnel::max_depth (4) is the effective limit */

/* Tunnel::Type of Zeek. */
enum tunnel_type {
	TUNNEL_NONE,
	TUNNEL_IP,
	TUNNEL_AYIYA,
	TUNNEL_TEREDO,
	TUNNEL_SOCKS,
	TUNNEL_GTPV1,
	TUNNEL_HTTP,
	TUNNEL_GRE,
	TUNNEL_VXLAN,
	TUNNEL_GENEVE
};

/* 96 random-looking bits that identify a connection (Zeek's UID, bits_per_uid = 96). */
struct uid {
	uint64_t hi; /* the 32 upper bits: written first */
	uint64_t lo; /* the 64 lower bits */
};

/* One enclosing tunnel (Zeek's EncapsulatingConn). */
struct encap {
	struct addr      src, dst;
	uint16_t         sport, dport; /* host order; 0 for IP and GRE tunnels */
	uint8_t          proto;        /* IP protocol number of the carrier, e.g. 17, 47, 4 */
	enum tunnel_type type;
	struct uid       uid; /* of the carrying connection, or of the IP tunnel */
};

/* The tunnels around a packet, outermost first (Zeek's EncapsulationStack). */
struct encap_stack {
	unsigned     depth;
	struct encap at[ENCAP_MAX];
};

/* Transport as conn.log's `proto` column names it. */
enum transport { TRANSPORT_UNKNOWN, TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_ICMP };

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
};

struct pkt {
	double ts; /* seconds: sec + usec / 1e6, computed as Zeek does (iosource/Packet.cc) */

	/* link layer */
	const uint8_t *l2_src, *l2_dst;  /* 6 bytes each, NULL where the link has none; l2_empty inside UDP tunnels */
	uint16_t       vlan, inner_vlan; /* VLAN ids, PKT_VLAN_NONE */
	uint32_t       pppoe_session;    /* PKT_SESSION_NONE where the packet is not PPPoE */

	/* IP */
	struct addr  src, dst;    /* with Home Address option and Routing header honoured (IP_Hdr::SrcAddr) */
	uint8_t      ip_version;  /* 4 or 6 */
	uint8_t      proto;       /* payload's protocol: the last header's Next Header for IPv6 */
	bool         reassembled; /* made from fragments */
	uint8_t      ttl;
	bool         df;
	uint32_t     flow_label; /* IPv6, 20 bits */
	uint32_t     ip_len;
	uint32_t     payload_len;
	struct bytes ip;                /* the IP packet from its header on, as far as it was captured */
	struct bytes payload;           /* after all IP headers */
	uint32_t     wire_len, cap_len; /* Packet::len and cap_len: of the frame, or of the inner packet in a tunnel */

	/* transport; ports in host order */
	enum transport transport;
	uint16_t       sport, dport; /* ICMP: type, and the counterpart's type or the code (ICMP4_counterpart) */
	bool           one_way;      /* ICMP without a counterpart: the reverse direction is another connection */
	bool           l4_bad;       /* TCP, UDP, ICMP: a checksum that had to be verified is wrong */
	bool           deep;         /* the analyzer stack is full (PacketAnalyzer::max_depth): the connection gets an X in
	                              * its history if the packet was good, and nothing inside is decoded */

	/* TCP; the fixed header is complete; `tcp_bad` says that data offset or options are not */
	bool     tcp_bad; /* bad_TCP_header_len or truncated_header: nothing below is valid except the flags */
	uint8_t  tcp_flags;
	uint8_t  tcp_off; /* data offset in 32-bit words, as in the header */
	uint16_t tcp_win;
	uint32_t tcp_seq, tcp_ack;

	uint16_t udp_len; /* UDP's own length field */

	/* After the transport header.  data_len is what the headers say (it can exceed data.n if truncated by snaplen, and is used
	 * for sequence arithmetic); data.n is what was captured of it.  UDP: data_len is payload_len (or payload.n if that is
	 * 0) minus 8. */
	int32_t      data_len;
	int32_t      data_cap; /* Zeek's `remaining` after the transport header: can exceed data_len because of padding */
	struct bytes data;     /* min(data_len, data_cap) bytes */

	const struct encap_stack *encap; /* NULL outside tunnels */
};

extern const uint8_t
	l2_empty[6]; /* Packet::L2_EMPTY_ADDR: the addresses inside a UDP tunnel until Ethernet sets them */

#endif
