/* ip.h - IPv4 and IPv6 headers, read once into plain fields (Zeek: IP_Hdr, IPv6_Hdr_Chain in src/IP.h). */
#ifndef CONNLOG_DECODE_IP_H
#define CONNLOG_DECODE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"

/* The IP protocol numbers used here. */
enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_IGMP = 2,
	PROTO_IPV4 = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_NONE = 59,
	PROTO_DSTOPTS = 60,
	PROTO_MOBILITY = 135,
	PROTO_RAW = 255,
};

struct ip_header {
	struct addr src, dst;    /* effective addresses: Home Address option and Routing header applied */
	uint32_t    total_len;   /* TotalLen() */
	uint16_t    hdr_len;     /* HdrLen(): all headers of a chain; wraps at 65536 as Zeek's does */
	uint16_t    payload_len; /* PayloadLen() */
	uint8_t     version, ttl;
	uint8_t     next;     /* NextProto() */
	uint8_t     last;     /* LastHeader(): type of a chain's last header, PROTO_RAW for IPv4 */
	uint16_t    last_off; /* where the last header begins */
	bool        fragment, more, df;
	uint16_t    offset; /* of a fragment, in bytes */
	uint32_t    id;     /* of a fragment */
	uint32_t    flow_label;
};

/* `b` holds at least 20 bytes. */
void ip4_parse(struct bytes b, struct ip_header *h);

/* `b` holds at least 40 bytes; extension headers are followed as far as they were captured. */
void ip6_parse(struct bytes b, struct ip_header *h);

/* Does the same for a reassembled datagram: the field that announces a fragment header becomes `next`. */
void ip6_parse_reassembled(uint8_t *p, size_t n, uint8_t next, struct ip_header *h);

/* Checks a packet in a tunnel (Zeek: IP::ParsePacket): `proto` is PROTO_IPV4 or PROTO_IPV6, `h` is valid unless
 * the result is BAD or the bytes do not hold the fixed header. */
enum ip_check { IP_CHECK_OK, IP_CHECK_BAD, IP_CHECK_TOO_SMALL, IP_CHECK_TOO_LARGE };
enum ip_check ip_check_inner(struct bytes b, unsigned proto, struct ip_header *h);

/* Returns the type of the reply to a message of PROTO_ICMP or PROTO_ICMPV6, so that both are one connection; -1 if there is none
 * (transport.c). */
int icmp_counterpart(uint8_t proto, uint8_t type);

#endif
