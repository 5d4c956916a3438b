/* state.c - a script's Lua state: libraries, print(), errors, and the limit of a call.
 *
 * Scripts get Lua's libraries without anything that reaches outside: files, processes, other code, the debugger. Their
 * output and errors go to the engine's callbacks.
 *
 * A call that never ends is stopped by a hook that counts instructions: it runs every PERIOD instructions and, once the
 * limit is exceeded, at every one, so that a pcall() in the script cannot continue forever either. LuaJIT's compiled
 * code calls no hooks, so its compiler is used only without a limit; calls between C and Lua, which most scripts
 * consist of, are not compiled anyway.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/state.h"

#define PERIOD 1000 /* instructions */

/* ---- what scripts may use */

static const struct library {
	const char   *name;
	lua_CFunction open;
} libraries[] = {
	{ "", luaopen_base },
	{ LUA_STRLIBNAME, luaopen_string },
	{ LUA_TABLIBNAME, luaopen_table },
	{ LUA_MATHLIBNAME, luaopen_math },
	{ LUA_OSLIBNAME, luaopen_os },
#ifdef LUA_JITLIBNAME
	{ LUA_BITLIBNAME, luaopen_bit },
#else
	{ LUA_COLIBNAME, luaopen_coroutine }, /* LuaJIT has it among the basic ones */
	{ LUA_UTF8LIBNAME, luaopen_utf8 },
#endif
};

/* Functions of the basic library that load other code, including bytecode, which Lua does not verify. */
static const char *const not_basic[] = { "dofile", "loadfile", "load", "loadstring", NULL };
static const char *const not_os[] = { "execute", "exit", "remove", "rename", "tmpname", "setlocale", NULL };

/* Removes the fields from the table on top of the stack. */
static void
take_away(lua_State *L, const char *const *names)
{
	for (; *names; names++) {
		lua_pushnil(L);
		lua_setfield(L, -2, *names);
	}
}

/* print(...): the arguments as tostring() returns them, separated by tabs. */
static int
print(lua_State *L)
{
	const struct script *s = lua_touserdata(L, lua_upvalueindex(1));
	const int            n = lua_gettop(L);
	connlog_text         line;

	luaL_checkstack(L, 2 * n + 2, "too much to print");
	lua_pushliteral(L, ""); /* so that there is something to concatenate */
	for (int i = 1; i <= n; i++) {
		if (i > 1)
			lua_pushliteral(L, "\t");
		lua_getglobal(L, "tostring");
		lua_pushvalue(L, i);
		lua_call(L, 1, 1);
		if (!lua_isstring(L, -1))
			return luaL_error(L, "tostring() has to give a string to print()");
	}
	lua_concat(L, lua_gettop(L) - n);
	line.p = lua_tolstring(L, -1, &line.n);
	if (s->all->print.fn)
		s->all->print.fn(s->all->print.arg, line);
	return 0;
}

/* network_time(), as in Zeek. */
static int
network_time(lua_State *L)
{
	const struct script *s = lua_touserdata(L, lua_upvalueindex(1));
	lua_pushnumber(L, s->all->host->time(s->engine));
	return 1;
}

static void
open_library(lua_State *L, const struct library *lib)
{
#if LUA_VERSION_NUM >= 502
	luaL_requiref(L, lib->name[0] ? lib->name : LUA_GNAME, lib->open, 1);
	lua_pop(L, 1);
#else
	lua_pushcfunction(L, lib->open);
	lua_pushstring(L, lib->name);
	lua_call(L, 1, 0);
#endif
}

/* Runs inside lua_pcall(). */
static int
open_all(lua_State *L)
{
	struct script *s = lua_touserdata(L, 1);

	for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
		open_library(L, &libraries[i]);
#ifdef LUA_JITLIBNAME
	if (s->all->max_instructions == 0) { /* this starts the compiler */
		const struct library jit = { LUA_JITLIBNAME, luaopen_jit };
		open_library(L, &jit);
	}
#endif
	lua_getglobal(L, "os");
	take_away(L, not_os);
	lua_getglobal(L, "_G");
	take_away(L, not_basic);
	lua_pushlightuserdata(L, s);
	lua_pushcclosure(L, print, 1);
	lua_setglobal(L, "print");
	lua_pushlightuserdata(L, s);
	lua_pushcclosure(L, network_time, 1);
	lua_setglobal(L, "network_time");
	lua_pushlightuserdata(L, s);
	lua_setfield(L, LUA_REGISTRYINDEX, "connlog"); /* for functions without upvalues */
	return 0;
}

bool
state_init(struct script *s)
{
	s->L = luaL_newstate();
	if (!s->L)
		return false;
	lua_pushcfunction(s->L, open_all);
	lua_pushlightuserdata(s->L, s);
	return lua_pcall(s->L, 1, 0, 0) == 0;
}

static struct script *
script_of(lua_State *L)
{
	lua_getfield(L, LUA_REGISTRYINDEX, "connlog");
	struct script *s = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return s;
}

/* ---- the limit of a call */

static void
on_count(lua_State *L, lua_Debug *ar)
{
	struct script *s = script_of(L);

	s->spent += (uint64_t)lua_gethookcount(L);
	if (s->spent <= s->limit)
		return;
	lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
	if (L != s->L) /* a coroutine, which may have hooks of its own */
		lua_sethook(s->L, on_count, LUA_MASKCOUNT, 1);
	if (lua_getinfo(L, "Sl", ar) && ar->currentline > 0)
		lua_pushfstring(L, "%s:%d: ", ar->short_src, ar->currentline);
	else
		lua_pushliteral(L, "");
	lua_pushliteral(L, "this takes too long: the call was ended (script_max_instructions)");
	lua_concat(L, 2);
	lua_error(L);
}

void
state_limit(struct script *s, uint64_t instructions)
{
	const uint64_t period = instructions < PERIOD ? instructions : PERIOD;

	s->limit = instructions;
	if (period && lua_gethookcount(s->L) != (int)period)
		lua_sethook(s->L, on_count, LUA_MASKCOUNT, (int)period);
	s->spent = 0;
}

/* ---- errors */

/* Returns whether the message on top of the stack begins with the file name, as Lua's do. */
static bool
says_where(lua_State *L, const char *file)
{
	const size_t n = strlen(file);
	const char  *message = lua_tostring(L, -1);

	return strncmp(message, file, n) == 0 && message[n] == ':';
}

int
state_on_error(lua_State *L)
{
	struct script *s = script_of(L);
	lua_Debug      ar;
	bool           found = false;

	lua_settop(L, 1);
	if (!lua_isstring(L, 1)) {
		lua_pushfstring(L, "the error is a %s", luaL_typename(L, 1));
		lua_replace(L, 1);
	}
	s->error_line = 0;
	for (int level = 0; !found && lua_getstack(L, level, &ar); level++)
		found = lua_getinfo(L, "Sl", &ar) && ar.currentline > 0;
	if (found) {
		s->error_line = ar.currentline;
		if (!says_where(L, ar.short_src)) {
			lua_pushfstring(L, "%s:%d: %s", ar.short_src, ar.currentline, lua_tostring(L, 1));
			lua_replace(L, 1);
		}
	}
	luaL_traceback(L, L, lua_tostring(L, 1), 1);
	return 1;
}

/* Returns whether no error of that line was reported yet. */
static bool
is_new_place(struct script *s, int line)
{
	for (size_t i = 0; i < s->told_n; i++)
		if (s->told[i] == line)
			return false;
	int *told = realloc(s->told, (s->told_n + 1) * sizeof *told);
	if (!told)
		return false;
	s->told = told;
	s->told[s->told_n++] = line;
	return true;
}

void
state_error(struct script *s)
{
	const struct scripts *all = s->all;
	const char           *text = lua_tostring(s->L, -1);
	char                  placed[512];

	s->all->counters.errors++;
	s->errors++;
	if (!is_new_place(s, s->error_line) || !all->notice.fn)
		return;
	if (s->error_line == 0) { /* there was no memory, or no stack, left for state_on_error() */
		snprintf(placed, sizeof placed, "%.300s: %.150s", s->path, text ? text : "it fails without a reason");
		text = placed;
	}
	all->notice.fn(all->notice.arg, text);
}
