/* quoted.h - the packet that an ICMP error quotes (RFC 792, RFC 4443). */
#ifndef CONNLOG_DECODE_QUOTED_H
#define CONNLOG_DECODE_QUOTED_H

#include "decode/pkt.h"

/* Reads the addresses, the ports and the protocol of what `p` quotes.  Returns false if it is no error, or not enough is quoted. */
bool quoted_packet(const struct pkt *p, struct pkt *out);

#endif
