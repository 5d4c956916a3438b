/* cooked.c - link layers that hold little more than a protocol number: FDDI, NFLOG, BSD null, Linux SLL and SLL2.
 *
 * Zeek: src/packet_analysis/protocol/{fddi,nflog,null,linux_sll,linux_sll2}.
 */
#include "decode/walk.h"

enum layer
fddi_layer(struct walk *w)
{
	const size_t header = 13 + 8; /* FDDI, then LLC and SNAP, which Zeek does not read */
	if (w->at->data.n <= header)
		return rejected(w, DECODE_R_truncated_link_header);
	advance(w, header);
	return LAYER_IP;
}

/* Reads an attribute's number. Attributes are in this machine's byte order: readers convert those of other machines. */
static uint16_t
load_native16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

enum layer
nflog_layer(struct walk *w)
{
	const unsigned attribute_payload = 9;
	if (w->at->data.n <= 4)
		return rejected(w, DECODE_R_truncated_link_header);
	unsigned family = w->at->data.p[0];
	if (w->at->data.p[1] != 0) /* version */
		return rejected(w, DECODE_R_bad_link_header);
	advance(w, 4);
	for (;;) {
		if (w->at->data.n <= 4)
			return rejected(w, DECODE_R_truncated_link_header);
		size_t len = load_native16(w->at->data.p);
		if (load_native16(w->at->data.p + 2) == attribute_payload)
			break;
		size_t padded = (len + 3) & ~(size_t)3;
		if (len < 4 || padded > w->at->data.n)
			return rejected(w, DECODE_R_bad_link_header);
		advance(w, padded);
	}
	advance(w, 4);
	if (family == 2 || family == 10) /* AF_INET, AF_INET6 of Linux */
		return LAYER_IP;
	return ignored(w, DECODE_I_ether_type);
}

enum layer
null_layer(struct walk *w)
{
	if (w->at->data.n <= 4)
		return rejected(w, DECODE_R_truncated_link_header);
	uint32_t family = load_le32(w->at->data.p);
	advance(w, 4);
	switch (family) {
	case 2:  /* AF_INET */
	case 24: /* AF_INET6 of NetBSD, OpenBSD */
	case 28: /* of FreeBSD */
	case 30: /* of macOS */
		return LAYER_IP;
	default:
		return ignored(w, DECODE_I_ether_type);
	}
}

/* Both versions hold only the sender's address. */
enum layer
sll_layer(struct walk *w)
{
	const uint8_t *p = w->at->data.p;
	if (w->at->data.n <= 16)
		return rejected(w, DECODE_R_truncated_link_header);
	w->at->l2_src = p + 6;
	w->at->l2_dst = l2_empty;
	advance(w, 16);
	return ip_or_arp_layer(w, load_be16(p + 14));
}

enum layer
sll2_layer(struct walk *w)
{
	const uint8_t *p = w->at->data.p;
	if (w->at->data.n <= 20)
		return rejected(w, DECODE_R_truncated_link_header);
	w->at->l2_src = p + 12;
	w->at->l2_dst = l2_empty;
	advance(w, 20);
	return ip_or_arp_layer(w, load_be16(p));
}
