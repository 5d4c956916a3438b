/* state.h - what the parts of scripting share: a script, its Lua state, and the current call. */
#ifndef CONNLOG_SCRIPT_STATE_H
#define CONNLOG_SCRIPT_STATE_H

#include "script/script.h"

struct lua_State;

struct script {
	struct scripts   *all;
	connlog_engine   *engine;
	struct lua_State *L; /* the running Lua thread: a coroutine for calls from within one */
	char             *path;
	int               on_error, caller, handlers; /* in Lua's registry */
	bool              has_done;                   /* connlog_done() is to be called */
	bool              is_parallel;                /* its global of the name `parallel` is true */

	/* The current call.  Connections held by Lua carry its number and are valid in no other. */
	struct script_call {
		uint64_t              number;
		const connlog_event  *event;    /* NULL for log_policy() and log_conn() */
		const connlog_record *record;   /* NULL: not created yet */
		connlog_record       *writable; /* the same in log_policy(), else NULL */
	} call;
	uint64_t calls; /* so far */
	unsigned depth; /* of calls: setting a threshold can raise its event immediately */

	uint64_t limit, spent; /* instructions of an outermost call; a limit of 0 means none */

	int      error_line; /* of the error that state_on_error() saw; 0: it has no line */
	int     *told;       /* lines whose error was reported */
	size_t   told_n;
	uint64_t errors;
};

/* ---- state.c */

/* Creates the script's state, with the libraries that scripts may use.  Returns false when out of memory. */
bool state_init(struct script *s);
/* Runs inside lua_pcall() at an error: gives the place, the message, and a traceback on the following lines. */
int state_on_error(struct lua_State *L);
/* Limits the instructions of the call that begins; 0 for no limit. */
void state_limit(struct script *s, uint64_t instructions);
/* Counts the error on top of the stack, and reports it if it is the first of its line. */
void state_error(struct script *s);

/* ---- handle.c */

/* Pushes the connection of the current call, without its metatable. */
void handle_push(struct lua_State *L, const struct script *s);
/* Pushes the metatable of connections. */
void handle_push_metatable(struct script *s);

/* ---- value.c */

void value_push(struct lua_State *L, const connlog_value *v);
/* Reads the Lua value at `index` as one of that type; nil is an unset value.  What the result points to lives as long as that
 * Lua value and what was pushed.  Returns whether it is of that type. */
bool value_read(struct lua_State *L, int index, connlog_type type, connlog_value *out);

#endif
