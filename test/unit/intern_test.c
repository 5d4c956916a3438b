/* intern_test.c - shared values have one number, and unused entries are reused. */
#include "base/intern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct siphash_key key = { 1, 2 };

static uint32_t
add(struct intern *n, uint64_t value)
{
	const uint64_t w[2] = { value, ~value };
	return intern_add(n, w);
}

static void
test_shared(void **state)
{
	(void)state;
	struct intern n;

	intern_init(&n, &key, 1000);
	const uint32_t a = add(&n, 1), b = add(&n, 2);
	assert_true(a != 0 && b != 0 && a != b);
	assert_int_equal(add(&n, 1), a);
	assert_int_equal(add(&n, 2), b);
	assert_int_equal(n.used, 2);
	intern_drop(&n, a);
	assert_int_equal(add(&n, 1), a); /* it was used twice */
	intern_drop(&n, a);
	intern_drop(&n, a);
	assert_int_equal(n.used, 1);
	assert_int_equal(add(&n, 3), a);
	const uint64_t *value = intern_at(&n, a);
	assert_true(value[0] == 3 && value[1] == ~UINT64_C(3));
	intern_free(&n);
}

/* Values are added and removed; each keeps its number while it is used. */
static void
test_many(void **state)
{
	(void)state;
	enum { VALUES = 3000, ROUNDS = 200000 };
	static uint32_t number[VALUES], uses[VALUES];
	struct intern   n;
	uint64_t        x = 1;

	intern_init(&n, &key, VALUES);
	for (unsigned i = 0; i < ROUNDS; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		const unsigned v = (unsigned)(x >> 33) % VALUES;
		if (uses[v] > 0 && x >> 63) {
			intern_drop(&n, number[v]);
			uses[v]--;
			continue;
		}
		const uint32_t got = add(&n, v);
		assert_true(got >= 1 && got <= VALUES);
		assert_true(uses[v] == 0 || got == number[v]);
		number[v] = got;
		uses[v]++;
		assert_int_equal(*(const uint64_t *)intern_at(&n, got), v);
	}
	intern_free(&n);
}

static void
test_full(void **state)
{
	(void)state;
	struct intern n;

	intern_init(&n, &key, 100);
	for (uint64_t v = 1; v <= 100; v++)
		assert_int_equal(add(&n, v), v);
	assert_int_equal(add(&n, 101), 0);
	assert_int_equal(add(&n, 50), 50);
	intern_drop(&n, 7);
	assert_int_equal(add(&n, 101), 7);
	intern_free(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
