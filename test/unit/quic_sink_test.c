/* quic_sink_test.c - bytes that arrive in any order, put in order as in Spicy's sink. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "service/web/quic_sink.h"

static const char text[] = "abcdefghijklmnopqrstuvwxyz";

/* Adds the text from `from` to `to`. Returns the number of bytes in order, which must equal the text. */
static unsigned
add(struct quic_sink *s, unsigned from, unsigned to)
{
	quic_sink_add(s, from, (struct bytes){ (const uint8_t *)text + from, to - from });
	assert_true(s->ordered == 0 || memcmp(s->held, text, (size_t)s->ordered) == 0);
	return (unsigned)s->ordered;
}

static void
test_order(void **state)
{
	(void)state;
	struct quic_sink s = { 0 };

	assert_int_equal(add(&s, 0, 3), 3);
	assert_int_equal(add(&s, 3, 5), 5);
	assert_int_equal(add(&s, 8, 10), 5);
	assert_int_equal(add(&s, 12, 14), 5);
	assert_int_equal(add(&s, 5, 13), 14); /* over one, and into the other */
	assert_int_equal(s.n, 0);
	quic_sink_free(&s);
}

static void
test_repeated(void **state)
{
	(void)state;
	struct quic_sink s = { 0 };

	assert_int_equal(add(&s, 0, 8), 8);
	assert_int_equal(add(&s, 0, 8), 8);
	assert_int_equal(add(&s, 8, 10), 10);
	assert_int_equal(add(&s, 6, 12), 12); /* cut where the last gap was closed */
	quic_sink_free(&s);
}

static void
test_lost(void **state)
{
	(void)state;
	struct quic_sink s = { 0 };

	assert_int_equal(add(&s, 0, 8), 8);
	assert_int_equal(add(&s, 6, 12), 8); /* begins in bytes that were never kept: its new bytes are lost */
	assert_int_equal(add(&s, 10, 14), 8);
	assert_int_equal(add(&s, 7, 12), 14); /* they are kept if it is trimmed first */
	quic_sink_free(&s);
}

static void
test_bounds(void **state)
{
	(void)state;
	struct quic_sink s = { 0 };

	for (unsigned i = 0; i < 2 * SINK_PIECES_MAX; i++)
		quic_sink_add(&s, 2 + 2 * i, (struct bytes){ (const uint8_t *)text, 1 });
	assert_int_equal(s.n, SINK_PIECES_MAX);
	quic_sink_add(&s, UINT64_C(1) << 61, (struct bytes){ (const uint8_t *)text, 26 });
	quic_sink_free(&s);
	quic_sink_drop(&s);
	quic_sink_add(&s, SINK_HELD_MAX, (struct bytes){ (const uint8_t *)text, 2 });
	quic_sink_add(&s, 0, (struct bytes){ (const uint8_t *)text, 2 });
	assert_int_equal(s.ordered, 2);
	assert_null(s.held);
	quic_sink_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_order), cmocka_unit_test(test_repeated),
		                                cmocka_unit_test(test_lost), cmocka_unit_test(test_bounds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
