/* Folding: how precisely values are counted, which records are folded together, when rows are written, and that a
 * single record stays as it was. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fold/fold.h"
#include "record/public.h"

/* ---- distinct values */

static struct addr
host(uint32_t n)
{
	const uint8_t four[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	return addr_from_v4(four);
}

static void
count(struct distinct *d, const struct addr *value, size_t *bytes)
{
	assert_true(distinct_reserve(d, value, bytes));
	distinct_add(d, value);
}

static void
test_hosts_are_counted(void **state)
{
	struct distinct d = { .kind = DISTINCT_HOSTS };
	size_t          bytes = 0, n;

	(void)state;
	assert_int_equal(distinct_count(&d), 0);
	for (uint32_t i = 0; i < 200000; i++) {
		for (int twice = 0; twice < 2; twice++) {
			const struct addr h = host(i);
			count(&d, &h, &bytes);
		}
		const double got = (double)distinct_count(&d), want = i + 1.0;
		if (i == 0)
			assert_int_equal(bytes, 0);
		if (i < DISTINCT_EXACT)
			assert_true(got == want);
		else if (i % 1000 == 0)
			assert_true(fabs(got - want) < 0.06 * want); /* nearly four times the standard error */
	}
	assert_true(bytes > 4096 && bytes < 4096 + 400);
	const struct addr *samples = distinct_samples(&d, &n);
	assert_int_equal(n, DISTINCT_SAMPLES);
	for (uint32_t i = 0; i < n; i++) {
		const struct addr h = host(i);
		assert_true(addr_equal(&samples[i], &h));
	}
	distinct_free(&d);
}

static void
test_ports_are_counted_exactly(void **state)
{
	struct distinct d = { .kind = DISTINCT_PORTS };
	size_t          bytes = 0;

	(void)state;
	for (uint32_t i = 0; i < 65536; i++) {
		const struct addr p = distinct_port((uint16_t)(i * 40503u)); /* each once, out of order */
		count(&d, &p, &bytes);
		count(&d, &p, &bytes);
		assert_int_equal(distinct_count(&d), i + 1);
	}
	distinct_free(&d);
}

/* ---- folding */

struct taken {
	size_t        n;
	struct record at[64];
	int           answer; /* result of the callback */
};

static int
take(void *arg, const connlog_record *r)
{
	struct taken *t = arg;

	if (t->n < 64)
		t->at[t->n] = *record_of(r);
	t->n++;
	return t->answer;
}

static connlog_fold *
new_fold(const char *rules, double window, uint64_t memory)
{
	char          err[200];
	connlog_fold *f = connlog_fold_new(&(connlog_fold_options){ .rules = rules, .window = window, .memory = memory },
	                                   err, sizeof err);

	assert_non_null(f);
	return f;
}

/* Returns an attempt without a reply. */
static struct record
attempt(double ts, uint32_t to, uint16_t port)
{
	return (struct record){ .has = HAS_ALWAYS | HAS(COL_HISTORY),
		                    .ts = ts,
		                    .uid = text_from("C1"),
		                    .orig_h = host(1),
		                    .orig_p = 40000,
		                    .resp_h = host(to),
		                    .resp_p = port,
		                    .proto = text_from("tcp"),
		                    .conn_state = text_from("S0"),
		                    .history = text_from("S"),
		                    .orig_pkts = 1,
		                    .orig_ip_bytes = 40,
		                    .ip_proto = 6 };
}

static void
put(connlog_fold *f, struct taken *t, struct record r)
{
	assert_int_equal(connlog_fold_record(f, record_public(&r), take, t), t->answer);
}

static void
test_alike_and_not(void **state)
{
	connlog_fold *f = new_fold("scans", 0, 0);
	struct taken  t = { 0 };
	struct record r = attempt(100, 2, 1);

	(void)state;
	put(f, &t, r);
	put(f, &t, attempt(101, 2, 2)); /* the responder's ports */
	put(f, &t, attempt(101, 3, 1)); /* neither that responder, nor one port alone: a row of its own, */
	put(f, &t, attempt(102, 4, 1)); /* which then is of the port */
	put(f, &t, attempt(102, 3, 7)); /* and no longer of the responder */
	assert_int_equal(t.n, 0);
	r.conn_state = text_from("SF");
	put(f, &t, r);
	r = attempt(103, 2, 9);
	r.has |= HAS(COL_SERVICE);
	r.service = text_from("http");
	put(f, &t, r);
	r = attempt(103, 2, 9);
	r.has |= HAS(COL_ORIG_BYTES);
	r.orig_bytes = 5;
	put(f, &t, r);
	assert_int_equal(t.n, 3); /* these are logged immediately */
	assert_int_equal(connlog_fold_finish(f, take, &t), CONNLOG_OK);
	assert_int_equal(t.n, 6);
	assert_int_equal(t.at[3].fold_count, 2);
	assert_int_equal(t.at[3].fold_resp_ports, 2);
	assert_true(t.at[3].has & HAS(COL_RESP_H) && !(t.at[3].has & HAS(COL_RESP_P)));
	assert_int_equal(t.at[4].fold_count, 2);
	assert_int_equal(t.at[4].fold_resp_hosts, 2);
	assert_true(t.at[4].has & HAS(COL_RESP_P) && !(t.at[4].has & HAS(COL_RESP_H)));
	assert_false(t.at[5].has & HAS(COL_FOLD_COUNT));
	connlog_fold_free(f);
}

static void
test_what_a_row_has(void **state)
{
	connlog_fold       *f = new_fold("icmp,dns,scans", 0, 0);
	struct taken        t = { 0 };
	struct record       r = attempt(100, 2, 1);
	connlog_fold_counts counts;

	(void)state;
	put(f, &t, r);
	r = attempt(99, 2, 1); /* begins before, ends later */
	r.has |= HAS_LASTED | HAS(COL_VLAN);
	r.duration = 4.25;
	r.vlan = 3;
	r.history = text_from("SS");
	r.orig_pkts = 2;
	put(f, &t, r);
	put(f, &t, r);
	connlog_fold_count(f, &counts);
	assert_int_equal(counts.open, 1);
	assert_true(counts.bytes > sizeof(struct record));
	connlog_fold_finish(f, take, &t);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.at[0].fold_count, 3);
	assert_true(t.at[0].ts == 99 && t.at[0].fold_last == 103.25 && t.at[0].duration == 8.5);
	assert_int_equal(t.at[0].orig_pkts, 5);
	assert_int_equal(t.at[0].orig_ip_bytes, 120);
	assert_false(t.at[0].has & (HAS(COL_VLAN) | HAS(COL_HISTORY)));
	assert_true(t.at[0].has & HAS(COL_ORIG_P) && t.at[0].has & HAS(COL_ORIG_BYTES));
	assert_false(t.at[0].has & (HAS(COL_FOLD_RESP_SAMPLES) | HAS(COL_FOLD_ORIG_SAMPLES) | HAS(COL_FOLD_PORT_SAMPLES)));
	connlog_fold_count(f, &counts);
	assert_int_equal(counts.open, 0);
	assert_int_equal(counts.rows, 1);
	assert_int_equal(counts.records, 3);
	put(f, &t, t.at[0]); /* a row is not folded again */
	assert_int_equal(t.n, 2);
	connlog_fold_free(f);
}

static void
test_windows(void **state)
{
	connlog_fold *f = new_fold("scans", 10, 0);
	struct taken  t = { 0 };
	struct record other = attempt(0, 9, 9);

	(void)state;
	for (int i = 0; i < 20; i++)
		put(f, &t, attempt(100 + i, 2, (uint16_t)i));
	assert_int_equal(t.n, 1);
	assert_int_equal(t.at[0].fold_count, 10);
	other.conn_state = text_from("SF"); /* other records advance the time, too */
	other.ts = 120;
	put(f, &t, other);
	assert_int_equal(t.n, 3);
	put(f, &t, attempt(50, 2, 5)); /* time does not go back */
	assert_int_equal(connlog_fold_advance(f, 129.9, take, &t), CONNLOG_OK);
	assert_int_equal(t.n, 3);
	assert_int_equal(connlog_fold_advance(f, 130, take, &t), CONNLOG_OK);
	assert_int_equal(t.n, 4);
	connlog_fold_free(f);
}

static void
test_limits(void **state)
{
	connlog_fold       *f = new_fold("scans", 0, 16384);
	struct taken        t = { 0 };
	connlog_fold_counts counts;
	uint64_t            before = 0;

	(void)state;
	for (uint32_t i = 0; i < 2000; i++) {
		put(f, &t, attempt(100, i % 100, (uint16_t)(i % 100)));
		connlog_fold_count(f, &counts);
		assert_true(counts.bytes <= 16384);
		before = counts.open > before ? counts.open : before;
	}
	assert_true(before > 2 && counts.early > 1000);
	connlog_fold_free(f); /* with open rows */

	f = new_fold("scans", 0, 0);
	t = (struct taken){ 0 };
	struct record r = attempt(100, 2, 1);
	r.orig_pkts = UINT64_MAX - 1;
	put(f, &t, r);
	put(f, &t, attempt(100, 2, 2));
	put(f, &t, attempt(100, 2, 3)); /* the sum would overflow: another row */
	assert_int_equal(t.n, 1);
	assert_true(t.at[0].orig_pkts == UINT64_MAX && t.at[0].fold_count == 2);
	r = attempt(INFINITY, 2, 1);
	put(f, &t, r);
	r.ts = -INFINITY;
	put(f, &t, r);
	r.ts = NAN;
	put(f, &t, r);
	t.answer = 7;
	assert_int_equal(connlog_fold_finish(f, take, &t), 7);
	connlog_fold_free(f);
}

/* ---- a record alone */

static void
test_a_record_alone_is_as_it_was(void **state)
{
	const struct text  elements[] = { text_from("a"), text_from("") };
	const struct extra extras[] = {
		{ .name = text_from("user"), .type = text_from("string"), .set = true, .text = text_from("ann") },
		{ .name = text_from("tags"),
		  .type = text_from("set[string]"),
		  .kind = EXTRA_LIST,
		  .set = true,
		  .list = { elements, 2 } },
		{ .name = text_from("no"), .type = text_from("count") }
	};
	struct text   literals[COLUMNS] = { [COL_TS] = text_from("100.0000000001") };
	connlog_fold *f = new_fold("scans", 0, 0);
	char          word[] = "S";
	struct taken  t = { 0 };
	struct record r = attempt(100, 2, 1);

	(void)state;
	r.extras = extras;
	r.extras_n = 3;
	r.literals = literals;
	r.history.p = word;
	r.has |= HAS(COL_TUNNEL_PARENTS);
	r.tunnel_parents = (struct text_set){ elements, 2 };
	put(f, &t, r);
	word[0] = 'x'; /* it has a copy */
	literals[COL_TS] = text_from("nothing");
	struct fold_row *row = f->oldest;
	assert_int_equal(row->record.has, r.has);
	assert_true(text_is(row->record.history, "S") && text_is(row->record.literals[COL_TS], "100.0000000001"));
	assert_int_equal(row->record.extras_n, 3);
	assert_true(row->record.extras != extras && text_is(row->record.extras[0].text, "ann"));
	assert_true(text_is(row->record.extras[1].list.at[0], "a") && row->record.extras[1].list.at != elements);
	assert_true(text_is(row->record.tunnel_parents.at[0], "a") && row->record.tunnel_parents.n == 2);
	r.history = text_from("S");
	put(f, &t, r);
	assert_true(row->record.extras_n == 0 && row->record.literals == NULL && row->record.has & HAS(COL_TUNNEL_PARENTS));
	connlog_fold_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts_are_counted),
		cmocka_unit_test(test_ports_are_counted_exactly),
		cmocka_unit_test(test_alike_and_not),
		cmocka_unit_test(test_what_a_row_has),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_a_record_alone_is_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
