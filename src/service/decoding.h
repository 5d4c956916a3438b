/* decoding.h - decodes bytes as Spicy's bytes.decode() does: UTF-8, where each invalid byte counts as one character (U+FFFD).
 *
 * It fails, and parsing with it, if the bytes end within a character, or if a character is well-formed but not a code
 * point (a surrogate, or beyond U+10FFFF).  Bytes are passed one by one and not buffered.
 */
#ifndef CONNLOG_SERVICE_DECODING_H
#define CONNLOG_SERVICE_DECODING_H

#include "base/bytes.h"

struct decoding {
	uint32_t code;
	uint32_t chars;     /* complete characters */
	uint8_t  size, got; /* length of the current character, and bytes of it so far; 0: none */
	bool     bad;       /* not a code point */
};

/* Returns the length of the character that this byte begins; 0 if it begins none. */
static inline uint8_t
decoding_lead(uint8_t c)
{
	return c < 0x80 ? 1 : c >> 5 == 0x6 ? 2 : c >> 4 == 0xe ? 3 : c >> 3 == 0x1e ? 4 : 0;
}

static inline void
decoding_complete(struct decoding *d)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (d->code > 0x10ffff || (d->code >> 11 == 0x1b))
		d->bad = true;
	d->chars += d->code < least[d->size] ? d->size : 1; /* overlong: each byte counts separately */
	d->size = 0;
}

static inline void
decoding_byte(struct decoding *d, uint8_t c)
{
	if (d->size > 0 && c >> 6 == 2) {
		d->code = d->code << 6 | (c & 0x3fu);
		if (++d->got == d->size)
			decoding_complete(d);
		return;
	}
	if (d->size > 0)
		d->chars += d->got;
	d->size = decoding_lead(c);
	d->got = 1;
	if (d->size <= 1) {
		d->size = 0;
		d->chars++;
	} else {
		d->code = c & (0x7fu >> d->size);
	}
}

/* Returns whether the bytes so far are valid text. */
static inline bool
decoding_good(const struct decoding *d)
{
	return !d->bad && d->size == 0;
}

/* Returns whether all these bytes are valid text. */
static inline bool
is_decodable(struct bytes b)
{
	struct decoding d = { 0 };

	for (size_t i = 0; i < b.n; i++)
		decoding_byte(&d, b.p[i]);
	return decoding_good(&d);
}

#endif
