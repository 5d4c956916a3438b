/* Loading scripts through the library: errors, the order of calls, counters, several engines. test/script_test.py tests
 * what scripts can do. */
#include "traffic.h"

#include <stdio.h>
#include <unistd.h>

enum { START = 1700000000 };

/* What scripts printed and what notices said, one per line. */
struct said {
	char   text[4096];
	size_t n;
};

static void
add(struct said *s, const char *p, size_t n)
{
	assert_true(s->n + n + 2 < sizeof s->text);
	memcpy(s->text + s->n, p, n);
	s->n += n;
	s->text[s->n++] = '\n';
	s->text[s->n] = '\0';
}

static void
on_print(void *arg, connlog_text line)
{
	add(arg, line.p, line.n);
}

static void
on_notice(void *arg, const char *text)
{
	add(arg, text, strcspn(text, "\n"));
}

static int
on_record(void *arg, const connlog_record *r)
{
	const connlog_value v = connlog_record_find(r, "service");
	add(arg, v.set ? v.text.p : "-", v.set ? v.text.n : 1);
	return CONNLOG_OK;
}

/* Returns the result of loading a script with that text. */
static int
load(connlog_engine *e, const char *text, char *err, size_t err_size)
{
	char  path[] = "/tmp/connlog-script-XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	const int status = connlog_script_load(e, path, err, err_size);
	unlink(path);
	if (status == CONNLOG_BAD_OPTION)
		skip(); /* built without Lua */
	return status;
}

static connlog_engine *
engine_with(const char *script, struct said *s)
{
	char            err[256] = "";
	connlog_engine *e = traffic_engine();

	connlog_on_print(e, on_print, s);
	connlog_on_notice(e, on_notice, s);
	const int status = load(e, script, err, sizeof err);
	if (status != CONNLOG_OK)
		fail_msg("%d: %s", status, err);
	return e;
}

static void
one_talk(connlog_engine *e, int64_t when)
{
	struct talk t = { .engine = e, .port = 1234, .service = 4321, .usec = when * INT64_C(1000000) };
	assert_int_equal(tcp_talk(&t, "how", "so"), CONNLOG_OK);
}

static void
what_cannot_be_loaded(void **state)
{
	static const struct {
		const char *script;
		const char *says;
	} bad[] = {
		{ "this is no Lua", ":1: " },
		{ "\nerror('no')", ":2: no" },
		{ "", "no function in it" },
		{ "function connlog_done() end", "no function in it" },
	};
	connlog_engine *e = traffic_engine();
	char            err[256], small[8];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(load(e, bad[i].script, err, sizeof err), CONNLOG_BAD_INPUT);
		assert_memory_equal(err, "/tmp/connlog-script-", 20);
		assert_non_null(strstr(err, bad[i].says));
	}
	assert_int_equal(connlog_script_load(e, "/nowhere/a.lua", err, sizeof err), CONNLOG_IO);
	assert_non_null(strstr(err, "/nowhere/a.lua"));
	assert_int_equal(load(e, "error('no')", small, sizeof small), CONNLOG_BAD_INPUT);
	assert_int_equal(strlen(small), sizeof small - 1);
	one_talk(e, START); /* the engine is not affected */
	assert_int_equal(connlog_finish(e), CONNLOG_OK);
	connlog_engine_free(e);
}

static void
handlers_run_in_their_order_and_done_runs_once(void **state)
{
	struct said     s = { .n = 0 };
	char            err[256];
	connlog_engine *e = engine_with("function new_connection() print('new 1') end\n"
	                                "function log_policy(rec) rec.service = 'a' end\n"
	                                "function log_conn(rec) print('logged ' .. rec.service) end\n"
	                                "function connlog_done() print('done') end",
	                                &s);

	(void)state;
	assert_int_equal(connlog_on_record(e, on_record, &s), CONNLOG_OK);
	assert_int_equal(load(e,
	                      "function new_connection() print('new 2') end\n"
	                      "function log_policy(rec) rec.service = rec.service .. 'b' end\n",
	                      err, sizeof err),
	                 CONNLOG_OK);
	one_talk(e, START);
	assert_string_equal(s.text, "new 1\nnew 2\n");
	assert_int_equal(connlog_finish(e), CONNLOG_OK);
	assert_string_equal(s.text, "new 1\nnew 2\nlogged ab\nab\ndone\n");
	assert_int_equal(connlog_finish(e), CONNLOG_OK);
	assert_string_equal(s.text, "new 1\nnew 2\nlogged ab\nab\ndone\n");
	connlog_engine_free(e);
}

struct count {
	const char *name;
	uint64_t    value;
};

static void
on_counter(void *arg, const char *group, const char *name, uint64_t value)
{
	struct count *c = arg;
	if (strcmp(group, "scripts") == 0 && strcmp(name, c->name) == 0)
		c->value = value;
}

static uint64_t
counter(const connlog_engine *e, const char *name)
{
	struct count c = { name, UINT64_MAX };
	connlog_counters(e, on_counter, &c);
	return c.value;
}

static void
errors_and_drops_are_counted(void **state)
{
	struct said     s = { .n = 0 };
	connlog_engine *e =
		engine_with("local n = 0\n"
	                "function log_policy(rec) n = n + 1 if n < 3 then error('bad') end return false end",
	                &s);

	(void)state;
	assert_int_equal(connlog_on_record(e, on_record, &s), CONNLOG_OK);
	for (int i = 0; i < 5; i++)
		one_talk(e, START + 100 * i);
	assert_int_equal(connlog_finish(e), CONNLOG_OK);
	assert_int_equal(counter(e, "loaded"), 1);
	assert_int_equal(counter(e, "handled"), 5);
	assert_int_equal(counter(e, "errors"), 2);
	assert_int_equal(counter(e, "dropped"), 3);
	assert_non_null(strstr(s.text, ":2: bad\n-\n-\n/tmp/"));
	assert_non_null(strstr(s.text, ": 2 errors in all"));
	connlog_engine_free(e);
}

static void
two_engines_do_not_meet(void **state)
{
	static const char script[] = "n = (n or 0)\n"
								 "function new_connection() n = n + 1 end\n"
								 "function connlog_done() print(n) end";
	struct said       a = { .n = 0 }, b = { .n = 0 };
	connlog_engine   *e = engine_with(script, &a), *f = engine_with(script, &b);

	(void)state;
	one_talk(e, START);
	one_talk(f, START);
	one_talk(e, START + 100);
	assert_int_equal(connlog_finish(e), CONNLOG_OK);
	assert_int_equal(connlog_finish(f), CONNLOG_OK);
	assert_string_equal(a.text, "2\n");
	assert_string_equal(b.text, "1\n");
	connlog_engine_free(e);
	connlog_engine_free(f);
}

static void
nobody_has_to_listen(void **state)
{
	struct said     s = { .n = 0 };
	connlog_engine *e = engine_with("function new_connection() print('x') error('y') end", &s);

	(void)state;
	connlog_on_print(e, NULL, NULL);
	connlog_on_notice(e, NULL, NULL);
	one_talk(e, START);
	assert_int_equal(connlog_finish(e), CONNLOG_OK);
	assert_int_equal(s.n, 0);
	assert_int_equal(counter(e, "errors"), 1);
	connlog_engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_loaded),
		cmocka_unit_test(handlers_run_in_their_order_and_done_runs_once),
		cmocka_unit_test(errors_and_drops_are_counted),
		cmocka_unit_test(two_engines_do_not_meet),
		cmocka_unit_test(nobody_has_to_listen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
