/* connlog_packets.h - the part of libconnlog's interface that says which packets a connection counted.  connlog.h has the rest of
 * the interface, and says what holds for all of it.
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

#define CONNLOG_UID_SIZE 24 /* bytes of a uid's text with its terminating NUL, at most */

/* What tells one connection from others that are open at the same time.  Addresses are in network order, IPv4 as ::ffff:a.b.c.d; the
 * ports of ICMP are its type and code, as in the record. */
typedef struct connlog_tuple {
	uint8_t  orig_h[16], resp_h[16];
	uint16_t orig_p, resp_p;
	uint8_t  proto; /* number of the IP protocol */
} connlog_tuple;

/* A packet that a connection has just counted: it is one of the record's orig_pkts or resp_pkts.  Valid during the callback. */
typedef struct connlog_counted {
	uint64_t packet;   /* its number among those given to the engine, from 0 */
	bool     fragment; /* an earlier packet, which holds a fragment of the datagram that is counted */
	bool     is_orig;  /* its sender is the originator, as the roles are now; they can still be exchanged */
	/* The connection as it is now. */
	connlog_tuple tuple;
	double        ts; /* its start, as the record says it */
	/* Of an ICMP error: the packet that it quotes, whose sender stands here as originator; NULL if this is none, or the quoted
	 * headers are not all there. */
	const connlog_tuple            *quoted;
	const struct connlog_count_now *now; /* for connlog_counted_uid() */
} connlog_counted;

/* Called for each packet that a connection counts, in their order; for one inside tunnels it is called for each connection that
 * counts something of it.  For a datagram that came in fragments it is called with the packet that completed it, and then with
 * each of the others, which can have come long before; a packet can be named more than once.  Return anything but CONNLOG_OK to
 * stop, as for connlog_on_record().
 *
 * connlog_on_counted() is to be called once, before the first packet, and the engine must not have workers.  It returns CONNLOG_OK,
 * CONNLOG_NO_MEMORY, or CONNLOG_BAD_OPTION if the engine has workers or a function already. */
typedef int (*connlog_counted_fn)(void *arg, const connlog_counted *c);
CONNLOG_API int connlog_on_counted(connlog_engine *e, connlog_counted_fn fn, void *arg);

/* Writes the uid of the connection, terminated.  It takes about as long as handling a packet does. */
CONNLOG_API void connlog_counted_uid(const connlog_counted *c, char uid[CONNLOG_UID_SIZE]);

/* Returns how many packets with fragments could not be remembered, because there was no memory or because there were more than 65,536
 * for one datagram, and are therefore missing among those the function was called with. */
CONNLOG_API uint64_t connlog_counted_lost(const connlog_engine *e);

#ifdef __cplusplus
}
#endif
#endif
