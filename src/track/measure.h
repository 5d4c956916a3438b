/* measure.h - counts a packet, and does what depends on the count only if requested: thresholds, measured columns. */
#ifndef CONNLOG_TRACK_MEASURE_H
#define CONNLOG_TRACK_MEASURE_H

#include "conn/measure.h"
#include "conn/threshold.h"

/* Measures a packet of that side, which has just been counted. */
void measure_packet(struct conn_store *s, uint32_t handle, int side, const struct pkt *p);

/* Measures TCP only. */
void measure_syn(struct measure_syn *y, int side, const struct pkt *p);
void measure_rtt(struct measure_rtt *r, int side, const struct pkt *p);
void measure_stream(struct measure_streams *streams, const struct measure_rtt *r, int side, const struct pkt *p);

/* Counts a packet of that side. */
static inline void
count_packet(struct conn_store *s, uint32_t handle, struct conn *c, int side, const struct pkt *p)
{
	conn_add(s, handle, c, side, p->ip_len);
	if (s->events.wanted & (MEASURE_WANTED | THRESHOLDS_WANTED | COUNTED_WANTED)) {
		if (s->events.wanted & MEASURE_WANTED)
			measure_packet(s, handle, side, p);
		conn_counted(s, handle, side);
	}
}

#endif
