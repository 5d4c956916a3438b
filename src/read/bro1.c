/* bro1.c - logs of Bro 1: tells apart the three kinds, and passes their lines to the reader.
 *
 * The oldest kind orders its words differently.  The other two look the same except for the place of the originator, so
 * evidence from the first lines is weighed.  Without any evidence the log is taken for one of 1.5, the most common kind.
 */
#include "read/bro1.h"

#include <string.h>

#include "read/columns.h"

static bool
same_text(struct text a, struct text b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* How many lines judged by the lower port weigh as much as one with a well-known port, and as one with a service. */
enum { NAME_WEIGHT = 4, SERVICE_WEIGHT = 16 };

/* Evidence for one of two formats that look the same: above 0 for BRO1, below 0 for BRO1_5. */
struct evidence {
	size_t lines[BRO1_5 + 1]; /* those of BRO1 count as BRO1_5 */
	int    certain, ports;
};

/* Returns the number of decimals of a plain number. */
static size_t
decimals(struct text t)
{
	const char *point = memchr(t.p, '.', t.n);
	return point != NULL ? (size_t)(t.p + t.n - point - 1) : 0;
}

/* 1.5 writes six decimals and no U; BRO1 writes no trailing zeros and no history. */
static void
weigh_words(const struct bro1_words *w, const struct bro1_line *line, struct evidence *e)
{
	const struct text flags = w->at[BRO1_FLAGS], duration = w->at[BRO1_DURATION];

	if (flags.n > 0 && memchr(flags.p, 'U', flags.n) != NULL)
		e->certain++;
	if ((line->record->has & HAS(COL_DURATION)) && decimals(duration) != 6)
		e->certain++;
	else if ((line->record->has & HAS(COL_DURATION)) && duration.p[duration.n - 1] == '0')
		e->certain--;
	if (line->history_seen)
		e->certain--;
}

/* Returns whether ICMP messages of type `answer` reply to those of the first type. */
static bool
is_answered_by(uint16_t type, uint16_t answer)
{
	static const uint8_t pairs[][2] = { { 8, 0 },     { 10, 9 },    { 13, 14 },   { 15, 16 },  { 17, 18 },
		                                { 128, 129 }, { 130, 131 }, { 133, 134 }, { 135, 136 } };

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (pairs[i][0] == type && pairs[i][1] == answer)
			return true;
	return false;
}

/* Judges by the service, which Bro named after the responder's port.  Returns a weight as in evidence.ports, 0 for none. */
static int
weigh_service(struct text service, struct text first, struct text second)
{
	const bool is_first = same_text(service, first), is_second = same_text(service, second);

	if (is_first != is_second)
		return is_first ? 1 : -1;
	if (same_text(service, text_from("other")) && (first.n > 0) != (second.n > 0))
		return first.n > 0 ? -1 : 1;
	return 0;
}

/* Judges by the place of the responder's port: BRO1 writes it first, except that with the flag L the originator comes first
 * in both formats.  `r` was read as BRO1_5. */
static void
weigh_ports(const struct bro1_words *w, const struct record *r, struct evidence *e)
{
	const struct text flags = w->at[BRO1_FLAGS];
	const struct text first = bro1_port_name(r->proto, r->orig_p), second = bro1_port_name(r->proto, r->resp_p);
	int               found = weigh_service(w->at[BRO1_SERVICE], first, second) * SERVICE_WEIGHT;

	if (flags.n > 0 && memchr(flags.p, 'L', flags.n) != NULL)
		return;
	if (same_text(r->proto, text_from("icmp")))
		found = (is_answered_by(r->resp_p, r->orig_p) - is_answered_by(r->orig_p, r->resp_p)) * SERVICE_WEIGHT;
	else if (found == 0 && (first.n > 0) != (second.n > 0))
		found = first.n > 0 ? NAME_WEIGHT : -NAME_WEIGHT;
	else if (found == 0 && r->orig_p != r->resp_p) /* servers usually have the lower one */
		found = r->orig_p < r->resp_p ? 1 : -1;
	e->ports += found;
}

/* Collects the evidence in a line.  Returns whether it is a line of Bro 1. */
static bool
weigh_line(const char *p, size_t n, struct evidence *e)
{
	struct record     r = { 0 };
	struct text       literals[COLUMNS];
	struct bro1_line  line = { .record = &r, .literals = literals };
	struct bro1_words w;

	if (bro1_parse(BRO0, p, n, &line) == NULL) {
		e->lines[BRO0]++;
		return true;
	}
	r = (struct record){ 0 };
	if (bro1_parse(BRO1_5, p, n, &line) != NULL || !bro1_split(BRO1_5, p, n, &w))
		return false;
	e->lines[BRO1_5]++;
	weigh_words(&w, &line, e);
	weigh_ports(&w, &r, e);
	return true;
}

bool
bro1_detect(struct text head, enum bro1_kind *kind)
{
	struct evidence e = { .certain = 0 };
	size_t          bad = 0;

	for (const char *p = head.p, *end = head.p + head.n, *line_end; p < end; p = line_end + 1) {
		line_end = memchr(p, '\n', (size_t)(end - p));
		if (line_end == NULL && p > head.p)
			break; /* it may be incomplete */
		if (line_end == NULL)
			line_end = end;
		const size_t n = (size_t)(line_end - p);
		bad += !weigh_line(p, n - (n > 0 && p[n - 1] == '\r'), &e);
	}
	if (e.lines[BRO0] + e.lines[BRO1_5] <= bad)
		return false;
	if (e.lines[BRO0] > e.lines[BRO1_5])
		*kind = BRO0;
	else
		*kind = e.certain > 0 || (e.certain == 0 && e.ports > 0) ? BRO1 : BRO1_5;
	return true;
}

static bool
is_kind(struct text head, enum bro1_kind wanted)
{
	enum bro1_kind kind;
	return bro1_detect(head, &kind) && kind == wanted;
}

static bool
detect_bro0(struct text head)
{
	return is_kind(head, BRO0);
}

static bool
detect_bro1(struct text head)
{
	return is_kind(head, BRO1);
}

static bool
detect_bro1_5(struct text head)
{
	return is_kind(head, BRO1_5);
}

/* The columns of every record; bro0 has no ports.  A history, and the port that the service of bro0 may name, become columns
 * when they are first seen. */
static const enum column_id columns[] = { COL_TS,         COL_ORIG_H,     COL_ORIG_P,    COL_RESP_H,
	                                      COL_RESP_P,     COL_PROTO,      COL_SERVICE,   COL_DURATION,
	                                      COL_ORIG_BYTES, COL_RESP_BYTES, COL_CONN_STATE };

static bool
is_bro0(const struct connlog_reader *r)
{
	return r->format == &read_bro0;
}

static void
begin(struct connlog_reader *r)
{
	struct slot slot;

	columns_clear(r);
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		const struct column *c = &schema[columns[i]];
		if (!is_bro0(r) || c->info.type != CONNLOG_PORT)
			columns_add(r, text_from(c->info.name), text_from(c->info.type_name), &slot);
	}
	columns_add(r, text_from(BRO1_FLAGS_COLUMN), text_from("string"), &slot);
	columns_add(r, text_from(BRO1_ADDL_COLUMN), text_from("string"), &slot);
}

static void
see_column(struct connlog_reader *r, enum column_id id)
{
	const struct column *c = &schema[id];
	struct slot          slot;

	if (column_is_set(c, &r->record))
		columns_see(r, text_from(c->info.name), text_from(c->info.type_name), &slot);
}

static void
set_extra(struct extra *x, struct text t)
{
	x->set = t.n > 0;
	x->text = t;
}

static enum read_result
read_line(struct connlog_reader *r, const char *p, size_t n, enum bro1_kind kind)
{
	struct bro1_line line = { .record = &r->record, .literals = r->literals };

	const char *wrong = bro1_parse(kind, p, n, &line);
	if (wrong != NULL)
		return reader_bad(r, "%s", wrong);
	see_column(r, COL_HISTORY);
	see_column(r, COL_RESP_P);
	set_extra(&r->extras[0], line.flags);
	set_extra(&r->extras[1], line.addl);
	return READ_RECORD;
}

static enum read_result
line_bro0(struct connlog_reader *r, char *p, size_t n)
{
	return read_line(r, p, n, BRO0);
}

static enum read_result
line_bro1(struct connlog_reader *r, char *p, size_t n)
{
	return read_line(r, p, n, BRO1);
}

static enum read_result
line_bro1_5(struct connlog_reader *r, char *p, size_t n)
{
	return read_line(r, p, n, BRO1_5);
}

const struct read_format read_bro0 = {
	.name = "bro0", .detect = detect_bro0, .begin = begin, .columns_in_lines = true, .line = line_bro0
};
const struct read_format read_bro1 = {
	.name = "bro1", .detect = detect_bro1, .begin = begin, .columns_in_lines = true, .line = line_bro1
};
const struct read_format read_bro1_5 = {
	.name = "bro1.5", .detect = detect_bro1_5, .begin = begin, .columns_in_lines = true, .line = line_bro1_5
};
