/* dlt.c - maps LINKTYPE_ values to DLT_ values, after libpcap's pcap-common.c.
 *
 * Almost all are equal.  A few DLT_ values differ between systems, so files have numbers of their own for them.  Follows
 * https://www.tcpdump.org/linktypes.html and libpcap 1.10.
 */
#include "capture/dlt.h"

#include <limits.h>
#include <pcap/pcap.h>
#include <stdio.h>

#include "base/bytes.h"

int32_t
dlt_from_linktype(uint32_t linktype)
{
	static const struct {
		uint16_t linktype, dlt;
	} map[] = {
		{ 100, DLT_ATM_RFC1483 }, { 101, DLT_RAW },      { 102, DLT_SLIP_BSDOS },
		{ 103, DLT_PPP_BSDOS },   { 106, DLT_ATM_CLIP },
	};

	for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
		if (map[i].linktype == linktype)
			return map[i].dlt;
	return (int32_t)linktype;
}

void
dlt_text(int32_t dlt, char out[DLT_TEXT_MAX])
{
	const char *name = pcap_datalink_val_to_name(dlt);

	snprintf(out, DLT_TEXT_MAX, name ? "%d (%.60s)" : "%d", dlt, name);
}

uint32_t
dlt_snaplen_max(int32_t dlt)
{
	switch (dlt) {
	case DLT_DBUS:
		return 128u << 20;
	case DLT_EBHSCR:
		return 8u << 20;
	case DLT_USBPCAP:
		return 1u << 20;
	default:
		return CAPTURE_SNAPLEN_MAX;
	}
}

uint32_t
dlt_snaplen(int32_t dlt, uint32_t said)
{
	return said == 0 || said > INT_MAX ? dlt_snaplen_max(dlt) : said;
}

static void
swap16(uint8_t *p)
{
	uint8_t first = p[0];

	p[0] = p[1];
	p[1] = first;
}

void
dlt_swap_nflog(uint8_t *p, uint32_t n)
{
	uint32_t at = 4; /* after family, version and resource id, which is always big-endian */
	uint16_t size;

	if (n < 4 || p[1] != 0) /* the layout of other versions is unknown */
		return;
	while (at + 4 <= n) {
		swap16(p + at);
		swap16(p + at + 2);
		memcpy(&size, p + at, 2);
		if (size < 4) /* no room for the attribute's own header */
			return;
		at += (size + 3u) & ~3u;
	}
}
