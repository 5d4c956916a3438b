/* csv.c - reads RFC 4180 with a header line, as write/csv.c, spreadsheets and data frames write it.
 *
 * An empty cell without quotes is unset.  The header has no types: columns that are not in the schema are strings.
 */
#include "read/values.h"

struct csv {
	struct slot slots[FIELDS_MAX];
	size_t      n;
};

/* A line continues past a newline inside quotes; after an even number of quotes none is open. */
static char *
csv_line_end(char *p, size_t n)
{
	const char *const end = p + n;
	char             *at = p;
	bool              open = false;

	for (char *line_end; (line_end = memchr(at, '\n', (size_t)(end - at))) != NULL; at = line_end + 1) {
		for (const char *q = at; (q = memchr(q, '"', (size_t)(line_end - q))) != NULL; q++)
			open = !open;
		if (!open)
			return line_end;
	}
	return NULL;
}

/* Takes a quoted cell, in place, from after its opening quote.  Returns false if it is not closed or text follows the quote. */
static bool
take_quoted(char **at, const char *end, struct text *out)
{
	char *p = *at, *to = p;

	out->p = p;
	for (; p < end; p++) {
		if (*p == '"') {
			if (p + 1 == end || p[1] != '"')
				break;
			p++;
		}
		*to++ = *p;
	}
	out->n = (size_t)(to - out->p);
	*at = p + 1;
	return p < end && (*at == end || **at == ',');
}

/* Takes the next cell; *at becomes NULL after the last one. */
static bool
take_cell(char **at, const char *end, struct text *out, bool *quoted)
{
	*quoted = *at < end && **at == '"';
	if (*quoted) {
		++*at;
		if (!take_quoted(at, end, out))
			return false;
	} else {
		const char *comma = memchr(*at, ',', (size_t)(end - *at));
		*out = (struct text){ *at, (size_t)((comma != NULL ? comma : end) - *at) };
		*at += out->n;
	}
	*at = *at < end ? *at + 1 : NULL;
	return true;
}

static enum read_result
bad_quotes(struct connlog_reader *r)
{
	return reader_bad(r, "a quote that is not closed, or something behind the one that closes");
}

static enum read_result
read_header(struct connlog_reader *r, struct csv *s, char *p, size_t n)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	const char       *end = p + n;

	if (n > 3 && memcmp(p, byte_order_mark, 3) == 0)
		p += 3;
	columns_clear(r);
	for (char *at = p; at != NULL; s->n++) {
		struct text name;
		bool        quoted;
		if (!take_cell(&at, end, &name, &quoted))
			return bad_quotes(r);
		if (!columns_add(r, name, (struct text){ "", 0 }, &s->slots[s->n]))
			return READ_BAD;
	}
	return READ_NOTHING;
}

static struct text_set
read_set(struct connlog_reader *r, struct text t)
{
	const size_t begin = list_begin(r);
	const bool   none = t.n == 7 && memcmp(t.p, "(empty)", 7) == 0;

	for (const char *comma = t.p; !none && comma != NULL;) {
		comma = memchr(t.p, ',', t.n);
		const size_t n = comma != NULL ? (size_t)(comma - t.p) : t.n;
		list_add(r, text_unescape((struct text){ t.p, n }));
		if (comma != NULL)
			t = (struct text){ comma + 1, t.n - n - 1 };
	}
	return list_end(r, begin);
}

static enum read_result
set_cell(struct connlog_reader *r, struct slot slot, struct text t)
{
	if (slot.column == NULL) {
		r->extras[slot.extra].set = true;
		r->extras[slot.extra].text = t;
		return READ_RECORD;
	}
	if (slot.column->info.type == CONNLOG_STRING_SET) {
		value_set_list(r, slot.column, read_set(r, t));
		return READ_RECORD;
	}
	return value_set(r, slot.column, t) ? READ_RECORD : value_bad(r, slot.column, t);
}

static enum read_result
csv_line(struct connlog_reader *r, char *p, size_t n)
{
	struct csv *s = r->state;
	size_t      cells = 0;

	if (n == 0 && s->n != 1) /* in a log of one column it is a row where that is unset */
		return READ_NOTHING;
	if (s->n == 0)
		return read_header(r, s, p, n);
	for (char *at = p; at != NULL; cells++) {
		struct text t;
		bool        quoted;
		if (!take_cell(&at, p + n, &t, &quoted))
			return bad_quotes(r);
		if (cells == s->n)
			return reader_bad(r, "more columns than the %zu of the header", s->n);
		if ((t.n > 0 || quoted) && set_cell(r, s->slots[cells], t) != READ_RECORD)
			return READ_BAD;
	}
	return cells == s->n ? READ_RECORD : reader_bad(r, "fewer columns than the %zu of the header", s->n);
}

/* Accepts a first line in which a cell is one of Zeek's column names. */
static bool
csv_detect(struct text head)
{
	const char *end = memchr(head.p, '\n', head.n);
	const char *p = head.p;

	end = end != NULL ? end : head.p + head.n;
	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma != NULL ? comma : end;
		struct text name = { p, (size_t)(stop - p) };
		if (name.n > 0 && name.p[name.n - 1] == '\r')
			name.n--;
		if (name.n > 2 && name.p[0] == '"')
			name = (struct text){ name.p + 1, name.n - 2 };
		if (schema_find(name.p, name.n) != NULL)
			return true;
		p = stop + 1;
	}
	return false;
}

const struct read_format read_csv = {
	.name = "csv",
	.detect = csv_detect,
	.state_size = sizeof(struct csv),
	.line = csv_line,
	.line_end = csv_line_end,
	.empty_lines = true,
};
