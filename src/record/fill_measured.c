/* fill_measured.c - the columns that were measured of a connection's packets: docs/COLUMNS.md. */
#include <math.h>

#include "base/number.h"
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

static void
fill_text(const char *p, size_t n, enum column_id id, struct text *to, struct record *r)
{
	*to = (struct text){ p, n };
	mark(r, id);
}

static void
fill_syn(const struct measure_syn *y, struct record *r)
{
	for (int side = ORIG; side <= RESP; side++) {
		if (y->has[side] & SYN_HAS_MSS)
			fill_count(y->mss[side], COL_ORIG_MSS + side, &r->mss[side], r);
		if (y->has[side] & SYN_HAS_SCALE)
			fill_count(y->scale[side], COL_ORIG_WSCALE + side, &r->wscale[side], r);
	}
}

static void
fill_header(const struct measure_header *h, struct record *r)
{
	for (int side = ORIG; side <= RESP; side++) {
		const uint8_t ttls[3] = { h->first[side], h->least[side], h->most[side] };
		if (!h->seen[side])
			continue;
		for (int i = 0; i < 3; i++)
			fill_count(ttls[i], COL_ORIG_TTL + 3 * side + i, &r->ttl[side][i], r);
		fill_count(h->dscp[side], COL_ORIG_DSCP + side, &r->dscp[side], r);
	}
}

/* Writes eight numbers with commas between them.  Returns the length. */
static size_t
join_counts(const uint32_t n[8], char out[MEASURED_TEXT_MAX])
{
	char *p = out;

	for (int i = 0; i < 8; i++) {
		if (i > 0)
			*p++ = ',';
		p += format_u64(p, n[i]);
	}
	return (size_t)(p - out);
}

static bool
any(const uint32_t n[8])
{
	for (int i = 0; i < 8; i++)
		if (n[i] > 0)
			return true;
	return false;
}

static void
fill_flags(const struct measure_flags *f, struct fill_texts *t, struct record *r)
{
	for (int side = ORIG; side <= RESP; side++) {
		char *out = t->measured[0][side];
		if ((side == ORIG ? r->orig_pkts : r->resp_pkts) > 0)
			fill_text(out, join_counts(f->n[side], out), COL_ORIG_TCP_FLAGS + side, &r->tcp_flags[side], r);
	}
}

static void
fill_payload(const struct measure_payload *f, size_t max, struct fill_texts *t, struct record *r)
{
	static const char hex[] = "0123456789abcdef";

	for (int side = ORIG; side <= RESP; side++) {
		const uint8_t *p = f->bytes + max * (size_t)side;
		char          *out = t->measured[1][side];
		for (size_t i = 0; i < f->n[side]; i++) {
			out[2 * i] = hex[p[i] >> 4];
			out[2 * i + 1] = hex[p[i] & 15];
		}
		if (f->n[side] > 0)
			fill_text(out, 2u * f->n[side], COL_ORIG_FIRST_PAYLOAD + side, &r->first_payload[side], r);
	}
}

static void
fill_times(const struct measure_times *times, struct record *r)
{
	for (int side = ORIG; side <= RESP; side++) {
		if (times->n[side] < 2)
			continue;
		const double gaps = (double)(times->n[side] - 1);
		fill_seconds(times->mean[side], COL_ORIG_IAT_MEAN + 2 * side, &r->iat[side][0], r);
		fill_seconds(sqrt(fmax(times->squares[side], 0) / gaps), COL_ORIG_IAT_DEV + 2 * side, &r->iat[side][1], r);
	}
}

/* Shannon's, of which bin a packet falls into. */
static double
entropy(const uint32_t n[SIZE_BINS])
{
	double sum = 0, bits = 0;

	for (int i = 0; i < SIZE_BINS; i++)
		sum += n[i];
	for (int i = 0; i < SIZE_BINS; i++)
		if (n[i] > 0)
			bits -= n[i] / sum * log2(n[i] / sum);
	return bits > 0 ? bits : 0;
}

static void
fill_histogram(const struct measure_sizes *z, struct fill_texts *t, struct record *r)
{
	for (int side = ORIG; side <= RESP; side++) {
		char *out = t->measured[2][side];
		if (!any(z->n[side]))
			continue;
		fill_seconds(entropy(z->n[side]), COL_ORIG_SIZE_ENTROPY + side, &r->size_entropy[side], r);
		fill_text(out, join_counts(z->n[side], out), COL_ORIG_SIZE_HIST + side, &r->size_hist[side], r);
	}
}

void
fill_measured(const struct conn_store *s, const struct conn *c, const struct conn_extra *x, struct fill_texts *t,
              struct record *r)
{
	const void    *object = slab_at(&s->measures, x->measure);
	const uint32_t wanted = s->measure.wanted;

	if (c->transport == TRANSPORT_TCP) {
		fill_tcp(part(s, object, MEASURE_RTT), part(s, object, MEASURE_STREAM), r);
		if (wanted & MEASURE(MEASURE_SYN))
			fill_syn(part(s, object, MEASURE_SYN), r);
		if (wanted & MEASURE(MEASURE_FLAGS))
			fill_flags(part(s, object, MEASURE_FLAGS), t, r);
	}
	if (wanted & MEASURE(MEASURE_HEADER))
		fill_header(part(s, object, MEASURE_HEADER), r);
	if (wanted & MEASURE(MEASURE_PAYLOAD))
		fill_payload(part(s, object, MEASURE_PAYLOAD), s->measure.payload_max, t, r);
	if (wanted & MEASURE(MEASURE_TIMES))
		fill_times(part(s, object, MEASURE_TIMES), r);
	if (wanted & MEASURE(MEASURE_SIZES))
		fill_histogram(part(s, object, MEASURE_SIZES), t, r);
}
