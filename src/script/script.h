/* script.h - Lua scripts that handle an engine's events and records: what the engine needs of them.
 *
 * A script is a file that defines global functions.  Those that have an event's name handle it, log_policy() and
 * log_conn() take part in logging, connlog_done() comes at the end (docs/SCRIPTS.md).  Each script is a Lua state of its own and
 * takes part through connlog.h, as any other program does; the engine owns the states, tells where what they
 * have to say goes to, and counts.
 *
 *     script.c   loading, calling, the end          state.c   libraries, errors, the limit of a call
 *     handle.c   connections as Lua sees them       value.c   values of columns and arguments
 *     none.c     in place of all of these, where connlog is built without Lua
 */
#ifndef CONNLOG_SCRIPT_SCRIPT_H
#define CONNLOG_SCRIPT_SCRIPT_H

#include "connlog.h"

struct script;

/* All scripts of an engine, in the order in which they were loaded.  Starts as zeros. */
struct scripts {
	struct script **at;
	size_t          n;
	uint64_t        max_instructions; /* of a call; 0: no limit */
	struct {
		connlog_notice_fn fn;
		void             *arg;
	} notice; /* takes errors */
	struct {
		connlog_print_fn fn;
		void            *arg;
	} print;
	struct {
		uint64_t handled, errors, dropped; /* calls of handlers; of these failed; records that log_policy() dropped */
	} counters;
};

/* Loads a script, runs it, and subscribes the engine to what it handles. => As connlog_script_load(). */
int scripts_load(struct scripts *all, connlog_engine *e, const char *path, char *err, size_t err_size);
/* The input has ended: calls connlog_done(). */
void scripts_done(struct scripts *all);
void scripts_free(struct scripts *all);

#endif
