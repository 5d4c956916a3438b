/* zeek_row.c - writes a record as a line of Zeek's tab-separated log (zeek.c).
 *
 * Escaping: a byte that is not printable ASCII becomes \xHH and a backslash is doubled.  So that data cannot be
 * mistaken for structure, separators become \xHH too, and so does the first byte of a text that reads "-" or "(empty)"
 * and of a line that starts with "#".
 */
#include <stdint.h>

#include "base/copy.h"
#include "base/scan.h"
#include "write/zeek.h"

char *
zeek_put_escaped(const struct zeek_style *s, char *p, struct text t, bool in_set)
{
	const uint8_t stands = in_set ? STANDS_IN_SET : STANDS;
	const char    other = in_set ? s->set_separator : s->separator;
	size_t        i = 0;

	/* the tab is not printable, so one more character to search for is enough */
	for (; (s->separator == '\t' || !in_set) && i + 8 <= t.n && scan_plain8(t.p + i, '\\', other); i += 8, p += 8)
		memcpy(p, t.p + i, 8);
	for (; i < t.n; i++) {
		const unsigned char c = (unsigned char)t.p[i];
		if (s->stands[c] & stands) {
			*p++ = (char)c;
		} else if (c == '\\') {
			*p++ = '\\';
			*p++ = '\\';
		} else {
			p = put_hex_escape(p, c);
		}
	}
	return p;
}

static char *
put_escaped_first(const struct zeek_style *s, char *p, struct text t, bool in_set)
{
	p = put_hex_escape(p, (unsigned char)t.p[0]);
	return zeek_put_escaped(s, p, (struct text){ t.p + 1, t.n - 1 }, in_set);
}

/* Most words are one character. */
static inline char *
put_word(char *p, const char *word, size_t n)
{
	*p = *word;
	if (n > 1)
		memcpy(p + 1, word + 1, n - 1);
	return p + n;
}

static bool
is_style_text(struct text t, const struct style_text *word)
{
	return t.n == word->n && *t.p == *word->p && memcmp(t.p, word->p, t.n) == 0;
}

static inline char *
put_text(const struct zeek_style *s, char *p, struct text t, bool in_set)
{
	if (t.n == 0)
		return put_word(p, s->empty.p, s->empty.n);
	if (is_style_text(t, &s->unset) || is_style_text(t, &s->empty))
		return put_escaped_first(s, p, t, in_set);
	return zeek_put_escaped(s, p, t, in_set);
}

static char *
put_texts(const struct zeek_style *s, char *p, const struct text_set *set)
{
	if (set->n == 0)
		return put_word(p, s->empty.p, s->empty.n);
	for (size_t i = 0; i < set->n; i++) {
		if (i > 0)
			*p++ = s->set_separator;
		p = put_text(s, p, set->at[i], true);
	}
	return p;
}

/* Times and intervals have six decimals; a log's own text with six decimals is as good as the value. */
static inline char *
put_seconds(char *p, const struct cell *c, const struct record *r)
{
	const struct text literal = literal_of(r, c->id);

	if (literal.n > 7 && literal.p[literal.n - 7] == '.')
		return put_word(p, literal.p, literal.n);
	return p + format_fixed6(p, *(const double *)cell_at(c, r));
}

static inline char *
put_address(char *p, const struct cell *c, const struct record *r)
{
	const struct text literal = literal_of(r, c->id);

	return literal.n > 0 ? put_word(p, literal.p, literal.n) : p + addr_format(cell_at(c, r), p);
}

/* Most numbers have one digit. */
static inline char *
put_count(char *p, uint64_t v)
{
	if (v >= 10)
		return p + format_u64(p, v);
	*p = (char)('0' + v);
	return p + 1;
}

static inline char *
scalar(char *p, const struct cell *c, const struct record *r)
{
	const void *at = cell_at(c, r);

	switch (c->type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
		return put_seconds(p, c, r);
	case CONNLOG_DOUBLE:
		return p + format_zeek_double(p, *(const double *)at);
	case CONNLOG_ADDR:
		return put_address(p, c, r);
	case CONNLOG_PORT:
		return p + format_u64(p, *(const uint16_t *)at);
	case CONNLOG_COUNT:
		return put_count(p, *(const uint64_t *)at);
	case CONNLOG_INT:
		return p + format_i64(p, *(const int64_t *)at);
	case CONNLOG_BOOL:
		*p = *(const bool *)at ? 'T' : 'F';
		return p + 1;
	default: /* the others are not scalars */
		return p;
	}
}

char *
put_scalar(char *p, const struct cell *c, const struct record *r)
{
	return scalar(p, c, r);
}

static inline char *
put_value(const struct zeek_style *s, char *p, const struct cell *c, const struct record *r)
{
	const struct text *t = cell_at(c, r);

	switch (c->type) {
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return r->plain & c->plain && s->plain ? copy_short(p, t->p, t->n) : put_text(s, p, *t, false);
	case CONNLOG_STRING_SET:
		return put_texts(s, p, cell_at(c, r));
	default:
		return scalar(p, c, r);
	}
}

/* Writes a column that is not in the schema. */
static char *
put_extra(const struct zeek_style *s, char *p, const struct extra *x)
{
	if (x == NULL)
		return put_word(p, s->unset.p, s->unset.n);
	return x->kind == EXTRA_LIST ? put_texts(s, p, &x->list) : put_text(s, p, x->text, false);
}

/* The columns, each with a separator behind it. */
static inline __attribute__((always_inline)) char *
put_columns(const struct connlog_writer *w, char *p, const struct record *r, bool wide)
{
	const struct zeek_style *s = &w->style;

	for (const struct cell *c = w->cells, *end = c + w->fields.n; c < end; c++) {
		if (cell_is_there(c, r, wide))
			p = put_value(s, p, c, r);
		else if (c->has)
			p = put_word(p, s->unset.p, s->unset.n);
		else
			p = put_extra(s, p, field_extra(&w->fields.at[c - w->cells], r));
		*p++ = s->separator;
	}
	return p;
}

char *
zeek_record(const struct connlog_writer *w, char *p, const struct record *r)
{
	char *const start = p;
	char *const end_straight = w->straight ? zeek_straight(p, r) : NULL;

	if (end_straight != NULL)
		return end_straight;
	p = w->wide ? put_columns(w, p, r, true) : put_columns(w, p, r, false);
	p[-1] = '\n';
	/* A line that starts with "#" would be mistaken for a header.  Only a text in the first column can cause that. */
	if (*start == '#') {
		memmove(start + 4, start + 1, (size_t)(p - start) - 1);
		put_hex_escape(start, '#');
		p += 3;
	}
	return p;
}
