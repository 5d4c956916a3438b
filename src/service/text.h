/* text.h - words, blanks and numbers of protocols that consist of text.
 *
 * Only ASCII has upper and lower case, whatever the locale is.  The words to compare with are literals; where case does not matter,
 * they may be in either.
 */
#ifndef CONNLOG_SERVICE_TEXT_H
#define CONNLOG_SERVICE_TEXT_H

#include "base/bytes.h"

static inline bool
text_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline uint8_t
text_upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

/* Blank, or one of the five controls that C calls space. */
static inline bool
text_is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool
text_is(struct bytes b, const char *word)
{
	return b.n == strlen(word) && memcmp(b.p, word, b.n) == 0;
}

static inline bool
text_begins(struct bytes b, const char *word)
{
	const size_t n = strlen(word);

	return b.n >= n && memcmp(b.p, word, n) == 0;
}

/* The same without regard to case. */
static inline bool
text_begins_like(struct bytes b, const char *word)
{
	const size_t n = strlen(word);

	if (b.n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text_upper(b.p[i]) != text_upper((uint8_t)word[i]))
			return false;
	return true;
}

static inline bool
text_is_like(struct bytes b, const char *word)
{
	return b.n == strlen(word) && text_begins_like(b, word);
}

/* Skips any number of `c`. */
static inline struct bytes
text_skip(struct bytes b, uint8_t c)
{
	while (b.n > 0 && b.p[0] == c)
		b = bytes_skip(b, 1);
	return b;
}

/* Skips blanks and tabs. */
static inline struct bytes
text_skip_blanks(struct bytes b)
{
	while (b.n > 0 && (b.p[0] == ' ' || b.p[0] == '\t'))
		b = bytes_skip(b, 1);
	return b;
}

/* Returns the first word, up to white space or a NUL. */
static inline struct bytes
text_word(struct bytes b)
{
	size_t n = 0;

	while (n < b.n && b.p[n] != 0 && !text_is_space(b.p[n]))
		n++;
	return bytes_head(b, n);
}

/* Reads the code of a reply, the three digits at its beginning, into `*code`.  Returns false if there are fewer. */
static inline bool
text_code(struct bytes b, unsigned *code)
{
	if (b.n < 3 || !text_is_digit(b.p[0]) || !text_is_digit(b.p[1]) || !text_is_digit(b.p[2]))
		return false;
	*code = (b.p[0] - (unsigned)'0') * 100 + (b.p[1] - (unsigned)'0') * 10 + (b.p[2] - (unsigned)'0');
	return true;
}

#endif
