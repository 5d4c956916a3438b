/* schema.h - THE table of conn.log's columns.
 *
 * One row a column: name, Zeek's type, where it lies in struct record, which presence bit says that it is set,
 * and which profiles have it.  Writers, --fields, the C API and (later) scripts iterate this table; a column
 * is added by adding a row.  Source: Zeek 8.2.2 scripts/base/protocols/conn/main.zeek and
 * scripts/policy/protocols/conn/.
 */
#ifndef CONNLOG_RECORD_SCHEMA_H
#define CONNLOG_RECORD_SCHEMA_H

#include "connlog.h"
#include "record/record.h"

/* What lies at a column's offset, by its connlog_type:
 *   TIME, INTERVAL  double, seconds      STRING, ENUM  struct text     ADDR  struct addr    PORT  uint16_t
 *   COUNT           uint64_t             INT           int64_t         BOOL  bool           STRING_SET  struct text_set */

enum column_profile {
	PROFILE_DEFAULT = 1, /* conn.log with Zeek's default scripts */
	PROFILE_ALL = 2,     /* with every script that adds a column, in Zeek's order */
	PROFILE_OURS = 4,    /* connlog's own: only by name */
};

struct column {
	connlog_column_info info;   /* name, type, Zeek's name of the type, one line of documentation */
	uint16_t            offset; /* in struct record */
	uint16_t            word;   /* HAS_WORD(): where the word with its bit is */
	uint64_t            has;    /* its bit */
	unsigned            profiles;
	const char         *script;  /* Zeek's script that adds it, NULL for the base script's */
	const char         *group;   /* the name under which --fields has it together with others, or NULL */
	uint32_t            measure; /* MEASURE() bits: what has to be measured for it */
};

extern const struct column schema[];
extern const size_t        schema_columns;

/* Returns whether an item of --fields (a name of a column, a group or a script, "all") means the column. */
bool schema_means(const char *item, size_t len, const struct column *c);

/* Returns the column of that name, or NULL. */
const struct column *schema_find(const char *name, size_t len);

/* Returns where the column's value lies; it means something only where column_is_set(). */
static inline const void *
column_at(const struct column *c, const struct record *r)
{
	return (const char *)r + c->offset;
}

static inline bool
column_is_set(const struct column *c, const struct record *r)
{
	return record_has(r, c->word, c->has);
}

/* A column that is written: one of the schema's, or one that the schema does not know and a log that is read has. */
struct field {
	const struct column *column;           /* NULL: unknown to the schema */
	size_t               extra;            /* which of record.extras it then is; NO_EXTRA: none, it is always unset */
	const char          *name, *type_name; /* owned by the schema or by who made the field */
};
#define NO_EXTRA SIZE_MAX

/* Returns the value of a field that the schema does not know, or NULL where it is unset. */
static inline const struct extra *
field_extra(const struct field *f, const struct record *r)
{
	return f->extra < r->extras_n && r->extras[f->extra].set ? &r->extras[f->extra] : NULL;
}

/* A choice of columns in the order in which they are written. */
#define FIELDS_MAX 256
struct field_set {
	size_t       n;
	struct field at[FIELDS_MAX];
};

/* Returns the field of a column of the schema's. */
struct field field_of(const struct column *c);

void field_set_profile(struct field_set *set, unsigned profile);

/* Returns false if the set is full. A field that is there already stays where it is. */
bool field_set_add(struct field_set *set, const struct field *f);

/* Parses --fields on top of `set`, item by item, separated by commas: "+a" adds, "-a" drops, a name without a
 * sign replaces the set by itself and those that follow, "all" is every column of Zeek's.  Where a name may
 * stand, so may a group's ("quality"), one of Zeek's scripts ("policy/protocols/conn/vlan-logging"), for the columns that it adds,
 * and one of the fields in `known` (NULL: none), which the schema need not know.  A column that is there already stays where it is.
 * Returns NULL, or a text (static or in `err`) that says what is wrong. */
const char *
field_set_parse(struct field_set *set, const struct field_set *known, const char *list, char *err, size_t err_size);

#endif
