/* scan.h - searches text many bytes at a time: sixteen for one or two given values (with SSE2), eight for bytes that
 * need escaping. */
#ifndef CONNLOG_BASE_SCAN_H
#define CONNLOG_BASE_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Returns a bit for each of the sixteen bytes that equals `wanted`. */
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

/* The same for eight bytes. */
static inline unsigned
scan_eight(const char *p, char wanted)
{
#ifdef __SSE2__
	uint64_t w;
	memcpy(&w, p, sizeof w);
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_cvtsi64_si128((long long)w), _mm_set1_epi8(wanted))) & 0xff;
#else
	unsigned bits = 0;
	for (unsigned i = 0; i < 8; i++)
		bits |= (unsigned)(p[i] == wanted) << i;
	return bits;
#endif
}

/* Returns the number of bytes before the first `a` or `b`, or `n` if there is none. */
static inline size_t
scan_either(const uint8_t *bytes, size_t n, char a, char b)
{
	const char *p = (const char *)bytes;
	size_t      i = 0;

	for (; n - i >= 16; i += 16) {
		const unsigned bits = scan_sixteen(p + i, a) | scan_sixteen(p + i, b);
		if (bits)
			return i + (unsigned)__builtin_ctz(bits);
	}
	if (n - i >= 8) {
		const unsigned bits = scan_eight(p + i, a) | scan_eight(p + i, b);
		if (bits)
			return i + (unsigned)__builtin_ctz(bits);
		i += 8;
	}
	while (i < n && p[i] != a && p[i] != b)
		i++;
	return i;
}

/* Returns whether eight bytes are all printable ASCII and neither `a` nor `b`. */
static inline int
scan_plain8(const char *eight, char a, char b)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t       w;

	memcpy(&w, eight, 8);
	const uint64_t with_a = w ^ ones * (uint8_t)a, with_b = w ^ ones * (uint8_t)b, with_del = w ^ ones * 0x7f;
	/* if no byte has its top bit set, only subtracting one from a zero sets it */
	const uint64_t zero = (with_a - ones) | (with_b - ones) | (with_del - ones) | (w - ones * 0x20);
	return ((w | zero) & tops) == 0;
}

#endif
