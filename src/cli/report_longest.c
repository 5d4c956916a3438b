/* report_longest.c - `connlog report --longest`: the connections that lasted longest, one per line, and what their
 * state says about the end. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/human.h"
#include "cli/report.h"
#include "cli/report_ranking.h"

struct longest {
	const struct report *report;
	struct ranking       ranking;
	uint64_t             all, without; /* connections, and how many of these have no known duration */
};

static void
longest_free(void *mode)
{
	struct longest *l = mode;

	ranking_free(&l->ranking);
	free(l);
}

static void *
longest_new(const struct report *r)
{
	struct longest *l = calloc(1, sizeof *l);

	if (l != NULL) {
		l->report = r;
		if (ranking_init(&l->ranking, r->top))
			return l;
		free(l);
	}
	complain("out of memory");
	return NULL;
}

static bool
longest_add(void *mode, const connlog_record *record, const struct report_row *row)
{
	struct longest *l = mode;

	(void)record;
	l->all += row->count;
	if (row->count > 1) { /* only the sum of the durations is known */
		l->without += row->count;
		return true;
	}
	l->without += !row->has_duration;
	if (ranking_add(&l->ranking, row->has_duration ? row->duration : 0, row))
		return true;
	complain("out of memory: what follows is not counted");
	return false;
}

static void
put_duration(const struct report_style *style, double seconds)
{
	char text[HUMAN_MAX];

	if (style->exact) {
		printf("%14.6f", seconds);
		return;
	}
	human_span(seconds, text);
	printf("%9s", text);
}

static void
put_size(const struct report_style *style, const struct report_row *row, int side)
{
	char text[HUMAN_MAX] = "?";

	if (style->exact && row->has_bytes[side]) {
		printf("  %12" PRIu64, row->bytes[side]);
		return;
	}
	if (row->has_bytes[side])
		human_bytes((double)row->bytes[side], text);
	printf("  %*s", style->exact ? 12 : 8, text);
}

static void
put_line(const struct longest *l, const struct report_row *row)
{
	const struct report_style *style = &l->report->style;
	char                       host[REPORT_HOST_MAX], service[REPORT_SERVICE_MAX];

	put_duration(style, row->duration);
	printf("  %-6s", row->state != NULL ? row->state->name : "?");
	put_size(style, row, 0);
	put_size(style, row, 1);
	fputs("  ", stdout);
	if (row->has_ts)
		report_time(stdout, style, row->ts);
	else
		printf("%-15s", "?");
	printf("  %s > ", row->has_host[0] ? report_host(l->report->names, row->host[0], host) : "?");
	printf("%s/", row->has_host[1] ? report_host(l->report->names, row->host[1], host) : "?");
	report_text(stdout, (connlog_text){ service, report_service(row, service, sizeof service) });
	printf("  %s\n", row->state != NULL ? row->state->brief : "the log does not say how it ended");
}

static int
longest_end(void *mode)
{
	const struct longest *l = mode;
	const bool            exact = l->report->style.exact;
	char                  all[HUMAN_MAX], without[HUMAN_MAX];

	human_count(l->all, all);
	human_count(l->without, without);
	printf(
		"The %zu longest of %s connection%s, from the first packet to the last one that was seen, with the payload of\n"
		"originator and responder; of %s no duration is known.\n",
		l->ranking.n, all, l->all == 1 ? "" : "s", without);
	if (l->ranking.n > 0)
		printf("\n%*s  %-6s  %*s  %*s\n", exact ? 14 : 9, "duration", "state", exact ? 12 : 8, "sent", exact ? 12 : 8,
		       "received");
	for (size_t i = 0; i < l->ranking.n; i++)
		put_line(l, &l->ranking.at[i].row);
	return EXIT_ALL_READ;
}

const struct report_mode report_longest = {
	.begin = longest_new, .add = longest_add, .end = longest_end, .free = longest_free
};
