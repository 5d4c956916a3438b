/* ascii.c - see ascii.h.  A byte is in the set if the table entry for its lower four bits (a table of the set) and the
 * one bit for its upper four bits (a constant table) have a bit in common. */
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

static size_t
span_bytes(const struct ascii_set *s, const uint8_t *p, size_t i, size_t n)
{
	while (i < n && ascii_has(s, p[i]))
		i++;
	return i;
}

#if defined(__x86_64__)

#define WIDTH 32
#define LEAST 16

struct tables {
	__m256i low, high;
};

static __m128i
sixteen(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

/* Returns a vector whose bytes are non-zero where the byte of `v` is in the set.  A shuffle yields 0 for a byte above
 * 0x7f. */
__attribute__((target("avx2"))) static inline __m256i
hits(const struct tables *t, __m256i v)
{
	const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));

	return _mm256_and_si256(_mm256_shuffle_epi8(t->low, v), _mm256_shuffle_epi8(t->high, upper));
}

__attribute__((target("avx2"))) static inline __m256i
hits_at(const struct tables *t, const uint8_t *p)
{
	return hits(t, _mm256_loadu_si256((const __m256i *)(const void *)p));
}

/* Returns a bit for each of the 32 places. */
__attribute__((target("avx2"))) static inline unsigned
places(__m256i hits)
{
	return ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(hits, _mm256_setzero_si256()));
}

/* The first and the last sixteen of up to 32 bytes, which may overlap. */
__attribute__((target("avx2"))) static inline unsigned
places_in_few(const struct tables *t, const uint8_t *p, size_t n)
{
	return places(hits(t, _mm256_set_m128i(sixteen(p + n - 16), sixteen(p))));
}

/* Returns the first of these positions, or `n` if there is none. */
static inline size_t
first_of_few(unsigned places, size_t n)
{
	if (places & 0xffff)
		return (unsigned)__builtin_ctz(places);
	return places ? n - 16 + (unsigned)__builtin_ctz(places >> 16) : n;
}

/* Returns the first position from `i` on that hits, searching two vectors at a time. */
__attribute__((target("avx2"))) static inline size_t
scan_many(const struct tables *t, const uint8_t *p, size_t i, size_t n)
{
	for (; n - i >= 2 * WIDTH; i += 2 * WIDTH) {
		const __m256i both = _mm256_or_si256(hits_at(t, p + i), hits_at(t, p + i + WIDTH));
		if (!_mm256_testz_si256(both, both))
			break;
	}
	for (; i < n; i += WIDTH) {
		if (n - i < WIDTH)
			i = n - WIDTH; /* some of it has been seen */
		const unsigned hit = places(hits_at(t, p + i));
		if (hit)
			return i + (unsigned)__builtin_ctz(hit);
	}
	return n;
}

__attribute__((target("avx2"))) static inline struct tables
tables_of(const struct ascii_set *s)
{
	return (struct tables){
		_mm256_broadcastsi128_si256(sixteen(s->at)),
		_mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0)),
	};
}

/* Many searches end within a few bytes. */
__attribute__((target("avx2"))) static size_t
scan_blocks(const struct ascii_set *s, const uint8_t *p, size_t n)
{
	const struct tables t = tables_of(s);

	if (n <= WIDTH)
		return first_of_few(places_in_few(&t, p, n), n);
	const unsigned hit = places(hits_at(&t, p));
	return hit ? (unsigned)__builtin_ctz(hit) : scan_many(&t, p, WIDTH, n);
}

__attribute__((target("avx2"))) static size_t
span_blocks(const struct ascii_set *s, const uint8_t *p, size_t n)
{
	const struct tables t = tables_of(s);
	size_t              i = 0;

	if (n <= WIDTH)
		return first_of_few(~places_in_few(&t, p, n), n);
	for (; n - i >= WIDTH; i += WIDTH) {
		const unsigned other = ~places(hits_at(&t, p + i));
		if (other)
			return i + (unsigned)__builtin_ctz(other);
	}
	return span_bytes(s, p, i, n);
}

static bool
has_blocks(void)
{
	return __builtin_cpu_supports("avx2");
}

#elif defined(__aarch64__)

#define LEAST 16

static size_t
scan_blocks(const struct ascii_set *s, const uint8_t *p, size_t n)
{
	static const uint8_t bits[16] = { 1, 2, 4, 8, 16, 32, 64, 128 };
	const uint8x16_t     low = vld1q_u8(s->at), high = vld1q_u8(bits);

	for (size_t i = 0; i < n; i += LEAST) {
		if (n - i < LEAST)
			i = n - LEAST; /* some of it has been seen */
		const uint8x16_t v = vld1q_u8(p + i);
		/* A table lookup yields 0 for an index beyond the table: a byte above 0x7f. */
		const uint8x16_t both =
			vandq_u8(vqtbl1q_u8(low, vandq_u8(v, vdupq_n_u8(0x8f))), vqtbl1q_u8(high, vshrq_n_u8(v, 4)));
		if (vmaxvq_u8(both))
			return scan_bytes(s, p, i, n);
	}
	return n;
}

static size_t
span_blocks(const struct ascii_set *s, const uint8_t *p, size_t n)
{
	return span_bytes(s, p, 0, n);
}

static bool
has_blocks(void)
{
	return true;
}

#endif

size_t
ascii_scan(const struct ascii_set *s, const uint8_t *p, size_t n)
{
#ifdef LEAST
	if (n >= LEAST && has_blocks())
		return scan_blocks(s, p, n);
#endif
	return scan_bytes(s, p, 0, n);
}

size_t
ascii_span(const struct ascii_set *s, const uint8_t *p, size_t n)
{
#ifdef LEAST
	if (n >= LEAST && has_blocks())
		return span_blocks(s, p, n);
#endif
	return span_bytes(s, p, 0, n);
}
