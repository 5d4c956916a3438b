/* dlt.h - link types: the numbers in capture files and those that libpcap, and so Zeek, works with. */
#ifndef CONNLOG_CAPTURE_DLT_H
#define CONNLOG_CAPTURE_DLT_H

#include <stdint.h>

#define CAPTURE_SNAPLEN_MAX (256u << 10) /* libpcap's MAXIMUM_SNAPLEN: no sane packet is longer */

/* Returns the DLT_ value on Linux of a file's LINKTYPE_ value. */
int32_t dlt_from_linktype(uint32_t linktype);
/* "143 (DOCSIS)", or the number alone where libpcap has no name for it. */
#define DLT_TEXT_MAX 80
void dlt_text(int32_t dlt, char out[DLT_TEXT_MAX]);
/* Returns the longest packet that libpcap believes in. */
uint32_t dlt_snaplen_max(int32_t dlt);
/* Returns the snapshot length that counts: 0 and absurd ones mean that there is no limit. */
uint32_t dlt_snaplen(int32_t dlt, uint32_t said);

/* An NFLOG packet's attributes have the byte order of the host that wrote the file; libpcap hands them out in
 * ours.  Turns them around, in place. */
void dlt_swap_nflog(uint8_t *p, uint32_t n);

#endif
