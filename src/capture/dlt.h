/* dlt.h - link types: the numbers in capture files and those that libpcap, and therefore Zeek, uses. */
#ifndef CONNLOG_CAPTURE_DLT_H
#define CONNLOG_CAPTURE_DLT_H

#include <pcap/dlt.h>
#include <stdbool.h>
#include <stdint.h>

#define CAPTURE_SNAPLEN_MAX (256u << 10) /* libpcap's MAXIMUM_SNAPLEN; longer packets are not plausible */

/* Returns the DLT_ value on Linux of a file's LINKTYPE_ value. */
int32_t dlt_from_linktype(uint32_t linktype);
/* Writes "143 (DOCSIS)", or the number alone if libpcap has no name for it. */
#define DLT_TEXT_MAX 80
void dlt_text(int32_t dlt, char out[DLT_TEXT_MAX]);
/* Returns the length of the longest packet that libpcap accepts. */
uint32_t dlt_snaplen_max(int32_t dlt);
/* Returns the effective snapshot length: 0 and absurd values mean no limit. */
uint32_t dlt_snaplen(int32_t dlt, uint32_t said);

/* Swaps the attributes of an NFLOG packet in place: they have the byte order of the host that wrote the file, and
 * libpcap returns them in ours. */
void dlt_swap_nflog(uint8_t *p, uint32_t n);

#define HOST_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
/* Returns whether packets of a file in that byte order have to be turned around. */
static inline bool
dlt_is_foreign(int32_t dlt, bool big_endian)
{
	return big_endian != HOST_BIG_ENDIAN && dlt == DLT_NFLOG;
}

#endif
