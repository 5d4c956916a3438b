/* calm.h - whether several engines can track a batch without knowing each other's timers.
 *
 * Before each packet Zeek runs at most max_timer_expires timers, counted over all connections. While no more than that
 * are due, their number does not matter, and the engines need not know of each other: the batch is calm. Each engine
 * therefore looks ahead and checks that before every packet of the batch no more than its part of the limit is due. If
 * one engine finds more, the batch is tracked in turn.
 */
#ifndef CONNLOG_ENGINE_CALM_H
#define CONNLOG_ENGINE_CALM_H

#include "engine/engine.h"

/* Returns the shortest delay, in seconds, of a timer that a packet can set or move. */
double calm_span(const struct connlog_options *o);

/* Returns whether at most `most` of the engine's timers are due before each packet of the batch, which spans less than
 * calm_span(). Timers due up to `after` are assumed to have run. `counts` has one element per packet. */
bool
calm_check(const struct connlog_engine *e, const struct batch_view *b, double after, unsigned most, uint16_t *counts);

#endif
