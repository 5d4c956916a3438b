/* ring_fanout.h - several packet sockets that share the packets of one interface: PACKET_FANOUT.
 *
 * Which socket a packet goes to is decided by the kernel with a program of ours, by the same rule by which the engine decides which
 * worker tracks it (base/pairhash.h), from the addresses of the outermost IP header.  So both directions of a connection, ICMP
 * about it, its fragments, and other connections of the two hosts meet in one ring, in the order in which they came.
 */
#ifndef CONNLOG_CAPTURE_RING_FANOUT_H
#define CONNLOG_CAPTURE_RING_FANOUT_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FANOUT_CODE = 112 }; /* instructions, at most */

/* Writes the program that returns a packet's share of `n`; 0 for what is not IP.  Returns the number of instructions. */
size_t fanout_program(unsigned n, struct sock_filter out[FANOUT_CODE]);

/* These return false with errno set.  A socket has to be bound to an interface that is up; once in a group, it can neither be bound
 * again nor leave. */

/* Makes a group of which the socket is the first member, which gets everything until fanout_spread(). */
bool fanout_begin(int fd, uint16_t *group);
/* Makes the socket another member, which gets nothing until then. */
bool fanout_join(int fd, uint16_t group);
/* Spreads packets over all `n` members; `fd` is one of them. */
bool fanout_spread(int fd, unsigned n);

#endif
