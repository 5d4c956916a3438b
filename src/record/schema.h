/* schema.h - THE table of conn.log's columns.
 *
 * One row a column: name, Zeek's type, where it lies in struct record, which presence bit says that it is set,
 * and which profiles have it.  Writers, --fields, the C API and (later) scripts iterate this table; a column
 * is added by adding a row.  Source: Zeek 8.2.2 scripts/base/protocols/conn/main.zeek and
 * scripts/policy/protocols/conn/.
 */
#ifndef CONNLOG_RECORD_SCHEMA_H
#define CONNLOG_RECORD_SCHEMA_H

#include "record/record.h"

/* Zeek's types that occur in conn.log. */
enum column_type {
	COLUMN_TIME,     /* double, seconds */
	COLUMN_INTERVAL, /* double, seconds */
	COLUMN_STRING,   /* struct text */
	COLUMN_ENUM,     /* struct text */
	COLUMN_ADDR,     /* struct addr */
	COLUMN_PORT,     /* uint16_t */
	COLUMN_COUNT,    /* uint64_t */
	COLUMN_INT,      /* int64_t */
	COLUMN_BOOL,     /* bool */
	COLUMN_STRING_SET, /* struct text_set, set[string] */
};

enum column_profile {
	PROFILE_DEFAULT = 1, /* conn.log with Zeek's default scripts */
	PROFILE_ALL = 2,     /* with every script that adds a column, in Zeek's order */
	PROFILE_OURS = 4,    /* connlog's own: only by name */
};

struct column {
	const char      *name;
	enum column_type type;
	uint16_t         offset; /* in struct record */
	uint32_t         has;    /* presence bit of record.has */
	unsigned         profiles;
	const char      *script; /* Zeek's script that adds it, NULL for the base script's */
	const char      *doc;    /* one line */
};

extern const struct column schema[];
extern const size_t schema_columns;

/* => The column of that name, or NULL. */
const struct column *schema_find(const char *name, size_t len);

/* Zeek's name of a type as #types prints it: "time", "set[string]" … */
const char *column_type_name(enum column_type type);

/* A choice of columns in the order in which they are written. */
struct field_set {
	size_t               n;
	const struct column *at[64];
};

void field_set_profile(struct field_set *set, unsigned profile);

/* Parses --fields: "all", "a,b,c", "+a,+b" or "-a" (drop) on top of `set`.
 * => NULL, or a text (static or in `err`) that says what is wrong. */
const char *field_set_parse(struct field_set *set, const char *list, char *err, size_t err_size);

#endif
