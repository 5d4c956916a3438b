/* report_diff.c - `connlog report --diff A B`: the differences between two logs of the same traffic.
 *
 * Both logs are kept (report_pack.c), in temporary files once they need more than --memory (report_parts.c), and
 * compared when both are complete (report_pairs.c). Uids differ between any two runs and are not compared; of
 * tunnel_parents the number is compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/report.h"
#include "cli/report_parts.h"

struct diff {
	struct pairs  pairs;
	struct parts *parts;   /* NULL while everything is in memory */
	uint64_t      memory;  /* limit of that memory */
	size_t        log;     /* the log being read */
	uint64_t      rows[2]; /* of each log */
};

static void *
diff_new(const struct report *r)
{
	struct diff *d = calloc(1, sizeof *d);

	if (d == NULL)
		complain("out of memory");
	else
		d->memory = r->memory;
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
	pack_columns(&d->pairs.pack[d->log], columns);
}

/* Moves all rows to temporary files. Returns false, after printing a message, on failure. */
static bool
move_out(struct diff *d)
{
	if (d->parts == NULL && (d->parts = parts_new()) == NULL)
		return false;
	return parts_take(d->parts, 0, &d->pairs.pack[0]) && parts_take(d->parts, 1, &d->pairs.pack[1]);
}

static bool
diff_add(void *mode, const connlog_record *record, const struct report_row *row)
{
	struct diff *d = mode;

	if (!pack_add(&d->pairs.pack[d->log], record, row)) {
		complain("out of memory: both logs are kept in memory; choose less of it with --memory");
		return false;
	}
	d->rows[d->log]++;
	return pack_bytes(&d->pairs.pack[0]) + pack_bytes(&d->pairs.pack[1]) <= d->memory || move_out(d);
}

/* Names the columns that cannot be compared because only one log has them. */
static void
put_columns_of(const struct diff *d, int log)
{
	const char *before = log == 0 ? "columns only in A, not compared: " : "columns only in B, not compared: ";
	bool        any = false;

	for (size_t i = 0; i < PACK_COLUMNS; i++)
		if (d->pairs.pack[log].has[i] && !d->pairs.pack[1 - log].has[i] && d->rows[1 - log] > 0) {
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
		if (d->pairs.columns[i] > 0) {
			if (!any)
				printf("\n%-20s %9s\n", "column", "records");
			any = true;
			printf("%-20s %9" PRIu64 "\n", connlog_column_at(i)->name, d->pairs.columns[i]);
		}
	if (d->pairs.found > 0)
		putchar('\n');
	put_columns_of(d, 0);
	put_columns_of(d, 1);
	printf("%" PRIu64 " records in A, %" PRIu64 " in B: %" PRIu64 " are the same, %" PRIu64 " differ, %" PRIu64
	       " only in A, %" PRIu64 " only in B\n",
	       d->rows[0], d->rows[1], d->pairs.pairs - d->pairs.changed, d->pairs.changed, d->pairs.only[0],
	       d->pairs.only[1]);
}

/* Compares the rows in memory, and prints the differences. */
static bool
compare(struct diff *d)
{
	if (!pairs_find(&d->pairs)) {
		complain("out of memory: both logs are kept in memory; choose less of it with --memory");
		return false;
	}
	for (size_t i = 0; i < d->pairs.n; i++)
		pairs_put(&d->pairs, &d->pairs.findings[i], stdout);
	return true;
}

static int
diff_end(void *mode)
{
	struct diff  *d = mode;
	struct pairs *p = &d->pairs;
	const int     uid = connlog_column_find("uid");

	for (int i = 0; i < PACK_COLUMNS; i++)
		p->compared[i] = i != uid && p->pack[0].has[i] && p->pack[1].has[i];
	if (d->parts != NULL ? !move_out(d) || !parts_compare(d->parts, p, d->memory, stdout) : !compare(d))
		return EXIT_USAGE;
	put_sums(d);
	return p->found == 0 ? EXIT_ALL_READ : EXIT_INCOMPLETE;
}

static void
diff_free(void *mode)
{
	struct diff *d = mode;

	pairs_free(&d->pairs);
	parts_free(d->parts);
	free(d);
}

const struct report_mode report_diff = {
	.begin = diff_new, .log = diff_log, .columns = diff_columns, .add = diff_add, .end = diff_end, .free = diff_free
};
