/* apart.h - the caller's side of workers that read the input by themselves (walk.h).
 *
 * The caller's thread is the first worker.  What it reads, it hands over as ever, and it merges the lines of all.
 */
#ifndef CONNLOG_ENGINE_APART_H
#define CONNLOG_ENGINE_APART_H

#include "engine/crew.h"

/* Makes a copy of the source for each other worker.  Returns false when workers cannot read it. */
bool apart_prepare(struct crew *c, connlog_source *s);
/* Lets the workers begin; they are waiting, and the crew's windows are those of the source. */
void apart_begin(struct crew *c);
/* Adds the front's next packets. */
void apart_packets(struct crew *c, const connlog_packet *p, size_t n);
/* Waits until all packets have been tracked, and merges their lines; the workers then wait. */
void apart_sync(struct crew *c);
/* Ends it: the workers wait for slots.  Also what was prepared. */
void apart_end(struct crew *c);
/* Returns whether lines of many packets can be merged, or as many as the caller needs. */
bool apart_has_lines(const struct crew *c);

#endif
