/* columns.h - the columns of the log being read. */
#ifndef CONNLOG_READ_COLUMNS_H
#define CONNLOG_READ_COLUMNS_H

#include "read/read.h"

/* Where a column's values go: to a column of the schema, or to the reader's extra of that index. */
struct slot {
	const struct column *column; /* NULL: it is an extra */
	size_t               extra;
};

/* For logs with a header: start empty, then add columns in the header's order.  `type` is Zeek's name for the type, or empty
 * if unknown.  Returns false, after reader_bad(), if there are too many. */
void columns_clear(struct connlog_reader *r);
bool columns_add(struct connlog_reader *r, struct text name, struct text type, struct slot *out);

/* For logs without one: start with Zeek's default columns and add others as they are seen, the schema's in its order and
 * before unknown ones.  Returns as columns_add() does. */
void columns_default(struct connlog_reader *r);
bool columns_see(struct connlog_reader *r, struct text name, struct text type, struct slot *out);

/* Sets the type of an extra that becomes known later.  Returns false after reader_bad(). */
bool columns_set_type(struct connlog_reader *r, size_t extra, struct text type);

/* Returns a copy of the name that lives as long as the reader, or NULL after reader_bad(). */
const char *columns_keep(struct connlog_reader *r, struct text name);

#endif
