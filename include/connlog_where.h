/* connlog_where.h - the part of libconnlog's interface that is about choosing records: `--where`.  docs/WHERE.md describes the
 * language; connlog.h has the rest of the interface, and says what holds for all of it.
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

/* What is wrong with a condition, and which bytes of it are meant. */
typedef struct connlog_where_error {
	size_t at, n;
	bool   unknown_column; /* a column of that name is what is missing */
	char   text[240];      /* a sentence without a point, terminated */
} connlog_where_error;

/* Columns that Zeek does not know are no errors: they are looked up by name among those that the record's log has besides
 * (connlog_record_extra()). */
#define CONNLOG_WHERE_EXTRAS 1u

/* Compiles a condition; `flags` are of CONNLOG_WHERE_..., 0 for none.  Returns NULL with `*error` filled.  The caller frees it. */
CONNLOG_API connlog_where *connlog_where_new(const char *text, unsigned flags, connlog_where_error *error);
CONNLOG_API void           connlog_where_free(connlog_where *w);
/* Returns another one for another thread, which may use it while this one is used, too; NULL when out of memory. */
CONNLOG_API connlog_where *connlog_where_copy(const connlog_where *w);

/* Returns whether the condition holds for the record.  No memory is allocated, and a regular expression that takes too much
 * work is given up and counts as one that does not match. */
CONNLOG_API bool connlog_where_match(connlog_where *w, const connlog_record *r);
/* Returns how many matches of regular expressions were given up so far. */
CONNLOG_API uint64_t connlog_where_given_up(const connlog_where *w);

/* Returns whether the condition reads that column of connlog_column_at(). */
CONNLOG_API bool connlog_where_reads(const connlog_where *w, size_t column);
/* The column at `i` that Zeek does not know and the condition reads, with its place in the text; `found` tells whether some
 * record so far had it.  Returns false behind the last. */
typedef struct connlog_where_extra {
	const char *name; /* terminated; belongs to the condition */
	size_t      at, n;
	bool        found;
} connlog_where_extra;
CONNLOG_API bool connlog_where_extra_at(const connlog_where *w, size_t i, connlog_where_extra *out);

/* Makes the engine log only records for which the condition holds: functions of connlog_on_record() and connlog_on_lines() get
 * no others.  Policies are asked before it, since they may change the record; several workers each test what they log.  Call it
 * once, before the first packet; the engine has a copy of its own.  A condition that reads community_id needs the option
 * log_community_id.  Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_engine_where(connlog_engine *e, const connlog_where *w);
/* Returns how many records were left out, and in `*given_up`, unless it is NULL, what connlog_where_given_up() would. */
CONNLOG_API uint64_t connlog_engine_where_left_out(const connlog_engine *e, uint64_t *given_up);

#ifdef __cplusplus
}
#endif
#endif
