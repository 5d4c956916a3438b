/* ascii.c - see ascii.h.  A byte is in the set where the bits that stand for its lower four bits (a table of the set) and
 * the one bit of its upper four (a table that is always the same) have one in common. */
#include "base/ascii.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static size_t
scan_bytes(const struct ascii_set *s, const uint8_t *p, size_t i, size_t n)
{
	while (i < n && !ascii_has(s, p[i]))
		i++;
	return i;
}

#if defined(__x86_64__)

#define WIDTH 32

__attribute__((target("avx2"))) static size_t
scan_blocks(const struct ascii_set *s, const uint8_t *p, size_t n)
{
	/* A shuffle answers 0 for a byte above 0x7f. */
	const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)s->at));
	const __m256i high =
		_mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
	const __m256i four = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();

	for (size_t i = 0; i < n; i += WIDTH) {
		if (n - i < WIDTH)
			i = n - WIDTH; /* some of it has been seen */
		const __m256i  v = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
		const __m256i  upper = _mm256_and_si256(_mm256_srli_epi16(v, 4), four);
		const __m256i  both = _mm256_and_si256(_mm256_shuffle_epi8(low, v), _mm256_shuffle_epi8(high, upper));
		const unsigned hit = ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(both, zero));
		if (hit)
			return i + (unsigned)__builtin_ctz(hit);
	}
	return n;
}

static bool
has_blocks(void)
{
	return __builtin_cpu_supports("avx2");
}

#elif defined(__aarch64__)

#define WIDTH 16

static size_t
scan_blocks(const struct ascii_set *s, const uint8_t *p, size_t n)
{
	static const uint8_t bits[16] = { 1, 2, 4, 8, 16, 32, 64, 128 };
	const uint8x16_t     low = vld1q_u8(s->at), high = vld1q_u8(bits);

	for (size_t i = 0; i < n; i += WIDTH) {
		if (n - i < WIDTH)
			i = n - WIDTH; /* some of it has been seen */
		const uint8x16_t v = vld1q_u8(p + i);
		/* A table answers 0 for what is beyond it: a byte above 0x7f. */
		const uint8x16_t both =
			vandq_u8(vqtbl1q_u8(low, vandq_u8(v, vdupq_n_u8(0x8f))), vqtbl1q_u8(high, vshrq_n_u8(v, 4)));
		if (vmaxvq_u8(both))
			return scan_bytes(s, p, i, n);
	}
	return n;
}

static bool
has_blocks(void)
{
	return true;
}

#else

#define WIDTH SIZE_MAX

static size_t
scan_blocks(const struct ascii_set *s, const uint8_t *p, size_t n)
{
	return scan_bytes(s, p, 0, n);
}

static bool
has_blocks(void)
{
	return false;
}

#endif

size_t
ascii_scan(const struct ascii_set *s, const uint8_t *p, size_t n)
{
	return n >= WIDTH && has_blocks() ? scan_blocks(s, p, n) : scan_bytes(s, p, 0, n);
}
