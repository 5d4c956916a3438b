/* scan.h - looks at bytes sixteen at a time with SSE2, else eight in a word: for the first of up to five values, for every
 * one of one value, for what is not plain text. */
#ifndef CONNLOG_BASE_SCAN_H
#define CONNLOG_BASE_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCAN_SET 5 /* a set of fewer names one twice */

static inline size_t
scan_bytewise(const uint8_t *p, size_t i, size_t n, const uint8_t set[SCAN_SET])
{
	while (i < n && p[i] != set[0] && p[i] != set[1] && p[i] != set[2] && p[i] != set[3] && p[i] != set[4])
		i++;
	return i;
}

/* => How many bytes come before the first that is one of `set`; `n` where none is. */
static inline size_t
scan_any(const uint8_t *p, size_t n, const uint8_t set[SCAN_SET])
{
	size_t i = 0;
#ifdef __SSE2__
	const __m128i a = _mm_set1_epi8((char)set[0]), b = _mm_set1_epi8((char)set[1]);
	const __m128i c = _mm_set1_epi8((char)set[2]), d = _mm_set1_epi8((char)set[3]);
	const __m128i e = _mm_set1_epi8((char)set[4]);
	for (; n - i >= 16; i += 16) {
		__m128i v;
		memcpy(&v, p + i, sizeof v);
		const __m128i  ab = _mm_or_si128(_mm_cmpeq_epi8(v, a), _mm_cmpeq_epi8(v, b));
		const __m128i  cd = _mm_or_si128(_mm_cmpeq_epi8(v, c), _mm_cmpeq_epi8(v, d));
		const unsigned hit = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(ab, cd), _mm_cmpeq_epi8(v, e)));
		if (hit)
			return i + (unsigned)__builtin_ctz(hit);
	}
#else
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	for (; n - i >= 8; i += 8) {
		uint64_t v, hit = 0;
		memcpy(&v, p + i, sizeof v);
		for (int k = 0; k < SCAN_SET; k++) {
			const uint64_t x = v ^ ones * set[k]; /* a byte of zero where it is the one */
			hit |= (x - ones) & ~x & tops;
		}
		if (hit)
			break;
	}
#endif
	return scan_bytewise(p, i, n, set);
}

/* => A bit for each of the sixteen bytes that is `wanted`. */
static inline unsigned
scan_sixteen(const char *p, char wanted)
{
#ifdef __SSE2__
	__m128i v;
	memcpy(&v, p, sizeof v);
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(wanted)));
#else
	unsigned bits = 0;
	for (unsigned i = 0; i < 16; i++)
		bits |= (unsigned)(p[i] == wanted) << i;
	return bits;
#endif
}

/* Are eight bytes all printable ASCII and neither `a` nor `b`? */
static inline int
scan_plain8(const char *eight, char a, char b)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t       w;

	memcpy(&w, eight, 8);
	const uint64_t with_a = w ^ ones * (uint8_t)a, with_b = w ^ ones * (uint8_t)b, with_del = w ^ ones * 0x7f;
	/* where no byte has its top bit set, taking one from a zero is what sets it */
	const uint64_t zero = (with_a - ones) | (with_b - ones) | (with_del - ones) | (w - ones * 0x20);
	return ((w | zero) & tops) == 0;
}

#endif
