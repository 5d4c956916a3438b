/* connlog_cores.h - the part of libconnlog's interface that is about several workers; connlog.h has the rest, and says what holds for
 * all of it. */
#ifndef CONNLOG_CORES_H
#define CONNLOG_CORES_H

#include "connlog.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Says that from now on all packets are those that the source has given with its last read.  Workers then read them where the
 * source has them, and no copy is made.  The source must be there until connlog_lend() is called with NULL, or the engine is
 * freed.  connlog_run() does this by itself.  With one worker, payload of plain
 * files that may have to be looked at again is then kept as its place in the file, of which the engine keeps a descriptor open (of 64
 * files at most); if it has changed when it is read again, connlog_packets() returns CONNLOG_IO. */
CONNLOG_API int connlog_lend(connlog_engine *e, connlog_source *s);

/* Says that from now on the engine gets every packet that the source gives, in its order and unchanged.  The source must not have been
 * read yet, and connlog_on_lines() must have been called before.  Of plain files, every worker then reads all packets by itself, which
 * costs less than to hand them over.  Otherwise, and for the rest, this is connlog_lend(), with which it ends.  connlog_run() does
 * this by itself. */
CONNLOG_API int connlog_follow(connlog_engine *e, connlog_source *s);

/* Callbacks in the threads of several workers: the option "parallel_handlers".
 *
 * Without that option, functions of connlog_on_record(), connlog_on_policy(), connlog_on_event() and connlog_on_long(), and scripts, are
 * called in the thread that feeds the engine, and it tracks all packets, whatever "workers" says.  With it:
 * - Every worker calls them, with the same `arg`, for the connections of its share, in a thread of the library or in the one that feeds
 *   the engine.  connlog_on_worker() is the way to have an `arg` for each worker.
 * - All calls about one connection come from one worker, in the order of a single thread; so do all about the connections of one pair
 *   of addresses.  Calls of one worker never overlap, and each sees what those before it have written, though they may have been made
 *   by another thread.  Calls of different workers overlap, and there is no order between them.
 * - Calls come later than the packets that lead to them: connlog_flush(), connlog_counters() and connlog_finish() return when there are
 *   no more to come for the packets so far.
 * - The lines of connlog_on_lines(), notices and what scripts print are handed over as ever, by the thread that feeds the engine; lines in
 *   the order of a single thread, as changed by policies.
 * - When a callback has returned anything but CONNLOG_OK, other workers may still call theirs until the next call of the engine
 *   returns that value.
 * - Callbacks must not call the engine, nor register with it; they ask for the time with connlog_event_time().
 * - A script has a state for each worker, and is refused unless it has said by `parallel = true` that this suits it (docs/SCRIPTS.md).
 * With the option Conn::default_extract, or with connlog_engine_fold() and functions for records, one thread does everything, and
 * connlog_workers() returns 1 after the first packet. */

/* Called once for each worker before the first packet, in the thread that feeds the engine.  Callbacks that it registers with `worker` are
 * that worker's alone.  Of an engine without workers it is called once, with the engine itself.  Anything but CONNLOG_OK stops, as for
 * connlog_on_record(). */
typedef int (*connlog_worker_fn)(void *arg, connlog_engine *worker, unsigned i);
/* Only one function can be registered; NULL removes it.  Without the option "parallel_handlers" it keeps the engine alone. */
CONNLOG_API void connlog_on_worker(connlog_engine *e, connlog_worker_fn fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
