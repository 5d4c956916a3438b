/* zeek.c - Zeek's tab-separated log, to the byte.
 *
 * Follows Zeek 8.2.2: src/logging/writers/ascii/Ascii.cc (header), src/threading/formatters/Ascii.cc (values) and
 * src/Desc.cc (escaping), with LogAscii's defaults: tab between columns, comma between elements, "-" for unset,
 * "(empty)" for empty.
 *
 * Escaping: a byte that is not printable ASCII becomes \xHH, a backslash is doubled, and so that data cannot be
 * taken for structure the comma inside a set, and the first byte of a text that reads "-" or "(empty)" or of a line
 * that starts with "#", become \xHH too.
 */
#include <stdint.h>
#include <time.h>

#include "base/scan.h"
#include "write/format.h"

static const char unset = '-', empty[] = "(empty)";
enum { EMPTY_LEN = sizeof empty - 1 };

/* #open and #close: local time, as Zeek has it. */
static void
put_clock(struct outbuf *b, const char *key, double when)
{
	time_t    t = (time_t)when;
	struct tm tm;
	char      text[64];

	outbuf_text(b, key);
	if (localtime_r(&t, &tm) != NULL)
		outbuf_put(b, text, strftime(text, sizeof text, "%Y-%m-%d-%H-%M-%S", &tm));
	outbuf_char(b, '\n');
}

/* Bytes that stand for themselves in a text; in a set the comma does not. */
static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

static char *
put_escaped(char *p, struct text t, bool in_set)
{
	size_t i = 0;

	for (; i + 8 <= t.n && scan_plain8(t.p + i, '\\', ','); i += 8, p += 8)
		memcpy(p, t.p + i, 8);
	for (; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];
		if (is_plain(c) && !(in_set && c == ',')) {
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
put_name(struct outbuf *b, const char *name)
{
	const struct text t = { name, strlen(name) };
	char             *p = outbuf_reserve(b, 1 + BYTE_ROOM * t.n);

	if (p == NULL)
		return;
	*p = '\t';
	outbuf_advance(b, (size_t)(put_escaped(p + 1, t, false) - p));
}

static void
zeek_open(struct connlog_writer *w, double when)
{
	struct outbuf *b = &w->out;

	outbuf_text(b, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n");
	put_clock(b, "#open\t", when);
	outbuf_text(b, "#fields");
	for (size_t i = 0; i < w->fields.n; i++)
		put_name(b, w->fields.at[i].name);
	outbuf_text(b, "\n#types");
	for (size_t i = 0; i < w->fields.n; i++)
		put_name(b, w->fields.at[i].type_name);
	outbuf_char(b, '\n');
}

static void
zeek_close(struct connlog_writer *w, double when)
{
	put_clock(&w->out, "#close\t", when);
}

static char *
put_escaped_first(char *p, struct text t, bool in_set)
{
	p = put_hex_escape(p, (unsigned char)t.p[0]);
	return put_escaped(p, (struct text){ t.p + 1, t.n - 1 }, in_set);
}

static char *
put_word(char *p, const char *word, size_t n)
{
	memcpy(p, word, n);
	return p + n;
}

static char *
put_text(char *p, struct text t, bool in_set)
{
	if (t.n == 0)
		return put_word(p, empty, EMPTY_LEN);
	if ((t.n == 1 && t.p[0] == unset) || (t.n == EMPTY_LEN && memcmp(t.p, empty, EMPTY_LEN) == 0))
		return put_escaped_first(p, t, in_set);
	return put_escaped(p, t, in_set);
}

static char *
put_texts(char *p, const struct text_set *set)
{
	if (set->n == 0)
		return put_word(p, empty, EMPTY_LEN);
	for (size_t i = 0; i < set->n; i++) {
		if (i > 0)
			*p++ = ',';
		p = put_text(p, set->at[i], true);
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

char *
put_scalar(char *p, const struct column *c, const struct record *r)
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

static char *
put_value(char *p, const struct column *c, const struct record *r)
{
	switch (c->info.type) {
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return put_text(p, *(const struct text *)column_at(c, r), false);
	case CONNLOG_STRING_SET:
		return put_texts(p, column_at(c, r));
	default:
		return put_scalar(p, c, r);
	}
}

static char *
put_field(char *p, const struct field *f, const struct record *r)
{
	if (f->column != NULL && column_is_set(f->column, r))
		return put_value(p, f->column, r);
	const struct extra *x = f->column == NULL ? field_extra(f, r) : NULL;
	if (x == NULL)
		return put_word(p, &unset, 1);
	return x->kind == EXTRA_LIST ? put_texts(p, &x->list) : put_text(p, x->text, false);
}

static char *
zeek_record(const struct connlog_writer *w, char *p, const struct record *r)
{
	char *const start = p;

	for (size_t i = 0; i < w->fields.n; i++) {
		p = put_field(p, &w->fields.at[i], r);
		*p++ = '\t';
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
