/* tsv.c - reads the tab-separated logs of Zeek and Bro 2, of every version and with all options.
 *
 * The header defines the separators of columns and of set elements, and the strings for empty and unset values.  It can be
 * repeated anywhere (in concatenated logs) and applies from there on.  Source: Zeek 8.2.2
 * src/threading/formatters/Ascii.cc and src/logging/writers/ascii/Ascii.cc; Bro v2.0 to v2.6 wrote the same with other
 * columns and types.
 *
 * Escapes: \xHH is a byte and \\ a backslash; any other backslash stands for itself, as in logs of old versions.
 */
#include "base/scan.h"
#include "read/values.h"

/* A short string from the header. */
struct word {
	char   p[32];
	size_t n;
};

struct tsv {
	struct word separator, set_separator, empty, unset;
	struct slot slots[FIELDS_MAX]; /* of the columns */
	size_t      n;
	struct text cells[FIELDS_MAX]; /* of the line */
	bool        escaped;           /* the line contains a backslash */
};

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Returns the byte that a leading \xHH stands for, or -1. */
static int
escaped_byte(struct text t)
{
	if (t.n < 4 || t.p[0] != '\\' || t.p[1] != 'x')
		return -1;
	const int high = hex_value(t.p[2]), low = hex_value(t.p[3]);
	return high >= 0 && low >= 0 ? high << 4 | low : -1;
}

struct text
text_unescape(struct text t)
{
	const char *first = memchr(t.p, '\\', t.n);
	char       *out = text_place(t);
	size_t      n = first != NULL ? (size_t)(first - t.p) : t.n;

	for (size_t i = n; i < t.n; n++) {
		const int byte = escaped_byte((struct text){ t.p + i, t.n - i });
		out[n] = byte >= 0 ? (char)byte : t.p[i];
		if (byte >= 0)
			i += 4;
		else
			i += t.p[i] == '\\' && i + 1 < t.n && t.p[i + 1] == '\\' ? 2 : 1;
	}
	return (struct text){ t.p, n };
}

static bool
is_word(struct text t, const struct word *w)
{
	return t.n == w->n && (t.n == 0 || (*t.p == *w->p && memcmp(t.p, w->p, t.n) == 0));
}

/* Returns the text up to the separator or the end; *rest is what follows, with p NULL if there is no separator. */
static struct text
cut(struct text *rest, const struct word *separator)
{
	const struct text t = *rest;
	const char       *at =
        separator->n == 1 ? memchr(t.p, separator->p[0], t.n) : memmem(t.p, t.n, separator->p, separator->n);
	if (at == NULL) {
		*rest = (struct text){ NULL, 0 };
		return t;
	}
	*rest = (struct text){ at + separator->n, t.n - (size_t)(at - t.p) - separator->n };
	return (struct text){ t.p, (size_t)(at - t.p) };
}

/* ---- header ----------------------------------------------------------------------------------------------------- */

static void
set_word(struct word *w, struct text t)
{
	if (t.n > sizeof w->p)
		t.n = sizeof w->p;
	memcpy(w->p, t.p, t.n);
	w->n = t.n;
}

static enum read_result
header_fields(struct connlog_reader *r, struct tsv *s, struct text names)
{
	columns_clear(r);
	for (s->n = 0; names.p != NULL; s->n++) {
		const struct text name = text_unescape(cut(&names, &s->separator));
		if (!columns_add(r, name, (struct text){ "", 0 }, &s->slots[s->n]))
			return READ_BAD;
	}
	return READ_NOTHING;
}

static enum read_result
header_types(struct connlog_reader *r, struct tsv *s, struct text types)
{
	for (size_t i = 0; i < s->n && types.p != NULL; i++) {
		const struct text type = text_unescape(cut(&types, &s->separator));
		if (s->slots[i].column == NULL && !columns_set_type(r, s->slots[i].extra, type))
			return READ_BAD;
	}
	return READ_NOTHING;
}

static bool
is_key(struct text t, const char *key)
{
	return t.n == strlen(key) && memcmp(t.p, key, t.n) == 0;
}

static enum read_result
header(struct connlog_reader *r, struct tsv *s, struct text line)
{
	static const char first[] = "#separator ";
	struct text       rest = line;

	if (line.n >= sizeof first && memcmp(line.p, first, sizeof first - 1) == 0) {
		set_word(&s->separator, text_unescape((struct text){ line.p + sizeof first - 1, line.n - (sizeof first - 1) }));
		return READ_NOTHING;
	}
	const struct text key = cut(&rest, &s->separator);
	if (rest.p == NULL)
		return READ_NOTHING;
	if (is_key(key, "#fields"))
		return header_fields(r, s, rest);
	if (is_key(key, "#types"))
		return header_types(r, s, rest);
	if (is_key(key, "#set_separator"))
		set_word(&s->set_separator, text_unescape(rest));
	else if (is_key(key, "#empty_field"))
		set_word(&s->empty, text_unescape(rest));
	else if (is_key(key, "#unset_field"))
		set_word(&s->unset, text_unescape(rest));
	return READ_NOTHING;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static struct text
read_text(const struct tsv *s, struct text t)
{
	if (is_word(t, &s->empty))
		return (struct text){ t.p, 0 };
	return s->escaped ? text_unescape(t) : t;
}

static struct text_set
read_set(struct connlog_reader *r, const struct tsv *s, struct text t)
{
	const size_t begin = list_begin(r);

	while (t.p != NULL && !(r->texts_n == begin && is_word(t, &s->empty))) {
		const struct text element = cut(&t, &s->set_separator);
		list_add(r, read_text(s, element));
	}
	return list_end(r, begin);
}

static void
set_extra(struct connlog_reader *r, const struct tsv *s, struct extra *x, struct text t)
{
	x->set = !is_word(t, &s->unset);
	if (!x->set)
		return;
	if (x->kind == EXTRA_LIST)
		x->list = read_set(r, s, t);
	else
		x->text = read_text(s, t);
}

static bool
set_cell(struct connlog_reader *r, const struct tsv *s, const struct column *c, struct text t)
{
	if (is_word(t, &s->unset))
		return true;
	switch (c->info.type) {
	case CONNLOG_STRING_SET:
		value_set_list(r, c, read_set(r, s, t));
		return true;
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return value_set(r, c, read_text(s, t));
	default:
		return value_set(r, c, t);
	}
}

/* Splits the line at a single-byte separator.  Returns the number of cells, at most one more than there are columns. */
static size_t
split_at_byte(struct tsv *s, struct text line)
{
	const char separator = *s->separator.p, *begin = line.p, *p = line.p, *const end = line.p + line.n;
	size_t   n = 0;
	unsigned escapes = 0;

	for (; end - p >= 16; p += 16) {
		escapes |= scan_sixteen(p, '\\');
		for (unsigned at = scan_sixteen(p, separator); at != 0; at &= at - 1) {
			const char *stop = p + __builtin_ctz(at);
			if (n == s->n)
				return n + 1;
			s->cells[n++] = (struct text){ begin, (size_t)(stop - begin) };
			begin = stop + 1;
		}
	}
	for (; p < end; p++) {
		escapes |= *p == '\\';
		if (*p != separator)
			continue;
		if (n == s->n)
			return n + 1;
		s->cells[n++] = (struct text){ begin, (size_t)(p - begin) };
		begin = p + 1;
	}
	if (n < s->n)
		s->cells[n] = (struct text){ begin, (size_t)(end - begin) };
	s->escaped = escapes != 0;
	return n + 1;
}

/* Does the same for any separator. */
static size_t
split(struct tsv *s, struct text line)
{
	size_t n = 0;

	if (s->separator.n == 1)
		return split_at_byte(s, line);
	s->escaped = true;
	while (line.p != NULL && n < s->n)
		s->cells[n++] = cut(&line, &s->separator);
	return line.p == NULL ? n : n + 1;
}

static enum read_result
tsv_line(struct connlog_reader *r, char *p, size_t n)
{
	struct tsv *s = r->state;

	if (*p == '#')
		return header(r, s, (struct text){ p, n });
	if (s->n == 0)
		return reader_bad(r, "a row, and no #fields line before it says what its columns are");
	const size_t cells = split(s, (struct text){ p, n });
	if (cells != s->n)
		return reader_bad(r, "%s columns than the %zu that #fields names", cells < s->n ? "fewer" : "more", s->n);
	for (size_t i = 0; i < cells; i++) {
		const struct column *c = s->slots[i].column;
		if (c == NULL)
			set_extra(r, s, &r->extras[s->slots[i].extra], s->cells[i]);
		else if (!set_cell(r, s, c, s->cells[i]))
			return value_bad(r, c, s->cells[i]);
	}
	return READ_RECORD;
}

/* Sets the defaults of Zeek's header. */
static void
tsv_begin(struct connlog_reader *r)
{
	struct tsv *s = r->state;

	set_word(&s->separator, (struct text){ "\t", 1 });
	set_word(&s->set_separator, (struct text){ ",", 1 });
	set_word(&s->empty, (struct text){ "(empty)", 7 });
	set_word(&s->unset, (struct text){ "-", 1 });
}

static bool
tsv_detect(struct text head)
{
	static const char *const first[] = { "#separator ", "#fields" };

	for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
		if (head.n >= strlen(first[i]) && memcmp(head.p, first[i], strlen(first[i])) == 0)
			return true;
	return false;
}

const struct read_format read_zeek = {
	.name = "zeek",
	.detect = tsv_detect,
	.state_size = sizeof(struct tsv),
	.begin = tsv_begin,
	.line = tsv_line,
};

/* The header describes everything, so both names share the code. */
const struct read_format read_bro2 = {
	.name = "bro2",
	.state_size = sizeof(struct tsv),
	.begin = tsv_begin,
	.line = tsv_line,
};
