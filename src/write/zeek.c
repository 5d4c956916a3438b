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

#include "base/number.h"
#include "write/format.h"

static const char unset[] = "-", empty[] = "(empty)";

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

static void
zeek_open(struct connlog_writer *w, double when)
{
	struct outbuf *b = &w->out;

	outbuf_text(b, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n");
	put_clock(b, "#open\t", when);
	outbuf_text(b, "#fields");
	for (size_t i = 0; i < w->fields.n; i++) {
		outbuf_char(b, '\t');
		outbuf_text(b, w->fields.at[i]->info.name);
	}
	outbuf_text(b, "\n#types");
	for (size_t i = 0; i < w->fields.n; i++) {
		outbuf_char(b, '\t');
		outbuf_text(b, w->fields.at[i]->info.type_name);
	}
	outbuf_char(b, '\n');
}

static void
zeek_close(struct connlog_writer *w, double when)
{
	put_clock(&w->out, "#close\t", when);
}

static bool
is_plain(unsigned char c, bool in_set)
{
	return c >= 0x20 && c < 0x7f && c != '\\' && !(in_set && c == ',');
}

static void
put_escaped(struct outbuf *b, const char *p, size_t n, bool in_set)
{
	size_t plain = 0; /* where the run of plain bytes starts */
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		if (is_plain(c, in_set))
			continue;
		outbuf_put(b, p + plain, i - plain);
		if (c == '\\')
			outbuf_put(b, "\\\\", 2);
		else
			outbuf_hex_escape(b, c);
		plain = i + 1;
	}
	outbuf_put(b, p + plain, n - plain);
}

static void
put_text(struct outbuf *b, struct text t, bool in_set)
{
	bool reserved = (t.n == sizeof unset - 1 && memcmp(t.p, unset, t.n) == 0) ||
	                (t.n == sizeof empty - 1 && memcmp(t.p, empty, t.n) == 0);
	if (t.n == 0) {
		outbuf_put(b, empty, sizeof empty - 1);
	} else if (reserved) {
		outbuf_hex_escape(b, (unsigned char)t.p[0]);
		put_escaped(b, t.p + 1, t.n - 1, in_set);
	} else {
		put_escaped(b, t.p, t.n, in_set);
	}
}

static void
put_texts(struct outbuf *b, const struct text_set *set)
{
	if (set->n == 0)
		outbuf_put(b, empty, sizeof empty - 1);
	for (size_t i = 0; i < set->n; i++) {
		if (i > 0)
			outbuf_char(b, ',');
		put_text(b, set->at[i], true);
	}
}

/* Values of bounded length. => The length; there is room for FIXED6_TEXT_MAX. */
static size_t
put_scalar(char *out, connlog_type type, const void *at)
{
	switch (type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
		return format_fixed6(out, *(const double *)at);
	case CONNLOG_ADDR:
		return addr_format(at, out);
	case CONNLOG_PORT:
		return format_u64(out, *(const uint16_t *)at);
	case CONNLOG_COUNT:
		return format_u64(out, *(const uint64_t *)at);
	case CONNLOG_INT:
		return format_i64(out, *(const int64_t *)at);
	case CONNLOG_BOOL:
		*out = *(const bool *)at ? 'T' : 'F';
		return 1;
	default:
		return 0;
	}
}

static void
put_value(struct outbuf *b, const struct column *c, const struct record *r)
{
	const void *at = column_at(c, r);

	if (!column_is_set(c, r)) {
		outbuf_char(b, unset[0]);
	} else if (c->info.type == CONNLOG_STRING || c->info.type == CONNLOG_ENUM) {
		put_text(b, *(const struct text *)at, false);
	} else if (c->info.type == CONNLOG_STRING_SET) {
		put_texts(b, at);
	} else {
		char *out = outbuf_reserve(b, FIXED6_TEXT_MAX);
		if (out != NULL)
			outbuf_advance(b, put_scalar(out, c->info.type, at));
	}
}

/* A line that starts with "#" would be taken for a header.  Only a text in the first column can do that. */
static void
put_first(struct outbuf *b, const struct column *c, const struct record *r)
{
	const struct text *t = column_at(c, r);
	bool               is_text = c->info.type == CONNLOG_STRING || c->info.type == CONNLOG_ENUM;

	if (is_text && column_is_set(c, r) && t->n > 0 && t->p[0] == '#') {
		outbuf_hex_escape(b, '#');
		put_escaped(b, t->p + 1, t->n - 1, false);
	} else {
		put_value(b, c, r);
	}
}

static void
zeek_record(struct connlog_writer *w, const struct record *r)
{
	struct outbuf *b = &w->out;

	put_first(b, w->fields.at[0], r);
	for (size_t i = 1; i < w->fields.n; i++) {
		outbuf_char(b, '\t');
		put_value(b, w->fields.at[i], r);
	}
	outbuf_char(b, '\n');
}

const struct format format_zeek = { "zeek", zeek_open, zeek_record, zeek_close };
