/* wanted.c - see wanted.h. */
#include "archive/wanted.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/more.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58 };

#define ERROR_AFTER   60.0   /* seconds after the end of a connection in which an ICMP error can arrive */
#define MICROSECOND   1.5e-6 /* most logs write times to a microsecond, */
#define MILLISECOND   1.1e-3 /* some to a millisecond */
#define DURATION_NEAR 2e-6

/* ---- tuples ----------------------------------------------------------------------------------------------------------------- */

static uint8_t
proto_class(uint8_t proto)
{
	if (proto == PROTO_ICMPV6)
		return PROTO_ICMP;
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_ICMP ? proto : 0;
}

/* Returns the tuple with its lower end first. */
static connlog_tuple
ordered(const connlog_tuple *t)
{
	const int     order = memcmp(t->orig_h, t->resp_h, sizeof t->orig_h);
	connlog_tuple o = *t;

	o.proto = proto_class(t->proto);
	if (order > 0 || (order == 0 && t->orig_p > t->resp_p)) {
		memcpy(o.orig_h, t->resp_h, sizeof o.orig_h);
		memcpy(o.resp_h, t->orig_h, sizeof o.resp_h);
		o.orig_p = t->resp_p;
		o.resp_p = t->orig_p;
	}
	return o;
}

static bool
is_tuple(const connlog_tuple *a, const connlog_tuple *b)
{
	return memcmp(a->orig_h, b->orig_h, sizeof a->orig_h) == 0 && memcmp(a->resp_h, b->resp_h, sizeof a->resp_h) == 0 &&
	       a->orig_p == b->orig_p && a->resp_p == b->resp_p && a->proto == b->proto;
}

static size_t
bucket_of(const struct wanteds *w, const connlog_tuple *t)
{
	uint64_t words[5] = { [4] = t->orig_p | (uint64_t)t->resp_p << 16 | (uint64_t)t->proto << 32 };

	memcpy(words, t->orig_h, sizeof t->orig_h);
	memcpy(words + 2, t->resp_h, sizeof t->resp_h);
	return (size_t)siphash13(&w->key, words, 5) & w->mask;
}

/* Returns the group of the tuple, in either direction, or 0. */
static uint32_t
find_group(const struct wanteds *w, const connlog_tuple *tuple)
{
	const connlog_tuple t = ordered(tuple);
	uint32_t            g = w->n_groups > 0 ? w->buckets[bucket_of(w, &t)] : 0;

	while (g && !is_tuple(&w->groups[g].tuple, &t))
		g = w->groups[g].chain;
	return g;
}

static void
chain_in(struct wanteds *w, uint32_t g)
{
	uint32_t *bucket = &w->buckets[bucket_of(w, &w->groups[g].tuple)];

	w->groups[g].chain = *bucket;
	*bucket = g;
}

/* Makes room for one more group, and as many buckets as groups. Returns false when out of memory. */
static bool
grow_groups(struct wanteds *w)
{
	const size_t  room = w->groups_room ? w->groups_room * 2 : 64;
	struct group *groups = room <= UINT32_MAX ? realloc(w->groups, room * sizeof *groups) : NULL;

	if (!groups)
		return false;
	w->groups = groups;
	uint32_t *buckets = calloc(room, sizeof *buckets);
	if (!buckets)
		return false;
	if (!w->buckets && getrandom(&w->key, sizeof w->key, 0) != (ssize_t)sizeof w->key)
		w->key = (struct siphash_key){ (uintptr_t)w, (uintptr_t)buckets };
	free(w->buckets);
	w->buckets = buckets;
	w->groups_room = room;
	w->mask = room - 1;
	for (uint32_t g = 1; g <= w->n_groups; g++)
		chain_in(w, g);
	return true;
}

/* Returns the group of the tuple, adding it if necessary; 0 when out of memory. */
static uint32_t
need_group(struct wanteds *w, const connlog_tuple *tuple)
{
	uint32_t g = find_group(w, tuple);

	if (g)
		return g;
	if (w->n_groups + 1 >= w->groups_room && !grow_groups(w))
		return 0;
	g = (uint32_t)++w->n_groups;
	w->groups[g] = (struct group){ .tuple = ordered(tuple), .earliest = INFINITY, .latest = -INFINITY };
	chain_in(w, g);
	return g;
}

/* ---- records ---------------------------------------------------------------------------------------------------------------- */

static uint8_t
proto_of(const connlog_record *r)
{
	const connlog_value v = connlog_record_find(r, "proto");
	const connlog_text  t = v.set ? v.text : (connlog_text){ "", 0 };

	if (t.n == 3 && memcmp(t.p, "tcp", 3) == 0)
		return PROTO_TCP;
	if (t.n == 3 && memcmp(t.p, "udp", 3) == 0)
		return PROTO_UDP;
	return t.n == 4 && memcmp(t.p, "icmp", 4) == 0 ? PROTO_ICMP : 0;
}

/* Returns false if the record lacks a part of the tuple. */
static bool
tuple_of(const connlog_record *r, connlog_tuple *out)
{
	const connlog_value orig_h = connlog_record_find(r, "id.orig_h"), resp_h = connlog_record_find(r, "id.resp_h");
	const connlog_value orig_p = connlog_record_find(r, "id.orig_p"), resp_p = connlog_record_find(r, "id.resp_p");

	if (!orig_h.set || !resp_h.set || !orig_p.set || !resp_p.set || !connlog_record_find(r, "proto").set)
		return false;
	memcpy(out->orig_h, orig_h.address, sizeof out->orig_h);
	memcpy(out->resp_h, resp_h.address, sizeof out->resp_h);
	out->orig_p = (uint16_t)orig_p.count;
	out->resp_p = (uint16_t)resp_p.count;
	out->proto = proto_of(r);
	return true;
}

static struct said
said_of(const connlog_record *r)
{
	static const char *const names[SAID_COUNT] = { "duration", "orig_pkts", "resp_pkts", "orig_ip_bytes",
		                                           "resp_ip_bytes" };
	struct said              s = { .has = 0 };

	for (int i = 0; i < SAID_COUNT; i++) {
		const connlog_value v = connlog_record_find(r, names[i]);
		if (!v.set)
			continue;
		s.has |= 1u << i;
		if (i == SAID_DURATION)
			s.duration = v.number;
		else
			s.counts[i] = v.count;
	}
	return s;
}

static void
copy_uid(const connlog_record *r, char out[CONNLOG_UID_SIZE])
{
	const connlog_value v = connlog_record_find(r, "uid");
	const size_t        n = v.set ? v.text.n : 0;

	snprintf(out, CONNLOG_UID_SIZE, "%.*s", (int)(n < CONNLOG_UID_SIZE ? n : CONNLOG_UID_SIZE - 1), n ? v.text.p : "");
}

int
wanteds_add(struct wanteds *w, const connlog_record *r)
{
	const connlog_value ts = connlog_record_find(r, "ts");
	struct wanted       one = { .ts = ts.set ? ts.number : 0, .said = said_of(r) };

	if (!ts.set || !tuple_of(r, &one.tuple))
		return CONNLOG_BAD_INPUT;
	copy_uid(r, one.uid);
	one.group = need_group(w, &one.tuple);
	if (!one.group)
		return CONNLOG_NO_MEMORY;
	struct group  *g = &w->groups[one.group];
	struct wanted *last = g->latest >= g->earliest ? &w->at[g->newest_wanted] : NULL;
	if (last && last->ts == one.ts && strcmp(last->uid, one.uid) == 0) {
		*last = one;
		return CONNLOG_OK;
	}
	struct wanted *at = more(w->at, w->n, &w->room, sizeof *at, SIZE_MAX);
	if (!at)
		return CONNLOG_NO_MEMORY;
	w->at = at;
	g->newest_wanted = w->n;
	g->earliest = fmin(g->earliest, one.ts);
	g->latest = fmax(g->latest, one.ts);
	w->at[w->n++] = one;
	return CONNLOG_OK;
}

/* ---- connections found by the engine */

/* Returns whether a connection of the group that begins then may be a requested one. */
static bool
is_near(const struct group *g, double ts)
{
	return ts > g->earliest - MILLISECOND && ts < g->latest + MILLISECOND;
}

static struct candidate *
find_candidate(struct wanteds *w, uint32_t g, const char *uid)
{
	struct candidate *c = w->groups[g].newest;

	if (c && strcmp(c->uid, uid) == 0)
		return c;
	for (c = w->groups[g].candidates; c && strcmp(c->uid, uid) != 0;)
		c = c->next;
	return c;
}

static bool
add_packet(struct candidate *c, uint64_t number, enum packet_part part)
{
	struct found_packet *packets = more(c->packets, c->n, &c->room, sizeof *packets, SIZE_MAX);

	if (!packets)
		return false;
	c->packets = packets;
	c->packets[c->n++] = (struct found_packet){ number, part };
	return true;
}

/* Returns the candidate for a connection of the group; NULL when out of memory. */
static struct candidate *
need_candidate(struct wanteds *w, uint32_t group, const char uid[CONNLOG_UID_SIZE], double ts)
{
	struct group     *g = &w->groups[group];
	struct candidate *is = find_candidate(w, group, uid);

	if (!is && (is = calloc(1, sizeof *is)) != NULL) {
		memcpy(is->uid, uid, sizeof is->uid);
		is->ts = ts;
		is->ended = INFINITY;
		is->group = group;
		is->next = g->candidates;
		g->candidates = is;
		w->n_candidates++;
	}
	return is;
}

static int
counted_for(struct wanteds *w, const connlog_counted *c)
{
	const uint32_t g = find_group(w, &c->tuple);
	char           uid[CONNLOG_UID_SIZE];

	if (!g)
		return CONNLOG_OK;
	if (!is_near(&w->groups[g], c->ts)) {
		w->groups[g].newest = NULL;
		return CONNLOG_OK;
	}
	connlog_counted_uid(c, uid);
	struct candidate *is = w->groups[g].newest = need_candidate(w, g, uid, c->ts);
	return is && add_packet(is, c->packet, c->fragment ? PART_FRAGMENT : PART_PACKET) ? CONNLOG_OK : CONNLOG_NO_MEMORY;
}

int
wanteds_counted(struct wanteds *w, const connlog_counted *c, double now)
{
	const int      status = counted_for(w, c);
	const uint32_t g = status == CONNLOG_OK && w->icmp_errors && c->quoted ? find_group(w, c->quoted) : 0;

	if (!g || !w->groups[g].newest || now > w->groups[g].newest->ended + ERROR_AFTER)
		return status;
	return add_packet(w->groups[g].newest, c->packet, PART_ICMP_ERROR) ? CONNLOG_OK : CONNLOG_NO_MEMORY;
}

int
wanteds_ended(struct wanteds *w, const connlog_record *r, double now)
{
	connlog_tuple tuple;
	char          uid[CONNLOG_UID_SIZE];

	if (!tuple_of(r, &tuple))
		return CONNLOG_OK;
	const uint32_t g = find_group(w, &tuple);
	const double   ts = connlog_record_find(r, "ts").number;
	if (!g || !is_near(&w->groups[g], ts))
		return CONNLOG_OK;
	copy_uid(r, uid);
	struct candidate *c = need_candidate(w, g, uid, ts); /* for connections that have counted no packet */
	if (!c)
		return CONNLOG_NO_MEMORY;
	c->said = said_of(r);
	c->ended = now;
	return CONNLOG_OK;
}

/* ---- matching records and connections */

/* Returns whether the times are equal, within the precision of the log. */
static bool
is_start(double said, double is)
{
	const double distance = fabs(said - is), thousandths = said * 1000;

	return distance < MICROSECOND || (distance < MILLISECOND && fabs(thousandths - nearbyint(thousandths)) < 1e-3);
}

/* Returns the first field that differs, or SAID_COUNT. */
static int
difference(const struct said *a, const struct said *b)
{
	for (int i = 0; i < SAID_COUNT; i++) {
		if (!(a->has & b->has & 1u << i))
			continue;
		if (i == SAID_DURATION ? fabs(a->duration - b->duration) > DURATION_NEAR : a->counts[i] != b->counts[i])
			return i;
	}
	return SAID_COUNT;
}

static int
by_group_and_start(const void *va, const void *vb)
{
	const struct candidate *a = *(struct candidate *const *)va, *b = *(struct candidate *const *)vb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->ts > b->ts) - (a->ts < b->ts);
}

/* Chooses among the candidates that begin at the time: one that agrees, or else the nearest. */
static void
match(struct wanted *w, struct candidate *const *all, size_t n)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		if (all[mid]->group < w->group || (all[mid]->group == w->group && all[mid]->ts < w->ts - MILLISECOND))
			lo = mid + 1;
		else
			hi = mid;
	}
	for (bool agreed = false; lo < n && all[lo]->group == w->group && all[lo]->ts < w->ts + MILLISECOND; lo++) {
		struct candidate *c = all[lo];
		const bool        agrees = difference(&w->said, &c->said) == SAID_COUNT;
		if (c->taken || !is_start(w->ts, c->ts))
			continue;
		if (!w->is || (agrees && !agreed) || (agrees == agreed && fabs(c->ts - w->ts) < fabs(w->is->ts - w->ts)))
			w->is = c;
		agreed = agreed || agrees;
	}
	if (w->is)
		w->is->taken = true;
}

int
wanteds_match(struct wanteds *w)
{
	struct candidate **all = calloc(w->n_candidates ? w->n_candidates : 1, sizeof(struct candidate *));
	size_t             n = 0;

	if (!all)
		return CONNLOG_NO_MEMORY;
	for (size_t g = 1; g <= w->n_groups; g++)
		for (struct candidate *c = w->groups[g].candidates; c; c = c->next)
			all[n++] = c;
	qsort(all, n, sizeof *all, by_group_and_start);
	for (size_t i = 0; i < w->n; i++) {
		w->at[i].is = NULL;
		match(&w->at[i], all, n);
	}
	free(all);
	return CONNLOG_OK;
}

bool
wanted_agrees(const struct wanted *w, char *text, size_t size)
{
	static const char *const names[SAID_COUNT] = { "duration", "orig_pkts", "resp_pkts", "orig_ip_bytes",
		                                           "resp_ip_bytes" };
	const int                i = w->is ? difference(&w->said, &w->is->said) : SAID_COUNT;

	if (!w->is)
		snprintf(text, size, "no connection with its addresses and ports begins at %.6f", w->ts);
	else if (i == SAID_DURATION)
		snprintf(text, size, "duration is %.6f in the record and %.6f here", w->said.duration, w->is->said.duration);
	else if (i < SAID_COUNT)
		snprintf(text, size, "%s is %" PRIu64 " in the record and %" PRIu64 " here", names[i], w->said.counts[i],
		         w->is->said.counts[i]);
	return w->is && i == SAID_COUNT;
}

/* ---- the end ---------------------------------------------------------------------------------------------------------------- */

void
wanteds_reset(struct wanteds *w)
{
	for (size_t g = 1; g <= w->n_groups; g++) {
		for (struct candidate *c = w->groups[g].candidates, *next; c; c = next) {
			next = c->next;
			free(c->packets);
			free(c);
		}
		w->groups[g].candidates = w->groups[g].newest = NULL;
	}
	w->n_candidates = 0;
	for (size_t i = 0; i < w->n; i++)
		w->at[i].is = NULL;
}

void
wanteds_free(struct wanteds *w)
{
	wanteds_reset(w);
	free(w->at);
	free(w->groups);
	free(w->buckets);
	*w = (struct wanteds){ 0 };
}
