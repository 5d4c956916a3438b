/* mime.c - see mime.h. */
#include "service/mail/mime.h"

bool
mime_is_name_char(uint8_t c)
{
	return c >= 33 && c <= 126 && c != ':';
}

bool
mime_is_token_char(uint8_t c)
{
	static const bool is[256] = {
		['!'] = true, ['#' ... '\''] = true, ['*'] = true,         ['+'] = true,         ['-'] = true,
		['.'] = true, ['0' ... '9'] = true,  ['A' ... 'Z'] = true, ['^' ... '`'] = true, ['a' ... '~'] = true,
	};
	return is[c];
}

bool
mime_is_boundary_char(uint8_t c)
{
	return c >= 33 && c <= 126 && c != '"';
}

/* Returns what follows the comment that `b` starts with; nothing if it does not end. */
static struct bytes
after_comment(struct bytes b)
{
	int depth = 0;

	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] == '(')
			depth++;
		else if (b.p[i] == ')' && --depth == 0)
			return bytes_skip(b, i + 1);
		else if (b.p[i] == '\\')
			i++;
	}
	return bytes_skip(b, b.n);
}

static struct bytes
after_blanks(struct bytes b)
{
	while (b.n > 0 && (is_blank(b.p[0]) || b.p[0] == '('))
		b = b.p[0] == '(' ? after_comment(b) : bytes_skip(b, 1);
	return b;
}

/* Returns the first run of bytes that `is` accepts, skipping other bytes, blanks and comments before it. */
static inline bool
first_run(struct bytes b, bool (*is)(uint8_t), struct bytes *run, struct bytes *rest)
{
	while (b.n > 0 && !is(b.p[0])) {
		const struct bytes next = after_blanks(b);
		b = next.n < b.n ? next : bytes_skip(b, 1);
	}
	size_t n = 0;
	while (n < b.n && is(b.p[n]))
		n++;
	*run = n > 0 ? bytes_head(b, n) : (struct bytes){ NULL, 0 };
	*rest = bytes_skip(b, n);
	return n > 0;
}

bool
mime_token(struct bytes value, struct bytes *token, struct bytes *rest)
{
	return first_run(after_blanks(value), mime_is_token_char, token, rest);
}

struct bytes
mime_value(struct bytes b)
{
	while (b.n > 0 && (b.p[0] == ' ' || (b.p[0] >= '\t' && b.p[0] <= '\r'))) /* isspace() */
		b = bytes_skip(b, 1);
	return b;
}

bool
mime_header(struct bytes header, struct bytes *name, struct bytes *value)
{
	struct bytes rest;

	if (!first_run(after_blanks(header), mime_is_name_char, name, &rest))
		return false;
	rest = after_blanks(rest);
	if (rest.n == 0 || rest.p[0] != ':')
		return false;
	*value = mime_value(bytes_skip(rest, 1));
	return true;
}

/* Converts the capital letters of eight bytes to lower case: adding a constant to a byte without its top bit sets that bit from
 * `A` on, another constant from after `Z` on. */
static uint64_t
lower_eight(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x80 * ones, low = w & ~tops;
	const uint64_t capital = ((low + (0x80 - 'A') * ones) ^ (low + (0x7f - 'Z') * ones)) & ~w & tops;

	return w | capital >> 2;
}

/* Loads up to eight bytes. */
static inline bool
same_part(const uint8_t *p, const char *lower_case, size_t n)
{
	uint64_t a = 0, b = 0;

	memcpy(&a, p, n);
	memcpy(&b, lower_case, n);
	return lower_eight(a) == b;
}

bool
mime_same(const uint8_t *p, const char *lower_case, size_t n)
{
	size_t i = 0;

	if (n < 4)
		return same_part(p, lower_case, n);
	if (n < 8) /* the last four bytes may overlap the first */
		return same_part(p, lower_case, 4) && same_part(p + n - 4, lower_case + n - 4, 4);
	for (; n - i > 8; i += 8)
		if (!same_part(p + i, lower_case + i, 8))
			return false;
	return same_part(p + n - 8, lower_case + n - 8, 8);
}

bool
mime_type(struct bytes value, struct bytes *type, struct bytes *rest)
{
	struct bytes subtype;

	if (!mime_token(value, type, rest))
		return false;
	*rest = after_blanks(*rest);
	if (rest->n == 0 || rest->p[0] != '/')
		return false;
	return mime_token(bytes_skip(*rest, 1), &subtype, rest);
}

/* Returns a quoted string at the start of `b`; `\c` is left as it is. */
static bool
quoted(struct bytes b, struct bytes *string, struct bytes *rest)
{
	for (size_t i = 1; i < b.n; i++) {
		if (b.p[i] == '"') {
			*string = (struct bytes){ b.p + 1, i - 1 };
			*rest = bytes_skip(b, i + 1);
			return true;
		}
		if (b.p[i] == '\\')
			i++;
	}
	return false;
}

/* Consumes a parameter's value: a quoted string or a word.  Returns false, leaving `*b`, if there is none. */
static bool
parameter_value(struct bytes *b, bool boundary, struct bytes *value, bool *in_quotes)
{
	const struct bytes from = boundary ? *b : after_blanks(*b);

	*in_quotes = from.n > 0 && from.p[0] == '"';
	if (*in_quotes)
		return quoted(from, value, b);
	struct bytes rest;
	if (!first_run(from, boundary ? mime_is_boundary_char : mime_is_token_char, value, &rest))
		return false;
	*b = rest;
	return true;
}

static int
copy_unquoted(struct bytes value, bool in_quotes, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n && n < room; i++) {
		if (in_quotes && value.p[i] == '\\' && ++i == value.n)
			break;
		out[n++] = value.p[i];
	}
	return (int)n;
}

int
mime_boundary(struct bytes b, uint8_t *out, size_t room)
{
	int n = -1; /* the last one counts */

	for (;;) {
		struct bytes attribute, value;
		bool         in_quotes;
		b = after_blanks(b);
		if (b.n == 0 || b.p[0] != ';')
			return n;
		if (!mime_token(bytes_skip(b, 1), &attribute, &b))
			return n;
		b = after_blanks(b);
		if (b.n == 0 || b.p[0] != '=')
			continue;
		b = bytes_skip(b, 1);
		const bool boundary = mime_is(attribute, "boundary");
		if (parameter_value(&b, boundary, &value, &in_quotes) && boundary)
			n = copy_unquoted(value, in_quotes, out, room);
	}
}
