/* Case-insensitive comparison of words in mail and HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "service/mail/mime.h"

#define MOST 20

/* Every length, every position, every byte: equal only if it is that byte or its capital letter. */
static void
test_same(void **state)
{
	(void)state;
	static const char lower[MOST + 1] = "transfer-encoding@[`";

	for (size_t n = 0; n <= MOST; n++)
		for (size_t at = 0; at < n; at++)
			for (unsigned b = 0; b < 0x100; b++) {
				uint8_t       text[MOST];
				const uint8_t was = (uint8_t)lower[at];
				memcpy(text, lower, MOST);
				text[at] = (uint8_t)b;
				const bool capital = was >= 'a' && was <= 'z' && b == was - 0x20u;
				assert_int_equal(mime_same(text, lower, n), b == was || capital);
			}
	assert_true(mime_same((const uint8_t *)"TRANSFER-Encoding@[`", lower, MOST));
	assert_true(mime_same((const uint8_t *)"", lower, 0));
}

static void
test_header(void **state)
{
	(void)state;
	static const struct {
		const char *header, *name, *value; /* name NULL: malformed */
	} cases[] = {
		{ "Host: a", "Host", "a" },
		{ "Host:a", "Host", "a" },
		{ "Host \t: \t a b", "Host", "a b" },
		{ "(comment) Host: a", "Host", "a" },
		{ "Host", NULL, NULL },
		{ ": a", NULL, NULL },
		{ "", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct bytes b = { (const uint8_t *)cases[i].header, strlen(cases[i].header) };
		struct bytes       name, value;
		const bool         good = mime_header(b, &name, &value);
		assert_int_equal(good, cases[i].name != NULL);
		if (!good)
			continue;
		assert_int_equal(name.n, strlen(cases[i].name));
		assert_memory_equal(name.p, cases[i].name, name.n);
		assert_int_equal(value.n, strlen(cases[i].value));
		assert_memory_equal(value.p, cases[i].value, value.n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_same), cmocka_unit_test(test_header) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
