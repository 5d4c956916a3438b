/* report_scans.c - `connlog report --scans`: hosts that tried many hosts on one port, or many ports of one host, and
 * got few replies.
 *
 * Each attempt counts for two groups: the originator's attempts on this port, and its attempts on this host. A group
 * stores its first 16 targets; more are counted by a sketch: the HyperLogLog of Flajolet and others (2007) with 1024
 * registers, whose standard error is 1.04 / sqrt(1024) = 3.25 %. Of rows made by --fold, which contain their number of
 * targets, the largest counts: the others may have the same targets.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/human.h"
#include "cli/mix.h"
#include "cli/report.h"
#include "cli/report_groups.h"

enum { EXACT = 16, EXAMPLES = 3, REGISTERS = 1024, REGISTER_BITS = 10 };
enum { SCAN_TARGETS = 15, SCAN_ATTEMPTS = 4 /* per reply */ };
enum { HOST_AT = 16, PORT_AT = 32, PROTO_AT = 34, KIND_AT = 38 };
enum kind { HOSTS, PORTS };

struct scan {
	uint8_t  key[GROUP_KEY]; /* originator; responder, or port and protocol; kind */
	uint64_t attempts, answers;
	double   first, last;
	uint64_t targets[EXACT]; /* hashes */
	unsigned n;
	uint64_t folded; /* targets of the largest row made by --fold */
	uint8_t *sketch; /* registers; NULL: all targets are in `targets` */
	double   sum;    /* of 2 to the power of minus each register */
	unsigned empty;  /* empty registers */
	uint8_t  hosts[EXAMPLES][16];
	uint16_t ports[EXAMPLES];
};

struct scans {
	const struct report *report;
	struct groups        groups;
	size_t               resp_pkts; /* index of the column */
};

static uint64_t
targets_of(const void *entry)
{
	const struct scan *s = entry;

	if (s->sketch == NULL)
		return s->n > s->folded ? s->n : s->folded;
	const double   m = REGISTERS, estimate = 0.7213 / (1 + 1.079 / m) * m * m / s->sum;
	const uint64_t n = (uint64_t)llround(estimate <= 2.5 * m && s->empty > 0 ? m * log(m / s->empty) : estimate);
	return n < s->folded ? s->folded : n < s->attempts ? n : s->attempts;
}

static void
release(void *entry)
{
	struct scan *s = entry;
	free(s->sketch);
	free(s);
}

static void *
scans_new(const struct report *r)
{
	struct scans *s = calloc(1, sizeof *s);

	if (s == NULL) {
		complain("out of memory");
		return NULL;
	}
	s->report = r;
	s->resp_pkts = (size_t)connlog_column_find("resp_pkts");
	s->groups =
		(struct groups){ .max = r->html_rows, .size = sizeof(struct scan), .weight = targets_of, .release = release };
	return s;
}

static void
scans_free(void *mode)
{
	struct scans *s = mode;
	groups_free(&s->groups);
	free(s);
}

static void
put_sketch(struct scan *s, uint64_t hash)
{
	const unsigned at = (unsigned)(hash >> (64 - REGISTER_BITS));
	const uint64_t rest = hash << REGISTER_BITS;
	const uint8_t  rank = (uint8_t)(rest != 0 ? __builtin_clzll(rest) + 1 : 64 - REGISTER_BITS + 1);

	if (rank <= s->sketch[at])
		return;
	s->empty -= s->sketch[at] == 0;
	s->sum += 1.0 / (double)(1ull << rank) - 1.0 / (double)(1ull << s->sketch[at]);
	s->sketch[at] = rank;
}

/* Counts a target. Returns whether it is new, as far as that is known; *good becomes false when out of memory. */
static bool
add_target(struct scan *s, uint64_t hash, bool *good)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->targets[i] == hash)
			return false;
	if (s->n < EXACT) {
		s->targets[s->n++] = hash;
		return true;
	}
	if (s->sketch == NULL) {
		s->sketch = calloc(REGISTERS, 1);
		if (s->sketch == NULL) {
			*good = false;
			return false;
		}
		s->sum = s->empty = REGISTERS;
		for (unsigned i = 0; i < s->n; i++)
			put_sketch(s, s->targets[i]);
	}
	put_sketch(s, hash);
	return false;
}

/* The target of an attempt: a host, or a port of one. */
struct target {
	uint8_t  host[16];
	uint16_t port;
};

static uint64_t
hash_of(enum kind kind, const struct target *t)
{
	uint64_t half[2] = { t->port + 1u, 0 };

	if (kind == HOSTS)
		memcpy(half, t->host, sizeof half);
	return mix(mix(half[0]) ^ half[1]);
}

/* Counts an attempt. Returns false when out of memory. */
static bool
try(struct scan *s, enum kind kind, const struct target *t)
{
	const unsigned n = s->n;
	bool           good = true;

	if (add_target(s, hash_of(kind, t), &good) && n < EXAMPLES) {
		memcpy(s->hosts[n], t->host, 16);
		s->ports[n] = t->port;
	}
	return good;
}

/* Parses a target. Returns false if the text is not one. */
static bool
parse_target(enum kind kind, connlog_text text, struct target *t)
{
	char     copy[INET6_ADDRSTRLEN], *end;
	uint8_t *v4 = t->host + 12;

	if (text.n == 0 || text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (kind == HOSTS) {
		memcpy(t->host, (const uint8_t[12]){ [10] = 0xff, [11] = 0xff }, 12);
		return inet_pton(AF_INET, copy, v4) == 1 || inet_pton(AF_INET6, copy, t->host) == 1;
	}
	const unsigned long port = strtoul(copy, &end, 10);
	t->port = (uint16_t)port;
	return *end == '\0' && port <= UINT16_MAX;
}

/* Counts the row's attempts; a row made by --fold has their number, and names some of them. Returns false when out of
 * memory. */
static bool
try_all(struct scan *s, enum kind kind, const struct report_row *row)
{
	const connlog_texts *samples = &row->samples[kind];
	struct target        t = { .port = (uint16_t)row->port[1] };
	bool                 good = true;

	memcpy(t.host, row->host[1], 16);
	if (row->targets[kind] > s->folded)
		s->folded = row->targets[kind];
	if (kind == HOSTS ? row->has_host[1] : row->has_port[1])
		return try(s, kind, &t);
	for (size_t i = 0; i < samples->n; i++)
		if (parse_target(kind, samples->at[i], &t))
			good = try(s, kind, &t) && good;
	return good;
}

static bool
count(struct scans *scans, enum kind kind, const struct report_row *row, bool answered)
{
	uint8_t key[GROUP_KEY] = { [KIND_AT] = (uint8_t)kind };

	memcpy(key, row->host[0], 16);
	if (kind == PORTS)
		memcpy(key + HOST_AT, row->host[1], 16);
	else
		memcpy(key + PORT_AT, &(uint16_t){ (uint16_t)row->port[1] }, 2);
	memcpy(key + PROTO_AT, row->proto.p, row->proto.n < 4 ? row->proto.n : 4);
	struct scan *s = groups_find(&scans->groups, key);
	if (s == NULL)
		return false;
	s->first = s->attempts == 0 ? row->ts : fmin(s->first, row->ts);
	s->last = s->attempts == 0 ? row->last : fmax(s->last, row->last);
	s->attempts += row->count;
	s->answers += answered ? row->count : 0;
	return try_all(s, kind, row);
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* Returns 1 for an attempt with a reply, 0 for one without, -1 for a connection whose beginning was not seen. */
static int
find_answer(const struct scans *s, const connlog_record *record, const struct report_row *row, bool icmp)
{
	static const char *const closed[] = { "S0", "REJ", "RSTOS0", "SH", NULL };
	static const char *const open[] = { "S1", "SF", "S2", "S3", "RSTO", "RSTR", NULL };

	if (icmp) {
		const connlog_value packets = connlog_record_get(record, s->resp_pkts);
		return (packets.set && packets.count > 0) || (row->has_bytes[1] && row->bytes[1] > 0);
	}
	if (row->state == NULL)
		return -1;
	return is_one_of(row->state->name, open) ? 1 : is_one_of(row->state->name, closed) ? 0 : -1;
}

static bool
scans_add(void *mode, const connlog_record *record, const struct report_row *row)
{
	struct scans *s = mode;
	const bool    icmp = row->proto.n >= 4 && memcmp(row->proto.p, "icmp", 4) == 0;
	const int     answer = find_answer(s, record, row, icmp);

	const bool folded = row->count > 1;

	if (answer < 0 || !row->has_ts || !row->has_host[0])
		return true;
	const bool hosts = row->has_port[1] && (row->has_host[1] || folded);
	const bool ports = !icmp && row->has_host[1] && (row->has_port[1] || folded);
	if ((!hosts || count(s, HOSTS, row, answer > 0)) && (!ports || count(s, PORTS, row, answer > 0)))
		return true;
	complain("out of memory: with --rows fewer groups are kept; what follows is not counted");
	return false;
}

static bool
is_scan(const struct scan *s)
{
	return targets_of(s) >= SCAN_TARGETS && s->answers <= s->attempts / SCAN_ATTEMPTS;
}

static void
put_scan(const struct scans *scans, const struct scan *s)
{
	struct report_names *names = scans->report->names;
	char                 host[REPORT_HOST_MAX], text[HUMAN_MAX + 1] = "~";
	uint16_t             port;

	human_count(targets_of(s), text + 1);
	printf("%9s", s->sketch != NULL ? text : text + 1);
	human_count(s->attempts, text);
	printf("  %9s", text);
	human_count(s->answers, text);
	printf("  %9s  ", text);
	report_time(stdout, &scans->report->style, s->first);
	human_span(s->last - s->first, text);
	printf("  %8s  %s tried ", text, report_host(names, s->key, host));
	const char *proto = (const char *)s->key + PROTO_AT;
	memcpy(&port, s->key + PORT_AT, sizeof port);
	if (s->key[KIND_AT] == PORTS)
		printf("ports of %s/", report_host(names, s->key + HOST_AT, host));
	else if (memcmp(proto, "icmp", 4) == 0)
		fputs("hosts with ", stdout);
	else
		printf("hosts at %u/", port);
	report_text(stdout, (connlog_text){ proto, strnlen(proto, 4) });
	for (unsigned i = 0; i < EXAMPLES; i++) {
		fputs(i == 0 ? ": " : ", ", stdout);
		if (s->key[KIND_AT] == PORTS)
			printf("%u", s->ports[i]);
		else
			fputs(report_host(names, s->hosts[i], host), stdout);
	}
	puts(" ...");
}

static int
scans_end(void *mode)
{
	const struct scans *s = mode;
	void              **all = groups_all(&s->groups);
	size_t              found = 0;
	char                text[HUMAN_MAX];

	if (all == NULL) {
		complain("out of memory: with --rows fewer groups are kept");
		return EXIT_INCOMPLETE;
	}
	for (size_t i = 0; i < s->groups.n; i++)
		found += is_scan(all[i]);
	human_count(found, text);
	printf("%s scan%s: a host tried %d hosts or more at one port, or ports of one host, and at most one attempt in %d "
	       "was\n"
	       "answered. ~ is an estimate with a standard error of 3.25 %%.\n",
	       text, found == 1 ? "" : "s", SCAN_TARGETS, SCAN_ATTEMPTS);
	if (s->groups.dropped > 0) {
		human_count(s->groups.dropped, text);
		printf(
			"%s groups with the fewest targets were dropped on the way: a slow scan may be missing or be counted from\n"
			"then on only; --rows keeps more.\n",
			text);
	}
	if (found > 0)
		printf("\n%9s  %9s  %9s  %-15s  %8s\n", "targets", "attempts", "answered", "first", "lasted");
	for (size_t i = 0, shown = 0; i < s->groups.n && shown < s->report->top; i++)
		if (is_scan(all[i])) {
			put_scan(s, all[i]);
			shown++;
		}
	free(all);
	return EXIT_ALL_READ;
}

const struct report_mode report_scans = { .begin = scans_new, .add = scans_add, .end = scans_end, .free = scans_free };
