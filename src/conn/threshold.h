/* threshold.h - counting packets, and events when a connection reaches a size or age (Zeek: analyzer/protocol/conn-size/ConnSize.cc).
 *
 * Each side has at most one threshold for its IP bytes and one for its packets, the connection one for its duration; each is
 * reported once.  ConnThreshold::generic_packet_thresholds are for the packets of all connections, both sides together.
 */
#ifndef CONNLOG_CONN_THRESHOLD_H
#define CONNLOG_CONN_THRESHOLD_H

#include "conn/events.h"

/* 0: not set. */
struct conn_thresholds {
	uint64_t bytes[2], packets[2];
	double   duration;
};

/* Bits of the events about thresholds. */
#define THRESHOLDS_WANTED                                                                                              \
	(UINT64_C(1) << CONNLOG_EVENT_CONN_BYTES_THRESHOLD_CROSSED |                                                       \
	 UINT64_C(1) << CONNLOG_EVENT_CONN_PACKETS_THRESHOLD_CROSSED |                                                     \
	 UINT64_C(1) << CONNLOG_EVENT_CONN_DURATION_THRESHOLD_CROSSED |                                                    \
	 UINT64_C(1) << CONNLOG_EVENT_CONN_GENERIC_PACKET_THRESHOLD_CROSSED)

/* A bit next to those of events.wanted, so that one test covers both: the store's on_counted is to be called. */
#define COUNTED_WANTED (UINT64_C(1) << 62)
_Static_assert(CONNLOG_EVENTS <= 62, "no event has that bit");

void conn_check_thresholds(struct conn_store *s, uint32_t handle, int side);

/* Handles a counted packet of that side: calls on_counted if requested, and checks thresholds. */
void conn_note_counted(struct conn_store *s, uint32_t handle, int side);

/* Increments the upper half of one of the side's counters: that of packets, or that of bytes. */
void conn_carry(struct conn_store *s, uint32_t handle, int side, bool packet);

/* Called when a packet of that side was counted. */
static inline void
conn_counted(struct conn_store *s, uint32_t handle, int side)
{
	if (s->events.wanted & (THRESHOLDS_WANTED | COUNTED_WANTED))
		conn_note_counted(s, handle, side);
}

/* Counts a packet of that side, without checking thresholds. */
static inline void
conn_add(struct conn_store *s, uint32_t handle, struct conn *c, int side, uint32_t ip_bytes)
{
	if (++c->pkts[side] == 0)
		conn_carry(s, handle, side, true);
	c->bytes[side] += ip_bytes;
	if (c->bytes[side] < ip_bytes)
		conn_carry(s, handle, side, false);
}

/* Returns the connection's thresholds, attaching them if necessary; NULL when out of memory. */
struct conn_thresholds *conn_thresholds_need(struct conn_store *s, uint32_t handle);

#endif
