/* pair.c - see pair.h. */
#include "decode/pair.h"

#include <string.h>

#include "base/pairhash.h"
#include "decode/udp_tunnel.h"

enum {
	LINK_ETHERNET = 1,
	LINK_RAW = 12,
	LINK_SLL = 113,
	TAGS_MAX = 2,
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	ICMP6 = 58,
	UDP_HEADER = 8,
};

/* Returns whether FTP, GridFTP or IRC announce data connections on the port; only those of Zeek's
 * likely_server_ports. */
static bool
announces(uint16_t port)
{
	return port == 21 || port == 2811 || (port >= 6666 && port <= 6669);
}

static bool
concerns_everybody(uint8_t proto, uint16_t sport, uint16_t dport, struct bytes udp_data)
{
	if (proto == UDP)
		return udp_tunnel_possible(sport, udp_data) || udp_tunnel_possible(dport, udp_data);
	return proto == TCP && (announces(sport) || announces(dport));
}

bool
pair_concerns_everybody(const struct pkt *p)
{
	return concerns_everybody(p->proto, p->sport, p->dport, p->data);
}

static uint16_t
share_of(const struct addr *a, const struct addr *b, unsigned of)
{
	if (addr_is_v4(a) && addr_is_v4(b))
		return pairhash_share(load_be32(a->b + 12), load_be32(b->b + 12), of);
	return pairhash_share(pairhash_fold(a->b), pairhash_fold(b->b), of);
}

uint16_t
pair_of_packet(const struct pkt *p, unsigned of)
{
	return share_of(&p->src, &p->dst, of);
}

/* Returns whether the IP payload is a packet of the pair in the IP header that concerns no other engine. */
static bool
is_plain(uint8_t proto, struct bytes payload)
{
	if (proto != TCP && proto != UDP)
		return proto == ICMP || proto == ICMP6;
	if (payload.n < UDP_HEADER)
		return false;
	return !concerns_everybody(proto, load_be16(payload.p), load_be16(payload.p + 2), bytes_skip(payload, UDP_HEADER));
}

static uint16_t
share_of_v4(struct bytes ip, unsigned of)
{
	const size_t header = (ip.p[0] & 15) * 4u;

	ip = bytes_head(ip, load_be16(ip.p + 2));
	if (header < 20 || header > ip.n || (load_be16(ip.p + 6) & 0x3fff) != 0 ||
	    !is_plain(ip.p[9], bytes_skip(ip, header)))
		return PAIR_EVERYBODY;
	return pairhash_share(load_be32(ip.p + 12), load_be32(ip.p + 16), of);
}

static uint16_t
share_of_v6(struct bytes ip, unsigned of)
{
	struct addr a, b;

	ip = bytes_head(ip, ip.n < 40 ? 0 : 40u + load_be16(ip.p + 4));
	if (ip.n < 40 || !is_plain(ip.p[6], bytes_skip(ip, 40)))
		return PAIR_EVERYBODY;
	memcpy(a.b, ip.p + 8, 16);
	memcpy(b.b, ip.p + 24, 16);
	return share_of(&a, &b, of);
}

static uint16_t
share_of_ip(struct bytes ip, unsigned of)
{
	if (ip.n < 20)
		return PAIR_EVERYBODY;
	if (ip.p[0] >> 4 == 4)
		return share_of_v4(ip, of);
	return ip.p[0] >> 4 == 6 ? share_of_v6(ip, of) : PAIR_EVERYBODY;
}

/* Returns the share of a frame whose EtherType is at `at`. */
static uint16_t
share_of_ether(struct bytes frame, size_t at, unsigned of)
{
	for (int tags = 0;; tags++, at += 4) {
		const uint8_t *p = bytes_at(frame, at, 2);
		const unsigned type = p ? load_be16(p) : 0;
		if (type == 0x0800 || type == 0x86dd) {
			const struct bytes ip = bytes_skip(frame, at + 2);
			const unsigned     version = ip.n > 0 ? ip.p[0] >> 4 : 0;
			return version == (type == 0x0800 ? 4 : 6) ? share_of_ip(ip, of) : PAIR_EVERYBODY;
		}
		if ((type != 0x8100 && type != 0x88a8) || tags == TAGS_MAX)
			return PAIR_EVERYBODY;
	}
}

/* Returns whether the frame is of the usual kind: Ethernet, IPv4 without options or fragments, TCP that concerns no
 * other engine. */
static inline bool
is_usual(const connlog_packet *raw)
{
	const uint8_t *p = raw->data;

	if (raw->link != LINK_ETHERNET || raw->caplen < 42 || load_be32(p + 12) >> 8 != 0x080045)
		return false;
	return load_be16(p + 16) >= 28 && (load_be16(p + 20) & 0x3fff) == 0 && p[23] == TCP &&
	       !announces(load_be16(p + 34)) && !announces(load_be16(p + 36));
}

static uint16_t
share_of_frame(const connlog_packet *raw, unsigned of)
{
	const struct bytes frame = { raw->data, raw->caplen };

	switch (raw->link) {
	case LINK_ETHERNET:
		return share_of_ether(frame, 12, of);
	case LINK_RAW:
		return share_of_ip(frame, of);
	case LINK_SLL:
		return share_of_ether(frame, 14, of);
	default:
		return PAIR_EVERYBODY;
	}
}

uint16_t
pair_of_frame(const connlog_packet *raw, unsigned of)
{
	if (!is_usual(raw))
		return share_of_frame(raw, of);
	return pairhash_share(load_be32(raw->data + 26), load_be32(raw->data + 30), of);
}
