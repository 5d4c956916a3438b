/* Zeek's text log with other separators and words: data stays data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "record/public.h"

static void
check_line(const connlog_writer_options *o, const struct record *r, const char *want)
{
	char            err[1024] = "";
	connlog_writer *w = connlog_writer_new(o, err, sizeof err);

	if (w == NULL)
		fail_msg("%s", err);
	assert_int_equal(connlog_writer_record(w, record_public(r)), CONNLOG_OK);
	connlog_text t = connlog_writer_bytes(w);
	char        *got = strndup(t.p, t.n);
	assert_string_equal(got, want);
	free(got);
	connlog_writer_free(w);
}

static void
separators_in_texts(void **state)
{
	static const struct text parents[] = { { "a|b,c;d", 7 }, { "e", 1 } };
	struct record            r = { .has = HAS(COL_SERVICE) | HAS(COL_TUNNEL_PARENTS) | HAS(COL_UID) };
	connlog_writer_options   o = { .fields = "service,tunnel_parents,uid" };

	(void)state;
	r.service = (struct text){ "ssl,quic|http;dns", 17 };
	r.uid = (struct text){ "C12345678,12345678", 18 };
	r.tunnel_parents = (struct text_set){ parents, 2 };
	check_line(&o, &r, "ssl,quic|http;dns\ta|b\\x2cc;d,e\tC12345678,12345678\n");
	o.separator = "|";
	check_line(&o, &r, "ssl,quic\\x7chttp;dns|a\\x7cb\\x2cc;d,e|C12345678,12345678\n");
	o.separator = ",";
	o.set_separator = ";";
	check_line(&o, &r, "ssl\\x2cquic|http;dns,a|b\\x2cc\\x3bd;e,C12345678\\x2c12345678\n");
	o.set_separator = ",";
	check_line(&o, &r, "ssl\\x2cquic|http;dns,a|b\\x2cc;d,e,C12345678\\x2c12345678\n");
}

static void
words_in_texts(void **state)
{
	static const struct text parents[] = { { "NA", 2 }, { "", 0 }, { "-", 1 } };
	struct record            r = { .has = HAS(COL_SERVICE) | HAS(COL_TUNNEL_PARENTS) | HAS(COL_UID) };
	connlog_writer_options   o = { .fields = "service,tunnel_parents,uid,history" };

	(void)state;
	o.unset_field = "NA";
	o.empty_field = "none";
	r.service = (struct text){ "none", 4 };
	r.uid = (struct text){ "", 0 };
	r.tunnel_parents = (struct text_set){ parents, 3 };
	check_line(&o, &r, "\\x6eone\t\\x4eA,none,-\tnone\tNA\n");
	r.service = (struct text){ "(empty)", 7 };
	check_line(&o, &r, "(empty)\t\\x4eA,none,-\tnone\tNA\n");
}

/* Texts known to be plain are searched only if the style could mistake them for structure. */
static void
plain_texts(void **state)
{
	const uint64_t         all = HAS(COL_PROTO) | HAS(COL_CONN_STATE) | HAS(COL_HISTORY);
	struct record          r = { .has = all, .plain = all };
	connlog_writer_options o = { .fields = "proto,conn_state,history,service" };

	(void)state;
	r.proto = text_from("tcp");
	r.conn_state = text_from("S0");
	r.history = text_from("^hADadFfR");
	check_line(&o, &r, "tcp\tS0\t^hADadFfR\t-\n");
	o.separator = "^";
	check_line(&o, &r, "tcp^S0^\\x5ehADadFfR^-\n");
	o.separator = "|";
	o.unset_field = "S0";
	o.empty_field = "tcp";
	check_line(&o, &r, "\\x74cp|\\x530|^hADadFfR|S0\n");

	const connlog_value tabs = { .set = true, .type = CONNLOG_STRING, .text = { "\t\t", 2 } };
	struct arena        arena = { 0 };
	o = (connlog_writer_options){ .fields = "conn_state,history" };
	r.arena = &arena;
	assert_int_equal(connlog_record_set((connlog_record *)&r, COL_HISTORY, tabs), CONNLOG_OK);
	check_line(&o, &r, "S0\t\\x09\\x09\n");
	arena_free(&arena);
}

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Returns a number of a random count of digits. */
static uint64_t
random_count(uint64_t *x)
{
	const uint64_t v = next_random(x);
	return next_random(x) >> v % 64;
}

static struct text
random_text(uint64_t *x, bool plain)
{
	static const char letters[] = "^ShADadFfR_0123456789-\t\\(#";
	const size_t      n = 1 + next_random(x) % (plain ? 21 : sizeof letters - 1);
	return (struct text){ letters + next_random(x) % ((plain ? 21 : sizeof letters - 1) - n + 1), n };
}

#define TEXTS (HAS(COL_UID) | HAS(COL_PROTO) | HAS(COL_SERVICE) | HAS(COL_CONN_STATE) | HAS(COL_HISTORY))

/* Makes a record like the engine's, or one that differs from it in a few ways. */
static void
random_record(struct record *r, uint64_t *x)
{
	static const struct text parents[] = { { "Cabc", 4 } };
	const double             second = (double)(next_random(x) >> (30 + next_random(x) % 34));

	*r = (struct record){ .has = HAS_ALWAYS, .ts = second + 0.123456, .duration = (double)random_count(x) / 1e6 };
	r->has |= next_random(x) % 2 ? HAS(COL_SERVICE) : 0;
	r->has |= next_random(x) % 2 ? HAS(COL_HISTORY) : 0;
	r->has |= next_random(x) % 2 ? HAS_LASTED : 0;
	r->has |= next_random(x) % 2 ? HAS_LOCAL : 0;
	r->has ^= next_random(x) % 8 == 0 ? HAS(next_random(x) % 64) : 0;
	r->plain = next_random(x) % 8 == 0 ? 0 : TEXTS;
	r->uid = random_text(x, r->plain != 0);
	r->proto = random_text(x, r->plain != 0);
	r->service = random_text(x, r->plain != 0);
	r->conn_state = random_text(x, r->plain != 0);
	r->history = random_text(x, r->plain != 0);
	for (size_t i = 0; i < 16; i++) {
		r->orig_h.b[i] = (uint8_t)next_random(x);
		r->resp_h.b[i] = (uint8_t)next_random(x);
	}
	if (next_random(x) % 4)
		r->orig_h = addr_from_v4(r->orig_h.b);
	if (next_random(x) % 4)
		r->resp_h = addr_from_v4(r->resp_h.b);
	r->orig_p = (uint16_t)random_count(x);
	r->resp_p = (uint16_t)random_count(x);
	r->local_orig = next_random(x) % 2;
	r->local_resp = next_random(x) % 2;
	r->orig_bytes = random_count(x);
	r->resp_bytes = random_count(x);
	r->missed_bytes = random_count(x);
	r->orig_pkts = random_count(x);
	r->orig_ip_bytes = random_count(x);
	r->resp_pkts = random_count(x);
	r->resp_ip_bytes = random_count(x);
	r->ip_proto = random_count(x) & 255;
	r->tunnel_parents = (struct text_set){ parents, 1 };
}

/* A record with literals, even if none is set, takes the general path. */
static void
the_short_way_is_the_long_one(void **state)
{
	static struct text literals[COLUMNS];
	char               err[128];
	connlog_writer    *w = connlog_writer_new(NULL, err, sizeof err);
	uint64_t           x = 88172645463325252u;

	(void)state;
	assert_non_null(w);
	for (int i = 0; i < 100000; i++) {
		struct record r;
		random_record(&r, &x);
		connlog_writer_clear(w);
		assert_int_equal(connlog_writer_record(w, record_public(&r)), CONNLOG_OK);
		const size_t n = connlog_writer_bytes(w).n;
		r.literals = literals;
		assert_int_equal(connlog_writer_record(w, record_public(&r)), CONNLOG_OK);
		const connlog_text both = connlog_writer_bytes(w);
		if (both.n != 2 * n || memcmp(both.p, both.p + n, n) != 0)
			fail_msg("%.*s", (int)both.n, both.p);
	}
	connlog_writer_free(w);
}

static void
the_longest_words_fit(void **state)
{
	enum { N = 3000 };
	const char             longest[] = "abcdefghijklmnopqrstuvwxyz(empty)"; /* 33: one too many */
	static struct text     parents[N];
	struct record          r = { .has = HAS(COL_TUNNEL_PARENTS) };
	connlog_writer_options o = { .fields = "tunnel_parents", .empty_field = longest };
	char                   err[128] = "", *want = calloc(N, 34);

	(void)state;
	assert_null(connlog_writer_new(&o, err, sizeof err));
	o.empty_field = longest + 1;
	for (size_t i = 0; i < N; i++) {
		parents[i] = (struct text){ "", 0 };
		strcat(strcat(want + 30 * i, longest + 1), i + 1 < N ? "," : "\n");
	}
	r.tunnel_parents = (struct text_set){ parents, N };
	check_line(&o, &r, want);
	free(want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(separators_in_texts),   cmocka_unit_test(words_in_texts),
		cmocka_unit_test(plain_texts),           cmocka_unit_test(the_short_way_is_the_long_one),
		cmocka_unit_test(the_longest_words_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
