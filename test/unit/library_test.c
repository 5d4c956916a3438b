/* The library as programs use it, through connlog.h only: records changed by a policy, values as text, the end and what
 * follows it, errors. */
#include "traffic.h"

#include <math.h>
#include <unistd.h>

enum { START = 1700000000 };

static size_t
column(const char *name)
{
	const int i = connlog_column_find(name);
	assert_true(i >= 0);
	return (size_t)i;
}

static connlog_value
string(const char *text)
{
	connlog_value v = { .type = CONNLOG_STRING, .set = true };
	v.text = (connlog_text){ text, strlen(text) };
	return v;
}

static void
check_text(connlog_value v, const char *want)
{
	char text[512];
	assert_int_equal(connlog_value_text(v, text, sizeof text), strlen(want));
	assert_string_equal(text, want);
}

/* Sends one datagram through an engine with that policy and that record callback. */
static void
one_record(connlog_policy_fn policy, connlog_record_fn fn, void *arg)
{
	struct talk t = { .engine = traffic_engine(), .port = 1234, .service = 4321, .usec = INT64_C(1000000) * START };

	if (policy)
		assert_int_equal(connlog_on_policy(t.engine, policy, arg), CONNLOG_OK);
	assert_int_equal(connlog_on_record(t.engine, fn, arg), CONNLOG_OK);
	assert_int_equal(send_packet(&t, UDP, true, 0, "hello"), CONNLOG_OK);
	assert_int_equal(connlog_finish(t.engine), CONNLOG_OK);
	connlog_engine_free(t.engine);
}

static int
count_record(void *arg, const connlog_record *r)
{
	(void)r;
	++*(unsigned *)arg;
	return CONNLOG_OK;
}

/* ---- setting columns ---------------------------------------------------------------------------------------- */

/* A value for every type that a column has, and its text. */
static const connlog_text two_texts[] = { { "one", 3 }, { "two", 3 } };
static const struct {
	connlog_value value;
	const char   *text;
} samples[] = {
	{ { CONNLOG_TIME, true, { .number = 12.5 } }, "12.500000" },
	{ { CONNLOG_INTERVAL, true, { .number = -0.25 } }, "-0.250000" },
	{ { CONNLOG_DOUBLE, true, { .number = 2.75 } }, "2.75" },
	{ { CONNLOG_STRING, true, { .text = { "a text", 6 } } }, "a text" },
	{ { CONNLOG_ENUM, true, { .text = { "icmp", 4 } } }, "icmp" },
	{ { CONNLOG_ADDR, true, { .address = { 0x20, 1, 0xd, 0xb8, [15] = 7 } } }, "2001:db8::7" },
	{ { CONNLOG_PORT, true, { .count = 65535 } }, "65535" },
	{ { CONNLOG_COUNT, true, { .count = UINT64_MAX } }, "18446744073709551615" },
	{ { CONNLOG_INT, true, { .integer = -5 } }, "-5" },
	{ { CONNLOG_BOOL, true, { .boolean = true } }, "T" },
	{ { CONNLOG_STRING_SET, true, { .texts = { two_texts, 2 } } }, "one,two" },
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static size_t
sample_of(connlog_type type)
{
	for (size_t i = 0; i < SAMPLES; i++)
		if (samples[i].value.type == type)
			return i;
	fail_msg("no sample of type %d", type);
	return 0;
}

/* Sets every column, with texts that are overwritten before they are read. */
static bool
set_all(void *arg, connlog_record *r)
{
	(void)arg;
	for (size_t i = 0; connlog_column_at(i) != NULL; i++) {
		connlog_value v = samples[sample_of(connlog_column_at(i)->type)].value;
		char          here[16];
		connlog_text  texts[2] = { two_texts[0], two_texts[1] };
		if (v.type == CONNLOG_STRING || v.type == CONNLOG_ENUM)
			v.text.p = memcpy(here, v.text.p, v.text.n);
		if (v.type == CONNLOG_STRING_SET)
			v.texts.at = texts;
		assert_int_equal(connlog_record_set(r, i, v), CONNLOG_OK);
		memset(here, '#', sizeof here);
		memset(texts, 0, sizeof texts);
	}
	return true;
}

static int
check_all_set(void *arg, const connlog_record *r)
{
	for (size_t i = 0; connlog_column_at(i) != NULL; i++) {
		const connlog_column_info *info = connlog_column_at(i);
		check_text(connlog_record_get(r, i), samples[sample_of(info->type)].text);
		check_text(connlog_record_find(r, info->name), samples[sample_of(info->type)].text);
	}
	++*(unsigned *)arg;
	return CONNLOG_OK;
}

static bool
unset_all(void *arg, connlog_record *r)
{
	const connlog_value unset = { .set = false };

	(void)arg;
	set_all(NULL, r);
	for (size_t i = 0; connlog_column_at(i) != NULL; i++)
		assert_int_equal(connlog_record_set(r, i, unset), CONNLOG_OK);
	return true;
}

static int
check_none_set(void *arg, const connlog_record *r)
{
	char                         err[256];
	const connlog_writer_options options = { .format = "json", .fields = "all" };
	connlog_writer              *w = connlog_writer_new(&options, err, sizeof err);

	for (size_t i = 0; connlog_column_at(i) != NULL; i++)
		assert_false(connlog_record_get(r, i).set);
	assert_int_equal(connlog_writer_record(w, r), CONNLOG_OK);
	assert_int_equal(connlog_writer_bytes(w).n, 3);
	assert_memory_equal(connlog_writer_bytes(w).p, "{}\n", 3);
	connlog_writer_free(w);
	++*(unsigned *)arg;
	return CONNLOG_OK;
}

static void
every_column_can_be_set_and_unset(void **state)
{
	unsigned records = 0;

	(void)state;
	one_record(set_all, check_all_set, &records);
	one_record(unset_all, check_none_set, &records);
	assert_int_equal(records, 2);
}

/* Sets one column at a time: the others must not change. */
static bool
set_each_alone(void *arg, connlog_record *r)
{
	char before[128][64], after[64];

	(void)arg;
	for (size_t i = 0; connlog_column_at(i) != NULL; i++) {
		for (size_t k = 0; connlog_column_at(k) != NULL; k++)
			connlog_value_text(connlog_record_get(r, k), before[k], sizeof before[k]);
		connlog_value v = samples[sample_of(connlog_column_at(i)->type)].value;
		assert_int_equal(connlog_record_set(r, i, v), CONNLOG_OK);
		for (size_t k = 0; connlog_column_at(k) != NULL; k++) {
			connlog_value_text(connlog_record_get(r, k), after, sizeof after);
			if (k != i)
				assert_string_equal(after, before[k]);
		}
	}
	return true;
}

static void
a_column_is_set_alone(void **state)
{
	unsigned records = 0;

	(void)state;
	one_record(set_each_alone, count_record, &records);
	assert_int_equal(records, 1);
}

static void
refuse(connlog_record *r, const char *name, connlog_value v)
{
	char before[64], after[64];

	connlog_value_text(connlog_record_find(r, name), before, sizeof before);
	assert_int_equal(connlog_record_set(r, column(name), v), CONNLOG_BAD_OPTION);
	connlog_value_text(connlog_record_find(r, name), after, sizeof after);
	assert_string_equal(before, after);
	assert_non_null(connlog_column_takes(column(name)));
}

static bool
set_nonsense(void *arg, connlog_record *r)
{
	const connlog_text without_bytes[] = { { NULL, 3 } };

	(void)arg;
	for (size_t i = 0; connlog_column_at(i) != NULL; i++)
		for (size_t k = 0; k < SAMPLES; k++)
			if (samples[k].value.type != connlog_column_at(i)->type)
				refuse(r, connlog_column_at(i)->name, samples[k].value);
	refuse(r, "id.orig_p", (connlog_value){ CONNLOG_PORT, true, { .count = 65536 } });
	refuse(r, "proto", (connlog_value){ CONNLOG_ENUM, true, { .text = { "tcpx", 4 } } });
	refuse(r, "proto", (connlog_value){ CONNLOG_ENUM, true, { .text = { NULL, 3 } } });
	refuse(r, "ts", (connlog_value){ CONNLOG_TIME, true, { .number = NAN } });
	refuse(r, "duration", (connlog_value){ CONNLOG_INTERVAL, true, { .number = INFINITY } });
	refuse(r, "service", (connlog_value){ CONNLOG_STRING, true, { .text = { NULL, 1 } } });
	refuse(r, "tunnel_parents", (connlog_value){ CONNLOG_STRING_SET, true, { .texts = { NULL, 1 } } });
	refuse(r, "tunnel_parents", (connlog_value){ CONNLOG_STRING_SET, true, { .texts = { without_bytes, 1 } } });
	assert_int_equal(connlog_record_set(r, 1000, string("x")), CONNLOG_BAD_OPTION);
	assert_int_equal(connlog_record_set(r, (size_t)-1, string("x")), CONNLOG_BAD_OPTION);
	assert_null(connlog_column_takes(1000));
	return true;
}

static void
a_value_that_does_not_fit_is_refused(void **state)
{
	unsigned records = 0;

	(void)state;
	one_record(set_nonsense, count_record, &records);
	assert_int_equal(records, 1);
}

static bool
set_to_itself(void *arg, connlog_record *r)
{
	char     long_text[100000];
	unsigned n = *(unsigned *)arg;

	memset(long_text, 'x', sizeof long_text);
	for (unsigned i = 0; i < 20; i++) {
		const connlog_value v = { CONNLOG_STRING, true, { .text = { long_text, sizeof long_text - n } } };
		assert_int_equal(connlog_record_set(r, column("history"), v), CONNLOG_OK);
		assert_int_equal(connlog_record_set(r, column("history"), connlog_record_find(r, "history")), CONNLOG_OK);
		assert_int_equal(connlog_record_set(r, column("uid"), connlog_record_find(r, "uid")), CONNLOG_OK);
	}
	return true;
}

static int
check_long_text(void *arg, const connlog_record *r)
{
	const connlog_value v = connlog_record_find(r, "history"), uid = connlog_record_find(r, "uid");
	unsigned           *n = arg;

	assert_int_equal(v.text.n, 100000 - *n);
	assert_int_equal(v.text.p[v.text.n - 1], 'x');
	assert_int_equal(uid.text.p[0], 'C');
	++*n;
	return CONNLOG_OK;
}

static void
long_texts_and_values_of_the_record_itself(void **state)
{
	struct talk t = { .engine = traffic_engine(), .service = 4321, .usec = INT64_C(1000000) * START };
	unsigned    n = 0;

	(void)state;
	connlog_on_policy(t.engine, set_to_itself, &n);
	connlog_on_record(t.engine, check_long_text, &n);
	for (t.port = 1; t.port <= 20; t.port++)
		send_packet(&t, UDP, true, 0, "hello");
	assert_int_equal(connlog_finish(t.engine), CONNLOG_OK);
	assert_int_equal(n, 20);
	connlog_engine_free(t.engine);
}

static bool
veto(void *arg, connlog_record *r)
{
	(void)r;
	++*(unsigned *)arg;
	return false;
}

static void
a_policy_vetoes(void **state)
{
	unsigned calls = 0;

	(void)state;
	one_record(veto, count_record, &calls);
	assert_int_equal(calls, 1); /* of the policy */
}

static void
a_record_that_was_read_can_be_changed(void **state)
{
	static const char log[] =
		"#separator \\x09\n#fields\tts\tuid\tid.orig_h\tservice\n#types\ttime\tstring\taddr\tstring\n"
		"1.25\tC1\t10.0.0.1\thttp\n2.5\tC2\t10.0.0.2\tssl\n";
	static const char want[] = "99.000000\tC1\t-\tother\n2.500000\tC2\t10.0.0.2\tssl\n";
	char              path[] = "/tmp/connlog-library-XXXXXX", err[256] = "";
	const char *const paths[] = { path };
	const int         fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, log, sizeof log - 1), sizeof log - 1);
	close(fd);
	connlog_writer_options options = { .fields = "ts,uid,id.orig_h,service" };
	connlog_writer        *w = connlog_writer_new(&options, err, sizeof err);
	connlog_reader        *r = connlog_reader_files(paths, 1, NULL, err, sizeof err);
	const connlog_record  *record = NULL;
	assert_int_equal(connlog_reader_next(r, &record, err, sizeof err), CONNLOG_READ_COLUMNS);
	for (int n = 0; connlog_reader_next(r, &record, err, sizeof err) == CONNLOG_READ_RECORD; n++) {
		connlog_record *mine = connlog_reader_record(r);
		assert_ptr_equal(mine, record);
		if (n == 0) {
			const connlog_value ts = { CONNLOG_TIME, true, { .number = 99 } }, unset = { .set = false };
			assert_int_equal(connlog_record_set(mine, column("ts"), ts), CONNLOG_OK);
			assert_int_equal(connlog_record_set(mine, column("id.orig_h"), unset), CONNLOG_OK);
			assert_int_equal(connlog_record_set(mine, column("service"), string("other")), CONNLOG_OK);
		}
		assert_int_equal(connlog_writer_record(w, record), CONNLOG_OK);
	}
	assert_int_equal(connlog_writer_bytes(w).n, sizeof want - 1);
	assert_memory_equal(connlog_writer_bytes(w).p, want, sizeof want - 1);
	connlog_reader_free(r);
	connlog_writer_free(w);
	unlink(path);
}

/* ---- values as text ------------------------------------------------------------------------------------------ */

static void
text_is_cut_to_fit(void **state)
{
	char text[4] = "###";

	(void)state;
	assert_int_equal(connlog_value_text(string("abcdef"), text, 4), 6);
	assert_string_equal(text, "abc");
	assert_int_equal(connlog_value_text(string("abc"), text, 4), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(connlog_value_text(string("abc"), text, 1), 3);
	assert_string_equal(text, "");
	assert_int_equal(connlog_value_text(string("abc"), NULL, 0), 3);
	check_text((connlog_value){ .set = false }, "-");
	check_text(string(""), "");
}

static void
text_of_what_events_bring(void **state)
{
	const uint64_t       counts[] = { 1, 20 };
	const connlog_field  fields[] = { { "kind", { CONNLOG_COUNT, true, { .count = 3 } } },
		                              { "data", { .set = false } },
		                              { "sack", { CONNLOG_COUNTS, true, { .counts = { counts, 2 } } } } };
	const connlog_fields two[] = { { fields, 2 }, { fields + 2, 1 } };

	(void)state;
	check_text((connlog_value){ CONNLOG_RECORD, true, { .record = { fields, 3 } } }, "[kind=3, data=-, sack=1,20]");
	check_text((connlog_value){ CONNLOG_RECORDS, true, { .records = { two, 2 } } }, "[kind=3, data=-],[sack=1,20]");
	check_text((connlog_value){ CONNLOG_BYTES, true, { .text = { "a\nb", 3 } } }, "a\nb");
}

/* ---- the engine ---------------------------------------------------------------------------------------------- */

static void
packets_after_the_end_begin_anew(void **state)
{
	struct talk t = { .engine = traffic_engine(), .port = 1, .service = 2, .usec = INT64_C(1000000) * START };
	unsigned    records = 0;

	(void)state;
	connlog_on_record(t.engine, count_record, &records);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(tcp_talk(&t, "question", "answer"), CONNLOG_OK);
		assert_int_equal(connlog_finish(t.engine), CONNLOG_OK);
		assert_int_equal(connlog_finish(t.engine), CONNLOG_OK);
		assert_int_equal(records, i);
	}
	connlog_engine_free(t.engine);
}

static int
stop(void *arg, const connlog_record *r)
{
	(void)r;
	++*(unsigned *)arg;
	return 77;
}

static void
a_callback_stops_the_engine(void **state)
{
	struct talk t = { .engine = traffic_engine(), .service = 2, .usec = INT64_C(1000000) * START };
	unsigned    records = 0;

	(void)state;
	connlog_on_record(t.engine, stop, &records);
	connlog_on_record(t.engine, count_record, &records);
	for (t.port = 1; t.port < 10; t.port++)
		send_packet(&t, UDP, true, 0, "hello");
	assert_int_equal(connlog_finish(t.engine), 77);
	assert_int_equal(send_packet(&t, UDP, true, 0, "hello"), 77);
	assert_int_equal(connlog_idle(t.engine, START + 1000, 0), 77);
	assert_int_equal(records, 1);
	assert_string_equal(connlog_error_text(77), "a callback has stopped the engine");
	connlog_engine_free(t.engine);
}

/* Raises the same event again: the threshold is already crossed. */
static int
again_and_again(void *arg, const connlog_event *event)
{
	++*(unsigned *)arg;
	const int status = connlog_event_set_threshold(event, CONNLOG_THRESHOLD_PACKETS, 1, true);
	assert_int_equal(status, CONNLOG_OK);
	return CONNLOG_OK;
}

static void
an_event_that_raises_itself_ends(void **state)
{
	struct talk t = { .engine = traffic_engine(), .port = 1, .service = 2, .usec = INT64_C(1000000) * START };
	unsigned    calls = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		connlog_on_event(t.engine, CONNLOG_EVENT_CONN_PACKETS_THRESHOLD_CROSSED, again_and_again, &calls);
	connlog_on_event(t.engine, CONNLOG_EVENT_CONNECTION_ESTABLISHED, again_and_again, &calls);
	assert_int_equal(tcp_talk(&t, "question", "answer"), CONNLOG_OK);
	assert_in_range(calls, 4, 8 * 3 * 65);
	connlog_finish(t.engine);
	connlog_engine_free(t.engine);
}

static void
no_options_are_the_defaults(void **state)
{
	char            err[256];
	unsigned        records = 0;
	connlog_engine *e = connlog_engine_new(NULL, err, sizeof err);
	struct talk     t = { .engine = e, .port = 1, .service = 2, .usec = INT64_C(1000000) * START };

	(void)state;
	assert_non_null(e);
	connlog_on_record(e, count_record, &records);
	send_packet(&t, UDP, true, 0, "hello"); /* its IP checksum is wrong, which is verified by default */
	assert_int_equal(connlog_finish(e), CONNLOG_OK);
	assert_int_equal(records, 0);
	connlog_engine_free(e);
}

static void
no_time_is_too_odd_for_a_header(void **state)
{
	static const double times[] = { 0, -1, 1e9, 1e18, -1e300, INFINITY, NAN };
	char                err[256];
	connlog_writer     *w = connlog_writer_new(NULL, err, sizeof err);

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		connlog_writer_clear(w);
		assert_int_equal(connlog_writer_open(w, times[i]), CONNLOG_OK);
		assert_int_equal(connlog_writer_close(w, times[i]), CONNLOG_OK);
		const connlog_text t = connlog_writer_bytes(w);
		assert_non_null(memmem(t.p, t.n, "#open\t", 6));
		assert_non_null(memmem(t.p, t.n, "#close\t", 7));
	}
	connlog_writer_free(w);
}

static void
a_source_that_cannot_be_read_says_so_and_ends(void **state)
{
	static const char *const paths[] = { "/dev/null/nothing.pcap" };
	char                     err[256] = "";
	connlog_source          *s = connlog_source_files(paths, 1, NULL, err, sizeof err);
	connlog_engine          *e = traffic_engine();

	(void)state;
	assert_non_null(s);
	assert_int_equal(connlog_run(e, s, err, sizeof err), CONNLOG_IO);
	assert_non_null(strstr(err, paths[0]));
	assert_int_equal(connlog_run(e, s, NULL, 0), CONNLOG_END);
	assert_int_equal(connlog_finish(e), CONNLOG_OK);
	connlog_source_free(s);
	connlog_engine_free(e);
}

static void
everything_can_be_freed_as_nothing(void **state)
{
	(void)state;
	connlog_options_free(NULL);
	connlog_engine_free(NULL);
	connlog_source_free(NULL);
	connlog_reader_free(NULL);
	connlog_writer_free(NULL);
	connlog_sink_free(NULL);
	for (int error = CONNLOG_CLOSED; error <= 0; error++)
		assert_true(strlen(connlog_error_text(error)) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_column_can_be_set_and_unset),
		cmocka_unit_test(a_column_is_set_alone),
		cmocka_unit_test(a_value_that_does_not_fit_is_refused),
		cmocka_unit_test(long_texts_and_values_of_the_record_itself),
		cmocka_unit_test(a_policy_vetoes),
		cmocka_unit_test(a_record_that_was_read_can_be_changed),
		cmocka_unit_test(text_is_cut_to_fit),
		cmocka_unit_test(text_of_what_events_bring),
		cmocka_unit_test(packets_after_the_end_begin_anew),
		cmocka_unit_test(a_callback_stops_the_engine),
		cmocka_unit_test(an_event_that_raises_itself_ends),
		cmocka_unit_test(no_options_are_the_defaults),
		cmocka_unit_test(no_time_is_too_odd_for_a_header),
		cmocka_unit_test(a_source_that_cannot_be_read_says_so_and_ends),
		cmocka_unit_test(everything_can_be_freed_as_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
