/* public.c - columns and values of a record for users of the library (connlog.h), out of the schema table. */
#include "record/public.h"

#include "connlog_measure.h"
#include "record/schema.h"

/* The elements of a text_set are handed out as they are. */
_Static_assert(sizeof(connlog_text) == sizeof(struct text) && offsetof(connlog_text, p) == offsetof(struct text, p) &&
                   offsetof(connlog_text, n) == offsetof(struct text, n),
               "connlog_text and struct text have one layout");

const connlog_column_info *
connlog_column_at(size_t i)
{
	return i < schema_columns ? &schema[i].info : NULL;
}

int
connlog_column_find(const char *name)
{
	const struct column *c = schema_find(name, strlen(name));
	return c != NULL ? (int)(c - schema) : -1;
}

bool
connlog_column_is_measured(size_t column)
{
	return column < schema_columns && schema[column].measure != 0;
}

connlog_value
connlog_record_get(const connlog_record *public, size_t column)
{
	const struct record *r = record_of(public);
	connlog_value        v = { .set = false };

	if (column >= schema_columns)
		return v;
	const struct column *c = &schema[column];
	const void          *at = column_at(c, r);
	v.type = c->info.type;
	v.set = column_is_set(c, r);
	if (!v.set)
		return v;

	switch (v.type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		v.number = *(const double *)at;
		break;
	case CONNLOG_STRING:
	case CONNLOG_ENUM: {
		const struct text *t = at;
		v.text = (connlog_text){ t->p, t->n };
		break;
	}
	case CONNLOG_ADDR:
		memcpy(v.address, ((const struct addr *)at)->b, 16);
		break;
	case CONNLOG_PORT:
		v.count = *(const uint16_t *)at;
		break;
	case CONNLOG_COUNT:
		v.count = *(const uint64_t *)at;
		break;
	case CONNLOG_INT:
		v.integer = *(const int64_t *)at;
		break;
	case CONNLOG_BOOL:
		v.boolean = *(const bool *)at;
		break;
	case CONNLOG_STRING_SET: {
		const struct text_set *set = at;
		v.texts = (connlog_texts){ (const connlog_text *)set->at, set->n };
		break;
	}
	default: /* no column has the types that are for arguments of events alone */
		break;
	}
	return v;
}

connlog_value
connlog_record_find(const connlog_record *r, const char *name)
{
	return connlog_record_get(r, (size_t)connlog_column_find(name)); /* -1 is no column */
}

bool
connlog_record_extra(const connlog_record *public, size_t i, connlog_extra *out)
{
	const struct record *r = record_of(public);

	if (i >= r->extras_n)
		return false;
	const struct extra *x = &r->extras[i];
	*out = (connlog_extra){ .name = { x->name.p, x->name.n },
		                    .type_name = { x->type.p, x->type.n },
		                    .set = x->set,
		                    .list = x->kind == EXTRA_LIST };
	if (out->list) {
		out->texts.at = (const connlog_text *)x->list.at;
		out->texts.n = x->list.n;
	} else {
		out->text = (connlog_text){ x->text.p, x->text.n };
	}
	return true;
}

bool
connlog_columns_at(const connlog_columns *c, size_t i, connlog_column_info *out)
{
	const struct field_set *set = columns_of(c);

	if (i >= set->n)
		return false;
	const struct field *f = &set->at[i];
	if (f->column != NULL)
		*out = f->column->info;
	else
		*out = (connlog_column_info){ f->name, CONNLOG_STRING, f->type_name, "" };
	return true;
}
