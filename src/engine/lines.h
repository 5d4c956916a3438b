/* lines.h - lines that a writer makes from an engine's records or events: connlog_on_lines(). */
#ifndef CONNLOG_ENGINE_LINES_H
#define CONNLOG_ENGINE_LINES_H

#include "engine/out.h"

struct lines {
	connlog_engine  *engine;
	struct out      *out; /* where the lines go now */
	struct out       own; /* used when the engine works alone */
	uint64_t         events;
	connlog_lines_fn fn; /* NULL: the crew hands the lines on */
	void            *arg;
};

/* Gives the engine lines, without a place where they go, unless it has them: nobody writes any yet.  Those are of the same events as the
 * other ones, if that is not NULL.  Returns false when out of memory. */
bool lines_like(connlog_engine *e, const struct lines *other);
/* Writes what is a record's of a worker's that is to be folded: its time, and its line, or where a rule of the fold fits itself.  Returns
 * what the engine is to be told. */
int lines_fold(struct lines *l, const connlog_fold *fold, const connlog_record *r);
/* Hands on the lines of an engine that works alone. Returns the engine's status. */
int  lines_flush(struct lines *l);
void lines_free(struct lines *l);

#endif
