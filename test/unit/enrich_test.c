/* Enrichment: the longest prefix against a plain search, what a file of networks may look like, what a row inherits,
 * reloading, and that anonymized records say nothing of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/parse.h"
#include "connlog_anonymize.h"
#include "conn/nets.h"
#include "enrich/enrich.h"
#include "enrich/networks.h"
#include "enrich/prefixes.h"
#include "record/public.h"

static struct addr
addr_of(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, strlen(text), &a));
	return a;
}

/* ---- prefixes */

enum { MANY = 400 };

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Addresses that often lie in the same networks, IPv4 or IPv6. */
static struct addr
any_addr(uint32_t *state)
{
	const uint32_t r = next_random(state);
	const uint8_t  four[4] = { (uint8_t)(r & 1 ? 0 : 255), (uint8_t)(r >> 8 & 3), (uint8_t)(r >> 16 & 1 ? 255 : 0), (uint8_t)(r >> 24) };
	struct addr    a = addr_from_v4(four);

	if (r & 2) {
		memset(a.b, r & 4 ? 0xff : 0, sizeof a.b);
		memcpy(a.b + (r & 8 ? 0 : 12), four, 4);
	}
	return a;
}

static bool
contains(const struct subnet *net, const struct addr *a)
{
	struct subnet other = { *a, net->bits };

	prefix_clear(&other);
	const bool v4 = net->bits >= 96 && addr_is_v4(&net->net);
	return v4 == addr_is_v4(a) && addr_equal(&other.net, &net->net);
}

static uint32_t
search(const struct prefix *at, size_t n, const struct addr *a)
{
	uint32_t found = PREFIX_NONE;
	int      bits = -1;

	for (size_t i = 0; i < n; i++)
		if (contains(&at[i].net, a) && at[i].net.bits > bits) {
			found = at[i].what;
			bits = at[i].net.bits;
		}
	return found;
}

static void
test_the_longest_prefix_is_found(void **unused)
{
	uint32_t state = 1;

	(void)unused;
	for (int round = 0; round < 20; round++) {
		struct prefix   at[MANY];
		uint32_t        parents[MANY];
		struct prefixes p;
		size_t          n = 0;
		for (size_t i = 0; i < MANY; i++) {
			struct prefix new = { { any_addr(&state), 0 }, (uint32_t)n };
			const bool    v4 = addr_is_v4(&new.net.net);
			new.net.bits = (uint8_t)(v4 ? 96 + next_random(&state) % 33 : next_random(&state) % 129);
			prefix_clear(&new.net);
			at[n] = new;
			struct prefix copy[MANY];
			memcpy(copy, at, sizeof at);
			prefixes_sort(copy, n + 1);
			n += prefixes_repeated(copy, n + 1) == NULL;
		}
		prefixes_sort(at, n);
		assert_true(prefixes_build(&p, at, n, parents));
		for (size_t i = 0; i < 20000; i++) {
			const struct addr a = any_addr(&state);
			assert_int_equal(prefixes_find(&p, &a), search(at, n, &a));
		}
		for (size_t i = 0; i < n; i++) { /* the edges, and what is around a prefix */
			assert_int_equal(prefixes_find(&p, &at[i].net.net), search(at, n, &at[i].net.net));
			assert_true(parents[at[i].what] == PREFIX_NONE || parents[at[i].what] < n);
		}
		prefixes_free(&p);
	}
}

/* ---- files */

static struct networks *
parse(const char *text, char *copy, char *err)
{
	const size_t n = strlen(text);

	memcpy(copy, text, n);
	return networks_parse(copy, n, err, 200);
}

static void
assert_text(struct text t, const char *want)
{
	assert_int_equal(t.n, strlen(want));
	assert_memory_equal(t.p ? t.p : "", want, t.n);
}

static void
test_rows_inherit(void **unused)
{
	static const char text[] = "\xef\xbb\xbfprefix, site ,owner,name,tags\r\n"
							   "# a comment\n"
							   "\n"
							   "10.0.0.0/8,hq,me,all of it,\"inside, trusted\"\n"
							   "10.1.2.3/16,,,\"the \"\"lab\"\"\",\n"
							   "10.1.2.3,,,printer,print\n"
							   "::/0,world\n"
							   "2001:db8::1,,,six";
	char              copy[sizeof text], err[200];
	struct networks  *n = parse(text, copy, err);
	struct addr       a = addr_of("10.1.2.3");

	(void)unused;
	assert_non_null(n);
	const struct network *w = networks_find(n, &a);
	assert_text(w->host, "printer");
	assert_text(w->name, "the \"lab\"");
	assert_text(w->site, "hq");
	assert_int_equal(w->tags.n, 1);
	assert_text(w->tags.at[0], "print");
	a = addr_of("10.1.255.255");
	w = networks_find(n, &a);
	assert_text(w->host, "");
	assert_text(w->name, "the \"lab\"");
	assert_int_equal(w->tags.n, 2);
	assert_text(w->tags.at[1], "trusted");
	a = addr_of("10.2.0.0");
	assert_text(networks_find(n, &a)->name, "all of it");
	a = addr_of("11.0.0.0");
	assert_null(networks_find(n, &a)); /* ::/0 is about IPv6 */
	a = addr_of("2001:db8::1");
	assert_text(networks_find(n, &a)->host, "six");
	assert_text(networks_find(n, &a)->site, "world");
	networks_free(n);
}

static void
test_a_header_alone_names_nobody(void **unused)
{
	const struct addr a = addr_from_v4((const uint8_t[]){ 10, 0, 0, 1 });
	char              text[100], err[200];

	(void)unused;
	struct networks *n = parse("prefix,name\n", text, err);
	assert_non_null(n);
	assert_null(networks_find(n, &a));
	networks_free(n);
}

static void
test_errors_name_the_line(void **unused)
{
	static const char *const wrong[][2] = {
		{ "", "line 1: the file is empty" },
		{ "10.0.0.0/8,lab\n", "line 1: the names of the columns are expected" },
		{ "prefix,owner\n", "line 1: no column is called name" },
		{ "prefix,name,name\n", "line 1: a column is there twice" },
		{ "prefix,name\n10.0.0.0/33,x\n", "line 2: a prefix is expected" },
		{ "name,prefix\nx\n", "line 2: a prefix is expected" },
		{ "prefix,name\n#\n10.0.0.0/8,x,y\n", "line 3: more fields" },
		{ "prefix,name\n10.0.0.0/8,\"x\n", "line 2: a field in quotes has no end" },
		{ "prefix,name\n10.0.0.0/8,\"x\"y\n", "line 2: after a field in quotes" },
		{ "prefix,name\n10.0.0.0/8,x\n11.0.0.0/8,x\n10.1.0.0/8,y\n", "line 4: line 2 is about the same prefix" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char copy[200], err[200] = "";
		assert_null(parse(wrong[i][0], copy, err));
		assert_memory_equal(err, wrong[i][1], strlen(wrong[i][1]));
	}
}

/* ---- records */

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static void
test_a_reload_holds_for_all(void **unused)
{
	static const uint8_t key[CONNLOG_ANONYMIZE_KEY] = { 1 };
	char                 path[] = "/tmp/connlog-enrich-XXXXXX", err[300];
	struct record        r = { .has = HAS(COL_ORIG_H) | HAS(COL_RESP_H), .orig_h = addr_of("10.0.0.1"), .resp_h = addr_of("192.0.2.1") };

	(void)unused;
	close(mkstemp(path));
	put(path, "prefix,name,tags\n10.0.0.0/8,old,a b\n");
	connlog_enrichment *x = connlog_enrichment_new(path, err, sizeof err);
	assert_non_null(x);
	connlog_enrichment *y = enrichment_share(x);
	enrich_record(y, &r);
	assert_text(r.network[0], "old");
	assert_int_equal(r.tags[0].n, 2);
	assert_true(connlog_record_find(record_public(&r), "orig_network").set);
	assert_false(connlog_record_find(record_public(&r), "resp_network").set);

	put(path, "prefix,nme\n");
	assert_int_equal(connlog_enrichment_reload(x, err, sizeof err), CONNLOG_BAD_OPTION);
	assert_non_null(strstr(err, ": line 1: "));
	enrich_record(y, &r);
	assert_text(r.network[0], "old");
	put(path, "prefix,name\n192.0.2.0/24,new\n");
	assert_int_equal(connlog_enrichment_reload(x, err, sizeof err), CONNLOG_OK);
	assert_text(r.network[0], "old"); /* is still there: the record has not been written */
	connlog_enrichment_free(x);
	enrich_record(y, &r);
	assert_false(connlog_record_find(record_public(&r), "orig_network").set);
	assert_text(r.network[1], "new");

	connlog_anonymizer   *a = connlog_anonymizer_new(key);
	const connlog_record *shared = connlog_anonymize(a, record_public(&r));
	for (size_t i = COL_ENRICHED_FIRST; i <= COL_ENRICHED_LAST; i++)
		assert_false(connlog_record_get(shared, i).set);
	connlog_anonymizer_free(a);
	connlog_enrichment_free(y);
	unlink(path);
	assert_null(connlog_enrichment_new(path, err, sizeof err));
	assert_non_null(strstr(err, "cannot be read"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_longest_prefix_is_found),
		cmocka_unit_test(test_rows_inherit),
		cmocka_unit_test(test_a_header_alone_names_nobody),
		cmocka_unit_test(test_errors_name_the_line),
		cmocka_unit_test(test_a_reload_holds_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
