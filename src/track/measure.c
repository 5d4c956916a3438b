/* measure.c - the columns that are measured packet by packet; definitions and sources: docs/COLUMNS.md. */
#include "track/measure.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"

static void *
part(const struct conn_store *s, void *object, enum measure_part which)
{
	return s->measure.wanted & MEASURE(which) ? (char *)object + s->measure.at[which] : NULL;
}

/* Returns the connection's measurements, or NULL: a connection is measured from its first packet on, or not at all. */
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

/* ---- values of single packets */

static void
header(struct measure_header *h, int side, const struct pkt *p)
{
	if (!h->seen[side]) {
		h->seen[side] = true;
		h->first[side] = h->least[side] = h->most[side] = p->ttl;
		if (p->ip.n >= 2) /* TOS is the second byte; the traffic class begins in the second half of the first */
			h->dscp[side] = p->ip_version == 4 ? p->ip.p[1] >> 2 : (load_be16(p->ip.p) >> 6) & 0x3f;
		return;
	}
	if (p->ttl < h->least[side])
		h->least[side] = p->ttl;
	if (p->ttl > h->most[side])
		h->most[side] = p->ttl;
}

static void
flags(struct measure_flags *f, int side, const struct pkt *p)
{
	for (int i = 0; i < 8; i++)
		f->n[side][i] += p->tcp_flags >> i & 1;
}

static void
payload(struct measure_payload *f, size_t max, int side, const struct pkt *p)
{
	const size_t n = p->data.n < max ? p->data.n : max;

	if (f->n[side] > 0 || n == 0)
		return;
	f->n[side] = (uint8_t)n;
	memcpy(f->bytes + max * (size_t)side, p->data.p, n);
}

static void
times(struct measure_times *t, int side, const struct pkt *p)
{
	if (t->n[side]++ > 0) {
		const double gap = p->ts - t->last[side], from = gap - t->mean[side];
		t->mean[side] += from / (double)(t->n[side] - 1);
		t->squares[side] += from * (gap - t->mean[side]);
	}
	t->last[side] = p->ts;
}

static void
sizes(struct measure_sizes *z, int side, const struct pkt *p)
{
	static const uint32_t below[SIZE_BINS - 1] = { 64, 128, 256, 512, 1024, 1280, 1501 };
	int                   bin = 0;

	while (bin < SIZE_BINS - 1 && p->ip_len >= below[bin])
		bin++;
	z->n[side][bin]++;
}

/* ---- per packet */

static void
measure_tcp(const struct conn_store *s, void *object, int side, const struct pkt *p)
{
	const uint32_t      wanted = s->measure.wanted;
	struct measure_rtt *r = part(s, object, MEASURE_RTT);

	if (r)
		measure_rtt(r, side, p);
	if (wanted & MEASURE(MEASURE_STREAM))
		measure_stream(part(s, object, MEASURE_STREAM), r, side, p);
	if (wanted & MEASURE(MEASURE_SYN) && p->tcp_flags & TCP_SYN)
		measure_syn(part(s, object, MEASURE_SYN), side, p);
	if (wanted & MEASURE(MEASURE_FLAGS))
		flags(part(s, object, MEASURE_FLAGS), side, p);
}

void
measure_packet(struct conn_store *s, uint32_t handle, int side, const struct pkt *p)
{
	const struct conn       *c = conn_at(s, handle);
	const struct conn_extra *x = conn_extra_at(s, c);
	const uint32_t           wanted = s->measure.wanted;
	void                    *object = x && x->measure ? slab_at(&s->measures, x->measure) : NULL;

	if (!object && conn_pkts(s, c, ORIG) + conn_pkts(s, c, RESP) == 1)
		object = begin(s, handle);
	if (!object)
		return;
	if (p->transport == TRANSPORT_TCP)
		measure_tcp(s, object, side, p);
	if (wanted & MEASURE(MEASURE_HEADER))
		header(part(s, object, MEASURE_HEADER), side, p);
	if (wanted & MEASURE(MEASURE_PAYLOAD))
		payload(part(s, object, MEASURE_PAYLOAD), s->measure.payload_max, side, p);
	if (wanted & MEASURE(MEASURE_TIMES))
		times(part(s, object, MEASURE_TIMES), side, p);
	if (wanted & MEASURE(MEASURE_SIZES))
		sizes(part(s, object, MEASURE_SIZES), side, p);
}
