/* Records to lines: the writers through the public interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "record/public.h"

static connlog_writer *
new_writer(const char *format, const char *fields, const char *json_timestamps)
{
	char            err[1024] = "";
	connlog_writer *w = connlog_writer_new(
		&(connlog_writer_options){ .format = format, .fields = fields, .json_timestamps = json_timestamps }, err,
		sizeof err);
	if (w == NULL)
		fail_msg("%s", err);
	return w;
}

/* Checks that the writer has appended `want`. */
static void
check_bytes(connlog_writer *w, const char *want)
{
	connlog_text t = connlog_writer_bytes(w);
	char        *got = strndup(t.n > 0 ? t.p : "", t.n);
	assert_string_equal(got, want);
	free(got);
	connlog_writer_clear(w);
	assert_int_equal(connlog_writer_bytes(w).n, 0);
}

static void
check_line(const char *format, const char *fields, const struct record *r, const char *want)
{
	connlog_writer *w = new_writer(format, fields, NULL);
	assert_int_equal(connlog_writer_record(w, record_public(r)), CONNLOG_OK);
	check_bytes(w, want);
	connlog_writer_free(w);
}

static struct record
some_record(void)
{
	static const struct text parents[] = { { "C1", 2 }, { "C2", 2 } };
	const uint8_t            four[] = { 192, 168, 1, 2 };
	struct record r = { .has = HAS_ALWAYS | HAS_LASTED | HAS_LOCAL | HAS(COL_HISTORY) | HAS(COL_TUNNEL_PARENTS) };
	r.ts = 1427304960.695733;
	r.uid = (struct text){ "CwAZji2x4ATKxq3sNl", 18 };
	r.orig_h = addr_from_v4(four);
	r.resp_h.b[0] = 0x20;
	r.resp_h.b[15] = 1;
	r.orig_p = 49159;
	r.resp_p = 20000;
	r.proto = (struct text){ "tcp", 3 };
	r.duration = 0.46311283111572266;
	r.orig_bytes = 120;
	r.resp_bytes = 98;
	r.conn_state = (struct text){ "S1", 2 };
	r.local_orig = true;
	r.history = (struct text){ "ShADd", 5 };
	r.orig_pkts = 5;
	r.orig_ip_bytes = 332;
	r.resp_pkts = 3;
	r.resp_ip_bytes = 230;
	r.tunnel_parents = (struct text_set){ parents, 2 };
	r.ip_proto = 6;
	return r;
}

static void
a_whole_line(void **state)
{
	struct record r = some_record();

	(void)state;
	check_line(
		"zeek", NULL, &r,
		"1427304960.695733\tCwAZji2x4ATKxq3sNl\t192.168.1.2\t49159\t2000::1\t20000\ttcp\t-\t0.463113\t120\t98\tS1\t"
		"T\tF\t0\tShADd\t5\t332\t3\t230\tC1,C2\t6\n");
	check_line("json", "all", &r,
	           "{\"ts\":1427304960.695733,\"uid\":\"CwAZji2x4ATKxq3sNl\",\"id.orig_h\":\"192.168.1.2\","
	           "\"id.orig_p\":49159,\"id.resp_h\":\"2000::1\",\"id.resp_p\":20000,\"proto\":\"tcp\","
	           "\"duration\":0.46311283111572266,\"orig_bytes\":120,\"resp_bytes\":98,\"conn_state\":\"S1\","
	           "\"local_orig\":true,\"local_resp\":false,\"missed_bytes\":0,\"history\":\"ShADd\",\"orig_pkts\":5,"
	           "\"orig_ip_bytes\":332,\"resp_pkts\":3,\"resp_ip_bytes\":230,\"tunnel_parents\":[\"C1\",\"C2\"],"
	           "\"ip_proto\":6}\n");
}

static void
header_and_footer(void **state)
{
	connlog_writer *w = new_writer(NULL, "ts,uid,id.orig_h,tunnel_parents", NULL);

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	connlog_writer_open(w, 1257655302.9);
	check_bytes(w, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
	               "#open\t2009-11-08-04-41-42\n#fields\tts\tuid\tid.orig_h\ttunnel_parents\n"
	               "#types\ttime\tstring\taddr\tset[string]\n");
	connlog_writer_close(w, 0);
	check_bytes(w, "#close\t1970-01-01-00-00-00\n");
	connlog_writer_free(w);

	w = new_writer("json", NULL, NULL);
	connlog_writer_open(w, 1);
	connlog_writer_close(w, 2);
	check_bytes(w, "");
	connlog_writer_free(w);
}

static void
texts_are_escaped(void **state)
{
	/* In Zeek's notation; `json` without the quotes. */
	static const struct {
		const char *text, *zeek, *json;
	} rows[] = {
		{ "plain ~", "plain ~", "plain ~" },
		{ "", "(empty)", "" },
		{ "-", "\\x2d", "-" },
		{ "--", "--", "--" },
		{ "(empty)", "\\x28empty)", "(empty)" },
		{ "#", "#", "#" },
		{ "a,b", "a,b", "a,b" },
		{ "a\tb", "a\\x09b", "a\\tb" },
		{ "\b\f\n\r", "\\x08\\x0c\\x0a\\x0d", "\\b\\f\\n\\r" },
		{ "a\\b\"/", "a\\\\b\"/", "a\\\\b\\\"/" },
		{ "\x01x", "\\x01x", "\\\\x01x" },
		{ "\x7f", "\\x7f", "\\\\x7f" },
		{ "\xc3\xb1", "\\xc3\\xb1", "\xc3\xb1" },
		{ "\"\xc3\xb1\n", "\"\\xc3\\xb1\\x0a", "\\\"\xc3\xb1\\n" },
		{ "\xc3\xb1\xc0\x81", "\\xc3\\xb1\\xc0\\x81", "\\\\xc3\\\\xb1\\\\xc0\\\\x81" },
		{ "\x07\xd4\xb7o", "\\x07\\xd4\\xb7o", "\\\\x07\\\\xd4\\\\xb7o" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct record r = { .has = HAS_ALWAYS };
		char          want[128];
		size_t        n = strlen(rows[i].text);
		char         *exact = malloc(n > 0 ? n : 1);
		memcpy(exact, rows[i].text, n);
		r.proto = (struct text){ "tcp", 3 };
		r.uid = (struct text){ exact, n };
		snprintf(want, sizeof want, "tcp\t%s\n", rows[i].zeek);
		check_line("zeek", "proto,uid", &r, want);
		snprintf(want, sizeof want, "{\"uid\":\"%s\"}\n", rows[i].json);
		check_line("json", "uid", &r, want);
		free(exact);
	}
}

static void
utf8_that_may_stand_in_json(void **state)
{
	/* Unicode 12 table 3-7, and the ranges that Zeek additionally rejects. */
	static const char *const good[] = {
		"\xc2\xa0",     "\xdf\xbf",     "\xe0\xa3\xa1",     "\xe2\x82\xa1",     "\xed\x9f\xbf",
		"\xef\xa4\x80", "\xef\xbf\xaf", "\xf0\x90\x8c\xbc", "\xf1\x80\x8c\xbc", "\xf4\x8f\xbf\xbf",
	};
	static const char *const bad[] = {
		"\x80",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2\x80",
		"\xc2\x9f",
		"\xc3(",
		"\xe0\x80\xa1",
		"\xe2(\xa1",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xee\x8b\xa0",
		"\xef\xa3\xbf",
		"\xef\xbf\xb0",
		"\xef\xbf\xbf",
		"\xf0\x80\x8c\xbc",
		"\xf0\x90\x8c",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0] + sizeof bad / sizeof bad[0]; i++) {
		bool          stands = i < sizeof good / sizeof good[0];
		const char   *text = stands ? good[i] : bad[i - sizeof good / sizeof good[0]];
		struct record r = { .has = HAS_ALWAYS, .uid = { text, strlen(text) } };
		char          want[128] = "{\"uid\":\"";
		for (const char *p = text; *p != '\0'; p++) {
			bool raw = stands || (*p >= 0x20 && *p < 0x7f);
			snprintf(want + strlen(want), sizeof want - strlen(want), raw ? "%c" : "\\\\x%02x", raw ? *p : *p & 0xff);
		}
		snprintf(want + strlen(want), sizeof want - strlen(want), "\"}\n");
		check_line("json", "uid", &r, want);
	}
}

static void
sets(void **state)
{
	static const struct text some[] = { { "a,b", 3 }, { "-", 1 }, { "", 0 }, { "(empty)", 7 }, { "c", 1 } };
	struct record            r = { .has = HAS_ALWAYS | HAS(COL_TUNNEL_PARENTS), .proto = { "udp", 3 } };

	(void)state;
	check_line("zeek", "proto,tunnel_parents", &r, "udp\t(empty)\n");
	check_line("json", "tunnel_parents", &r, "{\"tunnel_parents\":[]}\n");
	r.tunnel_parents = (struct text_set){ some, 5 };
	check_line("zeek", "proto,tunnel_parents", &r, "udp\ta\\x2cb,\\x2d,(empty),\\x28empty),c\n");
	check_line("json", "tunnel_parents", &r, "{\"tunnel_parents\":[\"a,b\",\"-\",\"\",\"(empty)\",\"c\"]}\n");
}

static void
edges_of_lines(void **state)
{
	struct record r = { .has = HAS_ALWAYS, .uid = { "#x#", 3 }, .proto = { "#", 1 } };

	(void)state;
	check_line("zeek", "uid,proto", &r, "\\x23x#\t#\n");
	check_line("zeek", "service,vlan", &r, "-\t-\n");
	check_line("json", "service,vlan", &r, "{}\n");
	check_line("json", "service,uid,vlan", &r, "{\"uid\":\"#x#\"}\n");
}

static void
json_times(void **state)
{
	static const struct {
		const char *format;
		double      when;
		const char *want;
	} rows[] = {
		{ NULL, 1257655302.25, "1257655302.25" },
		{ "JSON::TS_EPOCH", 0, "0.0" },
		{ "JSON::TS_EPOCH", 1.0 / 0.0, "null" },
		{ "JSON::TS_MILLIS", 1257655302.2567, "1257655302256" },
		{ "JSON::TS_MILLIS", -1.5, "-1500" },
		{ "JSON::TS_MILLIS", 1e300, "9223372036854775807" },
		{ "JSON::TS_MILLIS_UNSIGNED", 1.5, "1500" },
		{ "JSON::TS_MILLIS_UNSIGNED", -1.5, "18446744073709550116" },
		{ "JSON::TS_ISO8601", 1257655302.25, "\"2009-11-08T04:41:42.250000Z\"" },
		{ "JSON::TS_ISO8601", 0.000001, "\"1970-01-01T00:00:00.000001Z\"" },
		{ "JSON::TS_ISO8601", -0.5, "\"1969-12-31T23:59:59.500000Z\"" },
		{ "JSON::TS_ISO8601", 1.9999997, "\"1970-01-01T00:00:01.1000000Z\"" }, /* Zeek does not carry */
		{ "JSON::TS_ISO8601", 1e300, "\"2000-01-01T00:00:00.000000\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct record   r = { .has = HAS_ALWAYS, .ts = rows[i].when };
		connlog_writer *w = new_writer("json", "ts", rows[i].format);
		char            want[64];
		snprintf(want, sizeof want, "{\"ts\":%s}\n", rows[i].want);
		assert_int_equal(connlog_writer_record(w, record_public(&r)), CONNLOG_OK);
		check_bytes(w, want);
		connlog_writer_free(w);
	}
}

static void
every_column_has_its_key(void **state)
{
	(void)state;
	for (size_t i = 0; connlog_column_at(i) != NULL; i++) {
		const connlog_column_info *c = connlog_column_at(i);
		struct record              r = { .has = ~UINT64_C(0), .has_more = ~UINT64_C(0) };
		char                       want[128];
		const char                *value = "0";
		if (c->type == CONNLOG_STRING || c->type == CONNLOG_ENUM)
			value = "\"\"";
		else if (c->type == CONNLOG_ADDR)
			value = "\"::\"";
		else if (c->type == CONNLOG_TIME || c->type == CONNLOG_INTERVAL || c->type == CONNLOG_DOUBLE)
			value = "0.0";
		else if (c->type == CONNLOG_BOOL)
			value = "false";
		else if (c->type == CONNLOG_STRING_SET)
			value = "[]";
		snprintf(want, sizeof want, "{\"%s\":%s}\n", c->name, value);
		check_line("json", c->name, &r, want);
	}
}

static void
wrong_options_are_refused(void **state)
{
	static const connlog_writer_options rows[] = {
		{ .format = "xml" },
		{ .format = "" },
		{ .fields = "nothing" },
		{ .json_timestamps = "TS_EPOCH" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char err[256] = "";
		assert_null(connlog_writer_new(&rows[i], err, sizeof err));
		assert_non_null(strstr(err, "known are"));
	}
}

static void
the_writer_knows_its_columns(void **state)
{
	connlog_writer *w = new_writer("zeek", "ts,vlan", NULL);

	(void)state;
	assert_true(connlog_writer_has(w, (size_t)connlog_column_find("vlan")));
	assert_false(connlog_writer_has(w, (size_t)connlog_column_find("community_id")));
	assert_false(connlog_writer_has(w, (size_t)-1));
	connlog_writer_free(w);
}

static void
many_records_grow_the_buffer(void **state)
{
	struct record   r = some_record();
	connlog_writer *w = new_writer("zeek", NULL, NULL);

	(void)state;
	connlog_writer_record(w, record_public(&r));
	size_t one = connlog_writer_bytes(w).n;
	for (int i = 1; i < 1000; i++)
		assert_int_equal(connlog_writer_record(w, record_public(&r)), CONNLOG_OK);
	connlog_text t = connlog_writer_bytes(w);
	assert_int_equal(t.n, 1000 * one);
	assert_memory_equal(t.p, t.p + 999 * one, one);
	connlog_writer_free(w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_line),
		cmocka_unit_test(header_and_footer),
		cmocka_unit_test(texts_are_escaped),
		cmocka_unit_test(utf8_that_may_stand_in_json),
		cmocka_unit_test(sets),
		cmocka_unit_test(edges_of_lines),
		cmocka_unit_test(json_times),
		cmocka_unit_test(every_column_has_its_key),
		cmocka_unit_test(wrong_options_are_refused),
		cmocka_unit_test(the_writer_knows_its_columns),
		cmocka_unit_test(many_records_grow_the_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
