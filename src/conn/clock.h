/* clock.h - network time as the packets tell it, and which packet of its time a packet is.
 *
 * Both follow from the times of all packets alone, so a program that tracks some of the packets only, but reads the times
 * of all, comes to the same values.
 */
#ifndef CONNLOG_CONN_CLOCK_H
#define CONNLOG_CONN_CLOCK_H

#include <stdint.h>

/* Zeek's network time is never below this, whatever the packets say: its reference events show it. */
#define EPOCH_LEAST 1.0

struct packet_clock {
	double   now;  /* the latest packet time, which never goes back; EPOCH_LEAST at first */
	uint32_t salt; /* tells apart the packets of one time: no two have the same time and salt */
	uint32_t same_time, late_packets;
};

/* A packet has come.  One whose time has passed already is told by a count of its own. */
static inline void
clock_packet(struct packet_clock *k, double time)
{
	if (time < k->now)
		k->salt = 0x80000000u | ++k->late_packets;
	else if (time == k->now)
		k->salt = ++k->same_time;
	else
		k->salt = k->same_time = 0;
	if (time > k->now)
		k->now = time;
}

/* Time has come to `now` without a packet. */
static inline void
clock_idle(struct packet_clock *k, double now)
{
	if (now > k->now) {
		k->now = now;
		k->same_time = 0;
	}
}

#endif
