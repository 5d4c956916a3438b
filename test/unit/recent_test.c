/* The latest items in memory of a fixed size: order, what goes for want of room or for its age, and what a slow reader skips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/recent.h"

static char out[RECENT_ITEM_MAX];

/* Reads the next item.  Returns it as text, "" for none. */
static const char *
next(const struct recent *r, struct recent_cursor *c, uint64_t *skipped)
{
	const size_t n = recent_next(r, c, skipped, NULL, out, sizeof out - 1);

	out[n] = '\0';
	return out;
}

static void
items_come_in_order(void **state)
{
	struct recent       *r = recent_new(4096);
	struct recent_cursor c = { 0 }, late = { 0 };
	uint64_t             skipped = 0;
	double               time;

	(void)state;
	assert_string_equal(next(r, &c, &skipped), "");
	assert_true(recent_put(r, 1, "one", 3));
	assert_true(recent_put(r, 2, "the second", 10));
	assert_true(recent_waits(r, &c));
	assert_int_equal(recent_next(r, &c, &skipped, &time, out, 2), 0); /* too large, and still there */
	assert_int_equal(recent_next(r, &c, &skipped, &time, out, sizeof out), 3);
	assert_true(time == 1);
	recent_seek_last(r, &late);
	assert_string_equal(next(r, &late, &skipped), "the second");
	assert_string_equal(next(r, &c, &skipped), "the second");
	assert_string_equal(next(r, &c, &skipped), "");
	assert_false(recent_waits(r, &c));
	assert_true(recent_put(r, 3, "3", 1));
	assert_string_equal(next(r, &c, &skipped), "3");
	recent_seek_first(r, &c);
	assert_string_equal(next(r, &c, &skipped), "one");
	assert_int_equal(skipped, 0);
	recent_free(r);
}

static void
the_oldest_goes(void **state)
{
	struct recent       *r = recent_new(1000);
	struct recent_cursor slow = { 0 }, none = { 0 };
	struct recent_counts counts;
	uint64_t             skipped = 0, first;
	char                 item[40];

	(void)state;
	for (int i = 0; i < 10000; i++) { /* round and round, at all remainders of the size */
		const int n = 1 + i % 37;
		memset(item, 'a' + i % 26, sizeof item);
		assert_true(recent_put(r, i, item, (size_t)n));
		recent_count(r, &counts);
		assert_true(counts.bytes <= 1000);
	}
	assert_true(counts.items > 15 && counts.put == 10000 && counts.pushed_out == 10000 - counts.items);
	assert_int_equal(next(r, &slow, &skipped)[0], 'a' + (int)((10000 - counts.items) % 26));
	first = 10000 - counts.items;
	assert_int_equal(skipped, first);
	for (uint64_t i = 1; i < counts.items; i++) {
		const size_t n = recent_next(r, &slow, &skipped, NULL, out, sizeof out);
		assert_int_equal(n, 1 + (10000 - counts.items + i) % 37);
		assert_int_equal(out[n - 1], 'a' + (int)((10000 - counts.items + i) % 26));
	}
	assert_false(recent_waits(r, &slow));
	recent_expire(r, 9995);
	recent_count(r, &counts);
	assert_int_equal(counts.items, 5);
	recent_expire(r, 1e9);
	assert_false(recent_waits(r, &none));
	assert_string_equal(next(r, &slow, &skipped), "");
	assert_int_equal(skipped, first); /* what it had read it has not skipped */
	recent_free(r);
}

static void
what_is_too_large_is_left_out(void **state)
{
	struct recent       *r = recent_new(1000), *large = recent_new(1 << 20);
	struct recent_counts counts;

	(void)state;
	assert_false(recent_put(r, 1, out, 251));
	assert_true(recent_put(r, 1, out, 200));
	recent_count(r, &counts);
	assert_true(counts.put == 2 && counts.pushed_out == 1 && counts.items == 1);
	assert_true(recent_put(large, 1, out, RECENT_ITEM_MAX));
	recent_free(r);
	recent_free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_come_in_order),
		cmocka_unit_test(the_oldest_goes),
		cmocka_unit_test(what_is_too_large_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
