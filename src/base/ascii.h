/* ascii.h - sets of ASCII characters, and the first byte of a text that is in one.
 *
 * The set has sixteen bytes, which is what a table in a vector register has: bit h of at[l] stands for the character h
 * << 4 | l.  A text is therefore searched 32 bytes at a time with AVX2 and 16 with NEON, however large the set is, and
 * byte by byte on processors that have neither.
 */
#ifndef CONNLOG_BASE_ASCII_H
#define CONNLOG_BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ascii_set {
	uint8_t at[16];
};

static inline void
ascii_add(struct ascii_set *s, uint8_t c)
{
	s->at[c & 15] |= (uint8_t)(1 << (c >> 4));
}

static inline void
ascii_add_all(struct ascii_set *s, const struct ascii_set *more)
{
	for (int i = 0; i < 16; i++)
		s->at[i] |= more->at[i];
}

/* No byte above 0x7f is in any set. */
static inline bool
ascii_has(const struct ascii_set *s, uint8_t c)
{
	return c < 0x80 && (s->at[c & 15] >> (c >> 4) & 1);
}

/* Returns the number of bytes before the first one that is in the set, or `n` if none is. */
size_t ascii_scan(const struct ascii_set *s, const uint8_t *p, size_t n);
/* Returns the number of bytes before the first one that is not in the set, or `n` if all are. */
size_t ascii_span(const struct ascii_set *s, const uint8_t *p, size_t n);

#endif
