/* bro1.c - the three one-line connection summaries of Bro 1 and its predecessors.
 *
 *     bro0    START DURATION SERVICE BYTES BYTES LOCAL REMOTE STATE FLAGS [ADDITIONAL]
 *     bro1    START DURATION LOCAL REMOTE SERVICE PORT PORT PROTO BYTES BYTES STATE FLAGS [ADDITIONAL]
 *     bro1.5  START DURATION ORIG RESP SERVICE PORT PORT PROTO BYTES BYTES STATE FLAGS [HISTORY] [ADDITIONAL]
 *
 * Follows Bro 1.5.3's policy/conn.bro (record_connection), and for the first two its manual
 * (doc/ref-manual/analysis.texi, "Connection summaries"), doc/misc/conn-logs and the listing of an earlier
 * record_connection in CHANGES.  How Bro 1 summarises a connection is described in record/bro1.h; "?" stands for an
 * unknown value.
 *
 * The local end is the originator if that is in local_nets, otherwise the responder; then there is no flag L.  Without
 * these networks, a record that was read from such a line keeps its flags.
 */
#include "record/bro1.h"
#include "write/format.h"

/* Returns whether the byte would end a word or the line, or make a terminal act. */
static bool
is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/* Writes a text as one word: blanks become \x20, and the word "?" becomes \x3f. */
static char *
put_word(char *p, struct text t)
{
	if (t.n == 1 && t.p[0] == '?')
		return put_hex_escape(p, '?');
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];
		if (is_control(c) || c == ' ')
			p = put_hex_escape(p, c);
		else
			*p++ = (char)c;
	}
	return p;
}

/* Writes the word of a column, "?" if it is unset. */
static char *
put_column(char *p, const struct record *r, enum column_id id)
{
	const struct text *t = column_at(&schema[id], r);
	if (column_is_set(&schema[id], r) && t->n > 0)
		return put_word(p, *t);
	*p++ = '?';
	return p;
}

/* Writes a number as the log had it if it has a fraction, otherwise rounded to six decimals; without trailing zeros,
 * or with `six` always with six decimals. */
static char *
put_seconds(char *p, const struct record *r, enum column_id id, bool six)
{
	const struct text literal = literal_of(r, id);
	const char       *point = literal.n > 0 ? memchr(literal.p, '.', literal.n) : NULL;
	char             *end;

	if (point != NULL && (!six || literal.p + literal.n - point == 7)) {
		memcpy(p, literal.p, literal.n);
		end = p + literal.n;
	} else {
		end = p + format_fixed6(p, *(const double *)column_at(&schema[id], r));
	}
	if (six)
		return end;
	while (end[-1] == '0')
		end--;
	return end - (end[-1] == '.');
}

static char *
put_address(char *p, const struct record *r, enum column_id id)
{
	if (column_is_set(&schema[id], r))
		return p + addr_format(column_at(&schema[id], r), p);
	*p++ = '?';
	return p;
}

static char *
put_port(char *p, const struct record *r, enum column_id id)
{
	if (column_is_set(&schema[id], r))
		return p + format_u64(p, *(const uint16_t *)column_at(&schema[id], r));
	*p++ = '?';
	return p;
}

static char *
put_bytes(char *p, const struct record *r, bool orig)
{
	if (bro1_shows_bytes(r, orig))
		return p + format_u64(p, orig ? r->orig_bytes : r->resp_bytes);
	*p++ = '?';
	return p;
}

/* What a line says about the two ends. */
struct ends {
	bool local_init; /* flag L: the originator is local */
	bool neighbor;   /* flag U: the remote end is in neighbor_nets */
	bool orig_first;
};

static bool
has_flag(struct text flags, char flag)
{
	return flags.n > 0 && memchr(flags.p, flag, flags.n) != NULL;
}

/* Returns the text of a column that is not in the schema, or an empty one. */
static struct text
extra_text(const struct connlog_writer *w, const struct record *r, const char *name)
{
	for (size_t i = 0; i < w->fields.n; i++) {
		const struct extra *x = w->fields.at[i].column == NULL ? field_extra(&w->fields.at[i], r) : NULL;
		if (x != NULL && x->kind != EXTRA_LIST && strcmp(w->fields.at[i].name, name) == 0)
			return x->text;
	}
	return (struct text){ "", 0 };
}

static struct ends
find_ends(const struct connlog_writer *w, enum bro1_kind kind, const struct record *r)
{
	const struct text flags = extra_text(w, r, BRO1_FLAGS_COLUMN);
	struct ends       e;

	if (w->local_nets.n > 0 && r->anonymized)
		e.local_init = (r->has & HAS(COL_LOCAL_ORIG)) && r->local_orig;
	else if (w->local_nets.n > 0)
		e.local_init = (r->has & HAS(COL_ORIG_H)) && net_set_has(&w->local_nets, &r->orig_h);
	else
		e.local_init = has_flag(flags, 'L');
	if (w->neighbor_nets.n > 0)
		e.neighbor = !r->anonymized && (r->has & HAS(e.local_init ? COL_RESP_H : COL_ORIG_H)) &&
		             net_set_has(&w->neighbor_nets, e.local_init ? &r->resp_h : &r->orig_h);
	else
		e.neighbor = has_flag(flags, 'U');
	e.neighbor = e.neighbor && kind != BRO1_5;
	e.orig_first = e.local_init || kind == BRO1_5;
	return e;
}

static char *
put_flags(char *p, const struct ends *e)
{
	if (e->local_init)
		*p++ = 'L';
	if (e->neighbor)
		*p++ = 'U';
	if (!e->local_init && !e->neighbor)
		*p++ = 'X';
	return p;
}

static char *
put_part(const struct connlog_writer *w, char *p, enum bro1_part part, enum bro1_kind kind, const struct record *r,
         const struct ends *e)
{
	char room[BRO1_SERVICE_MAX];

	switch (part) {
	case BRO1_START:
		if (r->has & HAS(COL_TS))
			return put_seconds(p, r, COL_TS, true);
		break;
	case BRO1_DURATION:
		if (bro1_shows_duration(r))
			return put_seconds(p, r, COL_DURATION, kind == BRO1_5);
		break;
	case BRO1_SERVICE:
		return put_word(p, bro1_service(r, kind, kind == BRO1_5 && w->dpd_services, room));
	case BRO1_FIRST_H:
		return put_address(p, r, e->orig_first ? COL_ORIG_H : COL_RESP_H);
	case BRO1_SECOND_H:
		return put_address(p, r, e->orig_first ? COL_RESP_H : COL_ORIG_H);
	case BRO1_FIRST_P:
		return put_port(p, r, e->orig_first ? COL_ORIG_P : COL_RESP_P);
	case BRO1_SECOND_P:
		return put_port(p, r, e->orig_first ? COL_RESP_P : COL_ORIG_P);
	case BRO1_PROTO:
		return put_column(p, r, COL_PROTO);
	case BRO1_ORIG_BYTES:
		return put_bytes(p, r, true);
	case BRO1_RESP_BYTES:
		return put_bytes(p, r, false);
	case BRO1_STATE:
		return put_column(p, r, COL_CONN_STATE);
	default: /* BRO1_FLAGS */
		return put_flags(p, e);
	}
	*p++ = '?';
	return p;
}

static char *
put_addl(char *p, struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];
		if (is_control(c) && c != '\t')
			p = put_hex_escape(p, c);
		else
			*p++ = (char)c;
	}
	return p;
}

static char *
put_line(const struct connlog_writer *w, char *p, const struct record *r, enum bro1_kind kind)
{
	const struct bro1_layout *layout = &bro1_layouts[kind];
	const struct ends         e = find_ends(w, kind, r);
	const struct text         addl = extra_text(w, r, BRO1_ADDL_COLUMN);

	for (size_t i = 0; i < layout->n; i++) {
		p = put_part(w, p, layout->at[i], kind, r, &e);
		*p++ = ' ';
	}
	if (kind == BRO1_5 && w->state_history) {
		const bool there = (r->has & HAS(COL_HISTORY)) && r->history.n > 0;
		p = put_word(p, there ? r->history : (struct text){ "X", 1 });
		*p++ = ' ';
	}
	if (addl.n > 0) {
		p = put_addl(p, addl);
		*p++ = ' ';
	}
	p[-1] = '\n';
	return p;
}

static char *
put_bro0(const struct connlog_writer *w, char *p, const struct record *r)
{
	return put_line(w, p, r, BRO0);
}

static char *
put_bro1(const struct connlog_writer *w, char *p, const struct record *r)
{
	return put_line(w, p, r, BRO1);
}

static char *
put_bro1_5(const struct connlog_writer *w, char *p, const struct record *r)
{
	return put_line(w, p, r, BRO1_5);
}

/* What the three formats have in common. */
#define SUMMARY "ts,duration,id.orig_h,id.resp_h,service,orig_bytes,resp_bytes,conn_state"
#define TAIL    BRO1_FLAGS_COLUMN "," BRO1_ADDL_COLUMN

const struct format format_bro0 = {
	.info = { "bro0", "Bro before 2004: START DURATION SERVICE BYTES BYTES LOCAL REMOTE STATE FLAGS [ADDITIONAL]",
	          "ports, the protocol but as the service tells it, and what Bro 1 did not log" },
	.columns = SUMMARY ",proto," TAIL,
	.record = put_bro0,
};

const struct format format_bro1 = {
	.info = { "bro1",
	          "Bro 1's manual: START DURATION LOCAL REMOTE SERVICE PORT PORT PROTO BYTES BYTES STATE FLAGS "
	          "[ADDITIONAL]",
	          "what Bro 1 did not log" },
	.columns = SUMMARY ",id.orig_p,id.resp_p,proto," TAIL,
	.record = put_bro1,
};

const struct format format_bro1_5 = {
	.info = { "bro1.5",
	          "Bro 1.5: START DURATION ORIG RESP SERVICE PORT PORT PROTO BYTES BYTES STATE FLAGS [HISTORY] "
	          "[ADDITIONAL]",
	          "the flag U, the history but with record_state_history=T, and what Bro 1 did not log" },
	.columns = SUMMARY ",id.orig_p,id.resp_p,proto," TAIL,
	.history_columns = SUMMARY ",id.orig_p,id.resp_p,proto,history," TAIL,
	.record = put_bro1_5,
};
