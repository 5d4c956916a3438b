/* Parsing numbers, addresses and dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/parse.h"
#include "base/utf8.h"

/* Returns the text in memory of exactly its size, so that the sanitizers detect reading after its end. */
static char *
exact(const char *text, size_t *n)
{
	*n = strlen(text);
	char *p = malloc(*n > 0 ? *n : 1);
	memcpy(p, text, *n);
	return p;
}

static void
whole_numbers(void **state)
{
	static const struct {
		const char *text;
		bool        good;
		uint64_t    want;
	} rows[] = {
		{ "0", true, 0 },
		{ "80", true, 80 },
		{ "12345678", true, 12345678 },
		{ "1234567890123456789", true, 1234567890123456789u },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "00000000000000000007", true, 7 },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "000000000000000000007", false, 0 },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ "1 ", false, 0 },
		{ "1234567:", false, 0 },
		{ "1234567/", false, 0 },
		{ "12345678a", false, 0 },
		{ "1.0", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t   n;
		char    *p = exact(rows[i].text, &n);
		uint64_t v = 42;
		if (parse_u64(p, n, &v) != rows[i].good || v != (rows[i].good ? rows[i].want : 42))
			fail_msg("\"%s\"", rows[i].text);
		free(p);
	}
	int64_t v = 0;
	assert_true(parse_i64("-9223372036854775808", 20, &v) && v == INT64_MIN);
	assert_true(parse_i64("9223372036854775807", 19, &v) && v == INT64_MAX);
	assert_false(parse_i64("9223372036854775808", 19, &v));
	assert_false(parse_i64("-9223372036854775809", 20, &v));
	assert_false(parse_i64("-", 1, &v));
}

static void
decimal_numbers(void **state)
{
	static const struct {
		const char *text;
		bool        good, plain;
	} rows[] = {
		{ "0", true, true },
		{ "0.000000", true, true },
		{ "-0.000001", true, true },
		{ "1427304960.695733", true, true },
		{ "0.46311283111572266", true, true },
		{ "9007199254740993.0", true, true },
		{ "123456789012345678901234567890.5", true, true },
		{ "0.00000000000000000000000000001", true, true },
		{ "1e-6", true, false },
		{ "1.5E+300", true, false },
		{ "+1.5", true, false },
		{ "1e400", false, false },
		{ ".5", false, false },
		{ "5.", false, false },
		{ "-", false, false },
		{ "", false, false },
		{ "1.5.5", false, false },
		{ "1e", false, false },
		{ "0x10", false, false },
		{ "inf", false, false },
		{ "nan", false, false },
		{ " 1", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n;
		char  *p = exact(rows[i].text, &n);
		double v = 42;
		bool   plain = false;
		if (parse_double(p, n, &v, &plain) != rows[i].good || v != (rows[i].good ? strtod(rows[i].text, NULL) : 42) ||
		    (rows[i].good && plain != rows[i].plain))
			fail_msg("\"%s\": %.17g", rows[i].text, v);
		free(p);
	}
}

static void
numbers_are_those_of_strtod(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char   text[64];
		double v = 0;
		bool   plain;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		const int n = snprintf(text, sizeof text, "%u.%0*u", (unsigned)(seed >> 32), 1 + (int)(seed >> 24 & 7),
		                       (unsigned)(seed >> 8 & 0xffff));
		assert_true(parse_double(text, (size_t)n, &v, &plain));
		if (v != strtod(text, NULL))
			fail_msg("%s", text);
	}
}

static void
addresses(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: none */
	} rows[] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "010.1.2.3", "10.1.2.3" },
		{ "2001:DB8::1", "2001:db8::1" },
		{ "::ffff:1.2.3.4", "1.2.3.4" },
		{ "::", "::" },
		{ "1.2.3", NULL },
		{ "1.2.3.4.", NULL },
		{ "1.2.3.256", NULL },
		{ "1.2.3.0004", NULL },
		{ "1..3.4", NULL },
		{ "", NULL },
		{ "fe80::1%eth0", NULL },
		{ "1:2:3:4:5:6:7:8:9", NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t      n;
		char       *p = exact(rows[i].text, &n), text[ADDR_TEXT_MAX];
		struct addr a;
		if (addr_parse(p, n, &a) != (rows[i].want != NULL))
			fail_msg("\"%s\"", rows[i].text);
		if (rows[i].want != NULL) {
			addr_format(&a, text);
			assert_string_equal(text, rows[i].want);
		}
		free(p);
	}
}

static void
dates(void **state)
{
	static const struct {
		const char *text;
		bool        good;
		double      want;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", true, 0 },
		{ "1969-12-31T23:59:59.500000Z", true, -0.5 },
		{ "2009-11-08T04:41:42.250000Z", true, 1257655302.25 },
		{ "2009-11-08 04:41:42,25", true, 1257655302.25 },
		{ "2009-11-08T06:41:42.250+02:00", true, 1257655302.25 },
		{ "2009-11-08T02:11:42.250-0230", true, 1257655302.25 },
		{ "2000-02-29T12:00:00Z", true, 951825600 },
		{ "2026-03-01T00:00:00.1234567Z", true, 1772323200.123456 },
		{ "2009-11-08", false, 0 },
		{ "2009-13-08T04:41:42Z", false, 0 },
		{ "2009-11-08T04:61:42Z", false, 0 },
		{ "2009-11-08T04:41:42ZZ", false, 0 },
		{ "2009-11-08T04:41:42+2", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n;
		char  *p = exact(rows[i].text, &n);
		double v = 0;
		if (parse_iso8601(p, n, &v) != rows[i].good || v != rows[i].want)
			fail_msg("\"%s\": %.6f", rows[i].text, v);
		free(p);
	}
}

static void
code_points(void **state)
{
	char out[4];

	(void)state;
	assert_int_equal(utf8_put(out, 'a'), 1);
	assert_int_equal(utf8_put(out, 0xe9), 2);
	assert_memory_equal(out, "\xc3\xa9", 2);
	assert_int_equal(utf8_put(out, 0x20ac), 3);
	assert_memory_equal(out, "\xe2\x82\xac", 3);
	assert_int_equal(utf8_put(out, 0x1f600), 4);
	assert_memory_equal(out, "\xf0\x9f\x98\x80", 4);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers), cmocka_unit_test(decimal_numbers),
		cmocka_unit_test(addresses),     cmocka_unit_test(numbers_are_those_of_strtod),
		cmocka_unit_test(dates),         cmocka_unit_test(code_points),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
