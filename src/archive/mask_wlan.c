/* mask_wlan.c - IEEE 802.11: see mask.h.  The lengths are those of decode/wlan.c. */
#include "archive/mask.h"

enum {
	WLAN_DS = 3,
	WLAN_PROTECTED = 0x40,
	WLAN_CONTROL = 0x01, /* in the type bits of the first byte */
	WLAN_DATA = 0x02,
	WLAN_EMPTY = 0x04, /* in its subtype bits */
	WLAN_QOS = 0x08,
	WLAN_HEADER = 24,
	AMSDU_HEADER = 14,
};

/* Of the header, its length alone is kept: other fields can be of any vendor's. */
static enum mask_layer
radiotap(struct mask *m)
{
	const size_t n = mask_left(m) >= 4 ? load_le16(mask_old(m) + 2) : SIZE_MAX;

	if (n > mask_left(m))
		return MASK_DONE;
	mask_keep(m, m->at, 4);
	m->at += n;
	return MASK_WLAN;
}

/* What a frame's data begin with. */
static enum mask_layer
snap(struct mask *m)
{
	static const uint8_t header[6] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	const uint8_t       *p = mask_old(m);

	if (mask_left(m) < 8 || memcmp(p, header, sizeof header) != 0)
		return MASK_DONE;
	const unsigned type = load_be16(p + 6);
	mask_take(m, 8);
	if (type == 0x0800 || type == 0x86dd)
		return MASK_IP;
	return type == 0x0806 || type == 0x8035 ? MASK_ARP : MASK_DONE;
}

static enum mask_layer
amsdu(struct mask *m)
{
	const uint8_t *p = mask_old(m);
	const size_t   n = mask_left(m) >= AMSDU_HEADER ? load_be16(p + 12) : 0;

	if (mask_left(m) < AMSDU_HEADER + n)
		return MASK_DONE;
	mask_link_address(m, m->at);
	mask_link_address(m, m->at + 6);
	mask_keep(m, m->at + 12, 2);
	m->at += AMSDU_HEADER;
	size_t rest = m->at + n;
	if (m->end - rest >= n % 4) /* as the decoder counts the padding */
		rest += n % 4;
	if (rest < m->end && m->n_rests < MASK_RESTS)
		m->rests[m->n_rests++] = (struct mask_rest){ rest, m->end };
	mask_head(m, n);
	return snap(m);
}

static enum mask_layer
wlan(struct mask *m)
{
	const uint8_t *p = mask_old(m);
	const size_t   begin = m->at, n = mask_left(m);
	size_t         header = WLAN_HEADER;
	bool           aggregated = false;

	mask_keep(m, begin, 4);
	if (n < WLAN_HEADER || (p[0] >> 2 & 3) == WLAN_CONTROL)
		return MASK_DONE;
	const unsigned type = p[0] >> 2, subtype = p[0] >> 4;
	for (size_t i = 0; i < 3; i++)
		mask_link_address(m, begin + 4 + 6 * i);
	mask_keep(m, begin + 22, 2);
	if (!(type & WLAN_DATA))
		return MASK_DONE;
	if ((p[1] & WLAN_DS) == WLAN_DS) {
		mask_link_address(m, begin + WLAN_HEADER);
		header += 6;
	}
	if (subtype & WLAN_QOS && n > header) {
		aggregated = p[header] & 0x80;
		mask_keep(m, begin + header, 2);
		header += 2;
		if (p[1] & WLAN_PROTECTED)
			return MASK_DONE;
	}
	if (subtype & WLAN_EMPTY || n <= header)
		return MASK_DONE;
	m->at += header;
	return aggregated ? amsdu(m) : snap(m);
}

enum mask_layer
mask_wlan(struct mask *m, enum mask_layer layer)
{
	switch (layer) {
	case MASK_RADIOTAP:
		return radiotap(m);
	case MASK_AMSDU:
		return amsdu(m);
	default:
		return wlan(m);
	}
}
