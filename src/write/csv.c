/* csv.c - RFC 4180 with a header line: for spreadsheets and data frames.
 *
 * Cells are written as in Zeek's tab-separated log (zeek.c: times with six decimals, T and F, sets joined by commas),
 * with two differences: an empty cell is an unset value and "" an empty text, and texts are written as they are,
 * quoted where RFC 4180 requires it (commas, quotes, line ends).  Within an element of a set, a comma, a quote or a
 * line end becomes \xHH and a backslash is doubled.
 */
#include "write/format.h"

static bool
wants_quotes(struct text t)
{
	if (t.n == 0)
		return true; /* the empty text, unlike the unset value */
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] == ',' || t.p[i] == '"' || t.p[i] == '\n' || t.p[i] == '\r')
			return true;
	return false;
}

static char *
put_text(char *p, struct text t)
{
	if (!wants_quotes(t)) {
		memcpy(p, t.p, t.n);
		return p + t.n;
	}
	*p++ = '"';
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] == '"')
			*p++ = '"';
		*p++ = t.p[i];
	}
	*p++ = '"';
	return p;
}

static char *
put_element(char *p, struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		const char c = t.p[i];
		if (c == ',' || c == '"' || c == '\n' || c == '\r' || (c == '(' && i == 0))
			p = put_hex_escape(p, (unsigned char)c);
		else if (c == '\\')
			p = (char *)memcpy(p, "\\\\", 2) + 2;
		else
			*p++ = c;
	}
	return p;
}

static char *
put_texts(char *p, const struct text_set *set)
{
	const bool quotes = set->n > 1 || (set->n == 1 && set->at[0].n == 0);

	if (set->n == 0)
		return (char *)memcpy(p, "(empty)", 7) + 7;
	if (quotes)
		*p++ = '"';
	for (size_t i = 0; i < set->n; i++) {
		if (i > 0)
			*p++ = ',';
		p = put_element(p, set->at[i]);
	}
	if (quotes)
		*p++ = '"';
	return p;
}

static char *
put_value(char *p, const struct cell *c, const struct record *r)
{
	switch (c->type) {
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return put_text(p, *(const struct text *)cell_at(c, r));
	case CONNLOG_STRING_SET:
		return put_texts(p, cell_at(c, r));
	default:
		return put_scalar(p, c, r);
	}
}

static char *
put_extra(char *p, const struct extra *x)
{
	if (x == NULL)
		return p;
	return x->kind == EXTRA_LIST ? put_texts(p, &x->list) : put_text(p, x->text);
}

static char *
csv_record(const struct connlog_writer *w, char *p, const struct record *r)
{
	for (size_t i = 0; i < w->fields.n; i++) {
		const struct cell *c = &w->cells[i];
		if (cell_is_set(c, r))
			p = put_value(p, c, r);
		else if (c->has == 0)
			p = put_extra(p, field_extra(&w->fields.at[i], r));
		*p++ = ',';
	}
	p[-1] = '\n';
	return p;
}

static void
csv_open(struct connlog_writer *w, double when)
{
	(void)when;
	for (size_t i = 0; i < w->fields.n; i++) {
		const struct text name = { w->fields.at[i].name, strlen(w->fields.at[i].name) };
		char             *p = outbuf_reserve(&w->out, AROUND_TEXT + BYTE_ROOM * name.n);
		if (p == NULL)
			return;
		outbuf_advance(&w->out, (size_t)(put_text(p, name) - p));
		outbuf_char(&w->out, i + 1 < w->fields.n ? ',' : '\n');
	}
}

const struct format format_csv = {
	.info = { "csv", "RFC 4180 with a header line", "the types of columns that Zeek does not know" },
	.extras = true,
	.one_header = true,
	.open = csv_open,
	.record = csv_record,
};
