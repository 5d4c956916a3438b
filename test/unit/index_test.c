/* The parts of an index (archive/index.h, archive/keyset.h): sets of hashes, conversion to bytes and back, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archive/index.h"
#include "archive/keyset.h"

enum { MANY = 5000, STRANGERS = 200000 };

static uint64_t
next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void
a_set_has_what_was_put_in(void **state)
{
	static uint64_t hashes[MANY], scaled[MANY];
	uint64_t        seed = 1;
	struct outbuf   out = { 0 };
	unsigned        wrong = 0;

	(void)state;
	for (int i = 0; i < MANY; i++)
		hashes[i] = scaled[i] = next(&seed);
	keyset_write(&out, scaled, MANY);
	assert_true(out.n * 8 < MANY * 14);
	const struct bytes code = { (const uint8_t *)out.p, out.n };
	for (int i = 0; i < MANY; i++)
		assert_true(keyset_has_any(code, MANY, &hashes[i], 1));
	for (int i = 0; i < STRANGERS / 100; i++) {
		const uint64_t stranger = next(&seed);
		wrong += keyset_has_any(code, MANY, &stranger, 1);
	}
	assert_true(wrong < 8); /* one in 4,096 */
	outbuf_free(&out);
}

static void
several_are_asked_for_at_once(void **state)
{
	uint64_t       hashes[] = { 10, UINT64_C(1) << 40, UINT64_C(1) << 62, UINT64_MAX };
	const uint64_t without[] = { UINT64_C(1) << 50, UINT64_C(1) << 61, UINT64_MAX - (UINT64_C(1) << 60) };
	const uint64_t with[] = { UINT64_C(1) << 50, UINT64_C(1) << 62, UINT64_MAX - (UINT64_C(1) << 60) };
	struct outbuf  out = { 0 };

	(void)state;
	keyset_write(&out, hashes, 4);
	const struct bytes code = { (const uint8_t *)out.p, out.n };
	assert_true(keyset_has_any(code, 4, with, 3));
	assert_false(keyset_has_any(code, 4, without + 1, 2));
	assert_false(keyset_has_any(code, 4, with, 0));
	assert_false(keyset_has_any((struct bytes){ NULL, 0 }, 0, with, 3));
	assert_true(keyset_has_any((struct bytes){ NULL, 0 }, 3, with, 3)); /* damaged: may contain anything */
	outbuf_free(&out);
}

/* Returns an index of two blocks as bytes. */
static void
write_small(struct outbuf *out)
{
	static uint8_t           codes[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
	static struct index_late late = { 0, 99 };
	uint64_t                 marks[] = { 0, 28 };
	struct index_block       blocks[] = {
			  { .offset = 100, .from = 5, .to = 7, .packets = 3, .pairs = 2, .code = { codes[0], 3 }, .mark = 0, .marks = 2 },
			  { .offset = 200,
		        .from = -1,
		        .to = 9,
		        .packets = 4,
		        .pairs = 1,
		        .code = { codes[1], 3 },
		        .mark = 0,
		        .marks = 1 },
	};
	const struct index x = { .file = { 1000, -5, 77 },
		                     .packets = 7,
		                     .blocks = blocks,
		                     .marks = marks,
		                     .late = &late,
		                     .n = 2,
		                     .n_marks = 2,
		                     .n_late = 1 };

	index_write(&x, out);
	assert_false(out->failed);
}

static void
there_and_back(void **state)
{
	struct outbuf  out = { 0 };
	struct index   x;
	const uint64_t pair = 99;

	(void)state;
	write_small(&out);
	assert_true(index_parse((struct bytes){ (const uint8_t *)out.p, out.n }, &x));
	assert_true(x.n == 2 && x.n_marks == 2 && x.n_late == 1 && !x.packed && x.packets == 7);
	assert_true(x.file.size == 1000 && x.file.mtime == -5 && x.file.head == 77);
	assert_true(x.blocks[1].offset == 200 && x.blocks[1].from == -1 && x.blocks[1].to == 9 && x.blocks[1].packets == 4);
	assert_true(x.blocks[0].marks == 2 && x.marks[1] == 28);
	assert_memory_equal(x.blocks[1].code.p, "\4\5\6", 3);
	assert_true(index_has_any(&x, 0, &pair, 1));
	index_free(&x);
	outbuf_free(&out);
}

static void
damage_is_refused(void **state)
{
	struct outbuf out = { 0 };
	struct index  x;

	(void)state;
	write_small(&out);
	for (size_t i = 0; i < out.n; i++) {
		assert_false(index_parse((struct bytes){ (const uint8_t *)out.p, i }, &x));
		out.p[i] ^= 0x10;
		assert_false(index_parse((struct bytes){ (const uint8_t *)out.p, out.n }, &x));
		out.p[i] ^= 0x10;
	}
	/* with a corrected checksum: more blocks than there are, missing marks, decreasing offsets */
	const size_t places[] = { 48, 56, 60, 64, 72 + 36, 72 + 40, 72 + 7 };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		out.p[places[i]] ^= 0x40;
		index_seal((uint8_t *)out.p, out.n);
		assert_false(index_parse((struct bytes){ (const uint8_t *)out.p, out.n }, &x));
		out.p[places[i]] ^= 0x40;
	}
	index_seal((uint8_t *)out.p, out.n);
	assert_true(index_parse((struct bytes){ (const uint8_t *)out.p, out.n }, &x));
	index_free(&x);
	outbuf_free(&out);
}

static void
a_pair_has_no_direction(void **state)
{
	const uint8_t     four[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
	const struct addr a = addr_from_v4(four[0]), b = addr_from_v4(four[1]);

	(void)state;
	assert_true(index_pair(&a, &b) == index_pair(&b, &a));
	assert_true(index_pair(&a, &b) != index_pair(&a, &a));
	char *path = index_path("captures/day.pcap");
	assert_string_equal(path, "captures/.day.pcap.connlog-index");
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_has_what_was_put_in),
		cmocka_unit_test(several_are_asked_for_at_once),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(a_pair_has_no_direction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
