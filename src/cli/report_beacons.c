/* report_beacons.c - `connlog report --beacons`: connections that recur at regular intervals.
 *
 * Connections are grouped by originator, responder, port and protocol. The times of the latest 64 of each group are
 * kept and sorted, since a log is in the order of ends. The jitter is the median deviation of the intervals from the
 * median interval, as a fraction of it; the score is 1 minus the jitter.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/human.h"
#include "cli/report.h"
#include "cli/report_groups.h"

enum { KEPT = 64, FIRST_ROOM = 4, BEACON_CONNECTIONS = 8 };
enum { HOST_AT = 16, PORT_AT = 32, PROTO_AT = 34 };
#define BEACON_INTERVAL 1.0 /* seconds: shorter intervals belong to one activity */
#define BEACON_SCORE    0.8
#define NEAR            0.1 /* largest deviation of a regular interval from the median */

struct beacon {
	uint8_t  key[GROUP_KEY]; /* originator, responder, port, protocol */
	uint64_t n;
	double   first, last;
	double  *times; /* the latest ones: a ring once there are KEPT */
	unsigned room;
	/* Computed at the end: */
	double   median, jitter, score;
	unsigned regular, intervals;
};

struct beacons {
	const struct report *report;
	struct groups        groups;
	uint64_t             folded; /* connections whose times are not in the log */
};

static uint64_t
connections_of(const void *entry)
{
	return ((const struct beacon *)entry)->n;
}

static void
release(void *entry)
{
	struct beacon *b = entry;
	free(b->times);
	free(b);
}

static void *
beacons_new(const struct report *r)
{
	struct beacons *b = calloc(1, sizeof *b);

	if (b == NULL) {
		complain("out of memory");
		return NULL;
	}
	b->report = r;
	b->groups = (struct groups){
		.max = r->html_rows, .size = sizeof(struct beacon), .weight = connections_of, .release = release
	};
	return b;
}

static void
beacons_free(void *mode)
{
	struct beacons *b = mode;
	groups_free(&b->groups);
	free(b);
}

/* Adds a connection. Returns false when out of memory. */
static bool
count(struct beacon *b, double ts)
{
	if (b->n >= b->room && b->room < KEPT) {
		const unsigned room = b->room > 0 ? 2 * b->room : FIRST_ROOM;
		double        *times = reallocarray(b->times, room, sizeof *times);
		if (times == NULL)
			return false;
		b->times = times;
		b->room = room;
	}
	b->first = b->n == 0 ? ts : fmin(b->first, ts);
	b->last = b->n == 0 ? ts : fmax(b->last, ts);
	b->times[b->n++ % KEPT] = ts;
	return true;
}

static bool
beacons_add(void *mode, const connlog_record *record, const struct report_row *row)
{
	struct beacons *b = mode;
	uint8_t         key[GROUP_KEY] = { 0 };

	(void)record;
	if (row->count > 1) {
		b->folded += row->count;
		return true;
	}
	if (!row->has_ts || !row->has_host[0] || !row->has_host[1] || !row->has_port[1])
		return true;
	memcpy(key, row->host[0], 16);
	memcpy(key + HOST_AT, row->host[1], 16);
	memcpy(key + PORT_AT, &(uint16_t){ (uint16_t)row->port[1] }, 2);
	memcpy(key + PROTO_AT, row->proto.p, row->proto.n < 4 ? row->proto.n : 4);
	struct beacon *found = groups_find(&b->groups, key);
	if (found != NULL && count(found, row->ts))
		return true;
	complain("out of memory: with --rows fewer groups are kept; what follows is not counted");
	return false;
}

static int
ascending(const void *x, const void *y)
{
	const double a = *(const double *)x, b = *(const double *)y;
	return (a > b) - (a < b);
}

static double
median_of(double *at, unsigned n)
{
	qsort(at, n, sizeof *at, ascending);
	return n % 2 == 1 ? at[n / 2] : (at[n / 2 - 1] + at[n / 2]) / 2;
}

/* Returns whether the group is a beacon, and computes its values. */
static bool
judge(struct beacon *b)
{
	double         intervals[KEPT];
	const unsigned n = b->n < KEPT ? (unsigned)b->n : KEPT;

	if (b->n < BEACON_CONNECTIONS)
		return false;
	qsort(b->times, n, sizeof *b->times, ascending);
	b->intervals = n - 1;
	for (unsigned i = 0; i < n - 1; i++)
		intervals[i] = b->times[i + 1] - b->times[i];
	b->median = median_of(intervals, n - 1);
	b->regular = 0;
	for (unsigned i = 0; i < n - 1; i++) {
		intervals[i] = fabs(intervals[i] - b->median);
		b->regular += intervals[i] <= NEAR * b->median;
	}
	b->jitter = median_of(intervals, n - 1);
	b->score = b->median > 0 ? 1 - b->jitter / b->median : 0;
	return b->median >= BEACON_INTERVAL && b->score >= BEACON_SCORE;
}

/* Sorts by score, then by the number of connections, both descending. */
static int
better(const void *x, const void *y)
{
	const struct beacon *a = *(void *const *)x, *b = *(void *const *)y;

	if (a->score != b->score)
		return a->score < b->score ? 1 : -1;
	if (a->n != b->n)
		return a->n < b->n ? 1 : -1;
	return memcmp(a->key, b->key, GROUP_KEY);
}

static void
put_beacon(const struct beacons *beacons, const struct beacon *b)
{
	struct report_names *names = beacons->report->names;
	const char          *proto = (const char *)b->key + PROTO_AT;
	char                 host[REPORT_HOST_MAX], text[HUMAN_MAX];
	uint16_t             port;

	human_count(b->n, text);
	printf("%5.2f  %9s  ", b->score, text);
	human_span(b->median, text);
	printf("%8s  ", text);
	human_span(b->jitter, text);
	printf("%8s  ", text);
	report_time(stdout, &beacons->report->style, b->first);
	human_span(b->last - b->first, text);
	memcpy(&port, b->key + PORT_AT, sizeof port);
	printf("  %8s  %s > ", text, report_host(names, b->key, host));
	printf("%s/%u/", report_host(names, b->key + HOST_AT, host), port);
	report_text(stdout, (connlog_text){ proto, strnlen(proto, 4) });
	printf(": %u of %u intervals within 10 %%\n", b->regular, b->intervals);
}

/* Reports folded rows: a log of --fold has the time of a row's first connection only. */
static void
put_folded(const struct beacons *b)
{
	char text[HUMAN_MAX];

	if (b->folded == 0)
		return;
	human_count(b->folded, text);
	printf("%s connections stand in rows of --fold, without their times, and are left out.\n", text);
}

static void
put_head(const struct beacons *b, size_t found)
{
	char text[HUMAN_MAX];

	human_count(found, text);
	printf("%s beacon%s: %d connections or more between two hosts, at intervals of a second or more whose median "
	       "distance from the\n"
	       "median interval (jitter) is at most a fifth of it. The score is 1 less jitter / interval; of the latest %d "
	       "connections.\n",
	       text, found == 1 ? "" : "s", BEACON_CONNECTIONS, KEPT);
	if (b->groups.dropped > 0) {
		human_count(b->groups.dropped, text);
		printf("%s groups with the fewest connections were dropped on the way: a slow beacon may be missing or be "
		       "counted from\n"
		       "then on only; --rows keeps more.\n",
		       text);
	}
	put_folded(b);
	if (found > 0)
		printf("\n%5s  %9s  %8s  %8s  %-15s  %8s\n", "score", "conns", "interval", "jitter", "first", "lasted");
}

static int
beacons_end(void *mode)
{
	const struct beacons *b = mode;
	void                **all = groups_all(&b->groups);
	size_t                found = 0;

	if (all == NULL) {
		complain("out of memory: with --rows fewer groups are kept");
		return EXIT_INCOMPLETE;
	}
	for (size_t i = 0; i < b->groups.n; i++)
		if (judge(all[i]))
			all[found++] = all[i];
	qsort(all, found, sizeof *all, better);
	put_head(b, found);
	for (size_t i = 0; i < found && i < b->report->top; i++)
		put_beacon(b, all[i]);
	free(all);
	return EXIT_ALL_READ;
}

const struct report_mode report_beacons = {
	.begin = beacons_new, .add = beacons_add, .end = beacons_end, .free = beacons_free
};
