/* state.h - what the parts of scripting share: one script, its Lua state, and the call that is going on. */
#ifndef CONNLOG_SCRIPT_STATE_H
#define CONNLOG_SCRIPT_STATE_H

#include "script/script.h"

struct lua_State;

struct script {
	struct scripts   *all;
	connlog_engine   *engine;
	struct lua_State *L; /* in which Lua runs: a coroutine for calls from within one */
	char             *path;
	int               on_error, caller, handlers; /* in Lua's registry */
	bool              has_done;                   /* connlog_done() is to be called */

	/* The call that is going on.  Connections that Lua holds carry its number and are good for no other. */
	struct script_call {
		uint64_t              number;
		const connlog_event  *event;    /* NULL for log_policy() and log_conn() */
		const connlog_record *record;   /* NULL: not asked for yet */
		connlog_record       *writable; /* the same in log_policy(), else NULL */
	} call;
	uint64_t calls; /* so far */
	unsigned depth; /* of calls: to set a threshold may raise its event at once */

	uint64_t limit, spent; /* instructions, of an outermost call; a limit of 0 is none */

	int      error_line; /* of the error that state_on_error() has seen; 0: it has no line */
	int     *told;       /* lines of which an error has been told */
	size_t   told_n;
	uint64_t errors;
};

/* ---- state.c */

/* Makes the script's state, with the libraries that scripts may use. => False where there is no memory. */
bool state_init(struct script *s);
/* Runs inside of lua_pcall() at an error: the place, the message and a traceback in the lines behind. */
int state_on_error(struct lua_State *L);
/* The number of instructions of the call that begins; 0 for no limit. */
void state_limit(struct script *s, uint64_t instructions);
/* Counts the error that lies on top of the stack, and tells it where it is the first of its place. */
void state_error(struct script *s);

/* ---- handle.c */

/* Pushes the connection of the call that is going on, which has no metatable yet. */
void handle_push(struct lua_State *L, const struct script *s);
/* Pushes the metatable of connections. */
void handle_push_metatable(struct script *s);

/* ---- value.c */

void value_push(struct lua_State *L, const connlog_value *v);
/* Reads the Lua value at `index` as one of that type; nil is a value that is not set.  What it points at lives as
 * long as that Lua value and what was pushed. => Whether it is of that type. */
bool value_read(struct lua_State *L, int index, connlog_type type, connlog_value *out);

#endif
