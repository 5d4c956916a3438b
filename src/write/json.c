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

#include "base/scan.h"
#include "base/utf8.h"
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

static char *
put_word(char *p, const char *word)
{
	return stpcpy(p, word);
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

static char *
put_text(char *p, struct text t)
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

static char *
put_texts(char *p, const struct text_set *set)
{
	*p++ = '[';
	for (size_t i = 0; i < set->n; i++) {
		if (i > 0)
			*p++ = ',';
		p = put_text(p, set->at[i]);
	}
	*p++ = ']';
	return p;
}

static char *
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

static char *
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

/* A number as a log had it: digits, perhaps a fraction.  A double of Zeek's has at least one decimal and no zeros behind
 * the others. */
static char *
put_literal(char *p, struct text t)
{
	const char *point = memchr(t.p, '.', t.n);

	while (point != NULL && t.p + t.n > point + 2 && t.p[t.n - 1] == '0')
		t.n--;
	memcpy(p, t.p, t.n);
	return point != NULL ? p + t.n : put_word(p + t.n, ".0");
}

static char *
put_address(char *p, struct text literal, const struct addr *a)
{
	*p++ = '"';
	if (literal.n > 0) {
		memcpy(p, literal.p, literal.n);
		p += literal.n;
	} else {
		p += addr_format(a, p);
	}
	*p++ = '"';
	return p;
}

static char *
put_value(char *p, const struct connlog_writer *w, const struct column *c, const struct record *r)
{
	const void       *at = column_at(c, r);
	const struct text literal = literal_of(r, c);

	switch (c->info.type) {
	case CONNLOG_TIME:
		if (literal.n > 0 && w->json_time == JSON_TIME_EPOCH)
			return put_literal(p, literal);
		return put_time(p, w->json_time, *(const double *)at);
	case CONNLOG_INTERVAL:
		return literal.n > 0 ? put_literal(p, literal) : put_double(p, *(const double *)at);
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return put_text(p, *(const struct text *)at);
	case CONNLOG_ADDR:
		return put_address(p, literal, at);
	case CONNLOG_PORT:
		return p + format_u64(p, *(const uint16_t *)at);
	case CONNLOG_COUNT:
		return p + format_u64(p, *(const uint64_t *)at);
	case CONNLOG_INT:
		return p + format_i64(p, *(const int64_t *)at);
	case CONNLOG_BOOL:
		return put_word(p, *(const bool *)at ? "true" : "false");
	case CONNLOG_STRING_SET:
		return put_texts(p, at);
	default: /* no column has the types that are for arguments of events alone */
		return p;
	}
}

/* => Whether a text may stand as a number of JSON (RFC 8259). */
static bool
is_number(struct text t)
{
	size_t i = t.n > 0 && t.p[0] == '-', digits = i;

	while (i < t.n && t.p[i] >= '0' && t.p[i] <= '9')
		i++;
	if (i == digits || (t.p[digits] == '0' && i > digits + 1))
		return false;
	if (i < t.n && t.p[i] == '.') {
		for (digits = ++i; i < t.n && t.p[i] >= '0' && t.p[i] <= '9'; i++)
			;
		if (i == digits)
			return false;
	}
	if (i < t.n && (t.p[i] == 'e' || t.p[i] == 'E')) {
		i += i + 1 < t.n && (t.p[i + 1] == '+' || t.p[i + 1] == '-') ? 2 : 1;
		for (digits = i; i < t.n && t.p[i] >= '0' && t.p[i] <= '9'; i++)
			;
		if (i == digits)
			return false;
	}
	return i == t.n;
}

static char *
put_extra_scalar(char *p, enum extra_kind kind, struct text t)
{
	if (kind == EXTRA_BOOL)
		return put_word(p, t.n == 1 && *t.p == 'T' ? "true" : "false");
	if (kind == EXTRA_NUMBER && is_number(t))
		return (char *)memcpy(p, t.p, t.n) + t.n;
	return put_text(p, t);
}

static char *
put_extra(char *p, const struct extra *x)
{
	*p++ = ',';
	p = put_text(p, x->name);
	*p++ = ':';
	if (x->kind != EXTRA_LIST)
		return put_extra_scalar(p, x->kind, x->text);
	*p++ = '[';
	for (size_t i = 0; i < x->list.n; i++) {
		if (i > 0)
			*p++ = ',';
		p = put_extra_scalar(p, x->element, x->list.at[i]);
	}
	*p++ = ']';
	return p;
}

/* What the script json-streaming-logs puts in front of every record. */
static char *
put_stream(char *p, const struct connlog_writer *w)
{
	p = put_word(p, ",\"_path\":\"conn\",\"_write_ts\":");
	return put_time(p, w->json_time, w->clock);
}

static char *
json_record(const struct connlog_writer *w, char *p, const struct record *r)
{
	char *start = p;

	if (w->json_streaming)
		p = put_stream(p, w);
	for (size_t i = 0; i < w->fields.n; i++) {
		const struct field  *f = &w->fields.at[i];
		const struct column *c = f->column;
		const struct key    *k = &w->keys[i];
		if (c == NULL) {
			const struct extra *x = field_extra(f, r);
			p = x != NULL ? put_extra(p, x) : p;
			continue;
		}
		if (!column_is_set(c, r))
			continue;
		memcpy(p, k->text, sizeof k->text); /* all of it: a copy of known size is one instruction or two */
		p = put_value(p + k->n, w, c, r);
	}
	if (p == start) /* nothing is set */
		p++;
	*start = '{'; /* in place of the first comma */
	memcpy(p, "}\n", 2);
	return p + 2;
}

const struct format format_json = {
	.info = { "json", "Zeek's JSON: an object a line", "" },
	.extras = true,
	.room = 2 * (AROUND_VALUE + SCALAR_ROOM), /* _path and _write_ts */
	.record = json_record,
};
