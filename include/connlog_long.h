/* connlog_long.h - records of long connections while they are open: `--long`. docs/INTERIM.md describes it; connlog.h
 * has the rest of the interface, and states the conventions that hold for all of it.
 *
 *     connlog_options_set(options, "long", "10min,1hr", err, sizeof err);
 *     connlog_on_long(engine, write_it, arg);
 */
#ifndef CONNLOG_LONG_H
#define CONNLOG_LONG_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The ages at which the package zeek-long-connections logs a connection, in the form of the option "long". */
#define CONNLOG_LONG_USUAL "10min,30min,1hr,12hr,24hr,3day"

/* Registers a function that is called for each connection that is still open at an age of the option "long", with its
 * record at that moment, including all packets before it. Policies, connlog_engine_where() and
 * connlog_engine_anonymize() apply to it as to the log's records; connlog_engine_fold() does not. With such a function,
 * one thread tracks all packets. Return values are those of connlog_on_record(). Returns CONNLOG_OK or
 * CONNLOG_NO_MEMORY. */
CONNLOG_API int connlog_on_long(connlog_engine *e, connlog_record_fn fn, void *arg);

/* Sets the name that the log has in Zeek's header (#path) and as _path; the default is "conn". Call it before anything
 * is written. `path` is truncated to 31 bytes of letters, digits and _; other characters are left out. */
CONNLOG_API void connlog_writer_path(connlog_writer *w, const char *path);

#ifdef __cplusplus
}
#endif
#endif
