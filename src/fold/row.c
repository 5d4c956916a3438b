/* row.c - see row.h. */
#include "fold/row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/schema.h"

#define MICROS_MOST 2e18 /* the sum of two of these does not overflow, in either direction */

int64_t
fold_micros(double seconds)
{
	const double micros = seconds * 1e6;

	return isnan(micros) ? 0 : llround(fmax(-MICROS_MOST, fmin(MICROS_MOST, micros)));
}

int64_t
fold_end(const struct record *r)
{
	const int64_t begin = r->has & HAS(COL_TS) ? fold_micros(r->ts) : 0;

	if (r->has & HAS(COL_FOLD_LAST))
		return fold_micros(r->fold_last);
	return begin + (r->has & HAS(COL_DURATION) ? fold_micros(r->duration) : 0);
}

/* ---- copying a record ----------------------------------------------------------------------------------------------------- */

/* Copies objects one after another, aligned; without a destination it only counts their bytes. */
struct packer {
	char  *at;
	size_t used;
};

static void *
pack(struct packer *k, const void *from, size_t n)
{
	char *to = k->at ? k->at + k->used : NULL;

	k->used += (n + 7) & ~(size_t)7;
	if (to && n > 0)
		memcpy(to, from, n);
	return to;
}

static void
pack_text(struct packer *k, struct text *t)
{
	const char *p = pack(k, t->p, t->n);

	if (k->at)
		t->p = p;
}

static void
pack_set(struct packer *k, struct text_set *set)
{
	const struct text *from = set->at;
	char              *at = pack(k, from, set->n * sizeof *from);

	for (size_t i = 0; i < set->n; i++) {
		struct text t = from[i];
		pack_text(k, &t);
		if (at) /* the source need not be aligned */
			memcpy(at + i * sizeof t, &t, sizeof t);
	}
	if (k->at)
		set->at = (const struct text *)(const void *)at;
}

/* Packs the log's columns that are not in the schema. */
static void
pack_extras(struct packer *k, struct record *r)
{
	const struct extra *from = r->extras;
	struct extra       *at = pack(k, from, r->extras_n * sizeof *from);

	for (size_t i = 0; i < r->extras_n; i++) {
		struct extra x = from[i];
		pack_text(k, &x.name);
		pack_text(k, &x.type);
		if (x.set && x.kind == EXTRA_LIST)
			pack_set(k, &x.list);
		else if (x.set)
			pack_text(k, &x.text);
		if (at)
			at[i] = x;
	}
	if (k->at)
		r->extras = at;
}

/* Packs the log's own texts of some columns. */
static void
pack_literals(struct packer *k, struct record *r)
{
	const struct text *from = r->literals;
	struct text       *at = pack(k, from, COLUMNS * sizeof *from);

	for (size_t i = 0; i < COLUMNS; i++) {
		struct text t = column_is_set(&schema[i], r) ? from[i] : (struct text){ NULL, 0 };
		if (t.n > 0)
			pack_text(k, &t);
		if (at)
			at[i] = t;
	}
	if (k->at)
		r->literals = at;
}

/* Packs everything that the record points at. */
static void
pack_record(struct packer *k, struct record *r)
{
	for (size_t i = 0; i < schema_columns; i++) {
		const struct column *c = &schema[i];
		void                *at = (char *)r + c->offset;
		if (!column_is_set(c, r))
			continue;
		if (c->info.type == CONNLOG_STRING || c->info.type == CONNLOG_ENUM)
			pack_text(k, at);
		else if (c->info.type == CONNLOG_STRING_SET)
			pack_set(k, at);
	}
	if (r->extras_n > 0)
		pack_extras(k, r);
	if (r->literals)
		pack_literals(k, r);
}

size_t
record_pack(const struct record *r, char *at)
{
	struct record copy = *r;
	struct packer k = { at ? at + sizeof copy : NULL, 0 };

	pack_record(&k, &copy);
	if (at)
		memcpy(at, &copy, sizeof copy);
	return sizeof copy + k.used;
}

static void
unpack_text(char **p, struct text *t)
{
	t->p = *p;
	*p += (t->n + 7) & ~(size_t)7;
}

void
record_unpack(char *at, struct record *out)
{
	char *p = at + sizeof *out;

	memcpy(out, at, sizeof *out);
	for (size_t i = 0; i < schema_columns; i++) {
		const struct column *c = &schema[i];
		void                *value = (char *)out + c->offset;
		if (!column_is_set(c, out))
			continue;
		if (c->info.type == CONNLOG_STRING || c->info.type == CONNLOG_ENUM)
			unpack_text(&p, value);
		if (c->info.type != CONNLOG_STRING_SET)
			continue;
		struct text_set *set = value;
		struct text     *texts = (struct text *)(void *)p;
		p += (set->n * sizeof *texts + 7) & ~(size_t)7;
		for (size_t k = 0; k < set->n; k++)
			unpack_text(&p, &texts[k]);
		set->at = texts;
	}
	out->arena = NULL;
}

struct fold_row *
row_new(const struct record *r)
{
	struct record copy = *r;
	struct packer k = { NULL, 0 };

	pack_record(&k, &copy);
	const size_t     bytes = sizeof(struct fold_row) + k.used;
	struct fold_row *row = calloc(1, bytes);
	if (!row)
		return NULL;
	k = (struct packer){ row->texts, 0 };
	pack_record(&k, &copy);
	row->record = copy;
	row->record.arena = NULL;
	row->count = 1;
	row->bytes = bytes;
	row->last = fold_end(r);
	row->duration = r->has & HAS(COL_DURATION) ? fold_micros(r->duration) : 0;
	row->sides[FOLD_RESP_PORTS].kind = DISTINCT_PORTS;
	return row;
}

void
row_free(struct fold_row *row)
{
	for (int i = 0; i < FOLD_SIDES; i++)
		distinct_free(&row->sides[i]);
	free(row);
}

/* ---- adding a record */

/* Counters: the row has their sum. */
static const enum column_id sums[] = {
	COL_ORIG_BYTES,    COL_RESP_BYTES,   COL_MISSED_BYTES, COL_ORIG_PKTS, COL_ORIG_IP_BYTES, COL_RESP_PKTS,
	COL_RESP_IP_BYTES, COL_ORIG_RETRANS, COL_RESP_RETRANS, COL_ORIG_OOO,  COL_RESP_OOO,
};
enum { SUMS = sizeof sums / sizeof sums[0] };

/* Returns whether the column has a rule of its own; any other is kept if all records have the same value. */
static bool
has_own_rule(const struct column *c)
{
	const ptrdiff_t id = c - schema;

	for (size_t i = 0; i < SUMS; i++)
		if (id == sums[i])
			return true;
	return id == COL_TS || id == COL_UID || id == COL_DURATION ||
	       (id >= COL_ORIG_BYTES_DELTA && id <= COL_RESP_IP_BYTES_DELTA);
}

static uint64_t *
count_at(struct record *r, enum column_id id)
{
	return (uint64_t *)(void *)((char *)r + schema[id].offset);
}

static bool
sums_fit(const struct fold_row *row, const struct record *r)
{
	uint64_t count;
	int64_t  delta;

	for (size_t i = 0; i < SUMS; i++) {
		const struct column *c = &schema[sums[i]];
		if (column_is_set(c, r) && column_is_set(c, &row->record) &&
		    __builtin_add_overflow(*(const uint64_t *)column_at(c, r), *(const uint64_t *)column_at(c, &row->record),
		                           &count))
			return false;
	}
	for (int i = 0; i < INTERIM_DELTAS; i++)
		if (r->has & row->record.has & HAS(COL_ORIG_BYTES_DELTA + i) &&
		    __builtin_add_overflow(r->deltas[i], row->record.deltas[i], &delta))
			return false;
	return !(r->has & HAS(COL_DURATION)) || !__builtin_add_overflow(row->duration, fold_micros(r->duration), &delta);
}

static void
add_sums(struct record *to, const struct record *r)
{
	for (size_t i = 0; i < SUMS; i++) {
		const struct column *c = &schema[sums[i]];
		if (!column_is_set(c, r))
			continue;
		const uint64_t more = *(const uint64_t *)column_at(c, r);
		*count_at(to, sums[i]) = column_is_set(c, to) ? *count_at(to, sums[i]) + more : more;
		record_mark(to, c->word, c->has, true);
	}
	for (int i = 0; i < INTERIM_DELTAS; i++) {
		if (!(r->has & HAS(COL_ORIG_BYTES_DELTA + i)))
			continue;
		to->deltas[i] = (to->has & HAS(COL_ORIG_BYTES_DELTA + i) ? to->deltas[i] : 0) + r->deltas[i];
		to->has |= HAS(COL_ORIG_BYTES_DELTA + i);
	}
}

static bool
texts_equal(const struct text *a, const struct text *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

static bool
values_equal(const struct column *c, const struct record *a, const struct record *b)
{
	const void *x = column_at(c, a), *y = column_at(c, b);

	switch (c->info.type) {
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return texts_equal(x, y);
	case CONNLOG_ADDR:
		return addr_equal(x, y);
	case CONNLOG_PORT:
		return *(const uint16_t *)x == *(const uint16_t *)y;
	case CONNLOG_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case CONNLOG_STRING_SET: {
		const struct text_set *s = x, *t = y;
		bool                   equal = s->n == t->n;
		for (size_t i = 0; equal && i < s->n; i++)
			equal = texts_equal(&s->at[i], &t->at[i]);
		return equal;
	}
	default: /* eight bytes */
		return memcmp(x, y, sizeof(uint64_t)) == 0;
	}
}

/* Unsets the columns that differ. */
static void
keep_common(struct record *to, const struct record *r)
{
	for (size_t i = 0; i < schema_columns; i++) {
		const struct column *c = &schema[i];
		if (!column_is_set(c, to) || has_own_rule(c))
			continue;
		if (!column_is_set(c, r) || !values_equal(c, to, r))
			record_mark(to, c->word, c->has, false);
	}
}

/* Stores the values to count, as far as the record has them. Returns their bits, by side. */
static unsigned
side_values(const struct record *r, struct addr values[FOLD_SIDES])
{
	values[FOLD_ORIG_HOSTS] = r->orig_h;
	values[FOLD_RESP_HOSTS] = r->resp_h;
	values[FOLD_RESP_PORTS] = distinct_port(r->resp_p);
	return (r->has & HAS(COL_ORIG_H) ? 1u << FOLD_ORIG_HOSTS : 0) |
	       (r->has & HAS(COL_RESP_H) ? 1u << FOLD_RESP_HOSTS : 0) |
	       (r->has & HAS(COL_RESP_P) ? 1u << FOLD_RESP_PORTS : 0);
}

/* Adds the record's endpoints, or only reserves room for them. Returns false when out of memory. */
static bool
add_sides(struct fold_row *row, const struct record *r, bool reserve)
{
	struct addr    values[FOLD_SIDES];
	const unsigned has = side_values(r, values);

	for (int i = 0; i < FOLD_SIDES; i++) {
		if (!(has >> i & 1))
			continue;
		if (reserve && !distinct_reserve(&row->sides[i], &values[i], &row->bytes))
			return false;
		if (!reserve)
			distinct_add(&row->sides[i], &values[i]);
	}
	return true;
}

bool
row_add(struct fold_row *row, const struct record *r)
{
	struct record *to = &row->record;

	if (!sums_fit(row, r))
		return false;
	if (row->count == 1 && row->sides[FOLD_RESP_HOSTS].n + row->sides[FOLD_ORIG_HOSTS].n == 0)
		add_sides(row, to, false);
	if (!add_sides(row, r, true))
		return false;
	add_sides(row, r, false);
	add_sums(to, r);
	keep_common(to, r);
	if (r->has & HAS(COL_TS) && (!(to->has & HAS(COL_TS)) || r->ts < to->ts))
		to->ts = r->ts;
	to->has |= r->has & (HAS(COL_TS) | HAS(COL_DURATION));
	to->literals = NULL;
	to->extras = NULL;
	to->extras_n = 0;
	row->duration += r->has & HAS(COL_DURATION) ? fold_micros(r->duration) : 0;
	if (fold_end(r) > row->last)
		row->last = fold_end(r);
	row->count++;
	return true;
}

/* ---- the logged row */

/* Returns the number of different values, and stores the first of several as texts. */
static uint64_t
tell_side(const struct fold_row *row, enum fold_side side, struct fold_texts *t, struct text_set *set)
{
	const struct distinct *d = &row->sides[side];
	size_t                 n;
	const struct addr     *samples = distinct_samples(d, &n);

	for (size_t i = 0; i < n; i++) {
		char *p = t->samples[side][i];
		if (d->kind == DISTINCT_PORTS)
			snprintf(p, ADDR_TEXT_MAX, "%u", samples[i].b[14] * 256u + samples[i].b[15]);
		else
			addr_format(&samples[i], p);
		t->sets[side][i] = text_from(p);
	}
	*set = (struct text_set){ t->sets[side], n };
	return distinct_count(d);
}

const struct record *
row_finish(struct fold_row *row, const struct fold_rules *rules, struct fold_texts *t)
{
	struct record *r = &row->record;

	if (row->count == 1)
		return r;
	if (r->has & HAS(COL_DURATION))
		r->duration = (double)row->duration / 1e6;
	r->fold_count = row->count;
	r->fold_last = (double)row->last / 1e6;
	r->fold_rule = rules_name(rules, row->rule, t->rule, sizeof t->rule);
	r->fold_orig_hosts = tell_side(row, FOLD_ORIG_HOSTS, t, &r->fold_orig_samples);
	r->fold_resp_hosts = tell_side(row, FOLD_RESP_HOSTS, t, &r->fold_resp_samples);
	r->fold_resp_ports = tell_side(row, FOLD_RESP_PORTS, t, &r->fold_port_samples);
	r->has |= HAS(COL_FOLD_COUNT) | HAS(COL_FOLD_RULE) | HAS(COL_FOLD_LAST) | HAS(COL_FOLD_ORIG_HOSTS) |
	          HAS(COL_FOLD_RESP_HOSTS) | HAS(COL_FOLD_RESP_PORTS);
	r->has |= r->fold_orig_samples.n > 1 ? HAS(COL_FOLD_ORIG_SAMPLES) : 0;
	r->has |= r->fold_resp_samples.n > 1 ? HAS(COL_FOLD_RESP_SAMPLES) : 0;
	r->has |= r->fold_port_samples.n > 1 ? HAS(COL_FOLD_PORT_SAMPLES) : 0;
	return r;
}
