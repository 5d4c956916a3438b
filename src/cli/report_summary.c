/* report_summary.c - `connlog report --summary`: the most frequent values, in tables as wide as the terminal.
 *
 * Everything is counted while it is read; the longest and the largest connections are kept.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/human.h"
#include "cli/report.h"
#include "cli/report_ranking.h"
#include "cli/report_table.h"
#include "cli/report_tally.h"
#include "cli/term.h"

struct summary {
	const struct report_style *style;
	struct report_names       *names;
	size_t                     top; /* rows of a table */
	struct tally               hosts, services, states;
	struct ranking             longest, largest;
	struct tally_entry         all;
	double                     first, last; /* times of the first and last connection */
};

static void
summary_free(void *mode)
{
	struct summary *s = mode;

	if (s == NULL)
		return;
	tally_free(&s->hosts);
	tally_free(&s->services);
	tally_free(&s->states);
	ranking_free(&s->longest);
	ranking_free(&s->largest);
	free(s);
}

static void *
summary_new(const struct report *r)
{
	struct summary *s = calloc(1, sizeof *s);

	if (s != NULL) {
		*s = (struct summary){
			.style = &r->style, .names = r->names, .top = r->top, .first = DBL_MAX, .last = -DBL_MAX
		};
		if (ranking_init(&s->longest, s->top) && ranking_init(&s->largest, s->top))
			return s;
	}
	summary_free(s);
	complain("out of memory");
	return NULL;
}

static bool
count(struct summary *s, const struct report_row *row)
{
	const char    *state = row->state != NULL ? row->state->name : "";
	const uint64_t orig = row->has_bytes[0] ? row->bytes[0] : 0, resp = row->has_bytes[1] ? row->bytes[1] : 0;
	char           service[REPORT_SERVICE_MAX];
	bool           same = row->has_host[0] && row->has_host[1] && memcmp(row->host[0], row->host[1], 16) == 0;
	bool           good = true;

	const struct tally_entry by_orig = { .connections = row->count, .sent = orig, .received = resp };
	const struct tally_entry by_resp = { .connections = row->count, .sent = resp, .received = orig };

	tally_count(&s->all, row->count, orig, resp);
	if (row->has_ts) {
		s->first = fmin(s->first, row->ts);
		s->last = fmax(s->last, row->ts);
	}
	if (row->has_host[0])
		good = tally_add(&s->hosts, row->host[0], 16, &by_orig) && good;
	if (row->has_host[1] && !same)
		good = tally_add(&s->hosts, row->host[1], 16, &by_resp) && good;
	good = tally_add(&s->services, service, report_service(row, service, sizeof service), &by_orig) && good;
	good = tally_add(&s->states, state, strlen(state), &by_orig) && good;
	if (row->count > 1) /* has no single connection's duration and size */
		return good;
	good = ranking_add(&s->longest, row->has_duration ? row->duration : 0, row) && good;
	return ranking_add(&s->largest, (double)orig + (double)resp, row) && good;
}

static bool
summary_add(void *mode, const connlog_record *record, const struct report_row *row)
{
	(void)record;
	if (count(mode, row))
		return true;
	complain("out of memory: what follows is not counted");
	return false;
}

/* Writes an entry's name. */
typedef void (*name_fn)(const struct summary *s, FILE *f, const struct tally_entry *e);

static void
host_name(const struct summary *s, FILE *f, const struct tally_entry *e)
{
	char text[REPORT_HOST_MAX];
	fputs(report_host(s->names, (const uint8_t *)e->name, text), f);
}

static void
service_name(const struct summary *s, FILE *f, const struct tally_entry *e)
{
	(void)s;
	report_text(f, (connlog_text){ e->name, e->name_n });
}

static void
state_name(const struct summary *s, FILE *f, const struct tally_entry *e)
{
	const struct story_state *state = story_state_find(e->name, e->name_n);

	(void)s;
	if (state != NULL)
		fprintf(f, "%-4s%-7s%s", state->symbol, state->name, state->brief);
	else
		fputs("?>? none", f);
}

/* Fills in the name as far as the row has room for it; when out of memory it stays empty. */
static void
fill_row(const struct summary *s, struct table_row *row, const struct tally_entry *e, double value, name_fn name)
{
	FILE *f = fmemopen(row->name, sizeof row->name, "w");

	if (f != NULL) {
		name(s, f, e);
		fclose(f);
	}
	row->name[sizeof row->name - 1] = '\0';
	row->counts = e;
	row->value = value;
}

static void
rest_name(const struct summary *s, FILE *f, const struct tally_entry *e)
{
	(void)s;
	(void)e;
	fputs("(others, not told apart)", f);
}

/* Prints a tally. Returns false when out of memory. */
static bool
put_tally(const struct summary *s, const struct term *t, const char *title, const struct tally *tally,
          enum tally_order order, name_fn name)
{
	const struct tally_entry **top = calloc(s->top, sizeof(void *));
	struct table_row          *rows = calloc(s->top + 1, sizeof *rows);
	size_t                     n = 0;

	if (top != NULL && rows != NULL) {
		n = tally_top(tally, order, top, s->top);
		for (size_t i = 0; i < n; i++)
			fill_row(s, &rows[i], top[i], (double)(order == BY_BYTES ? tally_bytes(top[i]) : top[i]->connections),
			         name);
		if (tally->rest.connections > 0)
			fill_row(s, &rows[n++], &tally->rest, 0, rest_name);
		table_counts(t, title, rows, n);
	}
	const bool good = top != NULL && rows != NULL;
	free(top);
	free(rows);
	return good;
}

/* Returns the connection's line, allocated; NULL if there is none. */
static char *
line_of(const struct summary *s, const struct report_row *row)
{
	char  *text = NULL;
	size_t n;
	FILE  *f = open_memstream(&text, &n);

	if (f == NULL)
		return NULL;
	report_line(f, s->style, s->names, row);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static bool
put_ranking(const struct summary *s, const struct term *t, const char *title, const struct ranking *r, bool seconds)
{
	char value[HUMAN_MAX];

	if (r->n > 0)
		table_title(t, title);
	for (size_t i = 0; i < r->n; i++) {
		const double v = r->at[i].value;
		char        *line = line_of(s, &r->at[i].row);
		if (line == NULL)
			return false;
		if (seconds)
			human_span(v, value);
		else
			human_bytes(v, value);
		table_line(t, human_join(value), v / r->at[0].value, line);
		free(line);
	}
	return true;
}

static int
summary_end(void *mode)
{
	const struct summary *s = mode;
	struct term           t;
	char                  number[HUMAN_MAX];
	bool                  good;

	term_init(&t, stdout);
	human_count(s->all.connections, number);
	printf("%s connection%s\n", number, s->all.connections == 1 ? "" : "s");
	if (s->first <= s->last) {
		report_time(stdout, s->style, s->first);
		fputs(" to ", stdout);
		report_time(stdout, s->style, s->last);
		putchar('\n');
	}
	human_bytes((double)s->all.sent, number);
	printf("sent %s", number);
	human_bytes((double)s->all.received, number);
	printf(", received %s\n", number);
	if (s->all.connections == 0)
		return EXIT_ALL_READ;
	good = put_tally(s, &t, "hosts by bytes", &s->hosts, BY_BYTES, host_name) &&
	       put_tally(s, &t, "services", &s->services, BY_CONNECTIONS, service_name) &&
	       put_tally(s, &t, "states", &s->states, BY_CONNECTIONS, state_name) &&
	       put_ranking(s, &t, "longest connections", &s->longest, true) &&
	       put_ranking(s, &t, "largest connections", &s->largest, false);
	if (!good)
		complain("out of memory: tables are missing");
	return good ? EXIT_ALL_READ : EXIT_INCOMPLETE;
}

const struct report_mode report_summary = {
	.begin = summary_new, .add = summary_add, .end = summary_end, .free = summary_free
};
