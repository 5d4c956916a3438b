/* checksum.c - the Internet checksum (RFC 1071).
 *
 * Long input is added up in vectors if the processor has AVX2 or NEON.  Shorter input is added in 64-bit words into two
 * sums at once: compilers use the add-with-carry instruction, which is faster than the vectors that every x86-64 has.
 */
#include "base/checksum.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* The range of lengths that are added up in vectors: for fewer bytes, setting up the vectors costs more than they
 * save; for more, which no packet has, the sums would overflow. */
#define VECTORS_FROM 64
#define VECTORS_TO   65536

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

/* Returns the last bytes of a range, fewer than eight, padded with zeros; `end` is the end of the range. */
static uint64_t
load_last(const uint8_t *end, size_t n, bool eight_before)
{
	uint64_t word = 0;

	if (!eight_before) {
		memcpy(&word, end - n, n);
		return word;
	}
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return load64(end - 8) << 8 * (8 - n);
#else
	return load64(end - 8) >> 8 * (8 - n);
#endif
}

static uint64_t
add_words(uint64_t even, const uint8_t *p, size_t n)
{
	const size_t   all = n;
	const uint8_t *end = p + n;
	uint64_t       odd = 0;

	for (; n >= 32; n -= 32, p += 32) {
		even = checksum_plus(even, load64(p));
		odd = checksum_plus(odd, load64(p + 8));
		even = checksum_plus(even, load64(p + 16));
		odd = checksum_plus(odd, load64(p + 24));
	}
	if (n & 16) {
		even = checksum_plus(even, load64(p));
		odd = checksum_plus(odd, load64(p + 8));
		p += 16;
	}
	if (n & 8)
		even = checksum_plus(even, load64(p));
	if (n & 7)
		odd = checksum_plus(odd, load_last(end, n & 7, all >= 8));
	return checksum_plus(even, odd);
}

#if defined(__x86_64__)
/* Adds 64 bytes to eight sums of 16-bit words.  One instruction multiplies words and adds up the products of two
 * neighbours, but it takes them as signed, so each word is lowered by 2^15 first. */
__attribute__((target("avx2"))) static inline __m256i
add_two(__m256i sums, __m256i a, __m256i b)
{
	const __m256i half = _mm256_set1_epi16(INT16_MIN), ones = _mm256_set1_epi16(1);
	return _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(_mm256_xor_si256(a, half), ones),
	                                               _mm256_madd_epi16(_mm256_xor_si256(b, half), ones)));
}

/* Adds eight sums up to one. */
__attribute__((target("avx2"))) static inline int32_t
in_one(__m256i eight)
{
	const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
	const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
	return _mm_cvtsi128_si32(two) + _mm_extract_epi32(two, 1);
}

/* The bytes left after the last whole 64 are taken as the tail of the 64 that end with them; an odd last byte is added
 * by itself, since these 64 must start at a 16-bit word. */
__attribute__((target("avx2"))) static uint64_t
add_vectors(uint64_t sum, const uint8_t *p, size_t n)
{
#define ONES 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
	static const uint8_t masks[128] = { [64] = ONES, ONES, ONES, ONES };
#undef ONES
	const size_t   whole = n & ~(size_t)63, left = n % 64 & ~(size_t)1;
	const uint8_t *end = p + whole, *last = p + (n & ~(size_t)1) - 64, *mask = masks + left;
	__m256i        sums = _mm256_setzero_si256();

	do { /* there are at least 64 */
		sums = add_two(sums, _mm256_loadu_si256((const void *)p), _mm256_loadu_si256((const void *)(p + 32)));
		p += 64;
	} while (p != end);
	sums = add_two(
		sums, _mm256_and_si256(_mm256_loadu_si256((const void *)last), _mm256_loadu_si256((const void *)mask)),
		_mm256_and_si256(_mm256_loadu_si256((const void *)(last + 32)), _mm256_loadu_si256((const void *)(mask + 32))));
	const uint64_t less = (whole + 64) / 2 << 15; /* the part that was left out */
	return checksum_plus(sum, less + (uint64_t)(int64_t)in_one(sums) + (n % 2 ? last[64] : 0));
}

static bool
have_vectors(void)
{
	return __builtin_cpu_supports("avx2");
}
#elif defined(__aarch64__)
static uint64_t
add_vectors(uint64_t sum, const uint8_t *p, size_t n)
{
	uint64x2_t even = vdupq_n_u64(0), odd = even;
	for (; n >= 32; n -= 32, p += 32) {
		even = vpadalq_u32(even, vreinterpretq_u32_u8(vld1q_u8(p)));
		odd = vpadalq_u32(odd, vreinterpretq_u32_u8(vld1q_u8(p + 16)));
	}
	return add_words(checksum_plus(sum, vaddvq_u64(vaddq_u64(even, odd))), p, n);
}

static bool
have_vectors(void)
{
	return true;
}
#else
#define add_vectors add_words

static bool
have_vectors(void)
{
	return false;
}
#endif

uint64_t
checksum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	return n >= VECTORS_FROM && n <= VECTORS_TO && have_vectors() ? add_vectors(sum, p, n) : add_words(sum, p, n);
}
