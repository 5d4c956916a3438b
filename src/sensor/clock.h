/* clock.h - the two clocks of a sensor: the time of day, which can be set, and a monotonic one. */
#ifndef CONNLOG_SENSOR_CLOCK_H
#define CONNLOG_SENSOR_CLOCK_H

#include <math.h>
#include <time.h>

/* Returns seconds since the epoch, to the microsecond, as Zeek has them. */
static inline double
clock_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	const long micros = t.tv_nsec / 1000;
	return (double)t.tv_sec + (double)micros / 1e6;
}

/* Returns the seconds of a monotonic clock, for waiting. */
static inline double
clock_steady(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline struct timespec
clock_timespec(double seconds)
{
	const double whole = floor(seconds);

	return (struct timespec){ .tv_sec = (time_t)whole, .tv_nsec = (long)((seconds - whole) * 1e9) };
}

#endif
