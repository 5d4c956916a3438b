/* json.c - Zeek's JSON log, to the byte: an object a line, unset columns left out.
 *
 * Follows Zeek 8.2.2: src/threading/formatters/JSON.cc.  How values look is json_value.c's part.
 */
#include "base/copy.h"
#include "base/parse.h"
#include "write/json.h"

static char *
put_texts(char *p, const struct text_set *set)
{
	*p++ = '[';
	for (size_t i = 0; i < set->n; i++) {
		if (i > 0)
			*p++ = ',';
		p = json_put_text(p, set->at[i]);
	}
	*p++ = ']';
	return p;
}

/* A number as a log had it: digits, perhaps a fraction.  A double of Zeek's has at least one decimal and no zeros behind
 * the others. */
static char *
put_literal(char *p, struct text t)
{
	const char *point = memchr(t.p, '.', t.n);

	while (point != NULL && t.p + t.n > point + 2 && t.p[t.n - 1] == '0')
		t.n--;
	memcpy(p, t.p, t.n);
	return point != NULL ? p + t.n : put_word(p + t.n, ".0");
}

static char *
put_address(char *p, struct text literal, const struct addr *a)
{
	*p++ = '"';
	if (literal.n > 0) {
		memcpy(p, literal.p, literal.n);
		p += literal.n;
	} else {
		p += addr_format(a, p);
	}
	*p++ = '"';
	return p;
}

static char *
put_plain(char *p, const struct text *t)
{
	*p++ = '"';
	p = copy_short(p, t->p, t->n);
	*p++ = '"';
	return p;
}

char *
json_put_value(char *p, const struct connlog_writer *w, const struct cell *c, const struct record *r)
{
	const void       *at = cell_at(c, r);
	const struct text literal = literal_of(r, c->id);

	switch (c->type) {
	case CONNLOG_TIME:
		if (literal.n > 0 && w->json_time == JSON_TIME_EPOCH)
			return put_literal(p, literal);
		return put_time(p, w->json_time, *(const double *)at);
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		return literal.n > 0 ? put_literal(p, literal) : put_double(p, *(const double *)at);
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return r->plain & c->plain ? put_plain(p, at) : json_put_text(p, *(const struct text *)at);
	case CONNLOG_ADDR:
		return put_address(p, literal, at);
	case CONNLOG_PORT:
		return p + format_u64(p, *(const uint16_t *)at);
	case CONNLOG_COUNT:
		return p + format_u64(p, *(const uint64_t *)at);
	case CONNLOG_INT:
		return p + format_i64(p, *(const int64_t *)at);
	case CONNLOG_BOOL:
		return put_word(p, *(const bool *)at ? "true" : "false");
	case CONNLOG_STRING_SET:
		return put_texts(p, at);
	default: /* no column has the types that are for arguments of events alone */
		return p;
	}
}

static char *
put_extra_scalar(char *p, enum extra_kind kind, struct text t)
{
	if (kind == EXTRA_BOOL)
		return put_word(p, t.n == 1 && *t.p == 'T' ? "true" : "false");
	if (kind == EXTRA_NUMBER && is_json_number(t.p, t.n))
		return (char *)memcpy(p, t.p, t.n) + t.n;
	return json_put_text(p, t);
}

char *
json_put_extra(char *p, const char *prefix, const struct extra *x)
{
	char *name = stpcpy(stpcpy(p, ",\""), prefix), last = name[-1];

	p = json_put_text(name - 1, x->name);
	name[-1] = last; /* where the text has put its quote */
	*p++ = ':';
	if (x->kind != EXTRA_LIST)
		return put_extra_scalar(p, x->kind, x->text);
	*p++ = '[';
	for (size_t i = 0; i < x->list.n; i++) {
		if (i > 0)
			*p++ = ',';
		p = put_extra_scalar(p, x->element, x->list.at[i]);
	}
	*p++ = ']';
	return p;
}

/* What the script json-streaming-logs puts in front of every record. */
static char *
put_stream(char *p, const struct connlog_writer *w)
{
	p = put_word(p, ",\"_path\":\"");
	p = put_word(p, w->path);
	p = put_word(p, "\",\"_write_ts\":");
	return put_time(p, w->json_time, w->clock);
}

/* The columns, each behind a comma. */
static inline __attribute__((always_inline)) char *
put_columns(const struct connlog_writer *w, char *p, const struct record *r, bool wide)
{
	for (size_t i = 0; i < w->fields.n; i++) {
		const struct cell *c = &w->cells[i];
		const struct key  *k = &w->keys[i];
		if (cell_is_there(c, r, wide)) {
			memcpy(p, k->text, sizeof k->text); /* all of it: a copy of known size is one instruction or two */
			p = json_put_value(p + k->n, w, c, r);
		} else if (c->has == 0) {
			const struct extra *x = field_extra(&w->fields.at[i], r);
			p = x != NULL ? json_put_extra(p, w->format->prefix != NULL ? w->format->prefix : "", x) : p;
		} else if (w->json_unset) {
			p = stpcpy(stpncpy(p, k->text, k->n), "null");
		}
	}
	return p;
}

char *
json_record(const struct connlog_writer *w, char *p, const struct record *r)
{
	char *start = p;

	if (w->json_streaming)
		p = put_stream(p, w);
	p = w->wide ? put_columns(w, p, r, true) : put_columns(w, p, r, false);
	if (p == start) /* nothing is set */
		p++;
	*start = '{'; /* in place of the first comma */
	memcpy(p, "}\n", 2);
	return p + 2;
}

const struct format format_json = {
	.info = { "json", "Zeek's JSON: an object a line", "" },
	.extras = true,
	.room = 2 * (AROUND_VALUE + SCALAR_ROOM), /* _path and _write_ts */
	.record = json_record,
};
