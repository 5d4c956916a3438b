/* script.h - Lua scripts that handle an engine's events and records.
 *
 * A script is a file that defines global functions.  Those named after events handle them, log_policy() and log_conn() take
 * part in logging, connlog_done() is called at the end (docs/SCRIPTS.md).  Each script has a Lua state of its own and uses
 * connlog.h, as any other program does; the engine owns the states, receives their output, and counts.
 *
 *     script.c   loading, calling, the end          state.c   libraries, errors, the limit of a call
 *     handle.c   connections as Lua sees them       value.c   values of columns and arguments
 *     none.c     replaces all of these when connlog is built without Lua
 */
#ifndef CONNLOG_SCRIPT_SCRIPT_H
#define CONNLOG_SCRIPT_SCRIPT_H

#include "connlog.h"

struct script;

/* Functions of the engine that scripts use; the engine comes after this folder in the order of includes. */
struct script_host {
	int (*on_event)(connlog_engine *e, connlog_event_id id, connlog_event_fn fn, void *arg);
	int (*on_policy)(connlog_engine *e, connlog_policy_fn fn, void *arg);
	int (*on_record)(connlog_engine *e, connlog_record_fn fn, void *arg);
	double (*time)(const connlog_engine *e);
};

/* All scripts of an engine, in the order in which they were loaded.  Initialised to zeros. */
struct scripts {
	const struct script_host *host; /* set before the first is loaded */
	struct script           **at;
	size_t                    n;
	uint64_t                  max_instructions; /* per call; 0: no limit */
	bool several; /* other engines have states of the same scripts, so these have to declare that this suits them */
	struct {
		connlog_notice_fn fn;
		void             *arg;
	} notice; /* receives errors */
	struct {
		connlog_print_fn fn;
		void            *arg;
	} print;
	struct {
		uint64_t handled, errors, dropped; /* calls of handlers; failed ones; records that log_policy() dropped */
	} counters;
};

/* Loads a script, runs it, and registers what it handles with the engine.  Returns as connlog_script_load() does. */
int scripts_load(struct scripts *all, connlog_engine *e, const char *path, char *err, size_t err_size);
/* Calls connlog_done() at the end of the input. */
void scripts_done(struct scripts *all);
/* Adds the errors of the same scripts' other states. */
void scripts_join(struct scripts *all, const struct scripts *others);
/* Reports how often scripts have failed, at the end. */
void scripts_tell(const struct scripts *all);
void scripts_free(struct scripts *all);

#endif
