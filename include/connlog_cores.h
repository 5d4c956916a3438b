/* connlog_cores.h - several workers. connlog.h has the rest of the interface, and states the conventions that hold for
 * all of it. */
#ifndef CONNLOG_CORES_H
#define CONNLOG_CORES_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Declares that from now on all packets are those returned by the source's last read. Workers then read them in the
 * source's memory without a copy. The source must exist until connlog_lend() is called with NULL, or the engine is
 * freed. connlog_run() does this automatically. With one worker, payload of plain files that may be needed again is
 * then kept as its place in the file, of which the engine keeps a descriptor open (for at most 64 files); if the file
 * has changed when it is read again, connlog_packets() returns CONNLOG_IO. */
CONNLOG_API int connlog_lend(connlog_engine *e, connlog_source *s);

/* Declares that from now on the engine gets every packet that the source returns, in order and unchanged. The source
 * must not have been read yet, and connlog_on_lines() must have been called before. For plain files, every worker then
 * reads all packets itself, which costs less than passing them to it. Otherwise this is the same as connlog_lend(), and
 * it is ended in the same way. connlog_run() does this automatically. */
CONNLOG_API int connlog_follow(connlog_engine *e, connlog_source *s);

/* Callbacks in the threads of several workers: the option "parallel_handlers".
 *
 * Without that option, the functions of connlog_on_record(), connlog_on_policy(), connlog_on_event() and connlog_on_long(), and
 * scripts, are called in the thread that feeds the engine, and that thread tracks all packets, whatever "workers" says. With it:
 * - Every worker calls them, with the same `arg`, for the connections of its share, in a thread of the library or in the one
 *   that feeds the engine. connlog_on_worker() provides an `arg` for each worker.
 * - All calls about one connection come from one worker, in the order of a single thread; so do all calls about connections
 *   between the same two addresses. Calls of one worker never overlap, and each sees what the ones before it have written,
 *   even if another thread made them. Calls of different workers overlap, in no particular order.
 * - Calls come later than the packets that cause them: connlog_flush(), connlog_counters() and connlog_finish() return when
 *   all calls for the packets so far have been made.
 * - The lines of connlog_on_lines(), notices and the output of scripts are still delivered by the thread that feeds the engine;
 *   lines come in the order of a single thread, as changed by policies.
 * - When a callback has returned anything but CONNLOG_OK, other workers may continue to call theirs until the next call of the
 *   engine returns that value.
 * - Callbacks must not call the engine, nor register callbacks; connlog_event_time() gives the time.
 * - A script has a state for each worker. It is rejected unless it sets `parallel = true` to declare that this suits it
 *   (docs/SCRIPTS.md).
 * With the option Conn::default_extract, or with connlog_engine_fold() and callbacks for records, one thread does everything, and
 * connlog_workers() returns 1 after the first packet.
 */

/* Called once for each worker before the first packet, in the thread that feeds the engine. Callbacks that it registers
 * with `worker` belong to that worker only. For an engine without workers it is called once, with the engine itself.
 * Anything but CONNLOG_OK stops, as for connlog_on_record(). */
typedef int (*connlog_worker_fn)(void *arg, connlog_engine *worker, unsigned i);
/* Only one function can be registered; NULL removes it. Without the option "parallel_handlers" the engine then has only
 * one worker. */
CONNLOG_API void connlog_on_worker(connlog_engine *e, connlog_worker_fn fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
