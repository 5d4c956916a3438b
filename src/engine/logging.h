/* logging.h - the way of a connection's record: filled, shown to policies, tested by --where, anonymized, handed to the
 * callback. */
#ifndef CONNLOG_ENGINE_LOGGING_H
#define CONNLOG_ENGINE_LOGGING_H

#include "engine/engine.h"

/* Makes the engine log connections as they end. */
void logging_init(connlog_engine *e);
void logging_free(connlog_engine *e);
/* Gives the engine copies of the other engine's enrichment, condition, anonymizer and fold, if it has them. Returns false when out
 * of memory. */
bool logging_like(connlog_engine *e, const connlog_engine *other);
/* Logs the rows of the engine's fold whose windows have ended by `now`, or all of them if it is INFINITY, and hands on
 * the lines. Returns the engine's status. */
int logging_flush(connlog_engine *e, double now);

#endif
