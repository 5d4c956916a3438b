/* Conditions: whether they hold for a record, errors in the text and their positions, sharing between threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/parse.h"
#include "connlog_where.h"
#include "record/public.h"

#define TEXT(s) ((struct text){ (s), sizeof(s) - 1 })

static struct addr
address(const char *text)
{
	struct addr a;
	assert_true(addr_parse(text, strlen(text), &a));
	return a;
}

static const struct text  parents[] = { { "Cone", 4 }, { "Ctwo", 4 } };
static const struct extra extras[] = {
	{ .name = TEXT("user"), .type = TEXT("string"), .kind = EXTRA_TEXT, .set = true, .text = TEXT("Ann,bob") },
	{ .name = TEXT("hits"), .type = TEXT("count"), .kind = EXTRA_NUMBER, .set = true, .text = TEXT("42") },
	{ .name = TEXT("seen"), .type = TEXT("bool"), .kind = EXTRA_BOOL, .set = true, .text = TEXT("T") },
	{ .name = TEXT("tags"),
	  .type = TEXT("set[string]"),
	  .kind = EXTRA_LIST,
	  .element = EXTRA_TEXT,
	  .set = true,
	  .list = { parents, 2 } },
	{ .name = TEXT("gone"), .type = TEXT("string"), .kind = EXTRA_TEXT, .set = false },
	{ .name = TEXT("via-host"), .type = TEXT("addr"), .kind = EXTRA_TEXT, .set = true, .text = TEXT("10.1.2.3") },
};

/* A TLS connection of 2026-11-28 20:00:01.5 UTC.  service, duration, local_orig and vlan are set; community_id, local_resp and
 * inner_vlan are not. */
static struct record
a_record(void)
{
	struct record r = { .ts = 1795896001.5,
		                .uid = TEXT("CHhAvVGS1DHFjwGM9"),
		                .orig_h = address("192.168.1.10"),
		                .resp_h = address("10.200.0.7"),
		                .orig_p = 50123,
		                .resp_p = 443,
		                .proto = TEXT("tcp"),
		                .service = TEXT("ssl,http"),
		                .duration = 301.25,
		                .orig_bytes = 2000000,
		                .resp_bytes = 150000,
		                .conn_state = TEXT("SF"),
		                .local_orig = true,
		                .missed_bytes = 0,
		                .history = TEXT("ShADadFf"),
		                .orig_pkts = 10,
		                .tunnel_parents = { parents, 2 },
		                .vlan = -1,
		                .extras = extras,
		                .extras_n = sizeof extras / sizeof extras[0] };
	r.has = HAS_ALWAYS | HAS_LASTED | HAS(COL_SERVICE) | HAS(COL_HISTORY) | HAS(COL_TUNNEL_PARENTS) |
	        HAS(COL_LOCAL_ORIG) | HAS(COL_VLAN);
	return r;
}

static bool
holds(const char *condition, const struct record *r)
{
	connlog_where_error error;
	connlog_where      *w = connlog_where_new(condition, CONNLOG_WHERE_EXTRAS, &error);

	if (!w)
		fail_msg("%s: %s at %zu", condition, error.text, error.at);
	const bool result = connlog_where_match(w, record_public(r));
	assert_int_equal(connlog_where_match(w, record_public(r)), result);
	connlog_where_free(w);
	return result;
}

struct row {
	const char *condition;
	bool        holds;
};

/* Checks each row; of a condition and its negation exactly one must hold. */
static void
check_rows(const struct row *rows, size_t n)
{
	const struct record r = a_record();
	char                contrary[512];

	for (size_t i = 0; i < n; i++) {
		snprintf(contrary, sizeof contrary, "not (%s\n)", rows[i].condition);
		if (holds(rows[i].condition, &r) != rows[i].holds || holds(contrary, &r) == rows[i].holds)
			fail_msg("%s: %s is expected, and the contrary of its contrary", rows[i].condition,
			         rows[i].holds ? "true" : "false");
	}
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows)[0])

static void
comparisons(void **state)
{
	static const struct row rows[] = {
		{ "orig_bytes == 2000000", true },
		{ "orig_bytes = 2e6", true },
		{ "orig_bytes != 2000000", false },
		{ "orig_bytes <> 1", true },
		{ "orig_bytes > 1.5MB", true },
		{ "orig_bytes >= 2MB", false },
		{ "orig_bytes < 2MB and resp_bytes <= 150000", true },
		{ "1KB < resp_bytes", true },
		{ "orig_bytes > 1.5", true },
		{ "orig_bytes > -1", true },
		{ "vlan == -1", true },
		{ "vlan < 0", true },
		{ "vlan > 5", false },
		{ "duration > 5min", true },
		{ "duration > 5 min", true },
		{ "duration >= 301.25", true },
		{ "duration < 0.1hr", true },
		{ "duration > 6m", false },
		{ "duration == 301250msec", true },
		{ "id.resp_p == 443", true },
		{ "id.orig_p > id.resp_p", true },
		{ "ts >= 2026-11-28T20:00:00Z", true },
		{ "ts > 2026-11-28T20:00:01.6Z", false },
		{ "ts >= 2026-11-28T21:00:00+01:00 and ts < 2026-11-28T21:00:02+01:00", true },
		{ "ts < 2026-11-28 20:00:02", true },
		{ "ts >= 2026-11-28 and ts < 2026-11-29", true },
		{ "ts > 1795896001", true },
		{ "proto == tcp", true },
		{ "tcp == proto", false }, /* a column of the log, which is not there */
		{ "proto == \"tcp\" and conn_state == 'SF'", true },
		{ "conn_state != SF", false },
		{ "conn_state > S1", true },
		{ "uid < D", true },
		{ "lower(uid) == chhavvgs1dhfjwgm9", true },
		{ "uid == chhavvgs1dhfjwgm9", false },
		{ "lower(conn_state) == \"SF\"", false },
		{ "id.resp_h == 10.200.0.7", true },
		{ "id.resp_h != 10.200.0.8", true },
		{ "id.orig_h > id.resp_h", true },
		{ "id.orig_h == id.resp_h", false },
		{ "local_orig", true },
		{ "local_orig == T", true },
		{ "local_orig != true", false },
		{ "local_orig == F", false },
		{ "history == \"ShADadFf\" # a comment", true },
		{ "uid == \"CHhA\\x76VGS1DHFjwGM9\"", true },
	};

	(void)state;
	CHECK(rows);
}

static void
sets(void **state)
{
	static const struct row rows[] = {
		{ "id.resp_p in {80, 443, 8000-8100}", true },
		{ "id.resp_p in {80, 8000-8100}", false },
		{ "id.resp_p in 440-450", true },
		{ "id.resp_p not in {80}", true },
		{ "id.resp_p in 443", true },
		{ "id.orig_p in {0-65535}", true },
		{ "id.resp_h in 10.0.0.0/8", true },
		{ "id.resp_h in {192.0.2.1, 10.200.0.0/24}", true },
		{ "id.resp_h in 10.200.0.1-10.200.0.7", true },
		{ "id.resp_h in 10.200.0.8-10.200.0.9", false },
		{ "id.resp_h in {10.200.0.7}", true },
		{ "id.resp_h not in 10.0.0.0/8", false },
		{ "id.resp_h in 0.0.0.0/0", true },
		{ "id.resp_h in ::/0", false }, /* IPv6 */
		{ "id.resp_h in {fd00::/8, [2001:db8::]/32, 10.200.0.6/31}", true },
		{ "proto in {tcp, udp}", true },
		{ "proto in {\"icmp\", udp}", false },
		{ "proto in tcp", true },
		{ "lower(uid) in {abc, chhavvgs1dhfjwgm9}", true },
		{ "orig_bytes in {1-10, 1MB-3MB}", true },
		{ "orig_bytes + 1 in {2000001}", true },
		{ "duration in {1min-10min}", true },
		{ "vlan in {-5--1}", true },
		{ "service has ssl", true },
		{ "service has \"http\"", true },
		{ "service has sl", false },
		{ "service has {quic, http}", true },
		{ "service not has quic", true },
		{ "lower(service) has ssl", true },
		{ "tunnel_parents has Ctwo", true },
		{ "tunnel_parents has {\"Cthree\"}", false },
		{ "tunnel_parents not has Cthree", true },
	};

	(void)state;
	CHECK(rows);
}

static void
arithmetic(void **state)
{
	static const struct row rows[] = {
		{ "orig_bytes + resp_bytes > 2MB", true },
		{ "orig_bytes > 10 * resp_bytes", true },
		{ "orig_bytes > 14 * resp_bytes", false },
		{ "orig_bytes - resp_bytes == 1850000", true },
		{ "resp_bytes - orig_bytes < 0", true },
		{ "(orig_bytes + resp_bytes) / duration > 7KB / 1sec", false },
		{ "(orig_bytes + resp_bytes) / duration > 6KB", true },
		{ "2 + 3 * 4 == orig_pkts + 4", true },
		{ "(2 + 3) * 4 == 2 * orig_pkts", true },
		{ "orig_pkts - 1 - 1 == 8", true },
		{ "orig_bytes / missed_bytes > 0", false },
		{ "orig_bytes / missed_bytes <= 0", false },
		{ "ts + duration > 2026-11-28T20:05:02Z", true },
		{ "ts + duration > 2026-11-28T20:05:03Z", false },
		{ "ts - 2026-11-28T20:00:00Z < 2sec", true },
		{ "duration * 2 > 10min", true },
		{ "duration / 1min > 5", true },
		{ "len(history) == 8", true },
		{ "len(history) > 5 and len(tunnel_parents) == 2", true },
		{ "abs(vlan) == 1", true },
		{ "-vlan == 1", true },
		{ "min(orig_bytes, resp_bytes) == 150000", true },
		{ "max(orig_bytes, resp_bytes) == 2e6", true },
		{ "max(orig_bytes, inner_vlan) > 0", false },
	};

	(void)state;
	CHECK(rows);
}

static void
joined(void **state)
{
	static const struct row rows[] = {
		{ "local_orig and proto == tcp", true },
		{ "local_orig && proto == udp", false },
		{ "proto == udp or local_orig", true },
		{ "proto == udp || proto == icmp", false },
		{ "proto == tcp or proto == udp and proto == icmp", true },
		{ "(proto == tcp or proto == udp) and proto == icmp", false },
		{ "not proto == udp and not not local_orig", true },
		{ "!(proto == udp) and !local_resp", true },
		{ "not (proto == udp or proto == icmp) and (local_orig or local_resp)", true },
	};

	(void)state;
	CHECK(rows);
}

/* A test of an unset column is false, whatever it compares; only "is unset" and "not" are true. */
static void
unset_columns(void **state)
{
	static const struct row rows[] = {
		{ "local_resp", false },
		{ "local_resp == F", false },
		{ "local_resp != T", false },
		{ "not local_resp", true },
		{ "community_id == \"x\"", false },
		{ "community_id != \"x\"", false },
		{ "not community_id == \"x\"", true },
		{ "community_id in {a}", false },
		{ "community_id not in {a}", false },
		{ "failed_service has ssl", false },
		{ "failed_service not has ssl", false },
		{ "inner_vlan < 5", false },
		{ "inner_vlan >= 5", false },
		{ "inner_vlan + 1 != 7", false },
		{ "inner_vlan in {1-10}", false },
		{ "inner_vlan not in {1-10}", false },
		{ "len(community_id) >= 0", false },
		{ "community_id is set", false },
		{ "community_id is unset", true },
		{ "community_id is not set", true },
		{ "service is set", true },
		{ "service is unset", false },
		{ "orig_l2_addr == resp_l2_addr", false },
	};

	(void)state;
	CHECK(rows);
}

static void
columns_that_zeek_does_not_know(void **state)
{
	static const struct row rows[] = {
		{ "user == \"Ann,bob\"", true },
		{ "lower(user) == \"ann,bob\"", true },
		{ "user has bob", true },
		{ "user not has carl", true },
		{ "hits > 41 and hits == 42", true },
		{ "hits == \"42\"", true },
		{ "hits in {40-45}", true },
		{ "hits + 1 == 43", true },
		{ "hits > user", false }, /* which is no number */
		{ "user > 5", false },
		{ "not user > 5", true },
		{ "seen", true },
		{ "seen == T", true },
		{ "seen == F", false },
		{ "gone", false },
		{ "gone is unset", true },
		{ "gone != \"x\"", false },
		{ "user is set", true },
		{ "nowhere is set", false },
		{ "tags has Cone", true },
		{ "len(tags) == 2", true },
		{ "len(user) == 7", true },
		{ "tags == \"Cone\"", false },
		{ "`via-host` in 10.1.0.0/16", true },
		{ "`via-host` == 10.1.2.3", true },
		{ "`via-host` != id.orig_h", true },
		{ "user in 10.0.0.0/8", false },
		{ "user == tags", false },
	};
	connlog_where_error error;
	connlog_where_extra x;
	const struct record r = a_record();

	(void)state;
	CHECK(rows);
	connlog_where *w = connlog_where_new("gone is set or nowhere == 1 or gone == 2", CONNLOG_WHERE_EXTRAS, &error);
	assert_non_null(w);
	assert_false(connlog_where_match(w, record_public(&r)));
	assert_true(connlog_where_extra_at(w, 0, &x));
	assert_string_equal(x.name, "gone");
	assert_true(x.found && x.at == 0 && x.n == 4);
	assert_true(connlog_where_extra_at(w, 1, &x));
	assert_string_equal(x.name, "nowhere");
	assert_true(!x.found && x.at == 15 && x.n == 7);
	assert_false(connlog_where_extra_at(w, 2, &x));
	connlog_where_free(w);
}

#ifdef CONNLOG_PCRE2
static void
patterns(void **state)
{
	static const struct row rows[] = {
		{ "history ~ /^Sh.*F/", true },
		{ "history =~ /^Sh.*F$/", false },
		{ "history !~ /^Sh.*F$/", true },
		{ "history ~ /^sh/", false },
		{ "history ~ /^sh/i", true },
		{ "history ~ \"ADad\"", true },
		{ "uid ~ /^C\\w{10,}$/ and service ~ /ssl|quic/", true },
		{ "service ~ /ssl,\\/|http/", true },
		{ "community_id ~ /./", false },
		{ "community_id !~ /./", false },
		{ "user ~ /^Ann/", true },
		{ "gone !~ /x/", false },
	};

	(void)state;
	CHECK(rows);
}

/* A pattern that would take years on this text is abandoned and counted. */
static void
patterns_end(void **state)
{
	connlog_where_error error;
	struct record       r = a_record();
	char                text[64];

	(void)state;
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = 'b';
	r.history = (struct text){ text, sizeof text };
	for (int negated = 0; negated < 2; negated++) {
		connlog_where *w =
			connlog_where_new(negated ? "history !~ /^(a|aa|a+)+$/" : "history ~ /^(a|aa|a+)+$/", 0, &error);
		assert_non_null(w);
		assert_false(connlog_where_match(w, record_public(&r)));
		assert_int_equal(connlog_where_given_up(w), 1);
		connlog_where_free(w);
	}
}
#endif

static void
mistakes(void **state)
{
	static const struct {
		const char *condition;
		size_t      at, n;
		const char *says;
	} rows[] = {
		{ "", 0, 0, "a condition is expected" },
		{ "  # nothing", 11, 0, "a condition is expected" },
		{ "servce has ssl", 0, 6, "no column is called 'servce'" },
		{ "proto == tcp and orig_byte > 1", 17, 9, "'orig_byte'" },
		{ "orig_bytes", 0, 10, "compare it" },
		{ "not orig_bytes", 4, 10, "compare it" },
		{ "local_orig and", 14, 0, "a value is expected" },
		{ "orig_bytes > 5min", 13, 4, "a number cannot be compared with an interval" },
		{ "duration > 5MB", 11, 3, "an interval cannot be compared with a size" },
		{ "service > 5", 10, 1, "a text cannot be compared with a number" },
		{ "id.resp_h == tcp", 13, 3, "no column" },
		{ "id.resp_h == 10.0.0.0/8", 13, 10, "stands behind in" },
		{ "id.resp_h in 10.0.0.0/33", 13, 11, "at most 32 bits" },
		{ "id.resp_h == 10.0.0.300", 13, 10, "neither a number nor an address" },
		{ "id.resp_p in {80, 70000}", 18, 5, "0 to 65535" },
		{ "id.resp_p in {9-3}", 15, 1, "from the smaller" },
		{ "id.resp_p in {}", 14, 1, "a port" },
		{ "id.resp_p in {80", 16, 0, "a comma or }" },
		{ "id.resp_p == 80/tcp", 16, 3, "without its protocol" },
		{ "service in 5", 11, 1, "a text" },
		{ "\"ssl\" in service", 0, 5, "left of in" },
		{ "\"ssl\" has service", 0, 5, "left of in and has" },
		{ "local_orig in {T}", 0, 10, "in no set" },
		{ "tunnel_parents in {a}", 0, 14, "write has" },
		{ "tunnel_parents == a", 0, 14, "has" },
		{ "orig_bytes has 5", 0, 10, "has is for sets" },
		{ "duration in {1KB}", 13, 3, "a size is no element" },
		{ "(local_orig", 11, 0, ") is expected" },
		{ "local_orig)", 10, 1, "and, or, or the end" },
		{ "local_orig local_resp", 11, 10, "and, or, or the end" },
		{ "proto == \"tcp", 9, 1, "not closed" },
		{ "proto == \"\\q\"", 10, 2, "backslash" },
		{ "history ~ Sh", 10, 1, "a regular expression is expected" },
		{ "orig_bytes ~ /1/", 0, 10, "a text" },
		{ "lower(history) ~ /s/", 0, 14, "/.../i" },
		{ "proto ?", 6, 1, "means nothing" },
		{ "1 == 1", 0, 6, "no column" },
		{ "T", 0, 1, "a condition is expected" },
		{ "local_orig > T", 0, 14, "== or !=" },
		{ "local_orig is tcp", 14, 3, "set or unset" },
		{ "5 is set", 0, 1, "a column stands left" },
		{ "ts == 2026-13-01", 6, 10, "no time" },
		{ "ts + ts > 5", 0, 7, "times cannot be added" },
		{ "ts * 2 > 5", 0, 6, "multiplied" },
		{ "orig_bytes > 5 / 0", 13, 5, "no number" },
		{ "orig_bytes > 5parsecs", 14, 7, "no unit" },
		{ "orig_bytes > 1e999", 13, 5, "too large" },
		{ "len(5) > 1", 4, 1, "a column that is a text" },
		{ "max(orig_bytes) > 1", 14, 1, "a comma" },
		{ "sum(orig_bytes) > 1", 0, 3, "known are len" },
		{ "orig_l2_addr == aa:bb:cc", 16, 3, "in quotes" },
		{ "local_orig not local_resp", 15, 10, "in or has" },
	};
	connlog_where_error error;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		connlog_where *w = connlog_where_new(rows[i].condition, 0, &error);
		if (w)
			fail_msg("%s is taken for a condition", rows[i].condition);
		if (error.at != rows[i].at || error.n != rows[i].n || !strstr(error.text, rows[i].says))
			fail_msg("%s: %zu+%zu: %s", rows[i].condition, error.at, error.n, error.text);
		assert_int_equal(error.unknown_column, strstr(error.text, "no column is called") != NULL);
	}
}

/* Texts that are too long or too deeply nested are rejected; those just below the limits work. */
static void
bounds(void **state)
{
	enum { MANY = 20000 };
	connlog_where_error error;
	const struct record r = a_record();
	char               *text = malloc(MANY * 16);
	size_t              n = 0;

	(void)state;
	assert_non_null(text);
	memset(text, '(', 1000);
	strcpy(text + 1000, "local_orig");
	assert_null(connlog_where_new(text, 0, &error));
	assert_non_null(strstr(error.text, "parentheses"));
	for (int i = 0; i < 1000; i++)
		n += (size_t)sprintf(text + n, "abs(");
	assert_null(connlog_where_new(text, 0, &error));
	assert_non_null(strstr(error.text, "parentheses"));
	n = 0;
	for (int i = 0; i < MANY; i++)
		n += (size_t)sprintf(text + n, "%slocal_orig", i > 0 ? " or " : "");
	assert_null(connlog_where_new(text, 0, &error));
	assert_non_null(strstr(error.text, "too long"));
	text[14 * 1000 - 4] = '\0';
	assert_true(holds(text, &r));
	n = (size_t)sprintf(text, "id.resp_h in {10.200.0.7");
	for (int i = 0; i < MANY; i++)
		n += (size_t)sprintf(text + n, ",1.%d.%d.9", i / 256 % 256, i % 256);
	strcpy(text + n, "}");
	assert_true(holds(text, &r));
	text[0] = 'i';
	memcpy(text, "id.orig_h", 9);
	assert_false(holds(text, &r));
	free(text);
}

static void
what_is_read(void **state)
{
	connlog_where_error error;
	connlog_where *w = connlog_where_new("community_id is set or len(history) + vlan > lower(uid) == x", 0, &error);

	(void)state;
	assert_null(w);
	w = connlog_where_new("community_id is set or len(history) + vlan > 5 and id.orig_h == id.resp_h", 0, &error);
	assert_non_null(w);
	for (size_t i = 0; connlog_column_at(i); i++) {
		static const char read[] = " community_id history vlan id.orig_h id.resp_h ";
		char              name[64];
		snprintf(name, sizeof name, " %s ", connlog_column_at(i)->name);
		assert_int_equal(connlog_where_reads(w, i), strstr(read, name) != NULL);
	}
	assert_false(connlog_where_reads(w, 1000));
	connlog_where *copy = connlog_where_copy(w);
	connlog_where_free(w);
	const struct record r = a_record();
	assert_false(connlog_where_match(copy, record_public(&r)));
	connlog_where_free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons),   cmocka_unit_test(sets),
		cmocka_unit_test(arithmetic),    cmocka_unit_test(joined),
		cmocka_unit_test(unset_columns), cmocka_unit_test(columns_that_zeek_does_not_know),
#ifdef CONNLOG_PCRE2
		cmocka_unit_test(patterns),      cmocka_unit_test(patterns_end),
#endif
		cmocka_unit_test(mistakes),      cmocka_unit_test(bounds),
		cmocka_unit_test(what_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
