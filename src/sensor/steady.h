/* steady.h - the time that packets bring, freed of steps: the clock of a sensor may be set while it runs.
 *
 * Packets are stamped with the time of day.  If that is set forward by an hour, every connection would look as if nothing had
 * come for an hour; if it is set back, no time-out would fire for so long.  So the engine's time goes on as if nothing had
 * happened, and what it hands out is shifted by as much as the clock was (connlog_shift_times()).
 *
 * A step shows in the distance between the time of day and a clock that only goes on, which counts the time that the machine
 * sleeps as well: connections are idle then, too.
 */
#ifndef CONNLOG_SENSOR_STEADY_H
#define CONNLOG_SENSOR_STEADY_H

#include <stdbool.h>
#include <stddef.h>

#include "connlog.h"

struct steady {
	double  distance;      /* the time of day less the other clock, seconds */
	double  stepped_at;    /* of the other clock */
	int64_t shift, before; /* all steps, and without the latest: nanoseconds */
	double  now;           /* the time of day without steps, at the latest look */
};

void steady_init(struct steady *s);
/* Looks at both clocks.  Returns whether the clock was set since the last look. */
bool steady_look(struct steady *s);
/* The same with what they show. */
void steady_begin(struct steady *s, double wall, double other);
bool steady_step(struct steady *s, double wall, double other);

/* Returns all steps together, in seconds. */
double steady_shift(const struct steady *s);

/* Takes the steps out of the packets' times.  Packets from before a step come behind it for a moment: each is taken for what
 * is nearer. */
void steady_packets(const struct steady *s, connlog_packet *p, size_t n);

#endif
