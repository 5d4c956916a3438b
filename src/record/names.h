/* names.h - the names of the columns in other schemas: OSSEM and Elastic's ECS.
 *
 * One row a column, for who writes them and for who reads them. OSSEM: its data dictionary of Zeek's conn log.  A
 * column that it does not have is called zeek_NAME. ECS: what Elastic's Zeek integration makes of conn
 * (elastic/integrations, packages/zeek/data_stream/connection, ECS 8.11), the objects around a member before it, with
 * dots.  A column that it leaves as it is, or drops, is called zeek.connection.NAME.
 */
#ifndef CONNLOG_RECORD_NAMES_H
#define CONNLOG_RECORD_NAMES_H

#include "record/schema.h"

struct column_names {
	const char *ossem, *ecs; /* NULL: the prefix followed by Zeek's name */
};
extern const struct column_names column_names[COLUMNS];

#define OSSEM_PREFIX "zeek_"
#define ECS_PREFIX   "zeek.connection."

enum names_schema { NAMES_OSSEM, NAMES_ECS };

/* Returns the prefix of a schema. */
const char *names_prefix(enum names_schema schema);
/* Returns the schema's name of a column, or NULL if that is the prefix followed by Zeek's name. */
const char *names_of(enum names_schema schema, const struct column *c);

/* Returns Zeek's name of what has this name in the schema: of a column, or of one that Zeek does not know, which is what stands
 * behind the prefix, or the name itself where it has none.  `*due` is where to look first, the row behind the one found
 * last: logs have their columns in one order. */
struct text names_to_zeek(enum names_schema schema, struct text name, size_t *due);

#endif
