/* Memory that is freed all at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void
pieces_do_not_move_and_do_not_meet(void **state)
{
	struct arena a = { 0 };
	uint8_t     *piece[200];

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		piece[i] = arena_alloc(&a, i * 7);
		assert_non_null(piece[i]);
		assert_int_equal((uintptr_t)piece[i] % sizeof(void *), 0);
		memset(piece[i], (int)i, i * 7);
	}
	for (unsigned i = 0; i < 200; i++)
		for (unsigned k = 0; k < i * 7; k++)
			assert_int_equal(piece[i][k], i);
	arena_free(&a);
}

static void
the_same_work_needs_no_more_memory(void **state)
{
	struct arena a = { 0 };

	(void)state;
	arena_reset(&a); /* of nothing is nothing */
	memset(arena_alloc(&a, 3 * ARENA_FIRST), 1, 3 * ARENA_FIRST);
	const void *chunk = a.last;
	for (int i = 0; i < 10; i++) {
		arena_reset(&a);
		memset(arena_alloc(&a, 3 * ARENA_FIRST), 2, 3 * ARENA_FIRST);
		assert_ptr_equal(a.last, chunk);
	}
	arena_free(&a);
}

static void
much_memory_is_not_kept(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_non_null(arena_alloc(&a, 2 * ARENA_KEEP));
	arena_reset(&a);
	assert_null(a.last);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX / 2));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_do_not_move_and_do_not_meet),
		cmocka_unit_test(the_same_work_needs_no_more_memory),
		cmocka_unit_test(much_memory_is_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
