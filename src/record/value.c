/* value.c - formats a value of the API as text for people: as in Zeek's log, but without escapes.
 *
 * Types without a column in Zeek look as its scripts print them: "[name=value, ...]" for a record.
 */
#include <string.h>

#include "base/addr.h"
#include "base/number.h"
#include "connlog.h"

/* Text that is truncated to the room, and its whole length. */
struct cut {
	char  *p;
	size_t room, n; /* n: length of the whole text */
};

static void
put(struct cut *c, const char *p, size_t n)
{
	if (c->n < c->room && n > 0)
		memcpy(c->p + c->n, p, n < c->room - c->n ? n : c->room - c->n);
	c->n += n;
}

static void
put_word(struct cut *c, const char *word)
{
	put(c, word, strlen(word));
}

/* `separator` before all but the first of a list. */
static void
put_between(struct cut *c, size_t i, const char *separator)
{
	if (i > 0)
		put_word(c, separator);
}

static void put_value(struct cut *c, const connlog_value *v);

static void
put_fields(struct cut *c, const connlog_fields *f)
{
	put_word(c, "[");
	for (size_t i = 0; i < f->n; i++) {
		put_between(c, i, ", ");
		put_word(c, f->at[i].name);
		put_word(c, "=");
		put_value(c, &f->at[i].value);
	}
	put_word(c, "]");
}

static void
put_count(struct cut *c, uint64_t v)
{
	char text[U64_TEXT_MAX];
	put(c, text, format_u64(text, v));
}

static void
put_number(struct cut *c, const connlog_value *v)
{
	char        text[FIXED6_TEXT_MAX];
	struct addr a;

	switch (v->type) {
	case CONNLOG_INT:
		put(c, text, format_i64(text, v->integer));
		break;
	case CONNLOG_ADDR:
		memcpy(a.b, v->address, sizeof a.b);
		put(c, text, addr_format(&a, text));
		break;
	case CONNLOG_BOOL:
		put_word(c, v->boolean ? "T" : "F");
		break;
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
		put(c, text, format_fixed6(text, v->number));
		break;
	case CONNLOG_DOUBLE:
		put(c, text, format_zeek_double(text, v->number));
		break;
	default:
		put_count(c, v->count);
	}
}

static void
put_list(struct cut *c, const connlog_value *v)
{
	switch (v->type) {
	case CONNLOG_STRING_SET:
		for (size_t i = 0; i < v->texts.n; i++) {
			put_between(c, i, ",");
			put(c, v->texts.at[i].p, v->texts.at[i].n);
		}
		break;
	case CONNLOG_COUNTS:
		for (size_t i = 0; i < v->counts.n; i++) {
			put_between(c, i, ",");
			put_count(c, v->counts.at[i]);
		}
		break;
	default:
		for (size_t i = 0; i < v->records.n; i++) {
			put_between(c, i, ",");
			put_fields(c, &v->records.at[i]);
		}
	}
}

static void
put_value(struct cut *c, const connlog_value *v)
{
	if (!v->set) {
		put_word(c, "-");
		return;
	}
	switch (v->type) {
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
	case CONNLOG_BYTES:
		put(c, v->text.p, v->text.n);
		break;
	case CONNLOG_STRING_SET:
	case CONNLOG_COUNTS:
	case CONNLOG_RECORDS:
		put_list(c, v);
		break;
	case CONNLOG_RECORD:
		put_fields(c, &v->record);
		break;
	default:
		put_number(c, v);
	}
}

size_t
connlog_value_text(connlog_value value, char *out, size_t size)
{
	struct cut c = { .p = out, .room = size > 0 ? size - 1 : 0 };

	put_value(&c, &value);
	if (size > 0)
		out[c.n < c.room ? c.n : c.room] = '\0';
	return c.n;
}
