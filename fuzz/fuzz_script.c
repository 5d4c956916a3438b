/* fuzz_script.c - the Lua bindings: packets through an engine with scripts that query, set and fail as the input says.
 *
 * The input is that of fuzz_engine.c, a byte of options and then frames, but the options are different, and its last
 * bytes have a second use: they are passed to the scripts, which derive actions, names of columns and values from them.
 *
 *     options | gap length length frame... | gap length length frame... | ...
 *
 * Options: bits 0-2 choose the link type, bits 3-4 the scripts, bits 5-6 the size of the batches, bit 7 the format of
 * the records. Every script has to load whatever it is given; its actions may fail but must not crash, and must leave
 * records that can be written; the counters must add up.
 */
#include "frames.h"
#include <sys/mman.h>
#include <unistd.h>

#define GIVEN 64 /* largest number of bytes passed to scripts */

/* Shared by all scripts, after BYTES, COLUMNS and EVENTS: byte() returns the next of BYTES, starting over after the
 * last; name() and value() derive something from them. */
static const char common[] =
	"local at = 0\n"
	"local function byte() at = at % #BYTES + 1 return BYTES:byte(at) end\n"
	"local function text() local a = byte() return BYTES:sub(a % #BYTES + 1, a % #BYTES + byte() % 9) end\n"
	"local function name() return byte() % 8 == 0 and text() or COLUMNS[byte() % #COLUMNS + 1] end\n"
	"local values = {\n"
	"  function() return nil end, function() return byte() end, function() return byte() * 2 ^ byte() end,\n"
	"  function() return -byte() / 7 end, function() return 0 / 0 end, text, function() return { text(), text() } "
	"end,\n"
	"  function() return byte() % 2 == 0 end, function() return '192.0.2.' .. byte() end, function() return {} end,\n"
	"  function() return '2001:db8::' .. text() end, function() return { [byte()] = byte() } end, function() return "
	"byte end }\n"
	"local function value() return values[byte() % #values + 1]() end\n"
	"local function try(f, ...) if byte() % 32 == 0 then return f(...) end return pcall(f, ...) end\n"
	"local function get(c, k) return c[k] end\n"
	"local function set(c, k, v) c[k] = v end\n";

/* Changes records. */
static const char policy[] = "local kept\n"
							 "function log_policy(rec)\n"
							 "  for i = 1, byte() % 8 do\n"
							 "    local k = name()\n"
							 "    try(set, byte() % 4 == 0 and rec.id or rec, k, value())\n"
							 "    try(get, byte() % 4 == 0 and rec.id or rec, k)\n"
							 "  end\n"
							 "  if kept then pcall(get, kept, 'uid') end\n"
							 "  kept = rec\n"
							 "  if byte() % 16 == 0 then return false end\n"
							 "end\n"
							 "function log_conn(rec)\n"
							 "  for _, k in ipairs(COLUMNS) do tostring(rec[k]) end\n"
							 "  try(set, rec, name(), value())\n"
							 "  print(rec, text())\n"
							 "end\n";

/* Handles every event: reads its arguments, queries columns, sets thresholds, and keeps what it must not keep. */
static const char events[] =
	"local kept\n"
	"local function walk(v) if type(v) == 'table' then for _, x in pairs(v) do walk(x) end end end\n"
	"local function handle(c, ...)\n"
	"  for i = 1, select('#', ...) do walk((select(i, ...))) end\n"
	"  try(get, c, name())\n"
	"  try(get, c.id, name())\n"
	"  try(set, c, name(), value())\n"
	"  local b = byte()\n"
	"  if b % 8 == 1 then try(c.set_bytes_threshold, c, value(), byte() % 2 == 0)\n"
	"  elseif b % 8 == 2 then try(c.set_packets_threshold, c, byte() % 16, byte() % 2 == 0)\n"
	"  elseif b % 8 == 3 then try(c.set_duration_threshold, c, byte() / 16)\n"
	"  elseif b % 8 == 4 then coroutine.wrap(function() try(c.set_packets_threshold, c, 1, true) end)()\n"
	"  elseif b % 8 == 5 then try(c.set_bytes_threshold, value(), 1)\n"
	"  elseif b % 8 == 6 and kept then try(kept.set_bytes_threshold, kept, 1) try(tostring, kept)\n"
	"  elseif b % 8 == 7 then kept = c.id end\n"
	"end\n"
	"for _, k in ipairs(EVENTS) do _G[k] = handle end\n";

/* Fails in every possible way. */
static const char failing[] =
	"local ways = { function() error() end, function() error({}) end, function() error('x', byte() % 4) end,\n"
	"  function() while true do end end, function() while true do pcall(function() while true do end end) end end,\n"
	"  function() coroutine.wrap(function() error(text()) end)() end, function() coroutine.yield(1) end,\n"
	"  function() local t = {} return t.x.y end, function() setmetatable(_G, { __index = error }) return nothing end,\n"
	"  function() coroutine.wrap(function() while true do pcall(error) end end)() end,\n"
	"  function(c) local t = setmetatable({}, { __index = c, __newindex = c }) t[name()] = t[name()] end,\n"
	"  function() print(setmetatable({}, { __tostring = function() return {} end })) end,\n"
	"  function() error(setmetatable({}, { __tostring = function() error('in it') end })) end }\n"
	"local function fail(c) return ways[byte() % #ways + 1](c) end\n"
	"new_connection, connection_established, connection_state_remove, udp_request = fail, fail, fail, fail\n"
	"log_policy, log_conn, connlog_done = fail, fail, fail\n";

static const char *const sets[4][2] = { { policy }, { events }, { failing }, { events, policy } };

struct run {
	connlog_writer *writer;
	uint64_t        records, ended, dropped, loaded, printed;
};

static int
on_record(void *arg, const connlog_record *r)
{
	struct run *run = arg;

	run->records++;
	check(connlog_writer_record(run->writer, r) == CONNLOG_OK, "a record cannot be written");
	connlog_writer_clear(run->writer);
	return CONNLOG_OK;
}

static void
on_notice(void *arg, const char *text)
{
	(void)arg;
	check(text && *text, "a notice says nothing");
}

static void
on_print(void *arg, connlog_text line)
{
	struct run *run = arg;
	run->printed += line.n;
}

static void
on_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	struct run *run = arg;

	if (strcmp(group, "connections") == 0 && strcmp(name, "ended") == 0)
		run->ended = value;
	else if (strcmp(group, "scripts") == 0 && strcmp(name, "dropped") == 0)
		run->dropped = value;
	else if (strcmp(group, "scripts") == 0 && strcmp(name, "loaded") == 0)
		run->loaded = value;
}

/* Writes the beginning that every script shares. */
static void
write_given(FILE *f, const uint8_t *given, size_t n)
{
	fputs("local BYTES = \"", f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "\\%03u", given[i]);
	fputs("\"\nlocal COLUMNS = {", f);
	for (size_t i = 0; connlog_column_at(i); i++)
		fprintf(f, "\"%s\",", connlog_column_at(i)->name);
	fputs("}\nlocal EVENTS = {", f);
	for (size_t i = 0; connlog_event_at(i); i++)
		fprintf(f, "\"%s\",", connlog_event_at(i)->name);
	fputs("}\n", f);
	fputs(common, f);
}

/* Loads a script from memory, although the library reads scripts from files. */
static void
load(connlog_engine *e, const char *script, const uint8_t *given, size_t n)
{
	char  path[64], err[512];
	int   fd = memfd_create("script", 0);
	FILE *f = fdopen(fd, "w");

	check(f != NULL, "no file");
	write_given(f, given, n);
	fputs(script, f);
	check(fflush(f) == 0, "no room for a script");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	check(connlog_script_load(e, path, err, sizeof err) == CONNLOG_OK, err);
	fclose(f);
}

static connlog_engine *
new_engine(void)
{
	static const char *const settings[][2] = { { "ignore_checksums", "T" },
		                                       { "detect_services", "F" }, /* covered by fuzz_service */
		                                       { "script_max_instructions", "5000" },
		                                       { "tcp_content_deliver_all_orig", "T" },
		                                       { "connection_status_update_interval", "1sec" },
		                                       { "max_connections", "64" } };
	char                     err[256];
	connlog_options         *o = connlog_options_new();

	check(o != NULL, "no options");
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		check(connlog_options_set(o, settings[i][0], settings[i][1], err, sizeof err) == CONNLOG_OK, err);
	connlog_engine *e = connlog_engine_new(o, err, sizeof err);
	connlog_options_free(o);
	check(e != NULL, err);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	char                         err[256];
	const connlog_writer_options options = { .format = data[0] & 128 ? "json" : "zeek", .fields = "all" };
	struct run                   run = { .writer = connlog_writer_new(&options, err, sizeof err) };
	connlog_engine              *e = new_engine();
	const size_t                 given = n - 1 < GIVEN ? n - 1 : GIVEN;
	const char *const           *scripts = sets[data[0] >> 3 & 3];

	check(run.writer != NULL, err);
	connlog_on_notice(e, on_notice, NULL);
	connlog_on_print(e, on_print, &run);
	for (size_t i = 0; i < 2 && scripts[i]; i++)
		load(e, scripts[i], data + n - given, given);
	connlog_on_record(e, on_record, &run);
	feed(e, data[0], data + 1, n - 1);
	check(connlog_finish(e) == CONNLOG_OK, "the end is refused");
	connlog_counters(e, on_counter, &run);
	check(run.loaded == 1 + (scripts[1] != NULL), "a script is missing");
	check(run.ended == run.records + run.dropped, "a connection ended without a record");
	connlog_engine_free(e);
	connlog_writer_free(run.writer);
	return 0;
}
