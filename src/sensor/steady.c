/* steady.c - see steady.h. */
#include "sensor/steady.h"

#include <math.h>

#include "sensor/clock.h"

#define LEAST_STEP 0.05  /* seconds: less is ordinary clock adjustment */
#define LOOK_MOST  0.005 /* seconds: a reading that takes longer was interrupted and is ignored */
#define LATE_MOST  2.0   /* the largest delay of packets */

enum { LOOKS = 3 };

/* Returns the seconds of a monotonic clock that includes time asleep. */
static double
clock_other(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Returns whether both clocks were read at the same moment. */
static bool
read_clocks(double *wall, double *other)
{
	for (int i = 0; i < LOOKS; i++) {
		const double first = clock_other();
		*wall = clock_wall();
		*other = clock_other();
		if (*other - first < LOOK_MOST)
			return true;
	}
	return false;
}

void
steady_begin(struct steady *s, double wall, double other)
{
	*s = (struct steady){ .distance = wall - other, .stepped_at = -INFINITY, .now = wall };
}

void
steady_init(struct steady *s)
{
	double wall, other;

	while (!read_clocks(&wall, &other))
		;
	steady_begin(s, wall, other);
}

bool
steady_step(struct steady *s, double wall, double other)
{
	const double step = wall - other - s->distance;
	const bool   stepped = fabs(step) > LEAST_STEP;

	if (stepped) {
		s->before = s->shift;
		s->shift += llround(step * 1e6) * 1000;
		s->distance += step;
		s->stepped_at = other;
	}
	s->now = wall - steady_shift(s);
	return stepped;
}

bool
steady_look(struct steady *s)
{
	double wall, other;

	return read_clocks(&wall, &other) && steady_step(s, wall, other);
}

double
steady_shift(const struct steady *s)
{
	return (double)s->shift / 1e9;
}

static void
shift_packet(connlog_packet *p, int64_t shift)
{
	const int64_t billion = 1000000000, nsec = (int64_t)p->nsec - shift % billion;

	p->sec -= shift / billion;
	p->sec += nsec < 0 ? -1 : nsec >= billion;
	p->nsec = (uint32_t)(nsec < 0 ? nsec + billion : nsec >= billion ? nsec - billion : nsec);
}

void
steady_packets(const struct steady *s, connlog_packet *p, size_t n)
{
	const double wall = s->now + steady_shift(s);
	const bool   mixed = wall - s->distance < s->stepped_at + LATE_MOST;

	if (s->shift == 0 && !mixed)
		return;
	for (size_t i = 0; i < n; i++) {
		const double ts = (double)p[i].sec + (double)p[i].nsec / 1e9;
		const double now = ts - steady_shift(s), then = ts - (double)s->before / 1e9;
		const bool   late = mixed && fabs(then - s->now) < fabs(now - s->now);
		shift_packet(&p[i], late ? s->before : s->shift);
	}
}
