/* wlan.c - IEEE 802.11 data frames, with or without a radiotap header.
 *
 * A frame holds one packet or, as an A-MSDU, several; these are returned one after another, and the first that Zeek
 * cannot analyse ends the frame. Zeek: src/packet_analysis/protocol/{ieee802_11,ieee802_11_radio}.
 */
#include "decode/walk.h"

enum {
	WLAN_TO_DS = 1,
	WLAN_FROM_DS = 2,
	WLAN_PROTECTED = 0x40,
	WLAN_TYPE_DATA = 0x02,     /* in the type bits of the first byte */
	WLAN_SUBTYPE_EMPTY = 0x04, /* in its subtype bits: no data */
	WLAN_SUBTYPE_QOS = 0x08,
	QOS_AMSDU = 0x80,
	AMSDU_HEADER = 14,
};

enum layer
radiotap_layer(struct walk *w)
{
	if (w->at->data.n <= 3)
		return rejected(w, DECODE_R_truncated_link_header);
	size_t len = load_le16(w->at->data.p + 2);
	if (len >= w->at->data.n)
		return rejected(w, DECODE_R_truncated_link_header);
	advance(w, len);
	return LAYER_WLAN;
}

/* Handles the LLC and SNAP header with which every packet in a frame begins. */
static enum layer
wlan_packet(struct walk *w)
{
	static const uint8_t snap[6] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	const uint8_t       *p = w->at->data.p;
	if (w->at->data.n < 8)
		return rejected(w, DECODE_R_truncated_link_header);
	if (memcmp(p, snap, sizeof snap) != 0)
		return ignored(w, DECODE_I_wlan_not_snap);
	advance(w, 8);
	return ip_or_arp_layer(w, load_be16(p + 6));
}

static void
wlan_addresses(struct walk *w, unsigned ds)
{
	const uint8_t *p = w->at->data.p;
	static const struct {
		uint8_t src, dst;
	} at[4] = { { 10, 4 }, { 10, 16 }, { 16, 4 }, { 24, 16 } };
	w->at->l2_src = p + at[ds].src;
	w->at->l2_dst = p + at[ds].dst;
}

enum layer
wlan_layer(struct walk *w)
{
	const uint8_t *p = w->at->data.p;
	size_t         n = w->at->data.n, header = 24;
	bool           amsdu = false;

	if (n <= header)
		return rejected(w, DECODE_R_truncated_link_header);
	unsigned type = p[0] >> 2, subtype = p[0] >> 4, ds = p[1] & (WLAN_TO_DS | WLAN_FROM_DS);
	if (!(type & WLAN_TYPE_DATA) || subtype & WLAN_SUBTYPE_EMPTY)
		return ignored(w, DECODE_I_wlan_not_data);
	if (ds == (WLAN_TO_DS | WLAN_FROM_DS))
		header += 6; /* a fourth address */
	if (n <= header)
		return rejected(w, DECODE_R_truncated_link_header);
	if (subtype & WLAN_SUBTYPE_QOS) {
		amsdu = p[header] & QOS_AMSDU;
		if (p[1] & WLAN_PROTECTED)
			return consumed(w, DECODE_I_wlan_encrypted);
		header += 2;
	}
	if (n <= header)
		return rejected(w, DECODE_R_truncated_link_header);
	wlan_addresses(w, ds);
	advance(w, header);
	return amsdu ? amsdu_layer(w) : wlan_packet(w);
}

/* Takes the next packet from an A-MSDU and leaves the rest pending below it. */
enum layer
amsdu_layer(struct walk *w)
{
	struct bytes b = w->at->data;
	if (w->at->failed)
		return rejected(w, DECODE_R_invalid_802_11_amsdu_inner_packet);
	if (b.n == 0) {
		w->dec->n.carriers++;
		return LAYER_DONE;
	}
	size_t len = b.n < AMSDU_HEADER ? 0 : load_be16(b.p + 12);
	if (b.n < AMSDU_HEADER + len)
		return rejected(w, DECODE_R_truncated_link_header);
	b = bytes_skip(b, AMSDU_HEADER);

	struct piece rest = *w->at;
	rest.layer = LAYER_AMSDU;
	rest.data = bytes_skip(b, len);
	if (rest.data.n >= len % 4) /* as Zeek counts the padding */
		rest.data = bytes_skip(rest.data, len % 4);
	if (!push_piece(w, &rest))
		return rejected(w, DECODE_R_exceeded_tunnel_max_depth);
	w->at->data = bytes_head(b, len);
	w->at->shielded = false;
	w->dec->n.inner++;
	return wlan_packet(w);
}
