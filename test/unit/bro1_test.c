/* Bro 1's lines: each row is a line of one format and what it becomes in another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "read/bro1.h"
#include "read/read.h"

/* seed and manual: the example of the manual of Bro 1 */
#define EXAMPLE "931803523.006848 54.3776 http 7320 38891 206.132.179.35 128.32.162.134 RSTO X %103"
#define LOCAL   "931803523.006848 54.3776 http 7320 38891 128.32.162.134 206.132.179.35 RSTO L %103"

struct row {
	const char *from, *line, *to, *want;
	const char *local_nets, *neighbor_nets;
	bool        history, dpd;
};

static void
check_row(const struct row *row)
{
	char                   err[512] = "";
	connlog_writer_options o = { .format = row->to,
		                         .local_nets = row->local_nets,
		                         .neighbor_nets = row->neighbor_nets,
		                         .record_state_history = row->history,
		                         .dpd_conn_logs = row->dpd };
	connlog_reader        *r =
		reader_memory((struct bytes){ (const uint8_t *)row->line, strlen(row->line) }, row->from, err, sizeof err);
	connlog_writer       *w = connlog_writer_new(&o, err, sizeof err);
	const connlog_record *record;

	if (r == NULL || w == NULL)
		fail_msg("%s", err);
	int status = connlog_reader_next(r, &record, err, sizeof err);
	if (status == CONNLOG_READ_COLUMNS) {
		assert_int_equal(connlog_writer_columns(w, connlog_reader_columns(r), 0, err, sizeof err), CONNLOG_OK);
		status = connlog_reader_next(r, &record, err, sizeof err);
	}
	if (status != CONNLOG_READ_RECORD)
		fail_msg("%s: %s", row->line, err);
	assert_int_equal(connlog_writer_record(w, record), CONNLOG_OK);
	const connlog_text t = connlog_writer_bytes(w);
	char              *got = strndup(t.p, t.n);
	char              *want = NULL;
	assert_true(asprintf(&want, "%s\n", row->want != NULL ? row->want : row->line) > 0);
	assert_string_equal(got, want);
	free(got);
	free(want);
	connlog_writer_free(w);
	connlog_reader_free(r);
}

#define CHECK(rows)                                                                                                    \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                                        \
	check_row(&(rows)[i])

static void
lines_come_back(void **state)
{
	static const struct row rows[] = {
		{ .from = "bro0", .to = "bro0", .line = EXAMPLE },
		{ .from = NULL, .to = "bro0", .line = EXAMPLE },
		{ .from = "bro0", .to = "bro0", .line = LOCAL },
		{ .from = "bro0", .to = "bro0", .line = "931803523.006848 ? ssh ? ? 10.0.0.1 10.0.0.2 S0 LU" },
		{ .from = "bro0", .to = "bro0", .line = "931803523.006848 0.000101089 ntp 48 48 10.0.0.1 10.0.0.2 SF U" },
		{ .from = "bro0", .to = "bro0", .line = "931803523.006848 2 other-8080 0 9 10.0.0.1 10.0.0.2 SF X" },
		{ .from = "bro0", .to = "bro0", .line = "931803523.006848 2 upriv-1000 3 9 10.0.0.1 10.0.0.2 SF X" },
		{ .from = "bro0", .to = "bro0", .line = "931803523.006848 2 priv-22 3 9 10.0.0.1 10.0.0.2 SF X" },
		{ .from = "bro0", .to = "bro0", .line = "931803523.006848 2 other 3 9 10.0.0.1 10.0.0.2 SF X" },
		{ .from = "bro1",
		  .to = "bro1",
		  .line = "1069437569.904605 0.230644 1.2.3.4 5.6.7.8 http 59377 80 tcp 610 275 S3 L" },
		{ .from = "bro1",
		  .to = "bro1",
		  .line = "1.5 3.25 5.6.7.8 1.2.3.4 http 80 59377 tcp 610 0 RSTO U #1 a  b ",
		  .want = "1.500000 3.25 5.6.7.8 1.2.3.4 http 80 59377 tcp 610 0 RSTO U #1 a  b " },
		{ .from = "bro1.5",
		  .to = "bro1.5",
		  .line = "1230768000.000000 ? fe80::1 fe80::2 icmp-unreach 3 3 icmp 72 ? OTH X" },
		{ .from = "bro1.5",
		  .to = "bro1.5",
		  .line = "1230768000.000000 0.100000 1.2.3.4 5.6.7.8 other 80 4000 tcp ? ? REJ X (\\x41) \"u\xc3\xbc\"" },
		{ .from = "bro1.5",
		  .to = "bro1.5",
		  .line = "1230768000.000000 0.100000 1.2.3.4 5.6.7.8 other 4000 80 tcp 0 0 SF X" },
		{ .from = "bro1.5",
		  .to = "bro1.5",
		  .history = true,
		  .line = "1230768000.000000 0.100000 1.2.3.4 5.6.7.8 http 4000 80 tcp 0 0 SF L ShADadFf %1 x" },
		{ .from = "bro1.5",
		  .to = "bro1.5",
		  .history = true,
		  .line = "1230768000.000000 0.100000 1.2.3.4 5.6.7.8 icmp-echo 8 0 icmp 64 64 OTH X X" },
	};
	(void)state;
	CHECK(rows);
}

static void
lines_as_json(void **state)
{
	static const struct row rows[] = {
		{ .from = "bro0",
		  .to = "json",
		  .line = EXAMPLE,
		  .want =
		      "{\"ts\":931803523.006848,\"id.orig_h\":\"128.32.162.134\",\"id.resp_h\":\"206.132.179.35\",\"proto\":"
		      "\"tcp\",\"service\":\"http\",\"duration\":54.3776,\"orig_bytes\":7320,\"resp_bytes\":38891,"
		      "\"conn_state\":\"RSTO\",\"addl\":\"%103\"}" },
		{ .from = "bro0",
		  .to = "json",
		  .line = LOCAL,
		  .want =
		      "{\"ts\":931803523.006848,\"id.orig_h\":\"128.32.162.134\",\"id.resp_h\":\"206.132.179.35\",\"proto\":"
		      "\"tcp\",\"service\":\"http\",\"duration\":54.3776,\"orig_bytes\":7320,\"resp_bytes\":38891,"
		      "\"conn_state\":\"RSTO\",\"flags\":\"L\",\"addl\":\"%103\"}" },
		{ .from = "bro0",
		  .to = "json",
		  .line = "1.000000 ? uother-2000 ? ? 1.2.3.4 5.6.7.8 S0",
		  .want = "{\"ts\":1.0,\"id.orig_h\":\"5.6.7.8\",\"id.resp_h\":\"1.2.3.4\",\"id.resp_p\":2000,\"proto\":"
		          "\"udp\",\"conn_state\":\"S0\"}" },
		{ .from = "bro0",
		  .to = "json",
		  .line = "1.000000 ? tftp 5 ? 1.2.3.4 5.6.7.8 S0 X",
		  .want = "{\"ts\":1.0,\"id.orig_h\":\"5.6.7.8\",\"id.resp_h\":\"1.2.3.4\",\"proto\":\"udp\",\"service\":"
		          "\"tftp\",\"orig_bytes\":5,\"conn_state\":\"S0\"}" },
		{ .from = "bro0",
		  .to = "json",
		  .line = "1.000000 -05 tftp 5 ? 1.2.3.4 5.6.7.8 S0 X",
		  .want = "{\"ts\":1.0,\"id.orig_h\":\"5.6.7.8\",\"id.resp_h\":\"1.2.3.4\",\"proto\":\"udp\",\"service\":"
		          "\"tftp\",\"duration\":-5.0,\"orig_bytes\":5,\"conn_state\":\"S0\"}" },
		/* which side is which: with L the originator is local, which bro1 writes first, as is any originator in
		 * bro1.5 */
		{ .from = "bro1",
		  .to = "json",
		  .line = "1.000000 2.5 1.2.3.4 5.6.7.8 http 80 4000 tcp 1 2 SF X",
		  .want = "{\"ts\":1.0,\"id.orig_h\":\"5.6.7.8\",\"id.orig_p\":4000,\"id.resp_h\":\"1.2.3.4\",\"id.resp_p\":"
		          "80,\"proto\":\"tcp\",\"service\":\"http\",\"duration\":2.5,\"orig_bytes\":1,\"resp_bytes\":2,"
		          "\"conn_state\":\"SF\"}" },
		{ .from = "bro1",
		  .to = "json",
		  .line = "1.000000 2.5 5.6.7.8 1.2.3.4 other 4000 81 tcp 1 2 SF LU",
		  .want = "{\"ts\":1.0,\"id.orig_h\":\"5.6.7.8\",\"id.orig_p\":4000,\"id.resp_h\":\"1.2.3.4\",\"id.resp_p\":"
		          "81,\"proto\":\"tcp\",\"duration\":2.5,\"orig_bytes\":1,\"resp_bytes\":2,\"conn_state\":\"SF\","
		          "\"flags\":\"LU\"}" },
		{ .from = "bro1.5",
		  .to = "json",
		  .line = "1.000000 2.500000 5.6.7.8 1.2.3.4 dns 4000 53 udp 1 2 SF X Dd #3",
		  .want = "{\"ts\":1.0,\"id.orig_h\":\"5.6.7.8\",\"id.orig_p\":4000,\"id.resp_h\":\"1.2.3.4\",\"id.resp_p\":"
		          "53,\"proto\":\"udp\",\"service\":\"dns\",\"duration\":2.5,\"orig_bytes\":1,\"resp_bytes\":2,"
		          "\"conn_state\":\"SF\",\"history\":\"Dd\",\"addl\":\"#3\"}" },
	};
	(void)state;
	CHECK(rows);
}

#define ZEEK(rest)                                                                                                     \
	"{\"ts\":1.0,\"id.orig_h\":\"10.1.1.1\",\"id.orig_p\":4000,\"id.resp_h\":\"192.0.2.9\",\"id.resp_p\":80," rest "}"
#define UDP(p, rest)                                                                                                   \
	"{\"ts\":1.0,\"id.orig_h\":\"10.1.1.1\",\"id.orig_p\":4000,\"id.resp_h\":\"192.0.2.9\",\"id.resp_p\":" p           \
	",\"proto\":\"udp\"," rest "}"
#define LASTED "\"proto\":\"tcp\",\"duration\":0.25,\"orig_bytes\":0,\"resp_bytes\":7,"

static void
records_as_lines(void **state)
{
	static const struct row rows[] = {
		/* services: the record's own, the port's name, the originator's port where only the responder was seen */
		{ "json", ZEEK(LASTED "\"service\":\"ssl,http\",\"conn_state\":\"SF\""), "bro1.5",
		  "1.000000 0.250000 10.1.1.1 192.0.2.9 ssl,http 4000 80 tcp 0 7 SF X", NULL, NULL, false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"SF\""), "bro1.5",
		  "1.000000 0.250000 10.1.1.1 192.0.2.9 http 4000 80 tcp 0 7 SF X", NULL, NULL, false, false },
		{ "json", UDP("4001", "\"conn_state\":\"S0\""), "bro1.5",
		  "1.000000 ? 10.1.1.1 192.0.2.9 other 4000 4001 udp ? ? S0 X", NULL, NULL, false, false },
		{ "json", UDP("4001", "\"conn_state\":\"S0\""), "bro0", "1.000000 ? uother-4001 ? ? 192.0.2.9 10.1.1.1 S0 X",
		  NULL, NULL, false, false },
		{ "json", UDP("123", "\"orig_bytes\":0,\"resp_bytes\":48,\"duration\":0.5,\"conn_state\":\"SHR\""), "bro1",
		  "1.000000 0.5 192.0.2.9 10.1.1.1 ntp 123 4000 udp ? 48 SHR X", NULL, NULL, false, false },
		{ "json",
		  "{\"ts\":1.0,\"id.orig_h\":\"10.1.1.1\",\"id.orig_p\":22,\"id.resp_h\":\"192.0.2.9\",\"id.resp_p\":5000,"
		  "\"proto\":\"tcp\",\"conn_state\":\"SHR\",\"history\":\"haf\"}",
		  "bro1.5", "1.000000 ? 10.1.1.1 192.0.2.9 ssh 22 5000 tcp ? ? SHR X", NULL, NULL, false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"SF\""), "bro1.5",
		  "1.000000 0.250000 10.1.1.1 192.0.2.9 http? 4000 80 tcp 0 7 SF X", NULL, NULL, false, true },
		{ "json", ZEEK(LASTED "\"service\":\"http\",\"conn_state\":\"SF\""), "bro1.5",
		  "1.000000 0.250000 10.1.1.1 192.0.2.9 http 4000 80 tcp 0 7 SF X", NULL, NULL, false, true },
		{ "bro1.5", "1.000000 0.250000 10.1.1.1 192.0.2.9 http? 4000 80 tcp 0 7 SF X", "bro1",
		  "1.000000 0.25 192.0.2.9 10.1.1.1 http 80 4000 tcp 0 7 SF X", NULL, NULL, false, false },
		{ "bro1.5", "1.000000 0.250000 10.1.1.1 192.0.2.9 smtp? 4000 80 tcp 0 7 SF X", "bro1",
		  "1.000000 0.25 192.0.2.9 10.1.1.1 smtp? 80 4000 tcp 0 7 SF X", NULL, NULL, false, false },
		/* no bytes are 0 only if an endpoint has closed; an open connection has no duration */
		{ "json", ZEEK(LASTED "\"conn_state\":\"S1\""), "bro1",
		  "1.000000 ? 192.0.2.9 10.1.1.1 http 80 4000 tcp ? 7 S1 X", NULL, NULL, false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"S2\""), "bro1",
		  "1.000000 0.25 192.0.2.9 10.1.1.1 http 80 4000 tcp 0 7 S2 X", NULL, NULL, false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"S3\""), "bro1",
		  "1.000000 0.25 192.0.2.9 10.1.1.1 http 80 4000 tcp ? 7 S3 X", NULL, NULL, false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"RSTR\",\"history\":\"ShADadFr\""), "bro1",
		  "1.000000 0.25 192.0.2.9 10.1.1.1 http 80 4000 tcp 0 7 RSTR X", NULL, NULL, false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"RSTR\",\"history\":\"ShADadr\""), "bro1",
		  "1.000000 0.25 192.0.2.9 10.1.1.1 http 80 4000 tcp ? 7 RSTR X", NULL, NULL, false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"REJ\""), "bro1",
		  "1.000000 0.25 192.0.2.9 10.1.1.1 http 80 4000 tcp ? 7 REJ X", NULL, NULL, false, false },
		/* local and neighbours */
		{ "json", ZEEK(LASTED "\"conn_state\":\"SF\",\"local_orig\":true"), "bro1",
		  "1.000000 0.25 192.0.2.9 10.1.1.1 http 80 4000 tcp 0 7 SF X", NULL, NULL, false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"SF\""), "bro1",
		  "1.000000 0.25 10.1.1.1 192.0.2.9 http 4000 80 tcp 0 7 SF LU", "10.0.0.0/8", "192.0.2.0/24", false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"SF\""), "bro1",
		  "1.000000 0.25 192.0.2.9 10.1.1.1 http 80 4000 tcp 0 7 SF U", "fd00::/8,192.0.2.0/24", "10.0.0.0/8", false,
		  false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"SF\""), "bro0", "1.000000 0.25 http 0 7 10.1.1.1 192.0.2.9 SF L",
		  "{ 10.0.0.0/8 }", NULL, false, false },
		{ "json", ZEEK(LASTED "\"conn_state\":\"SF\""), "bro1.5",
		  "1.000000 0.250000 10.1.1.1 192.0.2.9 http 4000 80 tcp 0 7 SF L", "10.0.0.0/8", "192.0.2.0/24", false,
		  false },
		{ "bro0", LOCAL, "bro0", EXAMPLE, "192.0.2.0/24", NULL, false, false },
		/* texts cannot break the line */
		{ "json", ZEEK(LASTED "\"service\":\"a b\\n?\",\"conn_state\":\"SF\""), "bro1.5",
		  "1.000000 0.250000 10.1.1.1 192.0.2.9 a\\x20b\\x0a? 4000 80 tcp 0 7 SF X", NULL, NULL, false, false },
		{ "json", ZEEK(LASTED "\"service\":\"?\",\"addl\":\"x\\u001b y\\n\""), "bro1.5",
		  "1.000000 0.250000 10.1.1.1 192.0.2.9 \\x3f 4000 80 tcp 0 7 ? X x\\x1b y\\x0a", NULL, NULL, false, false },
		{ "json", "{\"uid\":\"C\"}", "bro1", "? ? ? ? other ? ? ? ? ? ? X", NULL, NULL, false, false },
		{ "json", "{\"uid\":\"C\"}", "bro1.5", "? ? ? ? other ? ? ? ? ? ? X X", NULL, NULL, true, false },
		{ "json", "{\"uid\":\"C\"}", "bro0", "? ? other ? ? ? ? ? X", NULL, NULL, false, false },
	};
	(void)state;
	CHECK(rows);
}

static void
bad_lines_are_told(void **state)
{
	static const struct {
		enum bro1_kind kind;
		const char    *line, *said;
	} rows[] = {
		{ BRO0, "", "too few words" },
		{ BRO0, "931803523.006848 54.3776 http 7320 38891 206.132.179.35 128.32.162.134", "too few words" },
		{ BRO0, "x 54.3776 http 7320 38891 206.132.179.35 128.32.162.134 RSTO X", "the start" },
		{ BRO0, "1 long http 7320 38891 206.132.179.35 128.32.162.134 RSTO X", "the duration" },
		{ BRO0, "1 1 http -1 38891 206.132.179.35 128.32.162.134 RSTO X", "the originator's bytes" },
		{ BRO0, "1 1 http 1 99999999999999999999 206.132.179.35 128.32.162.134 RSTO X", "the responder's bytes" },
		{ BRO0, "1 1 http 1 1 host 128.32.162.134 RSTO X", "the first address" },
		{ BRO0, "1 1 http 1 1 1.2.3.4 host RSTO X", "the second address" },
		{ BRO0, "1 1 http 1 1 1.2.3.4 1.2.3.4 DONE X", "the state" },
		{ BRO0, "1 1 http 1 1 1.2.3.4 1.2.3.4 SF Z", "the flags" },
		{ BRO1, "1 1 1.2.3.4 1.2.3.4 http 65536 80 tcp 1 1 SF L", "the first port" },
		{ BRO1_5, "1 1 1.2.3.4 1.2.3.4 http 1 80x tcp 1 1 SF L", "the second port" },
		{ BRO1_5, "1 1 1.2.3.4 1.2.3.4 http 1 80 sctp 1 1 SF L", "the protocol" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct record    r = { 0 };
		struct text      literals[COLUMNS];
		struct bro1_line line = { .record = &r, .literals = literals };
		const char      *said = bro1_parse(rows[i].kind, rows[i].line, strlen(rows[i].line), &line);
		if (said == NULL || strstr(said, rows[i].said) == NULL)
			fail_msg("%s: %s", rows[i].line, said != NULL ? said : "is taken");
	}
}

#define X_LINE(duration, ports, service, rest)                                                                         \
	"1.000000 " duration " 1.2.3.4 5.6.7.8 " service " " ports " tcp 1 2 SF " rest "\n"

static void
kinds_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		int         kind; /* -1: none */
	} rows[] = {
		{ EXAMPLE, BRO0 },
		{ EXAMPLE "\r\n" LOCAL "\r\n", BRO0 },
		{ EXAMPLE "\n931803523.00", BRO0 }, /* cut off */
		{ X_LINE("2.500000", "4000 80", "http", "X"), BRO1_5 },
		{ X_LINE("2.123456", "4000 80", "http", "X"), BRO1_5 },
		{ X_LINE("2.123456", "80 4000", "http", "X"), BRO1 },
		{ X_LINE("2.123456", "4000 80", "http", "U"), BRO1 },
		{ X_LINE("2.5", "4000 80", "http", "X"), BRO1 },
		{ X_LINE("2.123456", "80 4000", "http", "X ShAFf"), BRO1_5 },
		{ X_LINE("2.123456", "80 4000", "http", "L"), BRO1_5 }, /* the same in both */
		{ X_LINE("?", "20 4000", "other", "X"), BRO1_5 }, /* it would be ftp-data if that were the responder's port */
		{ X_LINE("?", "20 80", "ftp-data", "X"), BRO1 },
		{ X_LINE("?", "700 4000", "other", "X"), BRO1 },
		{ X_LINE("?", "4000 700", "other", "X"), BRO1_5 },
		/* one certain line outweighs many uncertain ones */
		{ X_LINE("?", "80 4000", "http", "X") X_LINE("?", "80 4000", "http", "X")
		      X_LINE("1.000000", "80 4000", "http", "X"),
		  BRO1_5 },
		{ "1.000000 ? ::1 ::2 other 128 129 icmp ? ? OTH X", BRO1_5 },
		{ "1.000000 ? ::1 ::2 icmp-echo 0 8 icmp ? ? OTH X", BRO1 },
		{ "1.000000 ? ::1 ::2 other 1 1 icmp ? ? OTH X", BRO1_5 },
		{ "", -1 },
		{ "\n\n", -1 },
		{ "ts,uid\n1,2\n", -1 },
		{ "{\"ts\":1.0}\n", -1 },
		{ "1 2 3 4 5 6 7 8 9 10 11 12 13\n", -1 },
		{ "hello\nworld\n" EXAMPLE "\n", -1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum bro1_kind kind;
		const int      got = bro1_detect((struct text){ rows[i].text, strlen(rows[i].text) }, &kind) ? (int)kind : -1;
		if (got != rows[i].kind)
			fail_msg("row %zu: %d instead of %d: %s", i, got, rows[i].kind, rows[i].text);
	}
}

static void
ports_have_names(void **state)
{
	static const struct {
		const char *proto;
		uint16_t    port;
		const char *name;
	} rows[] = {
		{ "tcp", 80, "http" },         { "udp", 80, "" },
		{ "tcp", 53, "dns" },          { "udp", 53, "dns" },
		{ "icmp", 3, "icmp-unreach" }, { "icmp", 8, "icmp-echo" },
		{ "tcp", 6001, "X11" },        { "tcp", 6667, "IRC" },
		{ "tcp", 995, "spop" },        { "udp", 161, "snmp" },
		{ "tcp", 8080, "" },           { "unknown_transport", 0, "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct text t = bro1_port_name((struct text){ rows[i].proto, strlen(rows[i].proto) }, rows[i].port);
		assert_int_equal(t.n, strlen(rows[i].name));
		assert_memory_equal(t.p, rows[i].name, t.n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_back),      cmocka_unit_test(lines_as_json),
		cmocka_unit_test(records_as_lines),     cmocka_unit_test(bad_lines_are_told),
		cmocka_unit_test(kinds_are_told_apart), cmocka_unit_test(ports_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
