/* handlers.h - the callbacks and scripts of an engine whose packets several workers track.
 *
 * What the engines of a crew have to say (notices, what scripts print) is handed on by the caller's thread.  Callbacks run in the
 * workers only with the option parallel_handlers: each worker's engine then has a copy of the front's lists, in its order, with its own
 * states of the same scripts.
 */
#ifndef CONNLOG_ENGINE_HANDLERS_H
#define CONNLOG_ENGINE_HANDLERS_H

#include "engine/crew.h"

/* Returns whether those who listen to the front may be told by the workers, or there are none but the lines' function. */
bool handlers_fit(const struct crew *c);
/* Gives each engine what the front has, and lets the program add to it (connlog_on_worker()).  Returns a status. */
int handlers_begin(struct crew *c);
/* Calls connlog_done() of all scripts, at the end of input. */
void handlers_end(struct crew *c);
/* connlog_script_load() of an engine whose workers each have a state. */
int handlers_load(struct crew *c, const char *path, char *err, size_t err_size);

/* Tells the caller what the engines have to say. */
void handlers_tell(struct crew *c);

#endif
