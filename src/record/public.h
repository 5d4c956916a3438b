/* public.h - the one place that says what the API's connlog_record is, a struct record, and connlog_columns, a
 * struct field_set.
 *
 * Both stay incomplete types for ever; a pointer to one is a pointer to the struct.
 */
#ifndef CONNLOG_RECORD_PUBLIC_H
#define CONNLOG_RECORD_PUBLIC_H

#include "connlog.h"
#include "record/schema.h"

static inline const struct record *
record_of(const connlog_record *r)
{
	return (const struct record *)r;
}

static inline const connlog_record *
record_public(const struct record *r)
{
	return (const connlog_record *)r;
}

static inline const struct field_set *
columns_of(const connlog_columns *c)
{
	return (const struct field_set *)c;
}

static inline const connlog_columns *
columns_public(const struct field_set *set)
{
	return (const connlog_columns *)set;
}

#endif
