/* talkers.h - who sends and receives most, by address, in bounded memory.
 *
 * A sketch of the kind of "space saving" (Metwally, Agrawal, El Abbadi 2005), cut into buckets: an address that finds its bucket full takes the
 * place of the least of it and inherits its rank, so whoever has much of the traffic is in it however many others there are.  What is
 * told of an address is what was counted since it came in: never too much.  All fades by the second, so it is about the last few of them.
 */
#ifndef CONNLOG_SENSOR_TALKERS_H
#define CONNLOG_SENSOR_TALKERS_H

#include <stddef.h>

#include "connlog.h"

struct talkers;

/* Returns NULL when out of memory. */
struct talkers *talkers_new(void);
void            talkers_free(struct talkers *t);
/* Counts the IPv4 and IPv6 packets among them that come as Ethernet, with VLAN tags or without. */
void talkers_packets(struct talkers *t, const connlog_packet *p, size_t n);
/* Returns the greatest, by bytes a second, as Prometheus reads it, allocated; NULL when out of memory. `seconds` have passed since the last
 * call. */
char *talkers_text(struct talkers *t, double seconds, size_t *n);

#endif
