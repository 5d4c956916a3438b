/* script.c - loads scripts and calls the functions they define: see script.h.
 *
 * The script's functions are stored in a table by event number, so that a call looks up no names.  Everything that can run
 * out of memory runs inside lua_pcall().
 */
#include <inttypes.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/state.h"

#if LUA_VERSION_NUM < 502
#define lua_pushglobaltable(L) lua_pushvalue(L, LUA_GLOBALSINDEX)
#endif

/* The handlers: events by their ids, followed by functions that do not handle an event. */
enum { LOG_POLICY = CONNLOG_EVENTS, LOG_CONN, DONE, HANDLERS };

/* Factor for the limit of loading and of connlog_done(), which may go through everything it has collected. */
#define LONGER 100

/* ---- calling */

enum { SCRIPT = 1, METATABLE }; /* upvalues of call() */

/* Runs inside lua_pcall(): calls the function at 1 with the connection, if there is one, and the event's arguments. */
static int
call(lua_State *L)
{
	struct script            *s = lua_touserdata(L, lua_upvalueindex(SCRIPT));
	const connlog_event_info *info = NULL;
	int                       n = 0;

	luaL_checkstack(L, CONNLOG_ARGUMENTS_MAX + 4, "arguments");
	if (s->call.event || s->call.record) {
		handle_push(L, s);
		lua_pushvalue(L, lua_upvalueindex(METATABLE));
		lua_setmetatable(L, -2);
		n++;
	}
	if (s->call.event)
		info = connlog_event_at(connlog_event_which(s->call.event));
	for (size_t i = 0; info && info->arguments[i].name; i++, n++) {
		const connlog_value v = connlog_event_argument(s->call.event, i);
		value_push(L, &v);
	}
	lua_call(L, n, 1);
	return 1;
}

/* Calls a handler.  Returns whether it returned false. */
static bool
run(struct script *s, int handler, struct script_call this, uint64_t limit)
{
	const struct script_call outer = s->call;
	lua_State               *L = s->L;
	bool                     no = false;

	this.number = ++s->calls;
	s->call = this;
	s->all->counters.handled++;
	s->error_line = 0;
	if (s->depth++ == 0)
		state_limit(s, limit);
	lua_rawgeti(L, LUA_REGISTRYINDEX, s->on_error);
	lua_rawgeti(L, LUA_REGISTRYINDEX, s->caller);
	lua_rawgeti(L, LUA_REGISTRYINDEX, s->handlers);
	lua_rawgeti(L, -1, handler + 1);
	lua_replace(L, -2);
	if (lua_pcall(L, 1, 1, lua_gettop(L) - 2) == 0)
		no = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
	else
		state_error(s);
	lua_pop(L, 2);
	s->depth--;
	s->call = outer;
	return no;
}

/* A connlog_event_fn. */
static int
on_event(void *arg, const connlog_event *event)
{
	struct script *s = arg;

	run(s, (int)connlog_event_which(event), (struct script_call){ .event = event }, s->all->max_instructions);
	return CONNLOG_OK;
}

/* A connlog_policy_fn. */
static bool
on_policy(void *arg, connlog_record *r)
{
	struct script *s = arg;
	const bool drop = run(s, LOG_POLICY, (struct script_call){ .record = r, .writable = r }, s->all->max_instructions);

	s->all->counters.dropped += drop;
	return !drop;
}

/* A connlog_record_fn. */
static int
on_record(void *arg, const connlog_record *r)
{
	struct script *s = arg;

	run(s, LOG_CONN, (struct script_call){ .record = r }, s->all->max_instructions);
	return CONNLOG_OK;
}

/* ---- loading */

/* Returns the name of the function for that handler. */
static const char *
name_of(int handler)
{
	static const char *const others[] = { "log_policy", "log_conn", "connlog_done" };
	return handler < CONNLOG_EVENTS ? connlog_event_at((size_t)handler)->name : others[handler - CONNLOG_EVENTS];
}

/* Runs inside lua_pcall(): stores what every call needs in the registry. */
static int
prepare(lua_State *L)
{
	struct script *s = lua_touserdata(L, 1);

	lua_pushcfunction(L, state_on_error);
	s->on_error = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_pushlightuserdata(L, s);
	handle_push_metatable(s);
	lua_pushcclosure(L, call, 2);
	s->caller = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

/* Runs inside lua_pcall(): stores a table of the handlers (false for missing ones) in the registry.  Returns whether there is
 * any besides connlog_done(). */
static int
collect(lua_State *L)
{
	struct script *s = lua_touserdata(L, 1);
	bool           any = false;

	lua_settop(L, 0);
	lua_createtable(L, HANDLERS, 0);
	lua_pushglobaltable(L);
	for (int i = 0; i < HANDLERS; i++) {
		lua_pushstring(L, name_of(i));
		lua_rawget(L, 2);
		const bool is = lua_isfunction(L, -1);
		any |= is && i != DONE;
		if (!is)
			lua_pushboolean(L, false);
		lua_rawseti(L, 1, i + 1);
		lua_settop(L, 2);
	}
	lua_pushliteral(L, "parallel");
	lua_rawget(L, 2);
	s->is_parallel = lua_isboolean(L, -1) && lua_toboolean(L, -1);
	lua_settop(L, 1);
	s->handlers = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_pushboolean(L, any);
	return 1;
}

/* Calls one of our functions with the script; it can fail only when out of memory.  Returns whether it succeeded. */
static bool protected(struct script *s, lua_CFunction fn, int results)
{
	lua_pushcfunction(s->L, fn);
	lua_pushlightuserdata(s->L, s);
	return lua_pcall(s->L, 1, results, 0) == 0;
}

/* Loads the file, runs it and looks for handlers.  Returns CONNLOG_OK, or an error with Lua's message on top of the stack. */
static int
run_file(struct script *s)
{
	lua_State *L = s->L;

	if (!protected(s, prepare, 0))
		return CONNLOG_NO_MEMORY;
	lua_rawgeti(L, LUA_REGISTRYINDEX, s->on_error);
	const int status = luaL_loadfilex(L, s->path, "t");
	if (status != 0)
		return status == LUA_ERRFILE ? CONNLOG_IO : status == LUA_ERRMEM ? CONNLOG_NO_MEMORY : CONNLOG_BAD_INPUT;
	state_limit(s, s->all->max_instructions * LONGER);
	if (lua_pcall(L, 0, 0, -2) != 0)
		return CONNLOG_BAD_INPUT;
	if (!protected(s, collect, 1))
		return CONNLOG_NO_MEMORY;
	if (!lua_toboolean(L, -1)) {
		lua_pushfstring(L, "%s: no function in it has the name of an event, nor is it log_policy or log_conn", s->path);
		return CONNLOG_BAD_INPUT;
	}
	if (s->all->several && !s->is_parallel) {
		lua_pushfstring(
			L,
			"%s: with parallel_handlers every worker has a state of the script of its own; if that suits it, "
			"say so in it by parallel = true",
			s->path);
		return CONNLOG_BAD_OPTION;
	}
	lua_settop(L, 0);
	return CONNLOG_OK;
}

/* Registers for what the script handles.  Returns CONNLOG_OK or CONNLOG_NO_MEMORY. */
static int
subscribe(struct script *s)
{
	const struct script_host *host = s->all->host;
	int                       status = CONNLOG_OK;

	lua_rawgeti(s->L, LUA_REGISTRYINDEX, s->handlers);
	for (int i = 0; i < HANDLERS && status == CONNLOG_OK; i++) {
		lua_settop(s->L, 1);
		lua_rawgeti(s->L, 1, i + 1);
		if (!lua_toboolean(s->L, -1))
			continue;
		if (i < CONNLOG_EVENTS)
			status = host->on_event(s->engine, (connlog_event_id)i, on_event, s);
		else if (i == LOG_POLICY)
			status = host->on_policy(s->engine, on_policy, s);
		else if (i == LOG_CONN)
			status = host->on_record(s->engine, on_record, s);
		else
			s->has_done = true;
	}
	lua_settop(s->L, 0);
	return status;
}

static void
script_free(struct script *s)
{
	if (s->L)
		lua_close(s->L);
	free(s->told);
	free(s->path);
	free(s);
}

/* Writes the first line of Lua's message, or another reason, to `err`. */
static void
say_why(const struct script *s, int status, char *err, size_t err_size)
{
	const char *text = s->L && status != CONNLOG_NO_MEMORY ? lua_tostring(s->L, -1) : NULL;

	if (text && strstr(text, s->path))
		snprintf(err, err_size, "%.*s", (int)strcspn(text, "\n"), text);
	else if (text) /* Lua omits it if it was long, and sometimes without a reason */
		snprintf(err, err_size, "%s: %.*s", s->path, (int)strcspn(text, "\n"), text);
	else
		snprintf(err, err_size, "%s: out of memory", s->path);
}

int
scripts_load(struct scripts *all, connlog_engine *e, const char *path, char *err, size_t err_size)
{
	struct script **at = realloc(all->at, (all->n + 1) * sizeof(struct script *));
	struct script  *s = calloc(1, sizeof *s);

	if (at)
		all->at = at;
	if (!at || !s || !(s->path = strdup(path))) {
		free(s);
		snprintf(err, err_size, "%s: out of memory", path);
		return CONNLOG_NO_MEMORY;
	}
	s->all = all;
	s->engine = e;
	int status = state_init(s) ? run_file(s) : CONNLOG_NO_MEMORY;
	if (status != CONNLOG_OK) {
		say_why(s, status, err, err_size);
		script_free(s);
		return status;
	}
	all->at[all->n++] = s; /* before anything refers to it */
	status = subscribe(s);
	if (status != CONNLOG_OK)
		say_why(s, status, err, err_size);
	return status;
}

/* ---- the end */

/* Reports how often the script has failed, if that is more than was reported. */
static void
tell_errors(const struct script *s)
{
	char text[512];

	if (s->errors <= s->told_n || !s->all->notice.fn)
		return;
	snprintf(text, sizeof text, "%.300s: %" PRIu64 " errors in all; of those at the same line the first is told",
	         s->path, s->errors);
	s->all->notice.fn(s->all->notice.arg, text);
}

void
scripts_done(struct scripts *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct script *s = all->at[i];
		if (s->has_done)
			run(s, DONE, (struct script_call){ 0 }, all->max_instructions * LONGER);
		s->has_done = false;
	}
}

void
scripts_join(struct scripts *all, const struct scripts *others)
{
	for (size_t i = 0; i < all->n; i++)
		all->at[i]->errors += others->at[i]->errors;
}

void
scripts_tell(const struct scripts *all)
{
	for (size_t i = 0; i < all->n; i++)
		tell_errors(all->at[i]);
}

void
scripts_free(struct scripts *all)
{
	for (size_t i = 0; i < all->n; i++)
		script_free(all->at[i]);
	free(all->at);
	*all = (struct scripts){ 0 };
}
