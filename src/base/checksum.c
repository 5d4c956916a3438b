/* checksum.c - the Internet checksum (RFC 1071).
 *
 * Long input is added up in vectors where the processor has AVX2 or NEON; what is shorter, in 64-bit words into two
 * sums at once: compilers have an instruction for the carry, and it is faster than the vectors that every x86-64 has.
 */
#include "base/checksum.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define VECTORS_FROM 128 /* bytes; below that, setting the vectors up costs more than they save */

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

/* The last bytes of a range, fewer than eight, as they would stand with zeros behind them; `end` is theirs. */
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
	for (; n >= 8; n -= 8, p += 8)
		even = checksum_plus(even, load64(p));
	if (n > 0)
		odd = checksum_plus(odd, load_last(end, n, all >= 8));
	return checksum_plus(even, odd);
}

#if defined(__x86_64__)
/* Two sums suffice for exact carries: of the words, which wraps, and of their upper halves, which does not.  The sum of
 * the lower halves is the first less 2^32 times the second. */
struct vector_sum {
	__m256i words, uppers;
};

__attribute__((target("avx2"))) static inline void
add_two(struct vector_sum *s, __m256i a, __m256i b)
{
	s->words = _mm256_add_epi64(s->words, _mm256_add_epi64(a, b));
	s->uppers = _mm256_add_epi64(s->uppers, _mm256_add_epi64(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)));
}

/* Four sums of 32-bit words into one. */
__attribute__((target("avx2"))) static inline uint64_t
in_one(const struct vector_sum *s)
{
	const __m256i lowers = _mm256_sub_epi64(s->words, _mm256_slli_epi64(s->uppers, 32));
	const __m256i four = _mm256_add_epi64(lowers, s->uppers);
	const __m128i two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
	return (uint64_t)_mm_cvtsi128_si64(two) + (uint64_t)_mm_extract_epi64(two, 1);
}

/* What is left behind the last whole 64 bytes are the last bytes of the 64 that end with it; an odd last one comes by itself, since
 * these 64 have to begin like a word of 16 bits. */
__attribute__((target("avx2"))) static uint64_t
add_vectors(uint64_t sum, const uint8_t *p, size_t n)
{
#define ONES 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
	static const uint8_t masks[128] = { [64] = ONES, ONES, ONES, ONES };
#undef ONES
	const size_t      left = n % 64 & ~(size_t)1;
	const uint8_t    *last = p + (n & ~(size_t)1) - 64, *mask = masks + left;
	struct vector_sum s = { _mm256_setzero_si256(), _mm256_setzero_si256() };

	for (const uint8_t *end = p + (n & ~(size_t)63); p < end; p += 64)
		add_two(&s, _mm256_loadu_si256((const void *)p), _mm256_loadu_si256((const void *)(p + 32)));
	add_two(
		&s, _mm256_and_si256(_mm256_loadu_si256((const void *)last), _mm256_loadu_si256((const void *)mask)),
		_mm256_and_si256(_mm256_loadu_si256((const void *)(last + 32)), _mm256_loadu_si256((const void *)(mask + 32))));
	return checksum_plus(sum, in_one(&s) + (n % 2 ? last[64] : 0));
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
	return n >= VECTORS_FROM && have_vectors() ? add_vectors(sum, p, n) : add_words(sum, p, n);
}
