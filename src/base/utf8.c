/* utf8.c - see utf8.h.  Source: Zeek 8.2.2 src/util.cc, escape_utf8(). */
#include "base/utf8.h"

#include <string.h>

/* Returns whether it is printable ASCII or has a short escape in JSON. */
static bool
is_plain(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f) || (c != '\0' && strchr("\b\f\n\r\t", c) != NULL);
}

static bool
is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Returns the length of the sequence at `s` if Zeek keeps it as it is (Unicode table 3-7 without C1 controls, the
 * private use area U+E000–F8FF and U+FFF0–FFFF), or 0. */
static size_t
utf8_sequence(const unsigned char *s, size_t n)
{
	uint32_t code;

	if (n >= 2 && s[0] >= 0xc2 && s[0] <= 0xdf && is_continuation(s[1])) {
		code = (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
		return code > 0x9f ? 2 : 0;
	}
	if (n >= 3 && s[0] >= 0xe0 && s[0] <= 0xef && is_continuation(s[1]) && is_continuation(s[2])) {
		code = (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
		return code >= 0x800 && !(code >= 0xd800 && code <= 0xf8ff) && code < 0xfff0 ? 3 : 0;
	}
	if (n >= 4 && s[0] >= 0xf0 && s[0] <= 0xf4 && is_continuation(s[1]) && is_continuation(s[2]) &&
	    is_continuation(s[3])) {
		code = (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
		return code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
	}
	return 0;
}

bool
utf8_is_good(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	while (n > 0) {
		size_t step = is_plain(*s) ? 1 : utf8_sequence(s, n);
		if (step == 0)
			return false;
		s += step;
		n -= step;
	}
	return true;
}

size_t
utf8_put(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}
