/* value.c - converts values of columns and arguments from and to Lua: docs/SCRIPTS.md has the table of types.
 *
 * Lua's numbers are doubles in LuaJIT: a count is exact up to 2^53.  Lua 5.4 has integers of 64 bits: up to 2^63 - 1.
 */
#include <arpa/inet.h>
#include <lauxlib.h>
#include <lua.h>
#include <math.h>

#include "base/addr.h"
#include "script/state.h"

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#endif

static void
push_count(lua_State *L, uint64_t n)
{
#if LUA_VERSION_NUM >= 503
	if (n <= LUA_MAXINTEGER) {
		lua_pushinteger(L, (lua_Integer)n);
		return;
	}
#endif
	lua_pushnumber(L, (lua_Number)n);
}

static void
push_int(lua_State *L, int64_t n)
{
#if LUA_VERSION_NUM >= 503
	lua_pushinteger(L, n);
#else
	lua_pushnumber(L, (lua_Number)n);
#endif
}

static void
push_addr(lua_State *L, const uint8_t address[16])
{
	const struct addr a = addr_from_v6(address);
	char              text[ADDR_TEXT_MAX];

	lua_pushlstring(L, text, addr_format(&a, text));
}

static void
push_fields(lua_State *L, const connlog_fields *f)
{
	lua_createtable(L, 0, (int)f->n);
	for (size_t i = 0; i < f->n; i++) {
		value_push(L, &f->at[i].value);
		lua_setfield(L, -2, f->at[i].name);
	}
}

/* Pushes the list of a list value. */
static void
push_list(lua_State *L, const connlog_value *v)
{
	const size_t n = v->type == CONNLOG_STRING_SET ? v->texts.n
	                 : v->type == CONNLOG_COUNTS   ? v->counts.n
	                                               : v->records.n;

	lua_createtable(L, (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		if (v->type == CONNLOG_STRING_SET)
			lua_pushlstring(L, v->texts.at[i].p, v->texts.at[i].n);
		else if (v->type == CONNLOG_COUNTS)
			push_count(L, v->counts.at[i]);
		else
			push_fields(L, &v->records.at[i]);
		lua_rawseti(L, -2, (int)i + 1);
	}
}

void
value_push(lua_State *L, const connlog_value *v)
{
	luaL_checkstack(L, 4, "values in values");
	if (!v->set) {
		lua_pushnil(L);
		return;
	}
	switch (v->type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		lua_pushnumber(L, v->number);
		break;
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
	case CONNLOG_BYTES:
		lua_pushlstring(L, v->text.p, v->text.n);
		break;
	case CONNLOG_ADDR:
		push_addr(L, v->address);
		break;
	case CONNLOG_PORT:
	case CONNLOG_COUNT:
		push_count(L, v->count);
		break;
	case CONNLOG_INT:
		push_int(L, v->integer);
		break;
	case CONNLOG_BOOL:
		lua_pushboolean(L, v->boolean);
		break;
	case CONNLOG_RECORD:
		push_fields(L, &v->record);
		break;
	default:
		push_list(L, v);
	}
}

static bool
read_addr(const char *text, uint8_t out[16])
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		const struct addr a = addr_from_v4(v4);
		memcpy(out, a.b, sizeof a.b);
		return true;
	}
	return inet_pton(AF_INET6, text, out) == 1;
}

/* Returns whether the value is a whole number from `min` to below `end`. */
static bool
read_whole(lua_State *L, int index, lua_Number min, lua_Number end)
{
	const lua_Number n = lua_tonumber(L, index);

	return lua_type(L, index) == LUA_TNUMBER && n >= min && n < end && n == floor(n);
}

/* Returns a whole number that read_whole() has accepted, without converting to a double if Lua has integers. */
static uint64_t
whole_bits(lua_State *L, int index)
{
#if LUA_VERSION_NUM >= 503
	if (lua_isinteger(L, index))
		return (uint64_t)lua_tointeger(L, index);
#endif
	const lua_Number n = lua_tonumber(L, index);
	return n < 0 ? (uint64_t)(int64_t)n : (uint64_t)n;
}

/* Reads a table 1, 2, … of strings; pushes the memory for the texts. */
static bool
read_set(lua_State *L, int index, connlog_value *out)
{
	if (lua_type(L, index) != LUA_TTABLE)
		return false;
	const size_t  n = lua_rawlen(L, index);
	connlog_text *at = lua_newuserdata(L, n * sizeof *at);

	for (size_t i = 0; i < n; i++) {
		lua_rawgeti(L, index, (int)i + 1);
		if (lua_type(L, -1) != LUA_TSTRING)
			return false;
		at[i].p = lua_tolstring(L, -1, &at[i].n);
		lua_pop(L, 1); /* the table keeps it */
	}
	out->texts.at = at;
	out->texts.n = n;
	return true;
}

bool
value_read(lua_State *L, int index, connlog_type type, connlog_value *out)
{
	const int is = lua_type(L, index);

	*out = (connlog_value){ .type = type, .set = is != LUA_TNIL };
	if (!out->set)
		return true;
	switch (type) {
	case CONNLOG_TIME:
	case CONNLOG_INTERVAL:
	case CONNLOG_DOUBLE:
		out->number = lua_tonumber(L, index);
		return is == LUA_TNUMBER && isfinite(out->number);
	case CONNLOG_STRING:
	case CONNLOG_ENUM:
		if (is == LUA_TSTRING)
			out->text.p = lua_tolstring(L, index, &out->text.n);
		return is == LUA_TSTRING;
	case CONNLOG_ADDR:
		return is == LUA_TSTRING && read_addr(lua_tostring(L, index), out->address);
	case CONNLOG_PORT:
	case CONNLOG_COUNT:
		if (!read_whole(L, index, 0, type == CONNLOG_PORT ? 65536.0 : 0x1p64))
			return false;
		out->count = whole_bits(L, index);
		return true;
	case CONNLOG_INT:
		if (!read_whole(L, index, -0x1p63, 0x1p63))
			return false;
		out->integer = (int64_t)whole_bits(L, index);
		return true;
	case CONNLOG_BOOL:
		out->boolean = lua_toboolean(L, index);
		return is == LUA_TBOOLEAN;
	case CONNLOG_STRING_SET:
		return read_set(L, index, out);
	default: /* the remaining types occur only in events */
		return false;
	}
}
