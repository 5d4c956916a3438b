/* json.c - Zeek's JSON log, to the byte: an object a line, unset columns left out.
 *
 * Follows Zeek 8.2.2: src/threading/formatters/JSON.cc (values, time formats), util.cc's escape_utf8 (which bytes may
 * stand) and rapidjson's Writer (JSON's own escapes, doubles: base/grisu.c).
 *
 * Texts: where a text is valid UTF-8 without control characters, private-use or special code points, it stands as it
 * is; where it is not, every byte of it that is not printable ASCII becomes \xHH (and the backslash is doubled, as JSON
 * wants).  Backspace, form feed, newline, return and tab are allowed in both cases and get JSON's short escapes.
 */
#include <math.h>
#include <stdint.h>
#include <time.h>

#include "base/number.h"
#include "write/format.h"

/* => The letter of JSON's two-character escape, or 0. */
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

static bool
is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* => The length of the sequence at `s` that Zeek lets stand (Unicode table 3-7, less C1 controls, the private use area
 * U+E000–F8FF and U+FFF0–FFFF), or 0. */
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

/* => Whether the whole text may stand as it is. */
static bool
is_good_utf8(const unsigned char *s, size_t n)
{
	while (n > 0) {
		size_t step = is_printable(*s) || short_escape(*s) != 0 ? 1 : utf8_sequence(s, n);
		if (step == 0)
			return false;
		s += step;
		n -= step;
	}
	return true;
}

/* The length of the run at the start that needs no escape in any case. */
static size_t
plain_run(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && is_printable((unsigned char)p[i]) && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

static void
put_text(struct outbuf *b, struct text t)
{
	size_t plain = plain_run(t.p, t.n);

	outbuf_char(b, '"');
	outbuf_put(b, t.p, plain);
	if (plain < t.n) {
		bool raw = is_good_utf8((const unsigned char *)t.p, t.n);
		for (size_t i = plain; i < t.n; i++) {
			unsigned char c = (unsigned char)t.p[i];
			char          letter = short_escape(c);
			if (letter != 0) {
				outbuf_put(b, (const char[]){ '\\', letter }, 2);
			} else if (raw || is_printable(c)) {
				outbuf_char(b, (char)c);
			} else {
				outbuf_char(b, '\\'); /* the backslash of \xHH is data to JSON */
				outbuf_hex_escape(b, c);
			}
		}
	}
	outbuf_char(b, '"');
}

static void
put_texts(struct outbuf *b, const struct text_set *set)
{
	outbuf_char(b, '[');
	for (size_t i = 0; i < set->n; i++) {
		if (i > 0)
			outbuf_char(b, ',');
		put_text(b, set->at[i]);
	}
	outbuf_char(b, ']');
}

static void
put_double(struct outbuf *b, double v)
{
	char *out = outbuf_reserve(b, JSON_DOUBLE_TEXT_MAX);
	if (!isfinite(v))
		outbuf_text(b, "null");
	else if (out != NULL)
		outbuf_advance(b, format_json_double(out, v));
}

static void
put_i64(struct outbuf *b, int64_t v)
{
	char *out = outbuf_reserve(b, I64_TEXT_MAX);
	if (out != NULL)
		outbuf_advance(b, format_i64(out, v));
}

static void
put_u64(struct outbuf *b, uint64_t v)
{
	char *out = outbuf_reserve(b, U64_TEXT_MAX);
	if (out != NULL)
		outbuf_advance(b, format_u64(out, v));
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
static void
put_iso8601(struct outbuf *b, double when)
{
	time_t    whole = (time_t)to_i64(floor(when));
	struct tm tm;
	char      text[64];
	size_t    n = 0;
	double    unused, fraction = modf(when, &unused);

	if (gmtime_r(&whole, &tm) != NULL)
		n = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	if (n == 0) {
		outbuf_text(b, "\"2000-01-01T00:00:00.000000\""); /* a year of more digits than fit: Zeek's answer */
		return;
	}
	if (fraction < 0)
		fraction += 1;
	uint64_t micros = (uint64_t)nearbyint(fraction * 1000000);
	unsigned digits = micros < 1000000 ? 6 : 7;
	text[n] = '.';
	format_digits(text + n + 1, micros, digits);
	outbuf_char(b, '"');
	outbuf_put(b, text, n + 1 + digits);
	outbuf_text(b, "Z\"");
}

static void
put_time(struct outbuf *b, enum json_time format, double when)
{
	switch (format) {
	case JSON_TIME_EPOCH:
		put_double(b, when);
		break;
	case JSON_TIME_MILLIS:
		put_i64(b, to_i64(when * 1000));
		break;
	case JSON_TIME_MILLIS_UNSIGNED:
		put_u64(b, (uint64_t)to_i64(when * 1000));
		break;
	case JSON_TIME_ISO8601:
		put_iso8601(b, when);
		break;
	}
}

static void
put_address(struct outbuf *b, const struct addr *a)
{
	char *out = outbuf_reserve(b, ADDR_TEXT_MAX + 2);
	if (out == NULL)
		return;
	out[0] = '"';
	size_t n = addr_format(a, out + 1);
	out[n + 1] = '"';
	outbuf_advance(b, n + 2);
}

static void
put_value(struct connlog_writer *w, const struct column *c, const void *at)
{
	struct outbuf *b = &w->out;

	switch (c->info.type) {
	case CONNLOG_TIME:
		put_time(b, w->json_time, *(const double *)at);
		break;
	case CONNLOG_INTERVAL:
		put_double(b, *(const double *)at);
		break;
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		put_text(b, *(const struct text *)at);
		break;
	case CONNLOG_ADDR:
		put_address(b, at);
		break;
	case CONNLOG_PORT:
		put_u64(b, *(const uint16_t *)at);
		break;
	case CONNLOG_COUNT:
		put_u64(b, *(const uint64_t *)at);
		break;
	case CONNLOG_INT:
		put_i64(b, *(const int64_t *)at);
		break;
	case CONNLOG_BOOL:
		outbuf_text(b, *(const bool *)at ? "true" : "false");
		break;
	case CONNLOG_STRING_SET:
		put_texts(b, at);
		break;
	}
}

static void
json_record(struct connlog_writer *w, const struct record *r)
{
	struct outbuf *b = &w->out;
	char           before = '{';

	for (size_t i = 0; i < w->fields.n; i++) {
		const struct column *c = w->fields.at[i];
		if (!column_is_set(c, r))
			continue;
		const char quote[2] = { before, '"' };
		outbuf_put(b, quote, 2);
		outbuf_text(b, c->info.name);
		outbuf_put(b, "\":", 2);
		put_value(w, c, column_at(c, r));
		before = ',';
	}
	if (before == '{')
		outbuf_char(b, '{'); /* nothing is set */
	outbuf_put(b, "}\n", 2);
}

const struct format format_json = { "json", NULL, json_record, NULL };
