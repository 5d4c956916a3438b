/* handle.c - connections as Lua sees them: `c` of events, `rec` of log_policy() and log_conn(), and their `id`.
 *
 * Each is a userdata that holds only the number of the call for which it was created, so that one kept by a script is
 * recognised as expired. Columns are fetched on demand: the name, a string that Lua has interned, leads through one
 * table lookup to the column's index, and the value is pushed. The connection's record itself is not made before a
 * column is requested.
 *
 * Metamethods have the same upvalues. They can only be reached through metatables, which scripts cannot access
 * (__metatable, no debug library), so their first argument is always one of our userdata; methods have to check it.
 */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "script/state.h"

enum {
	SCRIPT = 1,
	COLUMNS, /* name -> index + 1; the connection's has "id" -> 0, and its methods */
	ID,      /* metatable of `id` */
	UPVALUES = ID
};

/* The depth of events raised by handlers; at greater depth, setting a threshold that is already crossed fails. */
#define DEEPEST 8

struct handle {
	uint64_t call;
};

void
handle_push(lua_State *L, const struct script *s)
{
	struct handle *h = lua_newuserdata(L, sizeof *h);
	h->call = s->call.number;
}

/* Returns the connection of this call. */
static const connlog_record *
record_of(struct script *s)
{
	if (!s->call.record)
		s->call.record = connlog_event_record(s->call.event);
	return s->call.record;
}

/* Returns the script after checking that the handle at 1 is valid in the current call. */
static struct script *
check(lua_State *L)
{
	struct script       *s = lua_touserdata(L, lua_upvalueindex(SCRIPT));
	const struct handle *h = lua_touserdata(L, 1);

	if (h->call != s->call.number)
		luaL_error(L, "connection used after its event");
	return s;
}

#define METHOD SIZE_MAX

/* Pushes what COLUMNS has for the key at 2.  Returns the index + 1, 0 or METHOD; raises an error if no column has that
 * name. */
static size_t
find(lua_State *L)
{
	lua_pushvalue(L, 2);
	lua_rawget(L, lua_upvalueindex(COLUMNS));
	if (lua_isnil(L, -1))
		luaL_error(L, "no column is called '%s'", lua_isstring(L, 2) ? lua_tostring(L, 2) : luaL_typename(L, 2));
	return lua_isfunction(L, -1) ? METHOD : (size_t)lua_tonumber(L, -1);
}

/* c.NAME, c["id.orig_h"], c.id, c.id.orig_h, c:METHOD() */
static int
get(lua_State *L)
{
	struct script *s = check(L);
	const size_t   column = find(L);

	if (column == METHOD)
		return 1;
	if (column == 0) {
		handle_push(L, s);
		lua_pushvalue(L, lua_upvalueindex(ID));
		lua_setmetatable(L, -2);
		return 1;
	}
	const connlog_value v = connlog_record_get(record_of(s), column - 1);
	value_push(L, &v);
	return 1;
}

/* rec.NAME = VALUE, in log_policy() */
static int
set(lua_State *L)
{
	struct script *s = check(L);
	const size_t   column = find(L);
	connlog_value  v;

	if (column == 0)
		return luaL_error(L, "id is set by its parts: id.orig_h, id.orig_p, id.resp_h, id.resp_p");
	if (column == METHOD)
		return luaL_error(L, "%s is no column but a method", lua_tostring(L, 2));
	if (!s->call.writable)
		return luaL_error(L, "%s cannot be set here: log_policy() is where records are changed", lua_tostring(L, 2));
	const bool read = value_read(L, 3, connlog_column_at(column - 1)->type, &v);
	const int  status = read ? connlog_record_set(s->call.writable, column - 1, v) : CONNLOG_BAD_OPTION;
	if (status == CONNLOG_NO_MEMORY)
		return luaL_error(L, "%s cannot be set: out of memory", lua_tostring(L, 2));
	if (status != CONNLOG_OK)
		return luaL_error(L, "%s takes %s, not %s '%s'", lua_tostring(L, 2), connlog_column_takes(column - 1),
		                  luaL_typename(L, 3), lua_isstring(L, 3) ? lua_tostring(L, 3) : "");
	return 0;
}

/* tostring(c): its uid */
static int
text(lua_State *L)
{
	const struct script *s = lua_touserdata(L, lua_upvalueindex(SCRIPT));
	const struct handle *h = lua_touserdata(L, 1);

	if (h->call != s->call.number) {
		lua_pushliteral(L, "connection whose event is over");
		return 1;
	}
	const connlog_value v = connlog_record_get(record_of(check(L)), (size_t)connlog_column_find("uid"));
	lua_pushliteral(L, "connection ");
	value_push(L, &v);
	lua_concat(L, 2);
	return 1;
}

/* c:set_bytes_threshold(BYTES, IS_ORIG) and related methods.  Upvalues: the script, the metatable of connections, which. */
static int
set_threshold(lua_State *L)
{
	struct script   *s = lua_touserdata(L, lua_upvalueindex(SCRIPT));
	const int        which = (int)lua_tonumber(L, lua_upvalueindex(3));
	lua_State       *outer = s->L;
	const lua_Number value = luaL_checknumber(L, 2);
	const bool       is_orig = lua_toboolean(L, 3);

	if (!lua_getmetatable(L, 1) || !lua_rawequal(L, -1, lua_upvalueindex(2)))
		return luaL_error(L, "thresholds are set with a colon: c:set_bytes_threshold(10000, true)");
	check(L);
	if (!s->call.event)
		return luaL_error(L, "thresholds are set in events: here the connection is over");
	if (s->depth >= DEEPEST)
		return luaL_error(L, "thresholds that are crossed at once set thresholds that are crossed at once");
	s->L = L; /* raises the event here if the threshold is already crossed */
	const int status = connlog_event_set_threshold(s->call.event, (connlog_threshold)which, value, is_orig);
	s->L = outer;
	if (status != CONNLOG_OK)
		return luaL_error(L, "the threshold cannot be set: %s",
		                  status == CONNLOG_NO_MEMORY ? "out of memory" : "it has to be a number that is not negative");
	return 0;
}

/* Puts the methods into the table below the metatable of connections on top of the stack. */
static void
add_methods(lua_State *L, struct script *s)
{
	static const struct {
		const char       *name;
		connlog_threshold which;
	} methods[] = {
		{ "set_bytes_threshold", CONNLOG_THRESHOLD_BYTES },
		{ "set_packets_threshold", CONNLOG_THRESHOLD_PACKETS },
		{ "set_duration_threshold", CONNLOG_THRESHOLD_DURATION },
	};

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		lua_pushlightuserdata(L, s);
		lua_pushvalue(L, -2);
		lua_pushnumber(L, (lua_Number)methods[i].which);
		lua_pushcclosure(L, set_threshold, 3);
		lua_setfield(L, -3, methods[i].name);
	}
}

/* Pushes a metatable.  Pops the script, the columns and the metatable of `id` (or a placeholder for it). */
static void
push_metatable(lua_State *L)
{
	static const struct {
		const char   *name;
		lua_CFunction fn;
	} functions[] = { { "__index", get }, { "__newindex", set }, { "__tostring", text } };
	const int base = lua_gettop(L) - UPVALUES;

	lua_newtable(L);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		for (int up = 1; up <= UPVALUES; up++)
			lua_pushvalue(L, base + up);
		lua_pushcclosure(L, functions[i].fn, UPVALUES);
		lua_setfield(L, -2, functions[i].name);
	}
	lua_pushliteral(L, "connection");
	lua_setfield(L, -2, "__metatable");
	lua_replace(L, base + 1);
	lua_settop(L, base + 1);
}

/* Pushes a table of the names that begin with `prefix`, without it, and their indexes. */
static void
push_columns(lua_State *L, const char *prefix)
{
	const size_t               skip = strlen(prefix);
	const connlog_column_info *c;

	lua_newtable(L);
	for (size_t i = 0; (c = connlog_column_at(i)) != NULL; i++) {
		if (strncmp(c->name, prefix, skip) != 0)
			continue;
		lua_pushnumber(L, (lua_Number)(i + 1));
		lua_setfield(L, -2, c->name + skip);
	}
}

void
handle_push_metatable(struct script *s)
{
	lua_State *L = s->L;

	push_columns(L, "");
	lua_pushnumber(L, 0);
	lua_setfield(L, -2, "id");

	lua_pushlightuserdata(L, s);
	lua_pushvalue(L, -2);
	lua_pushlightuserdata(L, s);
	push_columns(L, "id.");
	lua_pushnil(L); /* an `id` has no `id` */
	push_metatable(L);
	push_metatable(L);
	add_methods(L, s);
	lua_remove(L, -2);
}
