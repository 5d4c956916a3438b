/* values.h - converts text to the values of a record. */
#ifndef CONNLOG_READ_VALUES_H
#define CONNLOG_READ_VALUES_H

#include "read/columns.h"

/* Sets a column of the schema from the text of one value; a set of strings gets that one element.
 * Returns false if the text is not a value of the column's type. */
bool value_set(struct connlog_reader *r, const struct column *c, struct text t);

/* Builds a set: list_begin(), list_add() for each element (there is room for as many as the line has bytes), then take the
 * result as the value of a column or extra. */
size_t          list_begin(const struct connlog_reader *r);
void            list_add(struct connlog_reader *r, struct text element);
struct text_set list_end(const struct connlog_reader *r, size_t begin);

/* Does the same for a column whose value is a set. */
void value_set_list(struct connlog_reader *r, const struct column *c, struct text_set set);

/* Reports that value_set() refused the text.  Returns READ_BAD. */
enum read_result value_bad(struct connlog_reader *r, const struct column *c, struct text t);

#endif
