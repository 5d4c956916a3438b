/* checksum.c - the Internet checksum (RFC 1071).
 *
 * Long input is added up in vectors where the processor has AVX2 or NEON.  Elsewhere it goes as 64-bit words into two
 * sums at once, with their carries counted aside: compilers have an instruction for that, and it is faster than the
 * vectors that every x86-64 has.  What is left goes as 32-bit words into 64 bits, where no carry can be lost.
 */
#include "base/checksum.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define VECTORS_FROM 128 /* bytes; below that, setting the vectors up costs more than they save */

/* A sum of 64-bit words; each carry is worth one. */
struct long_sum {
	uint64_t sum, carries;
};

static inline void
add_long(struct long_sum *s, const uint8_t *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	s->sum += word;
	s->carries += s->sum < word;
}

static uint64_t
in_words(const struct long_sum *s)
{
	return (s->sum >> 32) + (s->sum & 0xffffffff) + s->carries;
}

/* `n` is a multiple of 32. */
static uint64_t
add_blocks(const uint8_t *p, size_t n)
{
	struct long_sum even = { 0, 0 }, odd = { 0, 0 };
	for (const uint8_t *end = p + n; p < end; p += 32) {
		add_long(&even, p);
		add_long(&odd, p + 8);
		add_long(&even, p + 16);
		add_long(&odd, p + 24);
	}
	return in_words(&even) + in_words(&odd);
}

#if defined(__x86_64__)
/* Two sums suffice for exact carries: of the words, which wraps, and of their upper halves, which does not.  The sum of
 * the lower halves is the first less 2^32 times the second. */
__attribute__((target("avx2"))) static uint64_t
add_vectors(const uint8_t *p, size_t n)
{
	__m256i  words = _mm256_setzero_si256(), uppers = words;
	uint64_t word[4], upper[4], sum = 0;
	for (const uint8_t *end = p + n; p < end; p += 64) {
		const __m256i a = _mm256_loadu_si256((const void *)p), b = _mm256_loadu_si256((const void *)(p + 32));
		words = _mm256_add_epi64(words, _mm256_add_epi64(a, b));
		uppers = _mm256_add_epi64(uppers, _mm256_add_epi64(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)));
	}
	_mm256_storeu_si256((void *)word, words);
	_mm256_storeu_si256((void *)upper, uppers);
	for (unsigned i = 0; i < 4; i++)
		sum += word[i] - (upper[i] << 32) + upper[i];
	return sum;
}

static bool
have_vectors(void)
{
	return __builtin_cpu_supports("avx2");
}
#elif defined(__aarch64__)
static uint64_t
add_vectors(const uint8_t *p, size_t n)
{
	uint64x2_t even = vdupq_n_u64(0), odd = even;
	for (const uint8_t *end = p + n; p < end; p += 32) {
		even = vpadalq_u32(even, vreinterpretq_u32_u8(vld1q_u8(p)));
		odd = vpadalq_u32(odd, vreinterpretq_u32_u8(vld1q_u8(p + 16)));
	}
	return vaddvq_u64(vaddq_u64(even, odd));
}

static bool
have_vectors(void)
{
	return true;
}
#else
#define add_vectors add_blocks

static bool
have_vectors(void)
{
	return false;
}
#endif

uint64_t
checksum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	uint64_t add = 0;
	if (n >= VECTORS_FROM && have_vectors()) {
		add = add_vectors(p, n & ~(size_t)63);
		p += n & ~(size_t)63;
		n &= 63;
	}
	if (n >= 32) {
		add += add_blocks(p, n & ~(size_t)31);
		p += n & ~(size_t)31;
		n &= 31;
	}
	if (n & 16) {
		add += checksum_words(p, 4);
		p += 16;
	}
	if (n & 8) {
		add += checksum_words(p, 2);
		p += 8;
	}
	if (n & 4) {
		add += checksum_words(p, 1);
		p += 4;
	}
	if (n & 3) {
		const uint8_t last[4] = { p[0], n & 2 ? p[1] : 0, (n & 3) == 3 ? p[2] : 0 };
		add += checksum_words(last, 1);
	}
	sum += add;
	return sum + (sum < add);
}
