/* calm.c - see calm.h. */
#include "engine/calm.h"

#include <math.h>
#include <string.h>

/* A delay of 0 means never. */
static double
or_never(double delay)
{
	return delay != 0 ? delay : INFINITY;
}

double
calm_span(const struct connlog_options *o)
{
	const struct conn_options *c = &o->conn;
	const double               delays[] = { c->tcp_SYN_timeout,
		                                    c->tcp_session_timer,
		                                    or_never(c->tcp_attempt_delay),
		                                    c->tcp_close_delay,
		                                    c->tcp_reset_delay,
		                                    c->tcp_partial_close_delay,
		                                    c->tcp_connection_linger,
		                                    or_never(c->tcp_inactivity_timeout),
		                                    or_never(c->udp_inactivity_timeout),
		                                    or_never(c->icmp_inactivity_timeout),
		                                    or_never(c->unknown_ip_inactivity_timeout),
		                                    or_never(c->port_inactivity_timeout),
		                                    or_never(c->analyzer_inactivity_timeout),
		                                    or_never(c->connection_status_update_interval),
		                                    o->service.dns_session_timeout };
	double                     least = INFINITY;

	for (size_t i = 0; i < sizeof delays / sizeof *delays; i++)
		least = fmin(least, delays[i]);
	return least;
}

struct check {
	const struct conn_store *s;
	const struct batch_view *b;
	double                   after, until;
	unsigned                 most;
	uint16_t                *counts;
	bool                     calm;
};

/* Returns the index of the packet before which a timer due at that time runs. */
static size_t
packet_at(const struct batch_view *b, double due)
{
	size_t lo = 0, hi = b->n - 1;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		if (b->times[mid].now < due)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
count(void *arg, uint32_t handle)
{
	struct check *k = arg;
	double        at[CONN_TIMERS];

	if (!(conn_at(k->s, handle)->flags & CONN_LIVE))
		return true;
	const size_t n = conn_timers(k->s, handle, at);
	for (size_t i = 0; i < n; i++)
		if (at[i] > k->after && at[i] <= k->until && ++k->counts[packet_at(k->b, at[i])] > k->most)
			return k->calm = false;
	return true;
}

bool
calm_check(const struct connlog_engine *e, const struct batch_view *b, double after, unsigned most, uint16_t *counts)
{
	struct check k = { &e->store, b, after, b->times[b->n - 1].now, most, counts, true };

	memset(counts, 0, b->n * sizeof *counts);
	wheel_walk(&e->store.wheel, k.until, count, &k);
	return k.calm;
}
