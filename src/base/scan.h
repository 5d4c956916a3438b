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

#ifdef __SSE2__

struct scan_set {
	__m128i a, b, c, d, e; /* a value in all places each */
};

/* => 0xff where a byte of the sixteen at `p` is one of the set. */
static inline __m128i
scan_hits(const uint8_t *p, const struct scan_set *s)
{
	__m128i v;

	memcpy(&v, p, sizeof v);
	const __m128i ab = _mm_or_si128(_mm_cmpeq_epi8(v, s->a), _mm_cmpeq_epi8(v, s->b));
	const __m128i cd = _mm_or_si128(_mm_cmpeq_epi8(v, s->c), _mm_cmpeq_epi8(v, s->d));
	return _mm_or_si128(_mm_or_si128(ab, cd), _mm_cmpeq_epi8(v, s->e));
}

/* => How many bytes come before the first that is one of `set`; `n` where none is. */
static inline size_t
scan_any(const uint8_t *p, size_t n, const uint8_t set[SCAN_SET])
{
	size_t i = 0;

	if (n < 16)
		return scan_bytewise(p, 0, n, set);
	const struct scan_set s = { _mm_set1_epi8((char)set[0]), _mm_set1_epi8((char)set[1]), _mm_set1_epi8((char)set[2]),
		                        _mm_set1_epi8((char)set[3]), _mm_set1_epi8((char)set[4]) };
	for (; n - i >= 32; i += 32) {
		const __m128i first = scan_hits(p + i, &s), second = scan_hits(p + i + 16, &s);
		if (!_mm_movemask_epi8(_mm_or_si128(first, second)))
			continue;
		return i +
		       (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(first) | (unsigned)_mm_movemask_epi8(second) << 16);
	}
	for (; i < n; i += 16) {
		if (n - i < 16)
			i = n - 16; /* some of it has been seen */
		const unsigned hit = (unsigned)_mm_movemask_epi8(scan_hits(p + i, &s));
		if (hit)
			return i + (unsigned)__builtin_ctz(hit);
	}
	return n;
}

/* The same for a set of no more than two values, its first ones. */
static inline size_t
scan_two(const uint8_t *p, size_t n, const uint8_t set[SCAN_SET])
{
	const __m128i a = _mm_set1_epi8((char)set[0]), b = _mm_set1_epi8((char)set[1]);

	if (n < 16)
		return scan_bytewise(p, 0, n, set);
	for (size_t i = 0; i < n; i += 16) {
		__m128i v;
		if (n - i < 16)
			i = n - 16;
		memcpy(&v, p + i, sizeof v);
		const unsigned hit = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, a), _mm_cmpeq_epi8(v, b)));
		if (hit)
			return i + (unsigned)__builtin_ctz(hit);
	}
	return n;
}

#else

/* => How many bytes come before the first that is one of `set`; `n` where none is. */
static inline size_t
scan_any(const uint8_t *p, size_t n, const uint8_t set[SCAN_SET])
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	size_t         i = 0;

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
	return scan_bytewise(p, i, n, set);
}

static inline size_t
scan_two(const uint8_t *p, size_t n, const uint8_t set[SCAN_SET])
{
	return scan_any(p, n, set);
}

#endif

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
