/* parse.c - see parse.h.
 *
 * A decimal number of up to 2^53 with up to 22 decimals is the quotient of its digits, an exact double, and a power of
 * ten that is exact, too: one division rounds it correctly (Clinger, "How to read floating point numbers
 * accurately").  All others go through strtod().
 */
#include "base/parse.h"

#include <arpa/inet.h>
#include <stdlib.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Eight digits at once, in three steps: pairs, fours, all.  Returns false if they are not all digits. */
static bool
eight_digits(const char *p, uint64_t *out)
{
	uint64_t w;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	if (((w & 0xf0f0f0f0f0f0f0f0u) | ((w + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4) != 0x3333333333333333u)
		return false;
	w = (w & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
	w = (w & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
	*out = (w & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
	return true;
}

/* Returns the number of digits that the text begins with, and appends them to *v, which holds up to 19. */
static size_t
take_digits(const char *p, size_t n, uint64_t *v)
{
	size_t   i = 0;
	uint64_t eight;

	for (; n - i >= 8 && eight_digits(p + i, &eight); i += 8)
		*v = *v * 100000000 + eight;
	for (; i < n && is_digit(p[i]); i++)
		*v = *v * 10 + (unsigned)(p[i] - '0');
	return i;
}

/* The same for twenty digits. */
static bool
parse_long_u64(const char *p, uint64_t *out)
{
	uint64_t v = 0;

	if (take_digits(p, 19, &v) != 19 || !is_digit(p[19]))
		return false;
	const unsigned last = (unsigned)(p[19] - '0');
	if (v > UINT64_MAX / 10 || (v == UINT64_MAX / 10 && last > UINT64_MAX % 10))
		return false;
	*out = v * 10 + last;
	return true;
}

bool
parse_u64(const char *p, size_t n, uint64_t *out)
{
	uint64_t v = 0;

	if (n == 20)
		return parse_long_u64(p, out);
	if (n == 0 || n > 20 || take_digits(p, n, &v) != n)
		return false;
	*out = v;
	return true;
}

bool
parse_i64(const char *p, size_t n, int64_t *out)
{
	const bool negative = n > 0 && *p == '-';
	uint64_t   v;

	if (!parse_u64(p + negative, n - negative, &v) || v > (uint64_t)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)-v : (int64_t)v;
	return true;
}

/* Parses a number that has an exponent, or more digits than a double holds. */
static bool
parse_with_strtod(const char *p, size_t n, double *out)
{
	char   text[400], *end;
	double v;

	if (n >= sizeof text)
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	v = strtod(text, &end);
	if (end != text + n || v - v != 0)
		return false;
	*out = v;
	return true;
}

/* Returns the length of -?digits(.digits)?(e[+-]?digits)?, or 0.  Sets *plain if there is no exponent. */
static size_t
number_length(const char *p, size_t n, bool *plain)
{
	size_t i = n > 0 && (*p == '-' || *p == '+'), begin = i;

	*plain = *p != '+';
	while (i < n && is_digit(p[i]))
		i++;
	if (i == begin)
		return 0;
	if (i + 1 < n && p[i] == '.' && is_digit(p[i + 1]))
		for (i++; i < n && is_digit(p[i]); i++)
			;
	if (i == n || (p[i] != 'e' && p[i] != 'E'))
		return i;
	*plain = false;
	i++;
	if (i < n && (p[i] == '-' || p[i] == '+'))
		i++;
	if (i == n || !is_digit(p[i]))
		return 0;
	while (i < n && is_digit(p[i]))
		i++;
	return i;
}

bool
parse_double(const char *p, size_t n, double *out, bool *plain)
{
	static const double tens[23] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
		                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	const size_t        negative = n > 0 && *p == '-';
	uint64_t            digits = 0;
	size_t              decimals = 0;

	if (n - negative <= 20) { /* 19 digits and a point */
		size_t       i = negative + take_digits(p + negative, n - negative, &digits);
		const size_t whole = i - negative;
		if (whole > 0 && i + 1 < n && p[i] == '.')
			i += 1 + (decimals = take_digits(p + i + 1, n - i - 1, &digits));
		*plain = i == n && whole > 0 && is_digit(p[n - 1]) && whole + decimals < 20 && digits <= UINT64_C(1) << 53;
	} else {
		*plain = false;
	}
	if (*plain) {
		const double v = (double)digits / tens[decimals];
		*out = negative ? -v : v;
		return true;
	}
	return n > 0 && number_length(p, n, plain) == n && parse_with_strtod(p, n, out);
}

static bool
parse_v4(const char *p, size_t n, uint8_t out[4])
{
	size_t i = 0;

	for (int k = 0; k < 4; k++) {
		unsigned     v = 0;
		const size_t begin = i;
		if (k > 0 && (i == n || p[i++] != '.'))
			return false;
		const size_t first = k > 0 ? begin + 1 : begin;
		for (; i < n && i < first + 3 && is_digit(p[i]); i++)
			v = v * 10 + (unsigned)(p[i] - '0');
		if (i == first || v > 255)
			return false;
		out[k] = (uint8_t)v;
	}
	return i == n;
}

size_t
parse_element(const char **text, const char **element)
{
	const char  *p = *text + strspn(*text, " ,{}");
	const size_t len = strcspn(p, " ,{}");

	*element = p;
	*text = p + len;
	return len;
}

bool
addr_parse(const char *p, size_t n, struct addr *out)
{
	char    text[INET6_ADDRSTRLEN];
	uint8_t raw[16];

	if (parse_v4(p, n, raw)) {
		*out = addr_from_v4(raw);
		return true;
	}
	if (n == 0 || n >= sizeof text)
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, raw) != 1)
		return false;
	*out = addr_from_v6(raw);
	return true;
}

/* Parses `digits` digits at *i and advances it.  Returns their value, or -1. */
static int
take_number(const char *p, size_t n, size_t *i, unsigned digits)
{
	int v = 0;

	for (; digits > 0; digits--, (*i)++) {
		if (*i >= n || !is_digit(p[*i]))
			return -1;
		v = v * 10 + (p[*i] - '0');
	}
	return v;
}

static bool
take_char(const char *p, size_t n, size_t *i, char a, char b)
{
	if (*i >= n || (p[*i] != a && p[*i] != b))
		return false;
	(*i)++;
	return true;
}

/* Returns the days since 1970-01-01 in the Gregorian calendar, counting years from March. */
static int64_t
days_of(int year, int month, int day)
{
	const int64_t y = month > 2 ? year : year - 1, m = (month + 9) % 12;
	return 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

/* Parses the digits of a fraction as microseconds; digits after the sixth are dropped. */
static int64_t
take_micros(const char *p, size_t n, size_t *i)
{
	int64_t micros = 0;
	int64_t unit = 100000;

	for (; *i < n && is_digit(p[*i]); (*i)++, unit /= 10)
		micros += (p[*i] - '0') * unit;
	return micros;
}

bool
parse_iso8601(const char *p, size_t n, double *out)
{
	size_t    i = 0;
	int64_t   micros = 0, offset = 0;
	const int year = take_number(p, n, &i, 4);
	const int month = take_char(p, n, &i, '-', '-') ? take_number(p, n, &i, 2) : -1;
	const int day = take_char(p, n, &i, '-', '-') ? take_number(p, n, &i, 2) : -1;
	const int hour = take_char(p, n, &i, 'T', ' ') ? take_number(p, n, &i, 2) : -1;
	const int minute = take_char(p, n, &i, ':', ':') ? take_number(p, n, &i, 2) : -1;
	const int second = take_char(p, n, &i, ':', ':') ? take_number(p, n, &i, 2) : -1;

	if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 24 || minute < 0 ||
	    minute > 59 || second < 0 || second > 60)
		return false;
	if (take_char(p, n, &i, '.', ','))
		micros = take_micros(p, n, &i);
	if (i < n && (p[i] == '+' || p[i] == '-')) {
		const int sign = p[i++] == '-' ? -1 : 1, hours = take_number(p, n, &i, 2);
		take_char(p, n, &i, ':', ':');
		const int minutes = take_number(p, n, &i, 2);
		if (hours < 0 || minutes < 0)
			return false;
		offset = sign * (hours * 60 + minutes) * 60;
	} else {
		take_char(p, n, &i, 'Z', 'z');
	}
	if (i != n)
		return false;
	const int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
	*out = (double)(seconds * 1000000 + micros) / 1e6;
	return true;
}

bool
is_json_number(const char *p, size_t n)
{
	size_t i = n > 0 && p[0] == '-', digits = i;

	while (i < n && is_digit(p[i]))
		i++;
	if (i == digits || (p[digits] == '0' && i > digits + 1))
		return false;
	if (i < n && p[i] == '.') {
		for (digits = ++i; i < n && is_digit(p[i]); i++)
			;
		if (i == digits)
			return false;
	}
	if (i < n && (p[i] == 'e' || p[i] == 'E')) {
		i += i + 1 < n && (p[i + 1] == '+' || p[i + 1] == '-') ? 2 : 1;
		for (digits = i; i < n && is_digit(p[i]); i++)
			;
		if (i == digits)
			return false;
	}
	return i == n;
}
