/* fold.h - folding of records: connlog_fold.h, from the inside.
 *
 * Open rows lie in a table by their keys and in a list by age.  All windows are equally long, so the oldest row is the first whose window
 * ends, and the one that has to go when memory is full.
 */
#ifndef CONNLOG_FOLD_FOLD_H
#define CONNLOG_FOLD_FOLD_H

#include "fold/row.h"

struct connlog_fold {
	struct fold_rules   rules;
	int64_t             window; /* microseconds */
	uint64_t            memory;
	int64_t             clock; /* the log's time: the latest end of a record, in microseconds */
	struct fold_row    *oldest, *newest;
	struct fold_row   **buckets[FOLD_KEYS];
	size_t              mask; /* buckets of each key, less one */
	connlog_fold_counts counts;
	struct fold_texts   texts;
	struct field_set    columns;
};

/* Returns one of the same rules; NULL when out of memory. */
connlog_fold *fold_copy(const connlog_fold *f);
/* connlog_fold_record() in steps, for who finds out in one thread what a record is and folds in another: the rule that it fits, or -1;
 * then either the log's time goes on to the end of one that fits none, or one is folded. */
int fold_rule(const connlog_fold *f, const struct record *r);
int fold_time(connlog_fold *f, int64_t end, connlog_record_fn fn, void *arg);
int fold_add(connlog_fold *f, unsigned rule, const struct record *r, connlog_record_fn fn, void *arg);

#endif
