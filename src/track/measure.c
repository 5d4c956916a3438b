/* measure.c - the columns that are measured packet by packet; definitions and sources: docs/COLUMNS.md. */
#include "track/measure.h"

#include <math.h>

static void *
part(const struct conn_store *s, void *object, enum measure_part which)
{
	return s->measure.wanted & MEASURE(which) ? (char *)object + s->measure.at[which] : NULL;
}

/* A connection is measured from its first packet on, or not at all. */
static void *
begin(struct conn_store *s, uint32_t handle)
{
	struct conn_extra *x = conn_extra_need(s, handle);

	if (x)
		x->measure = slab_alloc(&s->measures);
	if (!x || !x->measure) {
		s->counters.measures_given_up++;
		return NULL;
	}
	void               *object = slab_at(&s->measures, x->measure);
	struct measure_rtt *r = part(s, object, MEASURE_RTT);
	if (r)
		r->half[0] = r->half[1] = r->whole = NAN;
	return object;
}

void
measure_packet(struct conn_store *s, uint32_t handle, int side, const struct pkt *p)
{
	const struct conn       *c = conn_at(s, handle);
	const struct conn_extra *x = conn_extra_at(s, c);
	void                    *object = x && x->measure ? slab_at(&s->measures, x->measure) : NULL;

	if (!object && conn_pkts(s, c, ORIG) + conn_pkts(s, c, RESP) == 1)
		object = begin(s, handle);
	if (!object || p->transport != TRANSPORT_TCP)
		return;
	struct measure_rtt     *r = part(s, object, MEASURE_RTT);
	struct measure_streams *streams = part(s, object, MEASURE_STREAM);
	if (r)
		measure_rtt(r, side, p);
	if (streams)
		measure_stream(streams, r, side, p);
}
