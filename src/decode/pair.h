/* pair.h - to which share of the traffic a packet belongs, when several engines each track a part of it.
 *
 * A connection belongs to the share that the hash of its address pair says, so both directions, ICMP errors about it, and data
 * connections between the same hosts meet.  For most frames the pair can be read without decoding them.  The others
 * (tunnels, fragments, headers that are unusual or damaged, ports on which tunnels or announcements of other
 * connections are to be expected) are for every engine: each decodes them alike and then tracks what is its own.
 */
#ifndef CONNLOG_DECODE_PAIR_H
#define CONNLOG_DECODE_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "connlog.h"
#include "decode/pkt.h"

/* In the place of a share. */
#define PAIR_EVERYBODY UINT16_MAX
#define PAIR_NOBODY    (UINT16_MAX - 1)

/* Returns the share of `of`, or PAIR_EVERYBODY. */
uint16_t pair_of_frame(const connlog_packet *raw, unsigned of);
/* Returns the share of a decoded packet. */
uint16_t pair_of_packet(const struct pkt *p, unsigned of);

/* Returns whether each engine tracks the packet's connection, because others depend on it: what is inside of a tunnel over UDP
 * and the connections that FTP and IRC announce can be of any pair. */
bool pair_concerns_everybody(const struct pkt *p);

#endif
