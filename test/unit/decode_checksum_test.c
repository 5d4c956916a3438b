/* decode_checksum_test.c - the fast sum against the slow one, for all short lengths and alignments. */
#include "decode_help.h"

/* RFC 1071, byte by byte, in the packet's byte order. */
static uint16_t
naive(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint64_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t
fast(const uint8_t *p, size_t n)
{
	uint16_t v = checksum_fold(checksum_add(0, p, n));
	uint8_t  b[2];
	memcpy(b, &v, 2);
	return (uint16_t)(b[0] << 8 | b[1]);
}

static void
lengths_and_alignments(void **state)
{
	(void)state;
	uint64_t x = 88172645463325252u;
	for (size_t n = 0; n <= 300; n++) {
		for (size_t align = 0; align < 16; align++) {
			uint8_t *block = malloc(align + n + 1), *p = block + align;
			assert_non_null(block);
			for (size_t i = 0; i < n; i++) {
				x ^= x << 13, x ^= x >> 7, x ^= x << 17;
				p[i] = n % 3 ? (uint8_t)x : 0xff;
			}
			uint8_t *exact = malloc(n + 1);
			assert_non_null(exact);
			memcpy(exact + 1, p, n);
			assert_int_equal(fast(p, n), naive(p, n));
			assert_int_equal(fast(exact + 1, n), naive(p, n));
			assert_int_equal(checksum_is_right(checksum_add(0, p, n)), naive(p, n) == 0xffff);
			free(exact);
			free(block);
		}
	}
}

static void
long_input_of_ones(void **state)
{
	(void)state;
	size_t   n = 1 << 20;
	uint8_t *p = malloc(n);
	assert_non_null(p);
	memset(p, 0xff, n);
	assert_int_equal(fast(p, n), 0xffff);
	assert_int_equal(fast(p, n - 1), naive(p, n - 1));
	for (size_t some = 65530; some < 65540; some++) /* about the largest that an IP packet holds */
		assert_int_equal(fast(p, some), naive(p, some));
	memset(p, 0, n);
	assert_int_equal(fast(p, n), 0);
	assert_int_equal(fast(p, 65536), 0);
	free(p);
}

static void
words_and_ranges(void **state)
{
	(void)state;
	static const uint8_t p[] = { 0x12, 0x34, 0xff, 0xfe, 0xab, 0xcd, 0xff, 0xff, 0x80 };
	for (size_t cut = 0; cut <= 8; cut += 2) {
		uint64_t sum = checksum_add(checksum_add(0, p, cut), p + cut, sizeof p - cut);
		assert_int_equal(checksum_fold(sum), checksum_fold(checksum_add(0, p, sizeof p)));
	}
	assert_int_equal(checksum_fold(checksum_word(0, 0x1234)), checksum_fold(checksum_add(0, p, 2)));
	assert_int_equal(checksum_fold(checksum_word(UINT64_MAX, 1)), checksum_fold(checksum_word(0, 1)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_and_alignments),
		cmocka_unit_test(long_input_of_ones),
		cmocka_unit_test(words_and_ranges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
