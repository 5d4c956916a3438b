/* talkers.h - the addresses that send and receive most, in bounded memory.
 *
 * A sketch in the manner of "space saving" (Metwally, Agrawal, El Abbadi 2005), divided into buckets: an address whose
 * bucket is full replaces the smallest entry and inherits its rank, so addresses with a large part of the traffic are
 * always in it, however many others there are. The reported value of an address is what was counted since it was
 * entered, and so never too large. All values decay every second, so they describe the last few seconds.
 */
#ifndef CONNLOG_SENSOR_TALKERS_H
#define CONNLOG_SENSOR_TALKERS_H

#include <netinet/in.h>
#include <stddef.h>

#include "connlog.h"

enum { TALKERS_SHOWN = 50 };

/* What an address has sent and received lately, by the second. */
struct talker_rates {
	char   address[INET6_ADDRSTRLEN];
	double sent, received; /* bytes */
	double packets;        /* both ways */
};

struct talkers;

/* Returns NULL when out of memory. */
struct talkers *talkers_new(void);
void            talkers_free(struct talkers *t);
/* Counts IPv4 and IPv6 packets in Ethernet frames, with or without VLAN tags. */
void talkers_packets(struct talkers *t, const connlog_packet *p, size_t n);
/* Stores the greatest, by bytes a second, and lets all fade.  `seconds` have passed since the last call.  Returns their number, 0 when out
 * of memory. */
size_t talkers_take(struct talkers *t, double seconds, struct talker_rates out[TALKERS_SHOWN]);
/* Returns these as Prometheus reads them, allocated; NULL when out of memory. */
char *talkers_text(const struct talker_rates *at, size_t n, size_t *size);

#endif
