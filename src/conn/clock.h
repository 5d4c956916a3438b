/* clock.h - network time, as given by the packets, and the index of a packet among those of the same time.
 *
 * Both depend only on the times of all packets, so a program that tracks only some of the packets, but reads the times of all,
 * gets the same values.
 */
#ifndef CONNLOG_CONN_CLOCK_H
#define CONNLOG_CONN_CLOCK_H

#include <stdint.h>

/* Zeek's network time is never below this, whatever the packets say; its reference events show this. */
#define EPOCH_LEAST 1.0

struct packet_clock {
	double   now;  /* the latest packet time, which never decreases; initially EPOCH_LEAST */
	uint32_t salt; /* distinguishes packets of the same time: no two have the same time and salt */
	uint32_t same_time, late_packets;
};

/* Advances to a packet.  Packets from the past are distinguished by a separate count. */
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

/* Advances to `now` without a packet. */
static inline void
clock_idle(struct packet_clock *k, double now)
{
	if (now > k->now) {
		k->now = now;
		k->same_time = 0;
	}
}

#endif
