/* Loss is told at once, and then once a minute as long as it goes on; what is told adds up to what was lost. */
#include "traffic.h"

#include "sensor/loss.h"

#define BEGIN 5000.0 /* any time at all */

static void
loss_that_goes_on_is_told_once_a_minute(void **state)
{
	struct loss l = { 0 };
	uint64_t    lines = 0, told = 0, lost = 0;

	(void)state;
	for (int second = 0; second < 600; second++) { /* some are lost in each second of ten minutes */
		lost += 7;
		const uint64_t more = loss_news(&l, lost, BEGIN + second);
		assert_int_equal(more > 0, second % 60 == 0);
		lines += more > 0;
		told += more;
	}
	assert_int_equal(lines, 10);
	assert_int_equal(told + loss_news(&l, lost, BEGIN + 600), lost);
}

static void
nothing_is_told_once_it_has_stopped(void **state)
{
	struct loss l = { 0 };

	(void)state;
	assert_int_equal(loss_news(&l, 0, BEGIN), 0);
	assert_int_equal(loss_news(&l, 5, BEGIN + 1), 5);
	assert_int_equal(loss_news(&l, 5, BEGIN + 100), 0);
	assert_int_equal(loss_news(&l, 9, BEGIN + 101), 4); /* at once when it begins again */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_that_goes_on_is_told_once_a_minute),
		cmocka_unit_test(nothing_is_told_once_it_has_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
