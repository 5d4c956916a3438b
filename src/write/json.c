/* json.c - Zeek's JSON log, to the byte: an object a line, unset columns left out.
 *
 * Follows Zeek 8.2.2: src/threading/formatters/JSON.cc.  How values look is json_value.c's part.
 */
#include "write/json_value.h"

static char *
put_texts(char *p, const struct text_set *set)
{
	*p++ = '[';
	for (size_t i = 0; i < set->n; i++) {
		if (i > 0)
			*p++ = ',';
		p = put_text(p, set->at[i]);
	}
	*p++ = ']';
	return p;
}

static char *
put_address(char *p, const struct addr *a)
{
	*p++ = '"';
	p += addr_format(a, p);
	*p++ = '"';
	return p;
}

static char *
put_value(char *p, const struct connlog_writer *w, connlog_type type, const void *at)
{
	switch (type) {
	case CONNLOG_TIME:
		return put_time(p, w->json_time, *(const double *)at);
	case CONNLOG_INTERVAL:
		return put_double(p, *(const double *)at);
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return put_text(p, *(const struct text *)at);
	case CONNLOG_ADDR:
		return put_address(p, at);
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
json_record(const struct connlog_writer *w, char *p, const struct record *r)
{
	char *start = p;

	for (size_t i = 0; i < w->fields.n; i++) {
		const struct column *c = w->fields.at[i];
		const struct key    *k = &w->keys[i];
		if (!column_is_set(c, r))
			continue;
		memcpy(p, k->text, sizeof k->text); /* all of it: a copy of known size is one instruction or two */
		p = put_value(p + k->n, w, c->info.type, column_at(c, r));
	}
	if (p == start) /* nothing is set */
		p++;
	*start = '{'; /* in place of the first comma */
	return put_word(p, "}\n");
}

const struct format format_json = { "json", NULL, json_record, NULL };
