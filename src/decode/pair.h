/* pair.h - the share of the traffic that a packet belongs to, when several engines each track a part of it.
 *
 * The hash of a connection's address pair determines its share, so both directions, ICMP errors about it, and data
 * connections between the same hosts meet.  For most frames the pair can be read without decoding them.  The others
 * (tunnels, fragments, headers that are unusual or damaged, ports where tunnels or announcements of other
 * connections are expected) go to every engine: each decodes them in the same way and then tracks its own.
 */
#ifndef CONNLOG_DECODE_PAIR_H
#define CONNLOG_DECODE_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "connlog.h"
#include "decode/pkt.h"

/* Stands for all shares. */
#define PAIR_EVERYBODY UINT16_MAX
#define PAIR_NOBODY    (UINT16_MAX - 1)

/* Returns the share of `of`, or PAIR_EVERYBODY. */
uint16_t pair_of_frame(const connlog_packet *raw, unsigned of);
/* Returns the share of a decoded packet. */
uint16_t pair_of_packet(const struct pkt *p, unsigned of);

/* Returns whether every engine tracks the packet's connection because others depend on it: the content of a UDP tunnel,
 * and the connections that FTP and IRC announce, can be of any pair. */
bool pair_concerns_everybody(const struct pkt *p);

#endif
