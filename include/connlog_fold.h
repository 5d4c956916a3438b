/* connlog_fold.h - the part of libconnlog's interface that is about folding noise: `--fold`.  docs/FOLD.md says which records are
 * alike and what a row has; connlog.h has the rest of the interface, and says what holds for all of it.
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

/* Folds records: those that are alike become one row, in which fold.count is set. */
typedef struct connlog_fold connlog_fold;

typedef struct connlog_fold_options {
	const char *rules; /* "scans,dns,icmp", or some of them; NULL or "" for none */
	/* Further rules, which are asked before those: records for which the condition holds are folded if they have the same values in
	 * the columns of `by`, a list with commas; NULL: id.orig_h,id.resp_h,id.resp_p,proto,service,conn_state.  They are copied. */
	const connlog_where *const *where;
	size_t                      where_n;
	const char                 *by;
	double                      window; /* seconds that a row is open; 0: 300 */
	uint64_t                    memory; /* bytes of open rows at most; 0: 64 MiB */
} connlog_fold_options;

typedef struct connlog_fold_counts {
	uint64_t records;  /* that stand in rows of several */
	uint64_t rows;     /* of several records, written */
	uint64_t early;    /* of all rows, also of single records: written before their time because memory was full */
	uint64_t given_up; /* records that were passed on as they are because the system had no memory */
	uint64_t open;     /* rows, now */
	uint64_t bytes;    /* of memory that these take */
} connlog_fold_counts;

/* Returns NULL and writes a message to `err` on failure. */
CONNLOG_API connlog_fold *connlog_fold_new(const connlog_fold_options *o, char *err, size_t err_size);
/* Open rows are lost; call connlog_fold_finish() first. */
CONNLOG_API void connlog_fold_free(connlog_fold *f);

/* Takes a record, and calls `fn` for what is to be written before the next one, in order: rows whose window has ended, and the record
 * itself if it is not to be folded.  A record that stays alone in its row is written as it was.  Returns CONNLOG_OK, or what `fn`
 * returned, which ends it. */
CONNLOG_API int connlog_fold_record(connlog_fold *f, const connlog_record *r, connlog_record_fn fn, void *arg);
/* Calls `fn` for the rows whose window has ended at that time, in seconds since the epoch: for who has a clock besides the records.
 * Returns as above. */
CONNLOG_API int connlog_fold_advance(connlog_fold *f, double now, connlog_record_fn fn, void *arg);
/* Calls `fn` for all open rows.  Call it at the end, and before the records' columns change.  Returns as above. */
CONNLOG_API int connlog_fold_finish(connlog_fold *f, connlog_record_fn fn, void *arg);

/* Returns the columns of a log that has rows: those in `c`, and the ones that are set in rows.  They are valid until the next call. */
CONNLOG_API const connlog_columns *connlog_fold_columns(connlog_fold *f, const connlog_columns *c);
CONNLOG_API void                   connlog_fold_count(const connlog_fold *f, connlog_fold_counts *out);

/* Makes the engine fold what it logs: functions of connlog_on_record() and connlog_on_lines() get rows and what is not folded.  Policies,
 * a condition of connlog_engine_where() and anonymizing come before it.  Call it once, before the first packet; the engine has a fold of
 * its own, of the same rules.  Open rows are written by connlog_finish(), and connlog_idle() writes those whose window has ended.
 * Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_engine_fold(connlog_engine *e, const connlog_fold *f);
/* Stores the counts of the engine's.  Returns false if it folds nothing. */
CONNLOG_API bool connlog_engine_fold_count(const connlog_engine *e, connlog_fold_counts *out);

#ifdef __cplusplus
}
#endif
#endif
