/* fill_measured.c - the columns that were measured of a connection's packets: docs/COLUMNS.md. */
#include <math.h>

#include "record/fill.h"

static const void *
part(const struct conn_store *s, const void *object, enum measure_part which)
{
	return s->measure.wanted & MEASURE(which) ? (const char *)object + s->measure.at[which] : NULL;
}

static void
mark(struct record *r, enum column_id id)
{
	record_mark(r, HAS_WORD(id), HAS_BIT(id), true);
}

static void
fill_seconds(double value, enum column_id id, double *to, struct record *r)
{
	if (isnan(value))
		return;
	*to = value;
	mark(r, id);
}

static void
fill_count(uint64_t value, enum column_id id, uint64_t *to, struct record *r)
{
	*to = value;
	mark(r, id);
}

static void
fill_tcp(const struct measure_rtt *rtt, const struct measure_streams *streams, struct record *r)
{
	if (rtt) {
		fill_seconds(rtt->whole, COL_RTT, &r->rtt, r);
		fill_seconds(rtt->half[ORIG], COL_ORIG_RTT, &r->half_rtt[ORIG], r);
		fill_seconds(rtt->half[RESP], COL_RESP_RTT, &r->half_rtt[RESP], r);
	}
	for (int side = ORIG; streams && side <= RESP; side++) {
		fill_count(streams->side[side].retrans, COL_ORIG_RETRANS + side, &r->retrans[side], r);
		fill_count(streams->side[side].late, COL_ORIG_OOO + side, &r->ooo[side], r);
	}
}

void
fill_measured(const struct conn_store *s, const struct conn *c, const struct conn_extra *x, struct record *r)
{
	const void *object = slab_at(&s->measures, x->measure);

	if (c->transport == TRANSPORT_TCP)
		fill_tcp(part(s, object, MEASURE_RTT), part(s, object, MEASURE_STREAM), r);
}
