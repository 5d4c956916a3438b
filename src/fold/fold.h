/* fold.h - the internals of folding records (connlog_fold.h).
 *
 * Open rows are in a table by their keys and in a list by age. All windows have the same length, so the oldest row is
 * the first whose window ends, and the first to be closed when memory is full.
 */
#ifndef CONNLOG_FOLD_FOLD_H
#define CONNLOG_FOLD_FOLD_H

#include "fold/row.h"

struct connlog_fold {
	struct fold_rules   rules;
	int64_t             window; /* microseconds */
	uint64_t            memory;
	int64_t             clock; /* the log's time, in microseconds: the latest end of a record */
	struct fold_row    *oldest, *newest;
	struct fold_row   **buckets[FOLD_KEYS];
	size_t              mask; /* number of buckets for each key, minus one */
	connlog_fold_counts counts;
	struct fold_texts   texts;
	struct field_set    columns;
};

/* Returns a fold with the same rules; NULL when out of memory. */
connlog_fold *fold_copy(const connlog_fold *f);
/* The steps of connlog_fold_record(), for callers that match records in one thread and fold them in another:
 * fold_rule() returns the matching rule, or -1; then either the log's time advances to the end of a record that matches
 * none, or the record is folded. */
int fold_rule(const connlog_fold *f, const struct record *r);
int fold_time(connlog_fold *f, int64_t end, connlog_record_fn fn, void *arg);
int fold_add(connlog_fold *f, unsigned rule, const struct record *r, connlog_record_fn fn, void *arg);

#endif
