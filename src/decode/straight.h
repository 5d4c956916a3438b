/* straight.h - a short path through the decoder for common frames. */
#ifndef CONNLOG_DECODE_STRAIGHT_H
#define CONNLOG_DECODE_STRAIGHT_H

#include "decode/decode.h"

/* Decodes a frame that is Ethernet with at most one VLAN tag, then IPv4 without options and not a fragment or IPv6
 * without extension headers, then TCP or UDP, all complete, and that cannot carry a tunnel. Fills `out` and counts
 * exactly as decode_begin() and decode_next() would; such a frame holds no further packet. `now` is as for
 * decode_begin(). Returns false for any other frame, without counting it; `out` is then invalid, and the frame takes
 * the general path. */
bool decode_straight(struct decoder *dec, const struct connlog_packet *raw, double now, struct pkt *out);

#endif
