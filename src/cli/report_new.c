/* report_new.c - `connlog report --new BASELINE`: hosts and services that an earlier log did not have.
 *
 * Of the baseline only a Bloom filter of its hosts and services is kept, whose 32 MiB do not depend on the log. It
 * never reports as new what the baseline had, and misses something new with a probability that depends on how full it
 * is, which the report states.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli/human.h"
#include "cli/mix.h"
#include "cli/report.h"
#include "cli/report_groups.h"

enum { FILTER_BITS = 28 /* of a bit's index */, FILTER_HASHES = 7 };
enum { PORT_AT = 32, PROTO_AT = 34, KIND_AT = 38 };
enum kind { HOSTS, SERVICES, KINDS };

struct filter {
	uint64_t *words;
	uint64_t  seed, set; /* number of bits set */
};

/* Something that the baseline does not have: an endpoint, or a port on which a responder replies. */
struct fresh {
	uint8_t  key[GROUP_KEY]; /* host; port, protocol; kind */
	uint64_t connections, sent, received;
	double   first;
	uint8_t  peer[16]; /* the peer of the first connection */
	bool     has_first, has_peer;
};

struct news {
	const struct report *report;
	struct filter        filter;
	struct groups        groups;
	uint64_t             baseline, all, had[KINDS]; /* connections of both logs, and what the baseline had */
	bool                 damaged;
};

/* ---- the baseline */

/* Returns whether the filter has the key; with `put`, adds it. */
static bool
filter_has(struct filter *f, const uint8_t key[GROUP_KEY], bool put)
{
	uint64_t words[GROUP_KEY / 8], a = f->seed, b = ~f->seed;
	bool     had = true;

	memcpy(words, key, sizeof words);
	for (size_t i = 0; i < GROUP_KEY / 8; i++) {
		a = mix(a ^ words[i]);
		b = mix(b + words[i]);
	}
	for (int i = 0; i < FILTER_HASHES; i++, a += b | 1) {
		const uint64_t at = a >> (64 - FILTER_BITS), bit = UINT64_C(1) << (at & 63);
		if (f->words[at >> 6] & bit)
			continue;
		had = false;
		if (!put)
			return false;
		f->words[at >> 6] |= bit;
		f->set++;
	}
	return had;
}

static void
host_key(uint8_t key[GROUP_KEY], const struct report_row *row, int side)
{
	memset(key, 0, GROUP_KEY);
	memcpy(key, row->host[side], 16);
	key[KIND_AT] = HOSTS;
}

/* Returns whether the row's responder has replied on a port, and makes the key. */
static bool
service_key(uint8_t key[GROUP_KEY], const struct report_row *row)
{
	static const char *const open[] = { "S1", "SF", "S2", "S3", "RSTO", "RSTR" };
	const uint16_t           port = (uint16_t)row->port[1];
	bool                     answered = row->has_bytes[1] && row->bytes[1] > 0;

	for (size_t i = 0; row->state != NULL && i < sizeof open / sizeof open[0]; i++)
		answered = answered || strcmp(row->state->name, open[i]) == 0;
	if (!answered || !row->has_host[1] || !row->has_port[1] ||
	    (row->proto.n == 4 && memcmp(row->proto.p, "icmp", 4) == 0))
		return false;
	memset(key, 0, GROUP_KEY);
	memcpy(key, row->host[1], 16);
	memcpy(key + PORT_AT, &port, sizeof port);
	memcpy(key + PROTO_AT, row->proto.p, row->proto.n < 4 ? row->proto.n : 4);
	key[KIND_AT] = SERVICES;
	return true;
}

static void
learn(struct news *n, const struct report_row *row)
{
	uint8_t key[GROUP_KEY];

	n->baseline += row->count;
	for (int side = 0; side < 2; side++) {
		if (!row->has_host[side])
			continue;
		host_key(key, row, side);
		n->had[HOSTS] += !filter_has(&n->filter, key, true);
	}
	if (service_key(key, row))
		n->had[SERVICES] += !filter_has(&n->filter, key, true);
}

/* Reads the baseline. Returns false, after printing a message, on failure. */
static bool
read_baseline(struct news *n)
{
	const struct report  *r = n->report;
	char                  err[MESSAGE_MAX];
	const connlog_record *record;
	struct report_row     row;
	struct view           view;
	int                   status;
	connlog_reader       *reader =
		connlog_reader_files(&r->baseline, 1, &(connlog_reader_options){ .format = r->from }, err, sizeof err);

	if (reader == NULL) {
		complain("%s", err);
		return false;
	}
	view_init(&view);
	while ((status = connlog_reader_next(reader, &record, err, sizeof err)) != CONNLOG_END) {
		if (status == CONNLOG_READ_RECORD) {
			if (!where_has(&r->where, record) || connlog_record_get(record, r->interim).set)
				continue;
			report_row_fill(&row, &view, record);
			learn(n, &row);
		} else if (status < 0) {
			complain("%s", err);
			n->damaged = true;
			if (status == CONNLOG_NO_MEMORY)
				break;
		}
	}
	const bool good = n->baseline > 0 || !n->damaged;
	connlog_reader_free(reader);
	return good;
}

/* ---- what is new ---------------------------------------------------------------------------------------------------------- */

static uint64_t
connections_of(const void *entry)
{
	return ((const struct fresh *)entry)->connections;
}

static void
news_free(void *mode)
{
	struct news *n = mode;

	groups_free(&n->groups);
	free(n->filter.words);
	free(n);
}

static void *
news_new(const struct report *r)
{
	struct news *n = calloc(1, sizeof *n);

	if (n != NULL) {
		n->report = r;
		n->groups = (struct groups){
			.max = r->html_rows, .size = sizeof(struct fresh), .weight = connections_of, .release = free
		};
		n->filter.words = calloc((UINT64_C(1) << FILTER_BITS) / 64, sizeof *n->filter.words);
	}
	if (n == NULL || n->filter.words == NULL) {
		complain("out of memory");
	} else if (getrandom(&n->filter.seed, sizeof n->filter.seed, 0) == (ssize_t)sizeof n->filter.seed &&
	           read_baseline(n)) {
		return n;
	}
	if (n != NULL)
		news_free(n);
	return NULL;
}

/* Counts a connection for the key, if that is new. Returns false when out of memory. */
static bool
count(struct news *n, const uint8_t key[GROUP_KEY], const struct report_row *row, int side)
{
	if (filter_has(&n->filter, key, false))
		return true;
	struct fresh *f = groups_find(&n->groups, key);
	if (f == NULL)
		return false;
	if (row->has_ts && (!f->has_first || row->ts < f->first)) {
		f->first = row->ts;
		f->has_first = true;
		f->has_peer = row->has_host[1 - side];
		memcpy(f->peer, row->host[1 - side], 16);
	}
	f->connections += row->count;
	f->sent += row->has_bytes[side] ? row->bytes[side] : 0;
	f->received += row->has_bytes[1 - side] ? row->bytes[1 - side] : 0;
	return true;
}

static bool
news_add(void *mode, const connlog_record *record, const struct report_row *row)
{
	struct news *n = mode;
	uint8_t      key[GROUP_KEY];
	bool         good = true;

	(void)record;
	n->all += row->count;
	for (int side = 0; side < 2; side++) {
		if (!row->has_host[side])
			continue;
		host_key(key, row, side);
		good = count(n, key, row, side) && good;
	}
	if (service_key(key, row))
		good = count(n, key, row, 1) && good;
	if (!good)
		complain("out of memory: with --rows fewer hosts and services are kept; what follows is not counted");
	return good;
}

/* ---- the report ----------------------------------------------------------------------------------------------------------- */

static void
put_fresh(const struct news *n, const struct fresh *f)
{
	struct report_names *names = n->report->names;
	char                 text[HUMAN_MAX], host[REPORT_HOST_MAX];
	uint16_t             port;

	human_count(f->connections, text);
	printf("%9s", text);
	human_bytes((double)f->sent, text);
	printf("  %8s", text);
	human_bytes((double)f->received, text);
	printf("  %8s  ", text);
	if (f->has_first)
		report_time(stdout, &n->report->style, f->first);
	else
		printf("%-15s", "?");
	printf("  %s", report_host(names, f->key, host));
	if (f->key[KIND_AT] == SERVICES) {
		memcpy(&port, f->key + PORT_AT, sizeof port);
		printf(" at %u/", port);
		report_text(stdout,
		            (connlog_text){ (const char *)f->key + PROTO_AT, strnlen((const char *)f->key + PROTO_AT, 4) });
	}
	if (f->has_peer)
		printf(", first with %s", report_host(names, f->peer, host));
	putchar('\n');
}

static size_t
count_kind(void *const *all, size_t n, enum kind kind)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += ((const struct fresh *)all[i])->key[KIND_AT] == kind;
	return found;
}

static void
put_kind(const struct news *n, void *const *all, enum kind kind)
{
	if (count_kind(all, n->groups.n, kind) > 0)
		printf("\n%9s  %8s  %8s  %-15s  %s\n", "conns", "sent", "received", "first",
		       kind == HOSTS ? "new host" : "new service");
	for (size_t i = 0, shown = 0; i < n->groups.n && shown < n->report->top; i++) {
		const struct fresh *f = all[i];
		if (f->key[KIND_AT] != kind)
			continue;
		put_fresh(n, f);
		shown++;
	}
}

static void
put_head(const struct news *n, void *const *all)
{
	const double full = (double)n->filter.set / (double)(UINT64_C(1) << FILTER_BITS);
	char         hosts[HUMAN_MAX], services[HUMAN_MAX], all_text[HUMAN_MAX], base[HUMAN_MAX];

	human_count(count_kind(all, n->groups.n, HOSTS), hosts);
	human_count(count_kind(all, n->groups.n, SERVICES), services);
	human_count(n->all, all_text);
	printf("%s hosts and %s services of %s connections are new: a host that the baseline does not have, and a port at "
	       "which a\n"
	       "host has answered that it has not answered at there.\n",
	       hosts, services, all_text);
	human_count(n->baseline, base);
	human_count(n->had[HOSTS], hosts);
	human_count(n->had[SERVICES], services);
	printf("The baseline has %s connections, %s hosts and %s services; something new is missed with a probability of "
	       "%.2g.\n",
	       base, hosts, services, pow(full, FILTER_HASHES));
	if (n->groups.dropped > 0) {
		human_count(n->groups.dropped, base);
		printf("%s with the fewest connections were dropped on the way; --rows keeps more.\n", base);
	}
}

static int
news_end(void *mode)
{
	const struct news *n = mode;
	void             **all = groups_all(&n->groups);

	if (all == NULL) {
		complain("out of memory: with --rows fewer hosts and services are kept");
		return EXIT_INCOMPLETE;
	}
	put_head(n, all);
	put_kind(n, all, HOSTS);
	put_kind(n, all, SERVICES);
	free(all);
	return n->damaged ? EXIT_INCOMPLETE : EXIT_ALL_READ;
}

const struct report_mode report_new = { .begin = news_new, .add = news_add, .end = news_end, .free = news_free };
