/* report_diff.c - `connlog report --diff A B`: what differs between two logs of the same traffic.
 *
 * Both logs are kept (report_pack.c) and sorted by their ends, time and values.  Records of the same ends are paired where they
 * are equal, then each with the one that is nearest in time, in the order of time; the rest is in one log only.  Uids differ
 * between any two runs and are not compared; of tunnel_parents it is their number.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "cli/report_pack.h"

/* What is printed of a pair that differs, or of a record that only one log has. */
struct finding {
	int64_t                usec;
	const struct pack_row *row[2]; /* of A and B; NULL: there is none */
};

struct diff {
	struct pack     pack[2];
	size_t          log; /* which is read */
	bool            compared[PACK_COLUMNS];
	struct finding *findings;
	size_t          n, room;
	uint64_t        pairs, only[2], changed;
	uint64_t        columns[PACK_COLUMNS]; /* pairs in which the column differs */
};

static void *
diff_new(const struct report *r)
{
	struct diff *d = calloc(1, sizeof *d);

	(void)r;
	if (d == NULL)
		complain("out of memory");
	return d;
}

static void
diff_log(void *mode, size_t i)
{
	struct diff *d = mode;
	d->log = i;
}

static void
diff_columns(void *mode, const connlog_columns *columns)
{
	struct diff *d = mode;
	pack_columns(&d->pack[d->log], columns);
}

static bool
diff_add(void *mode, const connlog_record *record, const struct report_row *row)
{
	struct diff *d = mode;

	if (pack_add(&d->pack[d->log], record, row))
		return true;
	complain("out of memory: both logs are kept in memory; choose fewer records with --where");
	return false;
}

/* Returns false when out of memory. */
static bool
find(struct diff *d, const struct pack_row *a, const struct pack_row *b)
{
	if (d->n == d->room) {
		const size_t    room = d->room > 0 ? 2 * d->room : 256;
		struct finding *more = reallocarray(d->findings, room, sizeof *more);
		if (more == NULL)
			return false;
		d->findings = more;
		d->room = room;
	}
	d->findings[d->n++] = (struct finding){ a != NULL ? a->usec : b->usec, { a, b } };
	if (a == NULL || b == NULL)
		d->only[a == NULL]++;
	else
		d->changed++;
	return true;
}

/* Records of the same ends: [at, end) of a log. */
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

/* Pairs what is equal: both spans are sorted alike. */
static void
pair_equal(struct diff *d, struct span a, struct span b)
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

/* Returns the first of the span that has no partner, or its end. */
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

/* Pairs what is left: two records, unless the next one of either log is nearer to one of them. */
static bool
pair_nearest(struct diff *d, struct span a, struct span b)
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

/* Goes through both logs, by ends.  Returns false when out of memory. */
static bool
pair_all(struct diff *d)
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

/* ---- what is printed --------------------------------------------------------------------------------------------- */

static void
put(connlog_text text)
{
	report_text(stdout, text.p != NULL ? text : (connlog_text){ "-", 1 });
}

static void
put_record(const struct pack *p, const struct pack_row *row, char sign)
{
	static const char *const names[] = { "ts",    "id.orig_h", "id.orig_p",  "id.resp_h", "id.resp_p",
		                                 "proto", "service",   "conn_state", "uid" };
	enum { NAMES = sizeof names / sizeof names[0] };
	connlog_text texts[NAMES] = { 0 };

	for (struct pack_value v = pack_values(p, row); v.column != PACK_NONE; v = pack_next(v))
		for (size_t i = 0; i < NAMES; i++)
			if (v.column == connlog_column_find(names[i]))
				texts[i] = v.text;
	putchar(sign);
	for (size_t i = 0; i < NAMES; i++) {
		putchar(' ');
		put(texts[i]);
	}
	putchar('\n');
}

static void
put_finding(struct diff *d, const struct finding *f)
{
	struct pack_walk w;
	int              column;

	if (f->row[0] == NULL || f->row[1] == NULL) {
		const int log = f->row[0] == NULL;
		put_record(&d->pack[log], f->row[log], log == 0 ? '<' : '>');
		return;
	}
	put_record(&d->pack[0], f->row[0], '~');
	w.a = pack_values(&d->pack[0], f->row[0]);
	w.b = pack_values(&d->pack[1], f->row[1]);
	while ((column = pack_differ(&w, d->compared)) != PACK_NONE) {
		d->columns[column]++;
		printf("    %s: ", connlog_column_at((size_t)column)->name);
		put(w.text[0]);
		fputs(" | ", stdout);
		put(w.text[1]);
		putchar('\n');
	}
}

static int
earlier(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;
	return (a->usec > b->usec) - (a->usec < b->usec);
}

/* Names the columns that cannot be compared, since one log alone has them. */
static void
put_columns_of(const struct diff *d, int log)
{
	const char *before = log == 0 ? "columns only in A, not compared: " : "columns only in B, not compared: ";
	bool        any = false;

	for (size_t i = 0; i < PACK_COLUMNS; i++)
		if (d->pack[log].has[i] && !d->pack[1 - log].has[i] && d->pack[1 - log].n > 0) {
			printf("%s%s", any ? "," : before, connlog_column_at(i)->name);
			any = true;
		}
	if (any)
		putchar('\n');
}

static void
put_sums(const struct diff *d)
{
	bool any = false;

	for (size_t i = 0; i < PACK_COLUMNS; i++)
		if (d->columns[i] > 0) {
			if (!any)
				printf("\n%-20s %9s\n", "column", "records");
			any = true;
			printf("%-20s %9" PRIu64 "\n", connlog_column_at(i)->name, d->columns[i]);
		}
	if (d->n > 0)
		putchar('\n');
	put_columns_of(d, 0);
	put_columns_of(d, 1);
	printf("%zu records in A, %zu in B: %" PRIu64 " are the same, %" PRIu64 " differ, %" PRIu64 " only in A, %" PRIu64
	       " only in B\n",
	       d->pack[0].n, d->pack[1].n, d->pairs - d->changed, d->changed, d->only[0], d->only[1]);
}

static int
diff_end(void *mode)
{
	struct diff *d = mode;
	const int    uid = connlog_column_find("uid");

	for (int i = 0; i < PACK_COLUMNS; i++)
		d->compared[i] = i != uid && d->pack[0].has[i] && d->pack[1].has[i];
	pack_sort(&d->pack[0], d->compared);
	pack_sort(&d->pack[1], d->compared);
	if (!pair_all(d)) {
		complain("out of memory: both logs are kept in memory; choose fewer records with --where");
		return EXIT_USAGE;
	}
	if (d->n > 0)
		qsort(d->findings, d->n, sizeof *d->findings, earlier);
	for (size_t i = 0; i < d->n; i++)
		put_finding(d, &d->findings[i]);
	put_sums(d);
	return d->n == 0 ? EXIT_ALL_READ : EXIT_INCOMPLETE;
}

static void
diff_free(void *mode)
{
	struct diff *d = mode;

	pack_free(&d->pack[0]);
	pack_free(&d->pack[1]);
	free(d->findings);
	free(d);
}

const struct report_mode report_diff = {
	.begin = diff_new, .log = diff_log, .columns = diff_columns, .add = diff_add, .end = diff_end, .free = diff_free
};
