/* lexer.c - see lexer.h. */
#include "where/lexer.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "base/parse.h"

bool
lexer_fail(struct lexer *l, size_t at, size_t n, const char *format, ...)
{
	va_list ap;

	if (l->failed)
		return false;
	l->failed = true;
	l->error->at = at < l->n ? at : l->n;
	l->error->n = n < l->n - l->error->at ? n : l->n - l->error->at;
	va_start(ap, format);
	vsnprintf(l->error->text, sizeof l->error->text, format, ap);
	va_end(ap);
	return false;
}

/* Returns the byte `ahead` bytes after the position, or 0 past the end. */
static char
peek(const struct lexer *l, size_t ahead)
{
	return ahead < l->n - l->at ? l->text[l->at + ahead] : '\0';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* Skips blanks and comments, which extend from # to the end of the line. */
static void
skip_blanks(struct lexer *l)
{
	while (l->at < l->n && (isspace((unsigned char)l->text[l->at]) || l->text[l->at] == '#')) {
		if (l->text[l->at] == '#')
			while (l->at < l->n && l->text[l->at] != '\n')
				l->at++;
		else
			l->at++;
	}
}

/* ---- texts */

/* Returns the value of two hexadecimal digits, or -1. */
static int
hex_byte(const char *p)
{
	static const char digits[] = "0123456789abcdef";
	int               value = 0;

	for (int i = 0; i < 2; i++) {
		const char *at = p[i] != '\0' ? strchr(digits, tolower((unsigned char)p[i])) : NULL;
		if (!at)
			return -1;
		value = 16 * value + (int)(at - digits);
	}
	return value;
}

/* Decodes an escape. Returns its length, 0 if it is unknown. */
static size_t
unescape(const char *p, size_t n, char *out)
{
	static const char letters[] = "\\\\\"\"''``n\nt\tr\r";
	const int         byte = n >= 4 && p[1] == 'x' ? hex_byte(p + 2) : -1;

	if (byte >= 0) {
		*out = (char)byte;
		return 4;
	}
	for (size_t i = 0; n >= 2 && letters[i] != '\0'; i += 2)
		if (letters[i] == p[1]) {
			*out = letters[i + 1];
			return 2;
		}
	return 0;
}

/* Reads the text between quotes. With `raw` only an escaped quote is decoded; everything else stays. */
static bool
take_quoted(struct lexer *l, bool raw, struct text *out)
{
	const size_t begin = l->at++;
	const char   quote = l->text[begin];
	size_t       end = l->at, n = 0;

	while (end < l->n && l->text[end] != quote)
		end += l->text[end] == '\\' ? 2 : 1;
	if (end >= l->n)
		return lexer_fail(l, begin, 1, "the %c is not closed", quote);
	char *p = arena_alloc(l->arena, end - l->at + 1);
	if (!p)
		return lexer_fail(l, begin, 1, "out of memory");
	for (size_t i = l->at; i < end;) {
		const bool escape = l->text[i] == '\\';
		size_t     used = 1;
		p[n] = l->text[i];
		if (escape && raw && l->text[i + 1] == quote) {
			p[n] = quote;
			used = 2;
		} else if (escape && raw) { /* for PCRE2, with the character that it escapes */
			p[++n] = l->text[i + 1];
			used = 2;
		} else if (escape && (used = unescape(l->text + i, end - i, &p[n])) == 0) {
			return lexer_fail(l, i, 2,
			                  "a backslash is written \\\\ in a text; known are \\n \\t \\r \\\" \\' and \\xNN");
		}
		i += used;
		n++;
	}
	p[n] = '\0';
	*out = (struct text){ p, n };
	l->at = end + 1;
	return true;
}

bool
lexer_pattern(struct lexer *l, struct lexer_pattern *out)
{
	skip_blanks(l);
	*out = (struct lexer_pattern){ .at = l->at };
	if (l->failed)
		return false;
	const char first = peek(l, 0);
	if (first != '/' && first != '"' && first != '\'')
		return lexer_fail(l, l->at, 1, "a regular expression is expected: /^Sh.*F/, or /.../i without regard to case");
	if (!take_quoted(l, true, &out->text))
		return false;
	for (; first == '/' && isalpha((unsigned char)peek(l, 0)); l->at++) {
		if (peek(l, 0) != 'i' || out->caseless)
			return lexer_fail(l, l->at, 1, "behind a regular expression there can be an i: without regard to case");
		out->caseless = true;
	}
	out->n = l->at - out->at;
	return true;
}

/* ---- numbers, addresses, times */

static const struct {
	const char *name;
	enum unit   unit;
	double      factor;
	bool        apart; /* may follow after a blank, as Zeek writes it */
} units[] = {
	{ "usec", UNIT_SECONDS, 1e-6, true },  { "usecs", UNIT_SECONDS, 1e-6, true }, { "msec", UNIT_SECONDS, 1e-3, true },
	{ "msecs", UNIT_SECONDS, 1e-3, true }, { "sec", UNIT_SECONDS, 1, true },      { "secs", UNIT_SECONDS, 1, true },
	{ "min", UNIT_SECONDS, 60, true },     { "mins", UNIT_SECONDS, 60, true },    { "hr", UNIT_SECONDS, 3600, true },
	{ "hrs", UNIT_SECONDS, 3600, true },   { "day", UNIT_SECONDS, 86400, true },  { "days", UNIT_SECONDS, 86400, true },
	{ "us", UNIT_SECONDS, 1e-6, false },   { "ms", UNIT_SECONDS, 1e-3, false },   { "s", UNIT_SECONDS, 1, false },
	{ "m", UNIT_SECONDS, 60, false },      { "h", UNIT_SECONDS, 3600, false },    { "d", UNIT_SECONDS, 86400, false },
	{ "B", UNIT_BYTES, 1, false },         { "K", UNIT_BYTES, 0x1p10, false },    { "KB", UNIT_BYTES, 0x1p10, false },
	{ "KiB", UNIT_BYTES, 0x1p10, false },  { "M", UNIT_BYTES, 0x1p20, false },    { "MB", UNIT_BYTES, 0x1p20, false },
	{ "MiB", UNIT_BYTES, 0x1p20, false },  { "G", UNIT_BYTES, 0x1p30, false },    { "GB", UNIT_BYTES, 0x1p30, false },
	{ "GiB", UNIT_BYTES, 0x1p30, false },  { "T", UNIT_BYTES, 0x1p40, false },    { "TB", UNIT_BYTES, 0x1p40, false },
	{ "TiB", UNIT_BYTES, 0x1p40, false },
};
enum { UNITS = sizeof units / sizeof units[0] };

static size_t
word_length(const struct lexer *l, size_t ahead)
{
	size_t n = 0;

	while (is_word(peek(l, ahead + n)))
		n++;
	return n;
}

/* Reads the unit of a number, directly after it or, for the long names, after a blank. */
static bool
take_unit(struct lexer *l, struct token *t)
{
	size_t       blanks = peek(l, 0) == ' ';
	const size_t n = word_length(l, blanks);

	if (n == 0)
		return true;
	if (!blanks && (peek(l, 0) == '.' || is_digit(peek(l, 0))))
		return lexer_fail(l, t->at, l->at - t->at + n, "this is neither a number nor an address");
	for (size_t i = 0; i < UNITS; i++) {
		if (strlen(units[i].name) != n || memcmp(units[i].name, l->text + l->at + blanks, n) != 0 ||
		    (blanks && !units[i].apart))
			continue;
		t->unit = units[i].unit;
		t->number *= units[i].factor;
		if (units[i].factor != 1) /* numbers beyond 2^53 are not expected to be exact */
			t->whole = t->number >= 0 && t->number < 0x1p53 && t->number == (double)(uint64_t)t->number;
		if (t->whole)
			t->count = (uint64_t)t->number;
		l->at += blanks + n;
		return true;
	}
	if (blanks)
		return true; /* it belongs to the next token */
	return lexer_fail(l, l->at, n,
	                  "'%.*s' is no unit: known are usec msec sec min hr day (us ms s m h d) and B KB MB GB TB",
	                  n < 20 ? (int)n : 20, l->text + l->at);
}

static bool
take_number(struct lexer *l, struct token *t)
{
	size_t n = 0;
	bool   plain;

	while (is_digit(peek(l, n)))
		n++;
	const size_t digits = n;
	if (peek(l, n) == '.' && is_digit(peek(l, n + 1)))
		for (n++; is_digit(peek(l, n));)
			n++;
	const char e = peek(l, n), sign = peek(l, n + 1);
	if ((e == 'e' || e == 'E') && (is_digit(sign) || ((sign == '+' || sign == '-') && is_digit(peek(l, n + 2)))))
		for (n += 2; is_digit(peek(l, n));)
			n++;
	t->kind = TOKEN_NUMBER;
	if (!parse_double(l->text + l->at, n, &t->number, &plain))
		return lexer_fail(l, l->at, n, "this number is too large");
	t->whole = n == digits && parse_u64(l->text + l->at, n, &t->count);
	if (!t->whole && t->number >= 0 && t->number < 0x1p53 && t->number == (double)(uint64_t)t->number) { /* 1e6 */
		t->whole = true;
		t->count = (uint64_t)t->number;
	}
	l->at += n;
	return take_unit(l, t);
}

/* Returns whether a date follows: 2026-11-28, with or without a time. */
static bool
is_date(const struct lexer *l)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? !is_digit(peek(l, i)) : peek(l, i) != form[i])
			return false;
	return !is_digit(peek(l, sizeof form - 1));
}

static bool
take_time(struct lexer *l, struct token *t)
{
	char   text[64];
	size_t n = 10;

	if (peek(l, n) == 'T' || (peek(l, n) == ' ' && is_digit(peek(l, n + 1)) && peek(l, n + 3) == ':')) {
		for (n++; is_digit(peek(l, n)) || peek(l, n) == ':' || peek(l, n) == '.';)
			n++;
		if (peek(l, n) == 'Z')
			n++;
		else if ((peek(l, n) == '+' || peek(l, n) == '-') && is_digit(peek(l, n + 1)))
			for (n++; is_digit(peek(l, n)) || peek(l, n) == ':';)
				n++;
	}
	const int length = n < sizeof text - 16
	                       ? snprintf(text, sizeof text, "%.*s%s", (int)n, l->text + l->at, n == 10 ? "T00:00:00Z" : "")
	                       : -1;
	t->kind = TOKEN_TIME;
	if (length < 0 || !parse_iso8601(text, (size_t)length, &t->number))
		return lexer_fail(l, l->at, n, "this is no time: 2026-11-28, 2026-11-28T20:00:00Z or with an offset, +01:00");
	l->at += n;
	return true;
}

/* Returns the length of the address that follows, 0 for none. */
static size_t
address_length(const struct lexer *l, size_t ahead, struct addr *out)
{
	size_t n = 0;
	bool   colons = false;

	while (isxdigit((unsigned char)peek(l, ahead + n)) || peek(l, ahead + n) == '.' || peek(l, ahead + n) == ':')
		colons |= peek(l, ahead + n++) == ':';
	if (n > ADDR_TEXT_MAX || (!colons && !is_digit(peek(l, ahead))) || is_word(peek(l, ahead + n)) ||
	    !addr_parse(l->text + l->at + ahead, n, out))
		return 0;
	return n;
}

/* Reads an address, and the prefix length after it, if any. */
static bool
take_address(struct lexer *l, struct token *t, size_t n, bool brackets)
{
	const size_t begin = l->at;
	uint64_t     bits = 0;

	t->kind = TOKEN_ADDR;
	l->at += n + 2 * brackets;
	if (peek(l, 0) != '/' || !is_digit(peek(l, 1)))
		return true;
	for (n = 1; is_digit(peek(l, n)); n++)
		bits = bits > 128 ? bits : 10 * bits + (uint64_t)(peek(l, n) - '0');
	const unsigned most = addr_is_v4(&t->addr) ? 32 : 128;
	if (bits > most)
		return lexer_fail(l, begin, l->at - begin + n, "the prefix of this network has at most %u bits", most);
	t->kind = TOKEN_NET;
	t->bits = (unsigned)bits + 128 - most;
	l->at += n;
	return true;
}

/* ---- operators and words */

static const struct {
	const char *text; /* longer ones first */
	enum sign   sign;
} signs[] = {
	{ "==", SIGN_EQ },       { "!=", SIGN_NE },       { "<>", SIGN_NE },     { "<=", SIGN_LE },  { ">=", SIGN_GE },
	{ "!~", SIGN_NO_MATCH }, { "=~", SIGN_MATCH },    { "&&", SIGN_AND },    { "||", SIGN_OR },  { "=", SIGN_EQ },
	{ "<", SIGN_LT },        { ">", SIGN_GT },        { "~", SIGN_MATCH },   { "!", SIGN_NOT },  { "+", SIGN_PLUS },
	{ "-", SIGN_MINUS },     { "*", SIGN_TIMES },     { "/", SIGN_DIVIDED }, { "(", SIGN_OPEN }, { ")", SIGN_CLOSE },
	{ ",", SIGN_COMMA },     { "{", SIGN_BEGIN_SET }, { "}", SIGN_END_SET },
};
enum { SIGNS = sizeof signs / sizeof signs[0] };

static bool
take_sign(struct lexer *l, struct token *t)
{
	for (size_t i = 0; i < SIGNS; i++) {
		const size_t n = strlen(signs[i].text);
		if (l->n - l->at < n || memcmp(l->text + l->at, signs[i].text, n) != 0)
			continue;
		t->kind = TOKEN_SIGN;
		t->sign = signs[i].sign;
		l->at += n;
		return true;
	}
	return lexer_fail(l, l->at, 1, "this character means nothing here; texts stand in quotes");
}

static bool
take_word(struct lexer *l, struct token *t)
{
	const size_t n = word_length(l, 0);

	t->kind = TOKEN_WORD;
	t->text = (struct text){ l->text + l->at, n };
	l->at += n;
	if (peek(l, 0) == ':')
		return lexer_fail(l, t->at, n + 1,
		                  "neither a column nor an address; texts like 00:11:22:33:44:55 stand in quotes");
	return true;
}

static bool
take(struct lexer *l, struct token *t)
{
	const char c = peek(l, 0);
	size_t     n;

	if (c == '"' || c == '\'' || c == '`') {
		t->kind = c == '`' ? TOKEN_NAME : TOKEN_TEXT;
		return take_quoted(l, false, &t->text);
	}
	if (c == '[' && (n = address_length(l, 1, &t->addr)) > 0 && peek(l, n + 1) == ']')
		return take_address(l, t, n, true);
	if (is_date(l))
		return take_time(l, t);
	if ((n = address_length(l, 0, &t->addr)) > 0)
		return take_address(l, t, n, false);
	if (is_digit(c))
		return take_number(l, t);
	if (is_word(c) && c != '.')
		return take_word(l, t);
	return take_sign(l, t);
}

struct token
lexer_next(struct lexer *l)
{
	struct token t = { .kind = TOKEN_END };

	skip_blanks(l);
	t.at = l->at;
	if (!l->failed && l->at < l->n && !take(l, &t))
		t = (struct token){ .kind = TOKEN_END, .at = t.at };
	t.n = l->at - t.at;
	return t;
}
