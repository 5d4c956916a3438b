/* json_value.c - values as Zeek's JSON has them, to the byte.
 *
 * Follows Zeek 8.2.2: src/threading/formatters/JSON.cc (values, time formats), util.cc's escape_utf8 (which bytes may
 * stand) and rapidjson's Writer (JSON's own escapes, doubles: base/grisu.c).
 *
 * Texts: where a text is valid UTF-8 without control characters, private-use or special code points, it stands as it
 * is; where it is not, every byte of it that is not printable ASCII becomes \xHH (and the backslash is doubled, as JSON
 * wants).  Backspace, form feed, newline, return and tab are allowed in both cases and get JSON's short escapes.
 */
#include "write/json_value.h"

#include <math.h>
#include <stdint.h>
#include <time.h>

#include "base/scan.h"
#include "base/utf8.h"

/* Returns the letter of JSON's two-character escape, or 0. */
static char
short_escape(unsigned char c)
{
	static const char letters[256] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\',
	};
	return letters[c];
}

static bool
is_printable(unsigned char c)
{
	return c >= 0x20 && c < 0x7f;
}

/* The rest of a text, from its first byte on that needs a second look. */
static char *
put_escaped(char *p, struct text t, size_t i)
{
	bool raw = utf8_is_good(t.p, t.n);

	for (; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];
		char          letter = short_escape(c);
		if (letter != 0) {
			*p++ = '\\';
			*p++ = letter;
		} else if (raw || is_printable(c)) {
			*p++ = (char)c;
		} else {
			*p++ = '\\'; /* the backslash of \xHH is data to JSON */
			p = put_hex_escape(p, c);
		}
	}
	return p;
}

char *
json_put_text(char *p, struct text t)
{
	size_t i = 0;

	*p++ = '"';
	for (; i + 8 <= t.n && scan_plain8(t.p + i, '"', '\\'); i += 8, p += 8)
		memcpy(p, t.p + i, 8);
	for (; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];
		if (!is_printable(c) || c == '"' || c == '\\') {
			p = put_escaped(p, t, i);
			break;
		}
		*p++ = (char)c;
	}
	*p++ = '"';
	return p;
}

char *
put_double(char *p, double v)
{
	return isfinite(v) ? p + format_json_double(p, v) : put_word(p, "null");
}

/* Cut to a whole number, held at the ends of the range. */
static int64_t
to_i64(double v)
{
	if (v >= 9223372036854775808.0)
		return INT64_MAX;
	return v < -9223372036854775808.0 ? INT64_MIN : (int64_t)v;
}

/* "2009-11-18T20:58:04.321000Z".  The fraction is rounded to microseconds by itself: as in Zeek .9999997 becomes
 * .1000000 and does not carry. */
static char *
put_iso8601(char *p, double when)
{
	time_t    whole = (time_t)to_i64(floor(when));
	struct tm tm;
	size_t    n = 0;
	double    unused, fraction = modf(when, &unused);

	if (gmtime_r(&whole, &tm) != NULL)
		n = strftime(p, SCALAR_ROOM, "\"%Y-%m-%dT%H:%M:%S.", &tm);
	if (n == 0) /* a year that no calendar has: Zeek's answer */
		return put_word(p, "\"2000-01-01T00:00:00.000000\"");
	if (fraction < 0)
		fraction += 1;
	uint64_t micros = (uint64_t)nearbyint(fraction * 1000000);
	unsigned digits = micros < 1000000 ? 6 : 7;
	format_digits(p + n, micros, digits);
	return put_word(p + n + digits, "Z\"");
}

char *
put_time(char *p, enum json_time format, double when)
{
	switch (format) {
	case JSON_TIME_EPOCH:
		return put_double(p, when);
	case JSON_TIME_MILLIS:
		return p + format_i64(p, to_i64(when * 1000));
	case JSON_TIME_MILLIS_UNSIGNED:
		return p + format_u64(p, (uint64_t)to_i64(when * 1000));
	case JSON_TIME_ISO8601:
		return put_iso8601(p, when);
	}
	return p;
}
