/* zeek.c - Zeek's tab-separated log, to the byte.
 *
 * Follows Zeek 8.2.2: src/logging/writers/ascii/Ascii.cc (header), src/threading/formatters/Ascii.cc (values) and
 * src/Desc.cc (escaping).  LogAscii's defaults are a tab between columns, a comma between elements, "-" for unset and "(empty)"
 * for empty; others can be chosen where they cannot be taken for data.
 *
 * Escaping: a byte that is not printable ASCII becomes \xHH, a backslash is doubled, and so that data cannot be
 * taken for structure a separator, and the first byte of a text that reads "-" or "(empty)" or of a line that
 * starts with "#", become \xHH too.
 */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <time.h>

#include "base/scan.h"
#include "write/format.h"

/* A separator, if it is to show in no number, address or name: */
static bool
is_separator(const char *s)
{
	const unsigned char c = (unsigned char)*s;
	return c != '\0' && s[1] == '\0' && c < 0x7f && (c == '\t' || (c >= ' ' && !isalnum(c))) &&
	       strchr("\\.:-_#[]", c) == NULL;
}

static bool
set_style_text(struct style_text *t, const char *value)
{
	t->n = strlen(value);
	for (size_t i = 0; i < t->n; i++)
		if (value[i] < ' ' || value[i] > '~' || value[i] == '\\')
			return false;
	if (t->n == 0 || t->n > sizeof t->p)
		return false;
	memcpy(t->p, value, t->n);
	return true;
}

/* Bytes that stand for themselves: separators do not, that of sets in sets only. */
static void
set_stands(struct zeek_style *s)
{
	for (int c = 0x20; c < 0x7f; c++)
		if (c != '\\' && c != s->separator)
			s->stands[c] = c == s->set_separator ? STANDS : STANDS | STANDS_IN_SET;
}

const char *
zeek_style_set(struct zeek_style *s, const connlog_writer_options *o)
{
	const char *separator = o->separator != NULL ? o->separator : "\t";
	const char *set_separator = o->set_separator != NULL ? o->set_separator : ",";

	if (!is_separator(separator))
		return "separator: one character that is in no number, address or name is wanted, like | or a tab";
	if (!is_separator(set_separator) || *set_separator == '\t')
		return "set_separator: one printable character that is in no number, address or name is wanted, like ,";
	s->separator = *separator;
	s->set_separator = *set_separator;
	if (!set_style_text(&s->empty, o->empty_field != NULL ? o->empty_field : "(empty)"))
		return "empty_field: 1 to 32 printable characters without a backslash are wanted";
	if (!set_style_text(&s->unset, o->unset_field != NULL ? o->unset_field : "-"))
		return "unset_field: 1 to 32 printable characters without a backslash are wanted";
	if (memchr(s->empty.p, s->separator, s->empty.n) != NULL || memchr(s->unset.p, s->separator, s->unset.n) != NULL)
		return "empty_field and unset_field must not hold the separator";
	s->meta = !o->no_meta;
	set_stands(s);
	return NULL;
}

/* A line of the header, as util.cc's get_escaped_string() writes blanks. */
static void
put_meta(struct outbuf *b, const struct zeek_style *s, const char *key, const char *p, size_t n)
{
	outbuf_text(b, key);
	outbuf_char(b, s->separator);
	for (size_t i = 0; i < n; i++) {
		if (p[i] == ' ')
			outbuf_text(b, "\\x20");
		else
			outbuf_char(b, p[i]);
	}
	outbuf_char(b, '\n');
}

/* #open and #close: local time, as Zeek has it. */
static void
put_clock(struct connlog_writer *w, const char *key, double when)
{
	time_t    t = fabs(when) < 1e15 ? (time_t)when : 0; /* what no calendar has is no time */
	struct tm tm;
	char      text[64];
	size_t    n = 0;

	if (localtime_r(&t, &tm) != NULL)
		n = strftime(text, sizeof text, "%Y-%m-%d-%H-%M-%S", &tm);
	put_meta(&w->out, &w->style, key, text, n);
}

static char *
put_escaped(const struct zeek_style *s, char *p, struct text t, bool in_set)
{
	const uint8_t stands = in_set ? STANDS_IN_SET : STANDS;
	const char    other = in_set ? s->set_separator : s->separator;
	size_t        i = 0;

	/* the tab is not printable: looking for one more character is enough */
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

/* A column's name or type, which for what Zeek does not know are any bytes. */
static void
put_name(struct outbuf *b, const struct zeek_style *s, const char *name)
{
	const struct text t = { name, strlen(name) };
	char             *p = outbuf_reserve(b, 1 + BYTE_ROOM * t.n);

	if (p == NULL)
		return;
	*p = s->separator;
	outbuf_advance(b, (size_t)(put_escaped(s, p + 1, t, false) - p));
}

static void
zeek_open(struct connlog_writer *w, double when)
{
	struct outbuf           *b = &w->out;
	const struct zeek_style *s = &w->style;

	if (!s->meta)
		return;
	outbuf_text(b, "#separator ");
	outbuf_text(b, s->separator == '\t' ? "\\x09" : s->separator == ' ' ? "\\x20" : (char[]){ s->separator, '\0' });
	outbuf_char(b, '\n');
	put_meta(b, s, "#set_separator", &s->set_separator, 1);
	put_meta(b, s, "#empty_field", s->empty.p, s->empty.n);
	put_meta(b, s, "#unset_field", s->unset.p, s->unset.n);
	put_meta(b, s, "#path", "conn", 4);
	put_clock(w, "#open", when);
	outbuf_text(b, "#fields");
	for (size_t i = 0; i < w->fields.n; i++)
		put_name(b, s, w->fields.at[i].name);
	outbuf_text(b, "\n#types");
	for (size_t i = 0; i < w->fields.n; i++)
		put_name(b, s, w->fields.at[i].type_name);
	outbuf_char(b, '\n');
}

static void
zeek_close(struct connlog_writer *w, double when)
{
	if (w->style.meta)
		put_clock(w, "#close", when);
}

static char *
put_escaped_first(const struct zeek_style *s, char *p, struct text t, bool in_set)
{
	p = put_hex_escape(p, (unsigned char)t.p[0]);
	return put_escaped(s, p, (struct text){ t.p + 1, t.n - 1 }, in_set);
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
	return put_escaped(s, p, t, in_set);
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

/* Times and intervals have six decimals; what a log has with six is as good as the value. */
static char *
put_seconds(char *p, struct text literal, double v)
{
	if (literal.n > 7 && literal.p[literal.n - 7] == '.')
		return put_word(p, literal.p, literal.n);
	return p + format_fixed6(p, v);
}

static char *
put_address(char *p, struct text literal, const struct addr *a)
{
	return literal.n > 0 ? put_word(p, literal.p, literal.n) : p + addr_format(a, p);
}

static inline char *
scalar(char *p, const struct column *c, const struct record *r)
{
	const void *at = column_at(c, r);

	switch (c->info.type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
		return put_seconds(p, literal_of(r, c), *(const double *)at);
	case CONNLOG_ADDR:
		return put_address(p, literal_of(r, c), at);
	case CONNLOG_PORT:
		return p + format_u64(p, *(const uint16_t *)at);
	case CONNLOG_COUNT:
		return p + format_u64(p, *(const uint64_t *)at);
	case CONNLOG_INT:
		return p + format_i64(p, *(const int64_t *)at);
	case CONNLOG_BOOL:
		*p = *(const bool *)at ? 'T' : 'F';
		return p + 1;
	default: /* the others are no scalars */
		return p;
	}
}

char *
put_scalar(char *p, const struct column *c, const struct record *r)
{
	return scalar(p, c, r);
}

static char *
put_value(const struct zeek_style *s, char *p, const struct column *c, const struct record *r)
{
	switch (c->info.type) {
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return put_text(s, p, *(const struct text *)column_at(c, r), false);
	case CONNLOG_STRING_SET:
		return put_texts(s, p, column_at(c, r));
	default:
		return scalar(p, c, r);
	}
}

static char *
put_field(const struct zeek_style *s, char *p, const struct field *f, const struct record *r)
{
	if (f->column != NULL && column_is_set(f->column, r))
		return put_value(s, p, f->column, r);
	const struct extra *x = f->column == NULL ? field_extra(f, r) : NULL;
	if (x == NULL)
		return put_word(p, s->unset.p, s->unset.n);
	return x->kind == EXTRA_LIST ? put_texts(s, p, &x->list) : put_text(s, p, x->text, false);
}

static char *
zeek_record(const struct connlog_writer *w, char *p, const struct record *r)
{
	char *const start = p;

	for (size_t i = 0; i < w->fields.n; i++) {
		p = put_field(&w->style, p, &w->fields.at[i], r);
		*p++ = w->style.separator;
	}
	p[-1] = '\n';
	/* A line that starts with "#" would be taken for a header.  Only a text in the first column can do that. */
	if (*start == '#') {
		memmove(start + 4, start + 1, (size_t)(p - start) - 1);
		put_hex_escape(start, '#');
		p += 3;
	}
	return p;
}

const struct format format_zeek = {
	.info = { "zeek", "Zeek's tab-separated log, any columns", "" },
	.extras = true,
	.open = zeek_open,
	.record = zeek_record,
	.close = zeek_close,
};

/* The same with the columns of Bro 2.1 to 2.3. */
const struct format format_bro2 = {
	.info = { "bro2", "Bro 2's tab-separated log (2.1 to 2.3)", "columns that Bro 2 had not" },
	.columns = "ts,uid,id.orig_h,id.orig_p,id.resp_h,id.resp_p,proto,service,duration,orig_bytes,resp_bytes,conn_state,"
			   "local_orig,missed_bytes,history,orig_pkts,orig_ip_bytes,resp_pkts,resp_ip_bytes,tunnel_parents",
	.open = zeek_open,
	.record = zeek_record,
	.close = zeek_close,
};
