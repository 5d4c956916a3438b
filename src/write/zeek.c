/* zeek.c - Zeek's tab-separated log, exact to the byte: its style and its header; zeek_row.c writes the rows.
 *
 * Follows Zeek 8.2.2: src/logging/writers/ascii/Ascii.cc (header), src/threading/formatters/Ascii.cc (values) and
 * src/Desc.cc (escaping).  LogAscii's defaults are a tab between columns, a comma between elements, "-" for unset and
 * "(empty)" for empty; others can be chosen if they cannot be mistaken for data.
 */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <time.h>

#include "write/zeek.h"

/* A separator must not occur in numbers, addresses and names: */
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

/* Marks the bytes that are written as they are: separators are not, the one of sets only within sets. */
static void
set_stands(struct zeek_style *s)
{
	for (int c = 0x20; c < 0x7f; c++)
		if (c != '\\' && c != s->separator)
			s->stands[c] = c == s->set_separator ? STANDS : STANDS | STANDS_IN_SET;
}

/* Returns whether a plain text could be equal to it. */
static bool
is_plain(const struct style_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!isalnum((unsigned char)t->p[i]) && t->p[i] != '_' && t->p[i] != '^')
			return false;
	return true;
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
	s->plain = s->separator != '^' && !is_plain(&s->empty) && !is_plain(&s->unset);
	set_stands(s);
	return NULL;
}

/* Writes a line of the header, with blanks as util.cc's get_escaped_string() writes them. */
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

/* Writes #open or #close in local time, as Zeek does. */
static void
put_clock(struct connlog_writer *w, const char *key, double when)
{
	time_t    t = fabs(when) < 1e15 ? (time_t)when : 0; /* no calendar has such a time */
	struct tm tm;
	char      text[64];
	size_t    n = 0;

	if (localtime_r(&t, &tm) != NULL)
		n = strftime(text, sizeof text, "%Y-%m-%d-%H-%M-%S", &tm);
	put_meta(&w->out, &w->style, key, text, n);
}

/* Writes a column's name or type, which may be any bytes if Zeek does not know the column. */
static void
put_name(struct outbuf *b, const struct zeek_style *s, const char *name)
{
	const struct text t = { name, strlen(name) };
	char             *p = outbuf_reserve(b, 1 + BYTE_ROOM * t.n);

	if (p == NULL)
		return;
	*p = s->separator;
	outbuf_advance(b, (size_t)(zeek_put_escaped(s, p + 1, t, false) - p));
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
	put_meta(b, s, "#path", w->path, strlen(w->path));
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

const struct format format_zeek = {
	.info = { "zeek", "Zeek's tab-separated log, any columns", "" },
	.extras = true,
	.open = zeek_open,
	.record = zeek_record,
	.close = zeek_close,
};

/* The same, with the columns of Bro 2.1 to 2.3. */
const struct format format_bro2 = {
	.info = { "bro2", "Bro 2's tab-separated log (2.1 to 2.3)", "columns that Bro 2 had not" },
	.columns = "ts,uid,id.orig_h,id.orig_p,id.resp_h,id.resp_p,proto,service,duration,orig_bytes,resp_bytes,conn_state,"
			   "local_orig,missed_bytes,history,orig_pkts,orig_ip_bytes,resp_pkts,resp_ip_bytes,tunnel_parents",
	.open = zeek_open,
	.record = zeek_record,
	.close = zeek_close,
};
