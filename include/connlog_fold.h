/* connlog_fold.h - folds noise: one row for many similar records (`--fold`). docs/FOLD.md says which records are folded
 * together and what a row contains; connlog.h has the rest of the interface, and states the conventions that hold for
 * all of it.
 *
 *     connlog_fold *f = connlog_fold_new(&(connlog_fold_options){ .rules = "scans,dns,icmp" }, err, sizeof err);
 *     connlog_engine_fold(engine, f);                        // the engine logs rows in place of alike records
 *
 *     while (connlog_reader_next(...) == CONNLOG_READ_RECORD) // or: of records from anywhere
 *         connlog_fold_record(f, record, write_it, arg);
 *     connlog_fold_finish(f, write_it, arg);
 */
#ifndef CONNLOG_FOLD_H
#define CONNLOG_FOLD_H

#include "connlog.h"
#include "connlog_where.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Folds records: records that belong together become one row, in which fold.count is set. */
typedef struct connlog_fold connlog_fold;

typedef struct connlog_fold_options {
	const char *rules; /* "scans,dns,icmp", or some of them; NULL or "" for none */
	/* Further rules, which are tried first: records that meet the condition are folded if they have the same values in
	 * the columns of `by`, separated by commas; NULL: id.orig_h,id.resp_h,id.resp_p,proto,service,conn_state. They are
	 * copied. */
	const connlog_where *const *where;
	size_t                      where_n;
	const char                 *by;
	double                      window; /* seconds for which a row is open; 0: 300 */
	uint64_t                    memory; /* largest size of the open rows in bytes; 0: 64 MiB */
} connlog_fold_options;

typedef struct connlog_fold_counts {
	uint64_t records;  /* in rows of several records */
	uint64_t rows;     /* rows of several records, written */
	uint64_t early;    /* rows of any size that were written early because memory was full */
	uint64_t given_up; /* records passed on unchanged because the system was out of memory */
	uint64_t open;     /* rows open now */
	uint64_t bytes;    /* memory of these rows */
} connlog_fold_counts;

/* Creates a fold. Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_fold *connlog_fold_new(const connlog_fold_options *o, char *err, size_t err_size);
/* Discards open rows; call connlog_fold_finish() first to write them. */
CONNLOG_API void connlog_fold_free(connlog_fold *f);

/* Takes a record, and calls `fn` for what has to be written before the next one, in order: rows whose windows have
 * ended, and the record itself if it is not folded. A record that remains alone in its row is written unchanged.
 * Returns CONNLOG_OK, or what `fn` returned, which ends the call. */
CONNLOG_API int connlog_fold_record(connlog_fold *f, const connlog_record *r, connlog_record_fn fn, void *arg);
/* Calls `fn` for the rows whose windows have ended by `now`, in seconds since the epoch, for callers with a clock
 * independent of the records. Returns as above. */
CONNLOG_API int connlog_fold_advance(connlog_fold *f, double now, connlog_record_fn fn, void *arg);
/* Calls `fn` for all open rows. Call it at the end, and before the columns of the records change. Returns as above. */
CONNLOG_API int connlog_fold_finish(connlog_fold *f, connlog_record_fn fn, void *arg);

/* Returns the columns of a log with rows: those in `c`, and those that are set only in rows. They are valid until the
 * next call. */
CONNLOG_API const connlog_columns *connlog_fold_columns(connlog_fold *f, const connlog_columns *c);
CONNLOG_API void                   connlog_fold_count(const connlog_fold *f, connlog_fold_counts *out);

/* Makes the engine fold what it logs: the functions of connlog_on_record() and connlog_on_lines() get rows, and records
 * that are not folded. Policies, a condition of connlog_engine_where() and anonymization are applied before. Call it
 * once, before the first packet; the engine makes a fold of its own with the same rules. Open rows are written by
 * connlog_finish(), and those whose windows have ended by connlog_idle(). Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_engine_fold(connlog_engine *e, const connlog_fold *f);
/* Stores the counts of the engine's fold. Returns false if it has none. */
CONNLOG_API bool connlog_engine_fold_count(const connlog_engine *e, connlog_fold_counts *out);

#ifdef __cplusplus
}
#endif
#endif
