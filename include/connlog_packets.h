/* connlog_packets.h - which packets a connection has counted. connlog.h has the rest of the interface, and states the
 * conventions that hold for all of it.
 *
 *     connlog_on_counted(engine, counted, arg);          // before the first packet
 *     int counted(void *arg, const connlog_counted *c)   // for each packet of each connection
 *     {
 *         char uid[CONNLOG_UID_SIZE];
 *         connlog_counted_uid(c, uid);                   // as the record's uid column will say
 *         remember(uid, c->packet);
 *         return CONNLOG_OK;
 *     }
 */
#ifndef CONNLOG_PACKETS_H
#define CONNLOG_PACKETS_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CONNLOG_UID_SIZE 24 /* largest size of a uid's text in bytes, including the NUL */

/* Distinguishes a connection from others that are open at the same time. Addresses are in network order, IPv4 as
 * ::ffff:a.b.c.d; the ports of ICMP are its type and code, as in the record. */
typedef struct connlog_tuple {
	uint8_t  orig_h[16], resp_h[16];
	uint16_t orig_p, resp_p;
	uint8_t  proto; /* IP protocol number */
} connlog_tuple;

/* A packet that a connection has just counted: it is one of the record's orig_pkts or resp_pkts.  Valid during the callback. */
typedef struct connlog_counted {
	uint64_t packet;   /* its number among the packets given to the engine, from 0 */
	bool     fragment; /* it is an earlier packet with a fragment of the counted datagram */
	bool     is_orig;  /* its sender is the originator by the current roles, which can still be exchanged */
	/* The connection in its current state. */
	connlog_tuple tuple;
	double        ts; /* its start, as in the record */
	/* For an ICMP error: the packet that it quotes, with the sender as originator; NULL for other packets, or if the
	 * quoted headers are incomplete. */
	const connlog_tuple            *quoted;
	const struct connlog_count_now *now; /* for connlog_counted_uid() */
} connlog_counted;

/* Called for each packet that a connection counts, in order; for packets in tunnels it is called for each connection
 * that counts a part of it. For a datagram that arrived in fragments it is called with the packet that completed it,
 * and then with each of the others, which can have arrived long before; a packet can be reported more than once. Return
 * anything but CONNLOG_OK to stop, as for connlog_on_record().
 *
 * Call connlog_on_counted() once, before the first packet; the engine must not have workers. It returns CONNLOG_OK,
 * CONNLOG_NO_MEMORY, or CONNLOG_BAD_OPTION if the engine has workers or such a function already.
 */
typedef int (*connlog_counted_fn)(void *arg, const connlog_counted *c);
CONNLOG_API int connlog_on_counted(connlog_engine *e, connlog_counted_fn fn, void *arg);

/* Writes the uid of the connection, NUL-terminated. This takes about as long as handling a packet. */
CONNLOG_API void connlog_counted_uid(const connlog_counted *c, char uid[CONNLOG_UID_SIZE]);

/* Returns how many packets with fragments could not be remembered, because memory was out or there were more than
 * 65,536 for one datagram, and were therefore not reported. */
CONNLOG_API uint64_t connlog_counted_lost(const connlog_engine *e);

#ifdef __cplusplus
}
#endif
#endif
