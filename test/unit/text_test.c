/* text_test.c - words, blanks and codes (service/text.h), and lines that are held (service/held_line.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "service/held_line.h"
#include "service/text.h"

static struct bytes
of(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static void
test_words(void **unused)
{
	(void)unused;

	assert_true(text_is(of("QUIT"), "QUIT"));
	assert_false(text_is(of("quit"), "QUIT"));
	assert_false(text_is(of("QUI"), "QUIT"));
	assert_false(text_is(of("QUITS"), "QUIT"));
	assert_false(text_is((struct bytes){ NULL, 0 }, "QUIT"));
	assert_true(text_is_like(of("qUiT"), "QUIT"));
	assert_true(text_is_like(of("QUIT"), "quit"));
	assert_false(text_is_like(of("QUIT\x80"), "QUIT"));
	assert_false(text_is_like(of("[]"), "{}")); /* 0x20 apart, but no letters */
	assert_true(text_begins(of("FROM:<a>"), "FROM:"));
	assert_false(text_begins(of("from:<a>"), "FROM:"));
	assert_false(text_begins(of("FROM"), "FROM:"));
	assert_true(text_begins_like(of("from:<a>"), "FROM:"));
	assert_false(text_begins_like(of("from"), "FROM:"));
}

static void
test_blanks(void **unused)
{
	(void)unused;

	assert_true(text_is(text_skip_blanks(of(" \t x ")), "x "));
	assert_int_equal(text_skip_blanks(of(" \t")).n, 0);
	assert_true(text_is(text_skip(of("  \tx"), ' '), "\tx"));
	assert_int_equal(text_skip((struct bytes){ NULL, 0 }, ' ').n, 0);
	assert_true(text_is(text_word(of("MAIL FROM")), "MAIL"));
	assert_true(text_is(text_word(of("MAIL\vFROM")), "MAIL"));
	assert_int_equal(text_word((struct bytes){ (const uint8_t *)"A\0B", 3 }).n, 1);
	assert_int_equal(text_word(of(" MAIL")).n, 0);
}

static void
test_codes(void **unused)
{
	unsigned code = 7;
	(void)unused;

	assert_true(text_code(of("220 ready"), &code));
	assert_int_equal(code, 220);
	assert_true(text_code(of("0009"), &code));
	assert_int_equal(code, 0);
	code = 7;
	assert_false(text_code(of("22"), &code));
	assert_false(text_code(of("2x0"), &code));
	assert_false(text_code(of("22:"), &code));
	assert_false(text_code(of("/20"), &code));
	assert_int_equal(code, 7);
}

/* Once the budget is used up, only the beginning of a line is kept, whether it comes byte by byte or in one piece. */
static void
test_held_lines(void **unused)
{
	enum { LONG = 100000, ALLOWED = 40000, KEPT = 32768 };
	(void)unused;

	for (int at_once = 0; at_once < 2; at_once++) {
		struct budget    budget = { .most = ALLOWED };
		struct held_line h = { 0 };
		uint8_t         *text = malloc(LONG);
		uint64_t         full;

		assert_non_null(text);
		for (size_t i = 0; i < LONG; i++)
			text[i] = (uint8_t)(i * 7 + (i >> 8));
		for (size_t i = 0; i < LONG; i += 1000) {
			if (at_once)
				held_add(&h, &budget, text + i, 1000);
			for (size_t k = 0; k < 1000 && !at_once; k++)
				held_put(&h, &budget, text[i + k]);
		}
		assert_true(budget.used > 0 && budget.used <= ALLOWED);
		const struct bytes line = held_take(&h, 1, &full);
		assert_int_equal(full, LONG - 1);
		assert_int_equal(line.n, KEPT);
		assert_memory_equal(line.p, text, line.n);
		assert_true(held_is_idle(&h));
		held_put(&h, &budget, 'a');
		held_put(&h, &budget, '\r');
		assert_false(held_is_idle(&h));
		assert_true(text_is(held_take(&h, 1, &full), "a"));
		assert_int_equal(full, 1);
		held_clear(&h, &budget);
		assert_int_equal(budget.used, 0);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_blanks),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_held_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
