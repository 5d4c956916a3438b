/* reader_test.c - fields of a message (service/reader.h) and ASN.1 (service/asn1.h): what fits, what does not, and what
 * is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "service/asn1.h"

static const uint8_t count[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static struct reader
over(const uint8_t *p, size_t n)
{
	return reader_of((struct bytes){ p, n });
}

static void
test_numbers(void **unused)
{
	struct reader r = over(count, 12);
	(void)unused;

	assert_int_equal(read_u8(&r), 0x01);
	assert_int_equal(read_be16(&r), 0x0203);
	assert_int_equal(read_le16(&r), 0x0504);
	assert_int_equal(read_be(&r, 3), 0x060708);
	assert_int_equal(read_le32(&r), 0x0c0b0a09);
	assert_false(read_more(&r));
	assert_false(r.bad);
	assert_int_equal(read_u8(&r), 0);
	assert_true(r.bad);
	r = over(count, 12);
	assert_int_equal(read_be32(&r), 0x01020304);
	assert_int_equal(read_le(&r, 3), 0x070605);
	assert_int_equal(read_le(&r, 0), 0);
	assert_int_equal(load_be((struct bytes){ count, 5 }), 0x0102030405);
	assert_int_equal(load_be((struct bytes){ count, 0 }), 0);
	assert_int_equal(load_le64(count), 0x0807060504030201);
}

/* A field that does not fit makes all later ones unreadable, even shorter ones. */
static void
test_too_short(void **unused)
{
	for (size_t n = 0; n <= 12; n++) {
		struct reader r = over(count, n);
		read_skip(&r, 4);
		const struct bytes b = read_take(&r, 3);
		const uint16_t     v = read_be16(&r);
		assert_int_equal(b.n, n < 7 ? 0 : 3);
		assert_int_equal(v, n < 9 ? 0 : 0x0809);
		assert_int_equal(r.bad, n < 9);
		assert_int_equal(read_left(&r), n < 9 ? 0 : n - 9);
		assert_int_equal(read_rest(&r).n, read_left(&r));
		assert_int_equal(read_u8(&r), n < 10 ? 0 : 0x0a);
		assert_false(r.lost);
	}
	struct reader huge = over(count, 12);
	read_skip(&huge, 1);
	read_skip(&huge, UINT64_MAX);
	assert_true(huge.bad);
	(void)unused;
}

static void
test_nothing(void **unused)
{
	struct reader r = reader_of((struct bytes){ NULL, 0 });
	(void)unused;

	assert_non_null(read_fixed(&r, 0));
	assert_int_equal(read_take(&r, 0).n, 0);
	assert_false(read_more(&r));
	assert_false(r.bad);
	assert_null(read_fixed(&r, 1));
	assert_null(read_fixed(&r, 0)); /* it is bad by now */
}

static void
test_strings(void **unused)
{
	static const uint8_t text[] = { 'a', 'b', 0, 0, 'c' };
	struct reader        r = over(text, sizeof text);
	(void)unused;

	read_nul_string(&r);
	assert_int_equal(r.at, 3);
	read_nul_string(&r);
	assert_int_equal(r.at, 4);
	assert_false(r.bad);
	read_nul_string(&r);
	assert_true(r.bad);
	r = over(count, 12); /* lengths are ints: negative ones fail, bits above 32 are lost */
	assert_int_equal(read_string(&r, 0x100000002).n, 2);
	assert_int_equal(read_string(&r, 0x80000000).n, 0);
	assert_true(r.bad);
}

static void
test_vectors(void **unused)
{
	static const uint8_t v[] = { 2, 'a', 'b', 0, 1, 'c' }, headed[] = { 9, 9, 0, 1, 'a', 7, 9, 9, 0, 0, 7 };
	struct reader        r = over(v, sizeof v);
	(void)unused;

	assert_memory_equal(read_vector(&r, 1).p, "ab", 2);
	assert_int_equal(read_vector(&r, 2).n, 1);
	assert_false(r.bad);
	assert_true(is_all_vectors((struct bytes){ headed, sizeof headed }, 2, 2, 1));
	for (size_t n = 1; n < sizeof headed; n++)
		assert_int_equal(is_all_vectors((struct bytes){ headed, n }, 2, 2, 1), n == 6);
	assert_true(is_all_vectors((struct bytes){ NULL, 0 }, 2, 2, 1));
}

/* What is not held can be skipped, but not read. */
static void
test_held(void **unused)
{
	struct reader r = { .p = count, .n = 100, .held = 4 };
	(void)unused;

	assert_int_equal(read_be32(&r), 0x01020304);
	read_skip(&r, 90);
	assert_int_equal(read_take(&r, 0).n, 0);
	assert_false(r.bad);
	assert_int_equal(read_u8(&r), 0);
	assert_true(r.bad && r.lost);
	r = (struct reader){ .p = count, .n = 100, .held = 4 };
	read_skip(&r, 3);
	assert_int_equal(read_be16(&r), 0); /* half of it is held */
	assert_true(r.lost);
}

static void
test_limits(void **unused)
{
	struct reader r = over(count, 12);
	const size_t  all = read_enter(&r, 6), six = read_enter(&r, 2);
	(void)unused;

	assert_int_equal(read_be16(&r), 0x0102);
	assert_false(read_more(&r));
	read_leave(&r, six);
	assert_int_equal(read_u8(&r), 3);
	read_leave(&r, all); /* the rest of the six is skipped */
	assert_int_equal(read_u8(&r), 7);
	(void)read_enter(&r, 6);
	assert_true(r.bad);
	r = over(count, 12);
	const size_t outer = read_enter(&r, 2);
	assert_int_equal(read_be32(&r), 0);
	read_leave(&r, outer);
	assert_true(r.bad);
	assert_int_equal(read_left(&r), 0);
}

static void
test_asn1(void **unused)
{
	static const uint8_t short_one[] = { 0x04, 2, 'a', 'b' }, long_one[] = { 0x04, 0x82, 0, 2, 'a', 'b' },
						 nine[] = { 0x04, 0x89, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, cut[] = { 0x04, 0x82, 0 },
						 tagged[] = { 0xa3, 4, 0x02, 2, 1, 0 };
	struct reader r = over(short_one, sizeof short_one);
	(void)unused;

	assert_memory_equal(asn1_value(&r).p, "ab", 2);
	r = over(long_one, sizeof long_one);
	assert_memory_equal(asn1_value(&r).p, "ab", 2);
	assert_false(r.bad);
	r = over(nine, sizeof nine); /* counts as 0 */
	assert_int_equal(asn1_value(&r).n, 0);
	assert_false(r.bad || read_more(&r));
	r = over(cut, sizeof cut);
	(void)asn1_meta(&r);
	assert_true(r.bad);
	r = over(tagged, sizeof tagged);
	assert_int_equal(asn1_meta(&r).index, 3);
	r = over(tagged, sizeof tagged);
	assert_int_equal(asn1_number(asn1_element(&r)), 256);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_too_short), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_strings), cmocka_unit_test(test_vectors),   cmocka_unit_test(test_held),
		cmocka_unit_test(test_limits),  cmocka_unit_test(test_asn1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
