/* report_pairs.c - see report_pairs.h.
 *
 * Both packs are sorted by endpoints, time and values. Records with the same endpoints are paired if they are equal;
 * then each is paired with the nearest in time, in the order of time; the rest is in one log only.
 */
#include "cli/report_pairs.h"

#include <stdlib.h>
#include <string.h>

/* Adds a finding. Returns false when out of memory. */
static bool
find(struct pairs *d, const struct pack_row *a, const struct pack_row *b)
{
	if (d->n == d->room) {
		const size_t    room = d->room > 0 ? 2 * d->room : 256;
		struct finding *more = reallocarray(d->findings, room, sizeof *more);
		if (more == NULL)
			return false;
		d->findings = more;
		d->room = room;
	}
	d->findings[d->n++] = (struct finding){ a != NULL ? a->usec : b->usec, d->found++, { a, b } };
	if (a == NULL || b == NULL)
		d->only[a == NULL]++;
	else
		d->changed++;
	return true;
}

/* Records with the same endpoints: [at, end) of a log. */
struct span {
	struct pack_row *at, *end;
};

static struct pack_row *
end_of(const struct pack *p, struct pack_row *row)
{
	struct pack_row *end = row;

	while (end < p->rows + p->n && memcmp(pack_key(p, end), pack_key(p, row), PACK_KEY) == 0)
		end++;
	return end;
}

/* Pairs equal records: both spans are sorted in the same way. */
static void
pair_equal(struct pairs *d, struct span a, struct span b)
{
	while (a.at < a.end && b.at < b.end) {
		const int order = pack_compare(&d->pack[0], a.at, &d->pack[1], b.at, d->compared);
		if (order == 0) {
			a.at->paired = b.at->paired = true;
			d->pairs++;
		}
		a.at += order <= 0;
		b.at += order >= 0;
	}
}

/* Returns the first record of the span without a partner, or the span's end. */
static struct pack_row *
single(struct pack_row *row, const struct pack_row *end)
{
	while (row < end && row->paired)
		row++;
	return row;
}

static uint64_t
gap(const struct pack_row *a, const struct pack_row *b)
{
	return a->usec > b->usec ? (uint64_t)a->usec - (uint64_t)b->usec : (uint64_t)b->usec - (uint64_t)a->usec;
}

/* Pairs the remaining records, unless the next one of either log is nearer to one of the two. */
static bool
pair_nearest(struct pairs *d, struct span a, struct span b)
{
	bool good = true;

	a.at = single(a.at, a.end);
	b.at = single(b.at, b.end);
	while (good && (a.at < a.end || b.at < b.end)) {
		struct pack_row *x = a.at, *y = b.at;
		struct pack_row *next_x = x < a.end ? single(x + 1, a.end) : x, *next_y = y < b.end ? single(y + 1, b.end) : y;

		if (y == b.end || (x < a.end && next_x < a.end && gap(next_x, y) < gap(x, y)))
			y = NULL;
		else if (x == a.end || (next_y < b.end && gap(x, next_y) < gap(x, y)))
			x = NULL;
		d->pairs += x != NULL && y != NULL;
		good = find(d, x, y);
		a.at = x != NULL ? next_x : a.at;
		b.at = y != NULL ? next_y : b.at;
	}
	return good;
}

/* Goes through both logs by endpoints. Returns false when out of memory. */
static bool
pair_all(struct pairs *d)
{
	struct pack     *p = d->pack;
	struct pack_row *a = p[0].rows, *b = p[1].rows, *const a_end = a + p[0].n, *const b_end = b + p[1].n;
	bool good = true;

	while (good && (a < a_end || b < b_end)) {
		int order = a < a_end ? -1 : 1;

		if (a < a_end && b < b_end)
			order = memcmp(pack_key(&p[0], a), pack_key(&p[1], b), PACK_KEY);
		struct span of_a = { a, order <= 0 ? end_of(&p[0], a) : a }, of_b = { b, order >= 0 ? end_of(&p[1], b) : b };

		pair_equal(d, of_a, of_b);
		good = pair_nearest(d, of_a, of_b);
		a = of_a.end;
		b = of_b.end;
	}
	return good;
}

static int
earlier(const void *x, const void *y, void *arg)
{
	const struct finding *a = x, *b = y;

	if (a->usec != b->usec)
		return a->usec < b->usec ? -1 : 1;
	const int order = memcmp(pairs_key(arg, a), pairs_key(arg, b), PACK_KEY);
	return order != 0 ? order : a->number < b->number ? -1 : 1;
}

bool
pairs_find(struct pairs *d)
{
	d->n = 0;
	pack_sort(&d->pack[0], d->compared);
	pack_sort(&d->pack[1], d->compared);
	if (!pair_all(d))
		return false;
	if (d->n > 0)
		qsort_r(d->findings, d->n, sizeof *d->findings, earlier, d);
	return true;
}

void
pairs_free(struct pairs *d)
{
	pack_free(&d->pack[0]);
	pack_free(&d->pack[1]);
	free(d->findings);
}

/* ---- output */

static void
put(FILE *f, connlog_text text)
{
	report_text(f, text.p != NULL ? text : (connlog_text){ "-", 1 });
}

static void
put_record(FILE *f, const struct pack *p, const struct pack_row *row, char sign)
{
	static const char *const names[] = { "ts",    "id.orig_h", "id.orig_p",  "id.resp_h", "id.resp_p",
		                                 "proto", "service",   "conn_state", "uid" };
	enum { NAMES = sizeof names / sizeof names[0] };
	connlog_text texts[NAMES] = { 0 };

	for (struct pack_value v = pack_values(p, row); v.column != PACK_NONE; v = pack_next(v))
		for (size_t i = 0; i < NAMES; i++)
			if (v.column == connlog_column_find(names[i]))
				texts[i] = v.text;
	putc(sign, f);
	for (size_t i = 0; i < NAMES; i++) {
		putc(' ', f);
		put(f, texts[i]);
	}
	putc('\n', f);
}

void
pairs_put(struct pairs *d, const struct finding *found, FILE *f)
{
	struct pack_walk w;
	int              column;

	if (found->row[0] == NULL || found->row[1] == NULL) {
		const int log = found->row[0] == NULL;
		put_record(f, &d->pack[log], found->row[log], log == 0 ? '<' : '>');
		return;
	}
	put_record(f, &d->pack[0], found->row[0], '~');
	w.a = pack_values(&d->pack[0], found->row[0]);
	w.b = pack_values(&d->pack[1], found->row[1]);
	while ((column = pack_differ(&w, d->compared)) != PACK_NONE) {
		d->columns[column]++;
		fprintf(f, "    %s: ", connlog_column_at((size_t)column)->name);
		put(f, w.text[0]);
		fputs(" | ", f);
		put(f, w.text[1]);
		putc('\n', f);
	}
}

const uint8_t *
pairs_key(const struct pairs *d, const struct finding *found)
{
	const int log = found->row[0] == NULL;

	return pack_key(&d->pack[log], found->row[log]);
}
