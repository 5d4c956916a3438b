/* decoding.h - bytes as text, as Spicy's bytes.decode() takes them: UTF-8, each byte that is none counts as a character
 * (U+FFFD).
 *
 * It fails in two cases, and what is parsed fails with it: where the bytes end within a character, and where a character
 * is well-formed but no code point (a surrogate, or beyond U+10FFFF).  Bytes are given one by one, nothing is held.
 */
#ifndef CONNLOG_SERVICE_DECODING_H
#define CONNLOG_SERVICE_DECODING_H

#include "base/bytes.h"

struct decoding {
	uint32_t code;
	uint32_t chars;     /* complete ones; those of a character that is not complete are not yet counted */
	uint8_t  size, got; /* bytes of the character that has begun; 0: none has */
	bool     bad;       /* no code point */
};

/* => How long the character is that this byte begins; 0: none. */
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
	d->chars += d->code < least[d->size] ? d->size : 1; /* overlong: each byte for itself */
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

/* => Whether the bytes that were given are a text. */
static inline bool
decoding_good(const struct decoding *d)
{
	return !d->bad && d->size == 0;
}

/* => The same, of all these bytes. */
static inline bool
is_decodable(struct bytes b)
{
	struct decoding d = { 0 };

	for (size_t i = 0; i < b.n; i++)
		decoding_byte(&d, b.p[i]);
	return decoding_good(&d);
}

#endif
