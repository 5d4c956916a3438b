/* keyhash_test.c - the hash of connection keys depends on every bit of key and input, and distributes well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/keyhash.h"

static void
every_bit_counts(void **state)
{
	(void)state;
	struct siphash_key key = { 1, 2 };
	uint64_t           w[6] = { 1, 2, 3, 4, 5, 6 };

	for (size_t n = 1; n <= 3; n++) {
		const uint64_t h = keyhash(&key, w, n);
		assert_int_equal(keyhash(&key, w, n), h);
		if (n == 1)
			assert_int_equal(keyhash_one(&key, w[0], w[1]), h);
		for (size_t bit = 0; bit < n * 128; bit++) {
			w[bit / 64] ^= (uint64_t)1 << bit % 64;
			assert_int_not_equal(keyhash(&key, w, n), h);
			w[bit / 64] ^= (uint64_t)1 << bit % 64;
		}
		for (size_t bit = 0; bit < 64; bit++) {
			key.k0 ^= (uint64_t)1 << bit;
			assert_int_not_equal(keyhash(&key, w, n), h);
			key.k0 ^= (uint64_t)1 << bit;
			key.k1 ^= (uint64_t)1 << bit;
			assert_int_not_equal(keyhash(&key, w, n), h);
			key.k1 ^= (uint64_t)1 << bit;
		}
	}
}

static int
by_size(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* A scan: neighbours in address and port. Random 32-bit values collide about n * n / 2^33 times. */
static void
neighbours_do_not_meet(void **state)
{
	(void)state;
	enum { N = 1 << 17 };
	const struct siphash_key key = { 0x1234, 0x5678 };
	uint32_t                *seen = malloc(N * sizeof *seen);
	unsigned                 same = 0, in_first = 0;

	assert_non_null(seen);
	for (uint32_t i = 0; i < N; i++) {
		const uint64_t w[2] = { (uint64_t)0x0a000001 << 32 | (0xc0a80000u + i / 256), i % 256 };
		const uint64_t h = keyhash(&key, w, 1);
		seen[i] = (uint32_t)(h ^ h >> 32);
		in_first += (seen[i] & 1023) == 0;
	}
	qsort(seen, N, sizeof *seen, by_size);
	for (uint32_t i = 1; i < N; i++)
		same += seen[i] == seen[i - 1];
	assert_in_range(same, 0, 16);
	assert_in_range(in_first, N / 1024 / 2, N / 1024 * 2);
	free(seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(neighbours_do_not_meet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
