/* pages_test.c - what a slab or a table says of the memory that it releases: behind the used part it is zero. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pages.h"

static size_t released, used_most;

static void
checked_release(void *p, size_t bytes, size_t used)
{
	const uint8_t *b = p;

	assert_true(used <= bytes);
	for (size_t i = used; i < bytes; i++)
		assert_int_equal(b[i], 0);
	used_most = used > used_most ? used : used_most;
	released++;
	pages_release(p, bytes, used);
}

#define pages_release checked_release
#include "base/slab.c"
#include "conn/table.c"
#undef pages_release

/* Fills `n` objects with ones, frees every second one, and takes some again. */
static void
use(struct slab *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t handle = slab_alloc(s);
		assert_int_not_equal(handle, 0);
		memset(slab_at(s, handle), 0xff, s->size);
		if (i % 2)
			slab_release(s, handle);
	}
}

static void
test_slab(void **state)
{
	static const uint32_t numbers[] = { 0, 1, 3, 100, SLAB_MASK, 3 * SLAB_MASK };
	struct slab           s;

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		released = used_most = 0;
		slab_init(&s, 24);
		use(&s, numbers[i]);
		const size_t top = numbers[i] / 2 + 2; /* with the first, which no handle names */
		slab_free_all(&s);
		assert_int_equal(released, numbers[i] > 0);
		assert_true(used_most <= 24 * (top < SLAB_MASK + 1 ? top : SLAB_MASK + 1));
	}
}

/* Under a bound, what was emptied may be used again. */
static void
test_bound(void **state)
{
	struct memory m = { .most = 64 << 20 };
	struct slab   s;

	(void)state;
	released = 0;
	slab_init(&s, 64);
	slab_bound(&s, &m, 0);
	use(&s, 1000);
	slab_trim(&s);
	use(&s, 100);
	slab_free_all(&s);
	assert_int_equal(released, 1);
}

static void
test_table(void **state)
{
	struct table t;

	(void)state;
	released = used_most = 0;
	assert_true(table_init(&t));
	for (uint32_t i = 1; i < 2000; i++)
		assert_true(table_insert(&t, i * 2654435761u, i));
	table_free(&t);
	assert_int_equal(released, 1);
	assert_int_equal(used_most, 4096 * sizeof *t.slots);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slab),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
