/* set.c - changes a record: connlog_record_set().
 *
 * A record's texts belong to the connection or to the line of a log, so new texts are copied into the record's arena,
 * which lives as long as the record.
 */
#include <math.h>

#include "base/arena.h"
#include "record/public.h"
#include "record/schema.h"

static bool
is_text(connlog_text t)
{
	return t.p != NULL || t.n == 0;
}

static bool
are_texts(connlog_texts t)
{
	if (t.at == NULL)
		return t.n == 0;
	for (size_t i = 0; i < t.n; i++)
		if (!is_text(t.at[i]))
			return false;
	return true;
}

static bool
is_transport(connlog_text t)
{
	static const char *const names[] = { "tcp", "udp", "icmp", "unknown_transport" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == t.n && memcmp(names[i], t.p, t.n) == 0)
			return true;
	return false;
}

/* Returns whether a column of that type can hold the value.  proto is the only enum. */
static bool
takes(connlog_type type, const connlog_value *v)
{
	if (v->type != type)
		return false;
	switch (type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		return isfinite(v->number);
	case CONNLOG_STRING:
		return is_text(v->text);
	case CONNLOG_ENUM:
		return is_text(v->text) && is_transport(v->text);
	case CONNLOG_PORT:
		return v->count <= UINT16_MAX;
	case CONNLOG_STRING_SET:
		return are_texts(v->texts);
	default:
		return true;
	}
}

const char *
connlog_column_takes(size_t column)
{
	if (column >= schema_columns)
		return NULL;
	switch (schema[column].info.type) {
	case CONNLOG_TIME:
		return "a time, seconds since 1970";
	case CONNLOG_INTERVAL:
		return "an interval, seconds";
	case CONNLOG_DOUBLE:
		return "a number";
	case CONNLOG_STRING:
		return "a text";
	case CONNLOG_ENUM:
		return "tcp, udp, icmp or unknown_transport";
	case CONNLOG_ADDR:
		return "an address";
	case CONNLOG_PORT:
		return "a port, 0 to 65535";
	case CONNLOG_COUNT:
		return "a whole number that is not negative";
	case CONNLOG_INT:
		return "a whole number";
	case CONNLOG_BOOL:
		return "true or false";
	case CONNLOG_STRING_SET:
		return "a list of texts";
	default: /* no column has the types that are for arguments of events alone */
		return NULL;
	}
}

/* Returns false when out of memory. */
static bool
copy_text(struct arena *a, connlog_text from, struct text *to)
{
	char *p = from.n > 0 ? arena_alloc(a, from.n) : NULL;

	if (from.n > 0 && p == NULL)
		return false;
	if (from.n > 0)
		memcpy(p, from.p, from.n);
	*to = (struct text){ p != NULL ? p : "", from.n };
	return true;
}

static bool
copy_texts(struct arena *a, connlog_texts from, struct text_set *to)
{
	struct text *at = NULL;

	if (from.n > SIZE_MAX / sizeof *at || (from.n > 0 && (at = arena_alloc(a, from.n * sizeof *at)) == NULL))
		return false;
	for (size_t i = 0; i < from.n; i++)
		if (!copy_text(a, from.at[i], &at[i]))
			return false;
	*to = (struct text_set){ at, from.n };
	return true;
}

/* Stores the value in the column.  Returns false, with nothing changed, when out of memory. */
static bool
store(struct record *r, const struct column *c, const connlog_value *v)
{
	void *at = (char *)r + c->offset;

	switch (v->type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		*(double *)at = v->number;
		return true;
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		return copy_text(r->arena, v->text, at);
	case CONNLOG_ADDR:
		memcpy(at, v->address, sizeof v->address);
		return true;
	case CONNLOG_PORT:
		*(uint16_t *)at = (uint16_t)v->count;
		return true;
	case CONNLOG_COUNT:
		*(uint64_t *)at = v->count;
		return true;
	case CONNLOG_INT:
		*(int64_t *)at = v->integer;
		return true;
	case CONNLOG_BOOL:
		*(bool *)at = v->boolean;
		return true;
	case CONNLOG_STRING_SET:
		return copy_texts(r->arena, v->texts, at);
	default: /* takes() has rejected all others */
		return true;
	}
}

int
connlog_record_set(connlog_record *public, size_t column, connlog_value value)
{
	struct record *r = (struct record *)public;

	if (column >= schema_columns)
		return CONNLOG_BAD_OPTION;
	const struct column *c = &schema[column];
	if (value.set && (!takes(c->info.type, &value)))
		return CONNLOG_BAD_OPTION;
	if (value.set && !store(r, c, &value))
		return CONNLOG_NO_MEMORY;
	if (r->literals != NULL)
		r->literals[column] = (struct text){ NULL, 0 }; /* the log's own text is no longer what is written */
	record_mark(r, c->word, c->has, value.set);
	if (c->word == HAS_WORD(0))
		r->plain &= ~c->has;
	return CONNLOG_OK;
}
