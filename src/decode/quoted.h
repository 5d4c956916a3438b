/* quoted.h - the packet that an ICMP error quotes (RFC 792, RFC 4443). */
#ifndef CONNLOG_DECODE_QUOTED_H
#define CONNLOG_DECODE_QUOTED_H

#include "decode/pkt.h"

/* Reads the addresses, ports and protocol of the packet that `p` quotes. Returns false if `p` is no error message or
 * does not quote enough. */
bool quoted_packet(const struct pkt *p, struct pkt *out);

#endif
