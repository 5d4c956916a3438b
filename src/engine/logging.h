/* logging.h - what becomes of a connection's record: filled, shown to policies, tested by --where, anonymized, handed to who
 * logs. */
#ifndef CONNLOG_ENGINE_LOGGING_H
#define CONNLOG_ENGINE_LOGGING_H

#include "engine/engine.h"

/* Makes the engine log what ends. */
void logging_init(connlog_engine *e);
void logging_free(connlog_engine *e);
/* Gives the engine the other's condition, anonymizer and fold, if it has them.  Returns false when out of memory. */
bool logging_like(connlog_engine *e, const connlog_engine *other);
/* Logs the rows of the engine's fold whose window has ended by then, all of them at INFINITY, and hands on the lines.  Returns the
 * engine's status. */
int logging_flush(connlog_engine *e, double now);

#endif
