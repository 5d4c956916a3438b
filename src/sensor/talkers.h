/* talkers.h - the addresses that send and receive most, in bounded memory.
 *
 * A sketch in the manner of "space saving" (Metwally, Agrawal, El Abbadi 2005), divided into buckets: an address whose
 * bucket is full replaces the smallest entry and inherits its rank, so addresses with a large part of the traffic are
 * always in it, however many others there are. The reported value of an address is what was counted since it was
 * entered, and so never too large. All values decay every second, so they describe the last few seconds.
 */
#ifndef CONNLOG_SENSOR_TALKERS_H
#define CONNLOG_SENSOR_TALKERS_H

#include <stddef.h>

#include "connlog.h"

struct talkers;

/* Returns NULL when out of memory. */
struct talkers *talkers_new(void);
void            talkers_free(struct talkers *t);
/* Counts IPv4 and IPv6 packets in Ethernet frames, with or without VLAN tags. */
void talkers_packets(struct talkers *t, const connlog_packet *p, size_t n);
/* Returns the largest, in bytes per second, in Prometheus' text format, allocated; NULL when out of memory. `seconds`
 * have passed since the last call. */
char *talkers_text(struct talkers *t, double seconds, size_t *n);

#endif
