/* connlog_where.h - selects records: `--where`. docs/WHERE.md describes the language; connlog.h has the rest of the
 * interface, and states the conventions that hold for all of it.
 *
 *     connlog_where *w = connlog_where_new("service has \"ssl\" and orig_bytes > 1MB", 0, &error);
 *     if (connlog_where_match(w, record)) ...            // a record of a reader's, of a callback's
 *     connlog_engine_where(engine, w);                   // or: the engine logs only such records
 */
#ifndef CONNLOG_WHERE_H
#define CONNLOG_WHERE_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A condition on records, compiled. */
typedef struct connlog_where connlog_where;

/* What is wrong with a condition, and the bytes concerned. */
typedef struct connlog_where_error {
	size_t at, n;
	bool   unknown_column; /* the error is an unknown column */
	char   text[240];      /* a message without a full stop, NUL-terminated */
} connlog_where_error;

/* Unknown columns are no errors: they are looked up by name among the other columns of the record's log
 * (connlog_record_extra()). */
#define CONNLOG_WHERE_EXTRAS 1u

/* Compiles a condition; `flags` is a combination of CONNLOG_WHERE_..., 0 for none. Returns NULL with `*error`
 * filled. */
CONNLOG_API connlog_where *connlog_where_new(const char *text, unsigned flags, connlog_where_error *error);
CONNLOG_API void           connlog_where_free(connlog_where *w);
/* Returns a copy for another thread, which may be used at the same time; NULL when out of memory. */
CONNLOG_API connlog_where *connlog_where_copy(const connlog_where *w);

/* Returns whether the record meets the condition. Allocates no memory; a regular expression that takes too much work is
 * abandoned and counts as not matching. */
CONNLOG_API bool connlog_where_match(connlog_where *w, const connlog_record *r);
/* Returns how many matches of regular expressions have been abandoned. */
CONNLOG_API uint64_t connlog_where_given_up(const connlog_where *w);

/* Returns whether the condition reads that column of connlog_column_at(). */
CONNLOG_API bool connlog_where_reads(const connlog_where *w, size_t column);
/* A column that the condition reads and that is not Zeek's, with its position in the text; `found` tells whether any
 * record so far had it. connlog_where_extra_at() returns false past the last one. */
typedef struct connlog_where_extra {
	const char *name; /* NUL-terminated; belongs to the condition */
	size_t      at, n;
	bool        found;
} connlog_where_extra;
CONNLOG_API bool connlog_where_extra_at(const connlog_where *w, size_t i, connlog_where_extra *out);

/* Makes the engine log only records that meet the condition: the functions of connlog_on_record() and
 * connlog_on_lines() get no others. Policies are called first, since they may change the record; with several workers,
 * each tests its own records. Call it once, before the first packet; the engine makes a copy of `w`. A condition that
 * reads community_id needs the option log_community_id. Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_engine_where(connlog_engine *e, const connlog_where *w);
/* Returns how many records did not meet the condition and, in `*given_up` unless it is NULL, the number of abandoned
 * matches (connlog_where_given_up()). */
CONNLOG_API uint64_t connlog_engine_where_left_out(const connlog_engine *e, uint64_t *given_up);

#ifdef __cplusplus
}
#endif
#endif
