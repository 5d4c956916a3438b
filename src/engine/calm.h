/* calm.h - whether a batch can be tracked by several engines that do not know each other's timers.
 *
 * Before each packet Zeek runs at most max_timer_expires timers of all connections.  As long as no more than that are due, it does not
 * matter how many there are, and engines need not know of each other.  So each engine looks ahead: before any one packet of the
 * batch no more than its part of that number may be due.  If one engine finds more, the batch is tracked in turn.
 */
#ifndef CONNLOG_ENGINE_CALM_H
#define CONNLOG_ENGINE_CALM_H

#include "engine/engine.h"

/* Returns how long after a packet the earliest timer can be due that it sets, or that fires before it. */
double calm_span(const struct connlog_options *o);

/* Returns whether at most `most` of the engine's timers are due before any packet of the batch, which lasts less than
 * calm_span().  Those that are due up to `after` will have been run before.  `counts` has room for a number a packet. */
bool
calm_check(const struct connlog_engine *e, const struct batch_view *b, double after, unsigned most, uint16_t *counts);

#endif
