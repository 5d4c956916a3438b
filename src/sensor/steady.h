/* steady.h - packet time without steps: the clock of a sensor may be set while it runs.
 *
 * Packets have the time of day as timestamps. If the clock were set forward by an hour, every connection would appear
 * to have been idle for an hour; if it were set back, no timeout would fire for that long. The engine's time therefore
 * continues as if nothing had happened, and the times that it reports are shifted by the clock's total change
 * (connlog_shift_times()).
 *
 * A step shows as a change in the difference between the time of day and a clock that is never set. That clock also
 * counts the time for which the machine sleeps, because connections are idle then as well.
 */
#ifndef CONNLOG_SENSOR_STEADY_H
#define CONNLOG_SENSOR_STEADY_H

#include <stdbool.h>
#include <stddef.h>

#include "connlog.h"

struct steady {
	double  distance;      /* time of day minus the other clock, in seconds */
	double  stepped_at;    /* time of the latest step, by the other clock */
	int64_t shift, before; /* sum of all steps, and of all but the latest, in nanoseconds */
	double  now;           /* time of day without steps, at the latest reading */
};

void steady_init(struct steady *s);
/* Reads both clocks. Returns whether the clock was set since the last call. */
bool steady_look(struct steady *s);
/* Do the same with given readings. */
void steady_begin(struct steady *s, double wall, double other);
bool steady_step(struct steady *s, double wall, double other);

/* Returns the sum of all steps, in seconds. */
double steady_shift(const struct steady *s);

/* Subtracts the steps from the packets' times. For a moment after a step, packets from before it can still arrive: for
 * each packet the step is assumed that gives the time nearer to the current one. */
void steady_packets(const struct steady *s, connlog_packet *p, size_t n);

#endif
