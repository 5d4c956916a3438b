/* apart.h - the caller's side of workers that read the input by themselves (walk.h).
 *
 * The caller's thread is the first worker. It hands its packets over as it does without other workers, and it merges
 * the lines of all workers.
 */
#ifndef CONNLOG_ENGINE_APART_H
#define CONNLOG_ENGINE_APART_H

#include "engine/crew.h"

/* Makes a copy of the source for each other worker. Returns false when workers cannot read the source themselves. */
bool apart_prepare(struct crew *c, connlog_source *s);
/* Starts the waiting workers; the crew's windows are those of the source. */
void apart_begin(struct crew *c);
/* Adds the next packets of the front engine. */
void apart_packets(struct crew *c, const connlog_packet *p, size_t n);
/* Waits until all packets have been tracked and merges their lines; the workers are then idle. */
void apart_sync(struct crew *c);
/* Makes the workers wait for slots again, and releases what apart_prepare() made. */
void apart_end(struct crew *c);
/* Returns whether the lines of many packets can be merged, or those of as many packets as the caller needs. */
bool apart_has_lines(const struct crew *c);

#endif
