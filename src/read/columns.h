/* columns.h - the columns of the log that is being read. */
#ifndef CONNLOG_READ_COLUMNS_H
#define CONNLOG_READ_COLUMNS_H

#include "read/read.h"

/* Where a column's values go: one of the schema's, or the reader's extra of that number. */
struct slot {
	const struct column *column; /* NULL: it is an extra */
	size_t               extra;
};

/* A log that has a header: none at first, then one after the other in the header's order. `type` is Zeek's name of it, or
 * empty where it is not known. => false, after reader_bad(), where there are too many. */
void columns_clear(struct connlog_reader *r);
bool columns_add(struct connlog_reader *r, struct text name, struct text type, struct slot *out);

/* A log that has none: Zeek's default columns at first, and what else is seen, the schema's in its order and before the
 * others. => As above. */
void columns_default(struct connlog_reader *r);
bool columns_see(struct connlog_reader *r, struct text name, struct text type, struct slot *out);

/* The type of an extra, where it becomes known later. => false, after reader_bad(). */
bool columns_set_type(struct connlog_reader *r, size_t extra, struct text type);

/* => The name as a string that stays as long as the reader, or NULL after reader_bad(). */
const char *columns_keep(struct connlog_reader *r, struct text name);

#endif
