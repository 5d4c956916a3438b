/* values.h - the values of a record out of text. */
#ifndef CONNLOG_READ_VALUES_H
#define CONNLOG_READ_VALUES_H

#include "read/columns.h"

/* Sets a column of the schema's out of the text of one value; a set of strings becomes one of that element.
 * => false where the text is none of the column's type. */
bool value_set(struct connlog_reader *r, const struct column *c, struct text t);

/* The elements of a set: begun, then added one after the other (there is room for as many as the line has bytes), then
 * taken as the column's or the extra's value. */
size_t          list_begin(const struct connlog_reader *r);
void            list_add(struct connlog_reader *r, struct text element);
struct text_set list_end(const struct connlog_reader *r, size_t begin);

/* The same for a column that has a set. */
void value_set_list(struct connlog_reader *r, const struct column *c, struct text_set set);

/* Says that value_set() did not take it. => READ_BAD */
enum read_result value_bad(struct connlog_reader *r, const struct column *c, struct text t);

#endif
