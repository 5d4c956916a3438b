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

#ifdef __cplusplus
}
#endif
#endif
