/* Numbers as text: against known texts and, with six decimals, against printf. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"

static void
integers(void **state)
{
	static const uint64_t some[] = { 0,         1,    9,     10,    99,         100,         999,
		                             1000,      9999, 10000, 65535, 4294967295, 99999999999, 9999999999999999999u,
		                             UINT64_MAX };
	char                  out[U64_TEXT_MAX], want[32];

	(void)state;
	for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
		int n = snprintf(want, sizeof want, "%llu", (unsigned long long)some[i]);
		assert_int_equal(format_u64(out, some[i]), n);
		assert_memory_equal(out, want, n);
		n = snprintf(want, sizeof want, "%lld", (long long)some[i]);
		assert_int_equal(format_i64(out, (int64_t)some[i]), n);
		assert_memory_equal(out, want, n);
	}
	assert_int_equal(format_i64(out, INT64_MIN), 20);
	assert_memory_equal(out, "-9223372036854775808", 20);
}

static void
digits_are_padded(void **state)
{
	char out[7];

	(void)state;
	format_digits(out, 42, 7);
	assert_memory_equal(out, "0000042", 7);
	format_digits(out, 12345678, 6);
	assert_memory_equal(out, "345678", 6);
}

static double
random_double(unsigned i)
{
	uint64_t bits = (uint64_t)mrand48() << 32 ^ (uint64_t)mrand48();
	double   v;

	switch (i % 3) {
	case 0: /* any bits at all */
		memcpy(&v, &bits, sizeof v);
		return v;
	case 1: /* microseconds, as durations and times have them */
		return (double)(bits >> (10 + i % 50)) / 1e6;
	default: /* exact halves of millionths are among these */
		return (double)(int64_t)(bits >> 30) / (double)(1u << (i % 31));
	}
}

static void
six_decimals_are_those_of_printf(void **state)
{
	static const double some[] = { 0.0,
		                           -0.0,
		                           0.5,
		                           1.0,
		                           0.0000005,
		                           0.0000015,
		                           0.00000049999999,
		                           0.9999995,
		                           0.9999994999,
		                           1427304960.695733,
		                           0.46311283111572266,
		                           4503599627370495.5,
		                           4503599627370496.0,
		                           9007199254740993.0,
		                           18446744073709551616.0,
		                           1e22,
		                           1.7976931348623157e308,
		                           5e-324,
		                           2.2250738585072014e-308,
		                           -1.5,
		                           0.0078125,
		                           0.00390625,
		                           1e15 };
	const unsigned      fixed = sizeof some / sizeof some[0];
	char                want[400];

	(void)state;
	srand48(1);
	for (unsigned i = 0; i < fixed + 100000; i++) {
		double v = i < fixed ? some[i] : random_double(i);
		if (isnan(v))
			continue;
		int    n = snprintf(want, sizeof want, "%.6f", v);
		char  *out = malloc((size_t)n); /* of exactly this size, so that ASan detects a byte too many */
		size_t got = format_fixed6(out, v);
		if (got != (size_t)n || memcmp(out, want, got) != 0)
			fail_msg("%.*s, not %s", (int)got, out, want);
		free(out);
	}
}

static void
six_decimals_of_what_is_no_number(void **state)
{
	char out[FIXED6_TEXT_MAX];

	(void)state;
	assert_int_equal(format_fixed6(out, INFINITY), 3);
	assert_memory_equal(out, "inf", 3);
	assert_int_equal(format_fixed6(out, -INFINITY), 4);
	assert_memory_equal(out, "-inf", 4);
	assert_int_equal(format_fixed6(out, NAN), 3);
	assert_memory_equal(out, "nan", 3);
}

/* As util::double_to_str() and ODesc::Add() of Zeek write them for a log. */
static void
doubles_are_written_as_zeek_does(void **state)
{
	static const struct {
		double      v;
		const char *text;
	} some[] = {
		{ 0, "0.0" },
		{ -0.0, "0.0" },
		{ 1, "1.0" },
		{ -1, "-1.0" },
		{ 100, "100.0" },
		{ 37.751, "37.751" },
		{ -97.822, "-97.822" },
		{ 0.5, "0.5" },
		{ 0.000001, "0.000001" },
		{ 0.0000001, "0" },
		{ -0.0000001, "-0" },
		{ 1e-10, "0.0" },
		{ 2.5849625007211561, "2.584963" },
		{ 1.9999999, "2" },
		{ 1.9999999999, "2.0" },
		{ 20.10, "20.1" },
		{ 1e22, "10000000000000000000000.0" },
		{ 4294967296.25, "4294967296.25" },
		{ INFINITY, "inf" },
		{ -INFINITY, "-inf" },
		{ NAN, "nan" },
		{ -NAN, "nan" },
	};
	char out[FIXED6_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		const size_t n = format_zeek_double(out, some[i].v);
		if (n != strlen(some[i].text) || memcmp(out, some[i].text, n) != 0)
			fail_msg("%.*s, not %s", (int)n, out, some[i].text);
	}
}

/* The texts that rapidjson writes. Those of the last row are not the shortest that read back the same, or not the
 * nearest of these: Grisu2 does this now and then, and so do Zeek's logs. */
static const char *const json_texts[] = {
	"0.0",
	"-0.0",
	"1.0",
	"-1.5",
	"0.1",
	"10.0",
	"100.0",
	"123456.789",
	"1427304960.695733",
	"0.46311283111572266",
	"0.25084710121154785",
	"1531628253.224463",
	"0.000001",
	"0.0000012",
	"1e-7",
	"1.2e-7",
	"100000000000000000000.0",
	"1e21",
	"1e22",
	"123456789012345680000.0",
	"1.2345678901234568e29",
	"5e-324",
	"2.2250738585072014e-308",
	"1.7976931348623157e308",
	"9007199254740992.0",
	"0.3",
	"0.1234567890123456",
	"5e-323",
	"1389719042.0045471",
	"2.1805801391601563",
	"0.00015497207641601563",
};

static void
json_doubles_have_rapidjsons_layout(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof json_texts / sizeof json_texts[0]; i++) {
		char   out[JSON_DOUBLE_TEXT_MAX];
		size_t n = format_json_double(out, strtod(json_texts[i], NULL));
		if (n != strlen(json_texts[i]) || memcmp(out, json_texts[i], n) != 0)
			fail_msg("%.*s, not %s", (int)n, out, json_texts[i]);
	}
}

static void
json_doubles_read_back(void **state)
{
	(void)state;
	srand48(2);
	for (unsigned i = 0; i < 100000; i++) {
		double v = random_double(i);
		if (!isfinite(v))
			continue;
		char  *out = malloc(JSON_DOUBLE_TEXT_MAX), text[JSON_DOUBLE_TEXT_MAX + 1];
		size_t n = format_json_double(out, v);
		memcpy(text, out, n);
		text[n] = '\0';
		free(out);
		assert_true(strtod(text, NULL) == v);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(digits_are_padded),
		cmocka_unit_test(six_decimals_are_those_of_printf),
		cmocka_unit_test(six_decimals_of_what_is_no_number),
		cmocka_unit_test(doubles_are_written_as_zeek_does),
		cmocka_unit_test(json_doubles_have_rapidjsons_layout),
		cmocka_unit_test(json_doubles_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
