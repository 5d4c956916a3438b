/* base_test.c - slab, pool, scan, ranges, table, SipHash, against plain models or published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "base/chain.h"
#include "base/copy.h"
#include "base/pool.h"
#include "base/ranges.h"
#include "base/siphash.h"
#include "base/slab.h"
#include "conn/table.h"

/* A random number generator of our own, so that the tests are the same everywhere. */
static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void
test_slab(void **state)
{
	(void)state;
	struct slab s;
	uint32_t    h[3];

	slab_init(&s, 13);
	assert_int_equal(s.size, 16);
	for (int i = 0; i < 3; i++) {
		h[i] = slab_alloc(&s);
		assert_int_not_equal(h[i], 0);
		memset(slab_at(&s, h[i]), 0xff, 16);
	}
	slab_release(&s, h[1]);
	assert_int_equal(s.used, 2);
	assert_int_equal(slab_alloc(&s), h[1]);
	assert_memory_equal(slab_at(&s, h[1]), "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	for (uint32_t i = 0; i < 3u << SLAB_SHIFT; i++)
		assert_int_not_equal(slab_alloc(&s), 0);
	assert_true(slab_bytes(&s) >= 3u * 16 << SLAB_SHIFT);
	slab_free_all(&s);

	/* Across several chunks and their regions, each object keeps its own memory. */
	enum { MANY = 35 << SLAB_SHIFT };
	slab_init(&s, 8);
	for (uint32_t i = 1; i < MANY; i++) {
		assert_int_equal(slab_alloc(&s), i);
		*(uint32_t *)slab_at(&s, i) = i;
	}
	for (uint32_t i = 1; i < MANY; i++)
		assert_int_equal(*(uint32_t *)slab_at(&s, i), i);
	slab_free_all(&s);
}

/* A bit for each number from 0 to 255. */
static void
test_ranges(void **state)
{
	(void)state;
	uint64_t x = 2463534242u;

	for (int round = 0; round < 300; round++) {
		struct ranges r = { 0 };
		uint8_t       model[257] = { 0 };
		for (int i = 0; i < 30; i++) {
			const uint64_t lo = next_random(&x) % 250, hi = lo + 1 + next_random(&x) % 6;
			assert_true(ranges_add(&r, lo, hi));
			memset(model + lo, 1, hi - lo);
		}
		uint64_t sum = 0;
		for (int i = 0; i < 256; i++)
			sum += model[i];
		assert_int_equal(ranges_sum(&r), sum);
		while (r.n > 0) {
			const struct range first = ranges_at(&r)[0];
			assert_true(first.lo == 0 || model[first.lo - 1] == 0);
			assert_int_equal(model[first.hi], 0);
			for (uint64_t i = first.lo; i < first.hi; i++)
				model[i] -= 1;
			ranges_pop(&r);
		}
		assert_int_equal(memchr(model, 1, sizeof model) != NULL, 0);
		ranges_clear(&r);
	}
}

/* Few different hashes make long chains, so that deletion has many entries to move. */
static void
test_table(void **state)
{
	(void)state;
	struct table    t;
	uint64_t        x = 362436069u;
	static uint32_t hash_of[5001];
	static uint8_t  there[5001];

	assert_true(table_init(&t));
	for (int round = 0; round < 60000; round++) {
		const uint32_t h = 1 + (uint32_t)(next_random(&x) % 5000);
		if (there[h]) {
			table_remove(&t, hash_of[h], h);
		} else {
			hash_of[h] = (uint32_t)(next_random(&x) % 700);
			assert_true(table_insert(&t, hash_of[h], h));
		}
		there[h] ^= 1;
	}
	uint32_t used = 0;
	for (uint32_t h = 1; h <= 5000; h++) {
		uint32_t at = hash_of[h] & t.mask, got;
		while ((got = table_probe(&t, hash_of[h], &at)) != 0 && got != h)
			;
		assert_int_equal(got != 0, there[h]);
		used += there[h];
	}
	assert_int_equal(t.used, used);
	table_clear(&t);
	assert_int_equal(t.used, 0);
	table_free(&t);
}

/* Blocks of all sizes, including those larger than any slab's, are zeroed and keep their content. */
static void
test_pool(void **state)
{
	(void)state;
	enum { N = 300 };
	struct pool p;
	uint8_t    *block[N];
	uint32_t    name[N];

	pool_init(&p);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < N; i++) {
			const size_t n = (size_t)i * 11 + 8;
			block[i] = pool_alloc(&p, n, &name[i]);
			assert_non_null(block[i]);
			for (size_t k = 0; k < n; k++)
				assert_int_equal(block[i][k], 0);
			memset(block[i], i & 0xff, n);
		}
		for (int i = 0; i < N; i++) {
			assert_int_equal(block[i][0], i & 0xff);
			assert_int_equal(block[i][i * 11 + 7], i & 0xff);
		}
		assert_true(pool_used(&p) > 0 && pool_used(&p) < N);
		for (int i = 0; i < N; i++)
			pool_release(&p, block[i], name[i]);
		assert_int_equal(pool_used(&p), 0);
	}
	pool_free_all(&p);
	assert_int_equal(pool_bytes(&p), 0);
}

/* However bytes are divided, the same ones come out, and freed blocks are reused. */
static void
test_chain(void **state)
{
	(void)state;
	enum { MOST = 4000 };
	static uint8_t model[MOST + 200], copy[MOST + 200];
	struct slab    s;
	uint64_t       x = 88172645463325252u;
	size_t         seen = 0;

	slab_init(&s, CHAIN_BLOCK);
	for (int round = 0; round < 200; round++) {
		struct chain two[2] = { { 0 } };
		while (two[0].n < MOST) {
			const size_t n = next_random(&x) % 200;
			for (size_t i = 0; i < n; i++)
				model[two[0].n + i] = (uint8_t)next_random(&x);
			const struct bytes all = { model + two[0].n, n };
			const size_t       head = next_random(&x) % 2 ? 1 : next_random(&x) % (n + 1);
			assert_true(chain_add(&two[1], &s, bytes_head(all, 9), (struct bytes){ NULL, 0 }));
			assert_true(chain_add(&two[0], &s, bytes_head(all, head), bytes_skip(all, head)));
			chain_copy(&two[0], &s, copy);
			assert_memory_equal(copy, model, two[0].n);
			if (next_random(&x) % 100 == 0)
				break;
		}
		seen = s.fresh > seen ? s.fresh : seen;
		chain_clear(&two[0], &s);
		chain_clear(&two[1], &s);
		chain_clear(&two[1], &s);
		assert_int_equal(s.used, 0);
	}
	assert_true(seen < MOST / 20);
	slab_free_all(&s);
}

/* Every length and every position of the first hit, with bytes of the set after the end. */
static void
test_ascii_scan(void **state)
{
	(void)state;
	struct ascii_set set = { { 0 } };
	uint8_t          text[200];

	ascii_add(&set, 'a');
	ascii_add(&set, 0x7f);
	ascii_add(&set, 0);
	for (size_t n = 0; n <= 150; n++)
		for (size_t at = 0; at <= n; at++) {
			memset(text, 'x', n);
			memset(text + n, 'a', sizeof text - n);
			text[at] = 0xe1; /* an a with the top bit set */
			assert_int_equal(ascii_scan(&set, text, n), n);
			text[at] = "a\x7f"[at % 3]; /* or the NUL after it */
			assert_int_equal(ascii_scan(&set, text, n), at);
			memset(text, "a\x7f"[n % 2], sizeof text);
			text[at] = "x\xe1"[at % 2];
			assert_int_equal(ascii_span(&set, text, n), at);
		}
}

/* A byte is in the set, and is found among 40, if and only if it was added. */
static void
test_ascii_set(void **state)
{
	(void)state;
	for (unsigned in = 0; in < 0x80; in++) {
		struct ascii_set one = { { 0 } }, two = { { 0 } };
		uint8_t          text[40];
		ascii_add(&one, (uint8_t)in);
		ascii_add(&two, '#');
		ascii_add_all(&two, &one);
		for (unsigned b = 0; b < 0x100; b++) {
			memset(text, b, sizeof text);
			assert_int_equal(ascii_has(&one, (uint8_t)b), b == in);
			assert_int_equal(ascii_has(&two, (uint8_t)b), b == in || b == '#');
			assert_int_equal(ascii_scan(&one, text, sizeof text), b == in ? 0 : sizeof text);
		}
	}
}

/* The reference implementation's vectors for the key 00 01 … 0f and inputs 00 01 … (n - 1). */
static void
test_siphash(void **state)
{
	(void)state;
	const struct siphash_key key = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
	uint8_t                  in[16];
	uint64_t                 out[2];

	for (uint8_t i = 0; i < 16; i++)
		in[i] = i;
	siphash24_128(&key, in, 0, out); /* a3817f04ba25a8e6 6df67214c7550293 */
	assert_int_equal(out[0], 0xe6a825ba047f81a3u);
	assert_int_equal(out[1], 0x930255c71472f66du);
	siphash24_128(&key, in, 1, out); /* da87c1d86b99af44 347659119b22fc45 */
	assert_int_equal(out[0], 0x44af996bd8c187dau);
	assert_int_equal(out[1], 0x45fc229b11597634u);

	/* A word represents its bytes from the lowest on. */
	uint64_t whole[2];
	siphash24_128(&key, in, 9, out);
	siphash24_128_words(&key, &(uint64_t){ 0x0706050403020100u }, 1, 8, whole);
	assert_memory_equal(whole, out, sizeof out);

	/* SipHash-1-3 has no published vectors for whole words here: every bit of the input must matter. */
	uint64_t       w[2] = { 1, 2 };
	const uint64_t h = siphash13(&key, w, 2);
	for (int bit = 0; bit < 128; bit++) {
		w[bit / 64] ^= (uint64_t)1 << (bit % 64);
		assert_int_not_equal(siphash13(&key, w, 2), h);
		w[bit / 64] ^= (uint64_t)1 << (bit % 64);
	}
	assert_int_not_equal(siphash13(&key, w, 1), h);
}

static void
test_copy(void **state)
{
	static const char from[] = "0123456789abcdefghijklmnopqrstuv";

	(void)state;
	for (size_t n = 1; n <= 32; n++) {
		char *to = malloc(n), *exact = malloc(n); /* ASan detects a byte too many, read or written */
		memcpy(exact, from, n);
		assert_ptr_equal(copy_short(to, exact, n), to + n);
		assert_memory_equal(to, from, n);
		free(to);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slab),       cmocka_unit_test(test_pool),      cmocka_unit_test(test_chain),
		cmocka_unit_test(test_ascii_scan), cmocka_unit_test(test_ascii_set), cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_table),      cmocka_unit_test(test_siphash),   cmocka_unit_test(test_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
