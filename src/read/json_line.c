/* json_line.c - see json_line.h.  RFC 8259, but control characters in strings are accepted. */
#include "read/json_line.h"

#include "base/parse.h"
#include "base/utf8.h"
#include "read/values.h"

enum { DEPTH_MAX = 16, NAME_MAX_BYTES = 512 };

struct cursor {
	struct connlog_reader *r;
	char                  *p, *end;
	json_member_fn         member;
	char                   name[NAME_MAX_BYTES]; /* of the enclosing objects, each followed by a dot */
};

static enum read_result
bad(struct cursor *c, const char *what)
{
	return reader_bad(c->r, "no JSON: %s", what);
}

static void
skip_blanks(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
		c->p++;
}

static bool
take(struct cursor *c, char wanted)
{
	skip_blanks(c);
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Returns the value of \uXXXX's four digits, or -1. */
static int
hex4(const char *p, const char *end)
{
	int v = 0;
	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const int digit = hex_digit(p[i]);
		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* Parses a code point after "\u", from one escape or a pair of surrogates.  Returns -1 if it is invalid. */
static int
code_point(char **p, const char *end)
{
	int v = hex4(*p, end), low;

	if (v < 0)
		return -1;
	*p += 4;
	if (v >= 0xd800 && v < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' &&
	    (low = hex4(*p + 2, end)) >= 0xdc00 && low < 0xe000) {
		*p += 6;
		return 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	}
	return v >= 0xd800 && v < 0xe000 ? 0xfffd : v; /* a lone surrogate */
}

/* Unescapes from the first backslash to the closing quote.  Returns false if there is none or an escape is invalid. */
static bool
unescape(struct cursor *c, struct text *out)
{
	static const char plain[256] = {
		['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'
	};
	char *to = c->p;

	while (c->p < c->end && *c->p != '"') {
		if (*c->p != '\\') {
			*to++ = *c->p++;
			continue;
		}
		if (c->end - c->p < 2)
			return false;
		const unsigned char letter = (unsigned char)c->p[1];
		c->p += 2;
		if (plain[letter] != 0) {
			*to++ = plain[letter];
			continue;
		}
		const int code = letter == 'u' ? code_point(&c->p, c->end) : -1;
		if (code < 0)
			return false;
		to += utf8_put(to, (uint32_t)code);
	}
	out->n = (size_t)(to - out->p);
	return c->p++ < c->end;
}

/* Takes a string from after its opening quote. */
static bool
take_text(struct cursor *c, struct text *out)
{
	out->p = c->p;
	while (c->p < c->end && *c->p != '"' && *c->p != '\\')
		c->p++;
	if (c->p < c->end && *c->p == '\\')
		return unescape(c, out);
	out->n = (size_t)(c->p - out->p);
	return c->p++ < c->end;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static bool
take_word(struct cursor *c, const char *word)
{
	const size_t n = strlen(word);
	if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
		return false;
	c->p += n;
	return true;
}

static bool
take_number(struct cursor *c, struct text *out)
{
	out->p = c->p;
	while (c->p < c->end && ((*c->p >= '0' && *c->p <= '9') || *c->p == '-' || *c->p == '+' || *c->p == '.' ||
	                         *c->p == 'e' || *c->p == 'E'))
		c->p++;
	out->n = (size_t)(c->p - out->p);
	return is_json_number(out->p, out->n);
}

/* Takes a string, number, true, false or null. */
static bool
take_scalar(struct cursor *c, struct json_value *v)
{
	if (c->p == c->end)
		return false;
	v->kind = JSON_BOOL;
	switch (*c->p) {
	case '"':
		c->p++;
		v->kind = JSON_TEXT;
		return take_text(c, &v->text);
	case 't':
		*c->p = 'T'; /* strings of a line point into it */
		v->text = (struct text){ c->p++, 1 };
		return take_word(c, "rue");
	case 'f':
		*c->p = 'F';
		v->text = (struct text){ c->p++, 1 };
		return take_word(c, "alse");
	case 'n':
		v->kind = JSON_NULL;
		v->text = (struct text){ c->p, 0 };
		return take_word(c, "null");
	default:
		v->kind = JSON_NUMBER;
		return take_number(c, &v->text);
	}
}

/* Takes an object or list verbatim, up to its closing bracket. */
static bool
take_raw(struct cursor *c, struct text *out)
{
	unsigned depth = 0;

	out->p = c->p;
	do {
		if (*c->p == '"') {
			for (c->p++; c->p < c->end && *c->p != '"'; c->p++)
				if (*c->p == '\\' && c->p + 1 < c->end)
					c->p++;
			if (c->p == c->end)
				return false;
		} else if (*c->p == '{' || *c->p == '[') {
			depth++;
		} else if (*c->p == '}' || *c->p == ']') {
			depth--;
		}
		c->p++;
	} while (depth > 0 && c->p < c->end);
	out->n = (size_t)(c->p - out->p);
	return depth == 0;
}

/* Takes a list from after its opening bracket. */
static bool
take_list(struct cursor *c, struct json_value *v)
{
	const size_t begin = list_begin(c->r);
	bool         first = true;

	v->element = JSON_TEXT;
	while (!take(c, ']')) {
		struct json_value element = { .kind = JSON_TEXT };
		if (!first && !take(c, ','))
			return false;
		skip_blanks(c);
		if (c->p == c->end)
			return false;
		if (*c->p == '{' || *c->p == '[' ? !take_raw(c, &element.text) : !take_scalar(c, &element))
			return false;
		if (element.kind == JSON_NULL)
			element.kind = JSON_TEXT;
		v->element = first || element.kind == v->element ? element.kind : JSON_TEXT;
		list_add(c->r, element.text);
		first = false;
	}
	v->kind = JSON_LIST;
	v->list = list_end(c->r, begin);
	return true;
}

/* ---- objects ---------------------------------------------------------------------------------------------------- */

static enum read_result take_object(struct cursor *c, size_t prefix, unsigned depth);

/* Takes a member from after its name, which is `name` prefixed with those of the enclosing objects. */
static enum read_result
take_member(struct cursor *c, struct text name, size_t prefix, unsigned depth)
{
	struct json_value v = { .kind = JSON_NULL };

	if (prefix > 0 || (c->p < c->end && *c->p == '{')) {
		if (prefix + name.n + 1 > sizeof c->name)
			return bad(c, "a name is too long");
		memcpy(c->name + prefix, name.p, name.n);
		name = (struct text){ c->name, prefix + name.n };
	}
	if (take(c, '{')) {
		c->name[name.n] = '.';
		return depth < DEPTH_MAX ? take_object(c, name.n + 1, depth + 1) : bad(c, "objects are nested too deep");
	}
	if (take(c, '[') ? !take_list(c, &v) : !take_scalar(c, &v))
		return bad(c, "a value is expected");
	return c->member(c->r, name, &v);
}

/* Takes an object from after its opening brace. */
static enum read_result
take_object(struct cursor *c, size_t prefix, unsigned depth)
{
	struct text name;

	if (take(c, '}'))
		return READ_RECORD;
	do {
		if (!take(c, '"') || !take_text(c, &name))
			return bad(c, "a member's name is expected");
		if (!take(c, ':'))
			return bad(c, "a colon is expected");
		skip_blanks(c);
		const enum read_result result = take_member(c, name, prefix, depth);
		if (result != READ_RECORD)
			return result;
	} while (take(c, ','));
	return take(c, '}') ? READ_RECORD : bad(c, "a comma or the closing brace is expected; the line may be cut short");
}

enum read_result
json_line(struct connlog_reader *r, char *p, size_t n, json_member_fn member)
{
	struct cursor c;

	c.r = r;
	c.p = p;
	c.end = p + n;
	c.member = member;
	if (!take(&c, '{'))
		return bad(&c, "an object is expected on each line");
	const enum read_result result = take_object(&c, 0, 0);
	if (result != READ_RECORD)
		return result;
	skip_blanks(&c);
	return c.p == c.end ? READ_RECORD : bad(&c, "something stands behind the object");
}

/* ---- values into records ---------------------------------------------------------------------------------------- */

/* Returns the byte that Zeek writes as these four characters, or -1 if it would not: printable bytes and those with a short
 * escape in JSON. */
static int
zeek_byte(const char *four)
{
	static const char digits[] = "0123456789abcdef";
	const char       *high, *low;

	if (four[0] != '\\' || four[1] != 'x' || (high = memchr(digits, four[2], 16)) == NULL ||
	    (low = memchr(digits, four[3], 16)) == NULL)
		return -1;
	const int  byte = (int)((high - digits) << 4 | (low - digits));
	const char c = (char)byte;
	return utf8_is_good(&c, 1) ? -1 : byte;
}

/* Zeek writes \xHH for the bytes of strings that are not valid UTF-8.  If decoding gives valid UTF-8, it was not such a
 * string, but one that contains a backslash. */
static struct text
zeek_text(struct connlog_reader *r, struct text t)
{
	size_t n = 0;
	char  *out;

	if (memchr(t.p, '\\', t.n) == NULL)
		return t;
	r->scratch.n = 0;
	out = outbuf_reserve(&r->scratch, t.n);
	if (out == NULL)
		return t;
	for (size_t i = 0; i < t.n; n++) {
		const int byte = t.n - i >= 4 ? zeek_byte(t.p + i) : -1;
		out[n] = byte >= 0 ? (char)byte : t.p[i];
		i += byte >= 0 ? 4 : 1;
	}
	if (n == t.n || utf8_is_good(out, n))
		return t;
	memcpy(text_place(t), out, n);
	return (struct text){ t.p, n };
}

static struct text_set
zeek_texts(struct connlog_reader *r, const struct json_value *v)
{
	const size_t begin = (size_t)(v->list.at - r->texts);

	for (size_t i = 0; v->element == JSON_TEXT && i < v->list.n; i++)
		r->texts[begin + i] = zeek_text(r, v->list.at[i]);
	return v->list;
}

/* Joins a list with commas for a column of one string, as Zeek joins services.  The elements are further apart in the line
 * than a comma, so they can be moved together in place. */
static struct text
join(struct text_set set)
{
	char *to = set.n > 0 ? text_place(set.at[0]) : NULL;

	for (size_t i = 0; i < set.n; i++) {
		if (i > 0)
			*to++ = ',';
		memmove(to, set.at[i].p, set.at[i].n);
		to += set.at[i].n;
	}
	return set.n > 0 ? (struct text){ set.at[0].p, (size_t)(to - set.at[0].p) } : (struct text){ "", 0 };
}

static enum read_result
set_extra(struct connlog_reader *r, struct extra *x, const struct json_value *v)
{
	static const enum extra_kind kinds[] = {
		[JSON_TEXT] = EXTRA_TEXT,
		[JSON_NUMBER] = EXTRA_NUMBER,
		[JSON_BOOL] = EXTRA_BOOL,
		[JSON_LIST] = EXTRA_LIST,
	};
	x->set = true;
	x->kind = kinds[v->kind];
	if (v->kind == JSON_LIST) {
		x->element = kinds[v->element];
		x->list = zeek_texts(r, v);
	} else {
		x->text = v->kind == JSON_TEXT ? zeek_text(r, v->text) : v->text;
	}
	return READ_RECORD;
}

enum read_result
json_set(struct connlog_reader *r, struct slot slot, const struct json_value *v)
{
	const struct column *c = slot.column;

	if (v->kind == JSON_NULL)
		return READ_RECORD;
	if (c == NULL)
		return set_extra(r, &r->extras[slot.extra], v);
	if (c->info.type == CONNLOG_STRING_SET && v->kind == JSON_LIST) {
		value_set_list(r, c, zeek_texts(r, v));
		return READ_RECORD;
	}
	struct text t = v->kind == JSON_LIST ? join(zeek_texts(r, v)) : v->text;
	if (v->kind == JSON_TEXT)
		t = zeek_text(r, t);
	return value_set(r, c, t) ? READ_RECORD : value_bad(r, c, t);
}

struct text
json_type(const struct json_value *v)
{
	static const struct {
		const char *one, *list;
	} names[] = {
		[JSON_TEXT] = { "string", "vector[string]" },
		[JSON_NUMBER] = { "double", "vector[double]" },
		[JSON_BOOL] = { "bool", "vector[bool]" },
		[JSON_NULL] = { "string", "vector[string]" },
	};
	const char *name = v->kind == JSON_LIST ? names[v->element].list : names[v->kind].one;

	if (v->kind == JSON_NUMBER && memchr(v->text.p, '.', v->text.n) == NULL &&
	    memchr(v->text.p, 'e', v->text.n) == NULL && memchr(v->text.p, 'E', v->text.n) == NULL)
		name = *v->text.p == '-' ? "int" : "count";
	return (struct text){ name, strlen(name) };
}
