/* handle.c - connections as Lua sees them: `c` of events, `rec` of log_policy() and log_conn(), and their `id`.
 *
 * Each is a userdata that holds nothing but the number of the call for which it was made, so that one which a script has
 * kept can tell that its time is over.  Columns are fetched when they are asked for: the name, a string that Lua has
 * interned, leads through one table lookup to the column's index, and the value is pushed.  The connection's record
 * itself is not made before a column is asked for.
 *
 * All functions here have the same upvalues.  They are reached through metatables alone, which scripts cannot get at
 * (__metatable, no debug library), so their first argument is a userdata of ours.
 */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "script/state.h"

enum {
	SCRIPT = 1,
	COLUMNS, /* name -> index + 1; the connection's has "id" -> 0 */
	ID,      /* metatable of `id` */
	UPVALUES = ID
};

struct handle {
	uint64_t call;
};

static void
push_handle(lua_State *L, const struct script *s)
{
	struct handle *h = lua_newuserdata(L, sizeof *h);
	h->call = s->call;
}

/* => The connection of this call. */
static const connlog_record *
record_of(struct script *s)
{
	if (!s->record)
		s->record = connlog_event_record(s->event);
	return s->record;
}

/* => The script, in whose call the handle at 1 is good. */
static struct script *
check(lua_State *L)
{
	struct script       *s = lua_touserdata(L, lua_upvalueindex(SCRIPT));
	const struct handle *h = lua_touserdata(L, 1);

	if (h->call != s->call)
		luaL_error(L, "connection used after its event");
	return s;
}

/* Pushes what COLUMNS has for the key at 2. => Its index + 1; there is an error where no column has that name. */
static size_t
find(lua_State *L)
{
	lua_pushvalue(L, 2);
	lua_rawget(L, lua_upvalueindex(COLUMNS));
	if (lua_isnil(L, -1))
		luaL_error(L, "no column is called '%s'", lua_isstring(L, 2) ? lua_tostring(L, 2) : luaL_typename(L, 2));
	return (size_t)lua_tonumber(L, -1);
}

/* c.NAME, c["id.orig_h"], c.id, c.id.orig_h */
static int
get(lua_State *L)
{
	struct script *s = check(L);
	const size_t   column = find(L);

	if (column == 0) {
		push_handle(L, s);
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
	if (!s->writable)
		return luaL_error(L, "%s cannot be set here: log_policy() is where records are changed", lua_tostring(L, 2));
	const bool read = value_read(L, 3, connlog_column_at(column - 1)->type, &v);
	const int  status = read ? connlog_record_set(s->writable, column - 1, v) : CONNLOG_BAD_OPTION;
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

	if (h->call != s->call) {
		lua_pushliteral(L, "connection whose event is over");
		return 1;
	}
	const connlog_value v = connlog_record_get(record_of(check(L)), (size_t)connlog_column_find("uid"));
	lua_pushliteral(L, "connection ");
	value_push(L, &v);
	lua_concat(L, 2);
	return 1;
}

/* Pushes a metatable.  Below it have to lie the script, the columns and the metatable of `id`, or what stands in for
 * it; these three are taken off. */
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

/* Pushes names and indexes: those that begin with `prefix`, without it. */
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
handle_push(struct script *s)
{
	push_handle(s->L, s);
}

void
handle_push_metatable(struct script *s)
{
	lua_State *L = s->L;

	lua_pushlightuserdata(L, s);
	push_columns(L, "");
	lua_pushnumber(L, 0);
	lua_setfield(L, -2, "id");

	lua_pushlightuserdata(L, s);
	push_columns(L, "id.");
	lua_pushnil(L); /* an `id` has no `id` */
	push_metatable(L);

	push_metatable(L);
}
