/* Logs to records: the readers through the public interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "read/read.h"

static connlog_reader *
reader_of(const char *text, const char *format)
{
	char            err[256] = "";
	connlog_reader *r = reader_memory((struct bytes){ (const uint8_t *)text, strlen(text) }, format, err, sizeof err);
	if (r == NULL)
		fail_msg("%s", err);
	return r;
}

static const connlog_record *
next_record(connlog_reader *r)
{
	const connlog_record *record = NULL;
	char                  err[256] = "";
	int                   status = connlog_reader_next(r, &record, err, sizeof err);

	if (status == CONNLOG_READ_COLUMNS)
		status = connlog_reader_next(r, &record, err, sizeof err);
	if (status != CONNLOG_READ_RECORD)
		fail_msg("%d: %s", status, err);
	return record;
}

static connlog_value
get(const connlog_record *r, const char *name)
{
	return connlog_record_get(r, (size_t)connlog_column_find(name));
}

/* A truncated type is still accepted. */
static void
a_type_can_be_cut_short(void **state)
{
	static const char *const logs[] = { "#fields\ttags\n#types\tset[\n1,2\n",
		                                "#fields\ttags\n#types\ttable[cou\n1,2\n" };

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
		connlog_reader *r = reader_of(logs[i], NULL);
		connlog_extra   x;
		assert_true(connlog_record_extra(next_record(r), 0, &x));
		assert_true(x.list);
		connlog_reader_free(r);
	}
}

static void
values_are_typed(void **state)
{
	connlog_reader *r =
		reader_of("#fields\tts\tuid\tid.orig_h\tid.orig_p\tlocal_orig\tvlan\ttunnel_parents\torig_bytes\n"
	              "1.5\ta\\x09b\\\\\t10.0.0.1\t80/tcp\tT\t-3\tC1,a\\x2cb\t-\n",
	              NULL);
	const connlog_record *record = next_record(r);
	const uint8_t         address[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 };

	(void)state;
	assert_true(get(record, "ts").number == 1.5);
	assert_int_equal(get(record, "uid").text.n, 4);
	assert_memory_equal(get(record, "uid").text.p, "a\tb\\", 4);
	assert_memory_equal(get(record, "id.orig_h").address, address, 16);
	assert_int_equal(get(record, "id.orig_p").count, 80);
	assert_true(get(record, "local_orig").set && get(record, "local_orig").boolean);
	assert_int_equal(get(record, "vlan").integer, -3);
	assert_int_equal(get(record, "tunnel_parents").texts.n, 2);
	assert_memory_equal(get(record, "tunnel_parents").texts.at[1].p, "a,b", 3);
	assert_false(get(record, "orig_bytes").set);
	assert_false(get(record, "resp_bytes").set);
	connlog_reader_free(r);
}

static void
unknown_columns(void **state)
{
	connlog_reader *r =
		reader_of("#fields\tts\tcc\ttags\n#types\ttime\tstring\tset[count]\n1.5\tDE\t1,2\n2.5\t-\t-\n", NULL);
	const connlog_record *record = next_record(r);
	connlog_extra         x;
	connlog_column_info   column;

	(void)state;
	assert_true(connlog_columns_at(connlog_reader_columns(r), 2, &column));
	assert_string_equal(column.name, "tags");
	assert_string_equal(column.type_name, "set[count]");
	assert_false(connlog_columns_at(connlog_reader_columns(r), 3, &column));
	assert_true(connlog_record_extra(record, 0, &x));
	assert_true(x.set && !x.list && x.text.n == 2 && memcmp(x.text.p, "DE", 2) == 0);
	assert_true(connlog_record_extra(record, 1, &x));
	assert_true(x.set && x.list && x.texts.n == 2 && *x.texts.at[1].p == '2');
	assert_false(connlog_record_extra(record, 2, &x));
	record = next_record(r);
	assert_true(connlog_record_extra(record, 0, &x) && !x.set);
	connlog_reader_free(r);
}

static void
columns_are_told_when_they_change(void **state)
{
	static const int      want[] = { CONNLOG_READ_COLUMNS, CONNLOG_READ_RECORD, CONNLOG_READ_RECORD, CONNLOG_BAD_INPUT,
		                             CONNLOG_READ_COLUMNS, CONNLOG_READ_RECORD, CONNLOG_END,         CONNLOG_END };
	connlog_reader       *r = reader_of("#fields\tts\n1.0\n2.0\nx\n#fields\tuid\nCa\n", "zeek");
	const connlog_record *record;
	char                  err[256];

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		assert_int_equal(connlog_reader_next(r, &record, err, sizeof err), want[i]);
	connlog_reader_progress p;
	connlog_reader_progress_get(r, &p);
	assert_int_equal(p.records, 3);
	assert_int_equal(p.bad, 1);
	connlog_reader_free(r);
}

static void
formats_are_told_by_content(void **state)
{
	static const struct {
		const char *text, *format;
	} rows[] = {
		{ "#separator \\x09\n", "zeek" },
		{ "\n\n#fields\tts\n", "zeek" },
		{ "  {\"ts\":1.0}\n", "json" },
		{ "{}", "json" },
		{ "ts,uid\n", "csv" },
		{ "a,\"id.orig_h\",b\r\n", "csv" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char               *text = rows[i].text + strspn(rows[i].text, " \n");
		const struct read_format *f = read_format_detect((struct text){ text, strlen(text) });
		assert_non_null(f);
		assert_string_equal(f->name, rows[i].format);
	}
	assert_null(read_format_detect((struct text){ "a,b\n", 4 }));
	assert_null(read_format_detect((struct text){ "\xd4\xc3\xb2\xa1", 4 }));
	for (size_t i = 0; connlog_format_at(i) != NULL; i++) /* Parquet is only written */
		assert_true(read_format_find(connlog_format_at(i)->name) != NULL ||
		            strcmp(connlog_format_at(i)->name, "parquet") == 0);
}

static void
too_many_columns(void **state)
{
	char                  text[8192] = "#fields", err[256];
	size_t                n = strlen(text);
	const connlog_record *record;

	(void)state;
	for (int i = 0; i < 257; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "\tc%d", i);
	connlog_reader *r = reader_of(text, NULL);
	assert_int_equal(connlog_reader_next(r, &record, err, sizeof err), CONNLOG_BAD_INPUT);
	assert_non_null(strstr(err, "line 1: more than 256 columns"));
	connlog_reader_free(r);
}

static void
a_stopped_reader_ends(void **state)
{
	connlog_reader       *r = reader_of("#fields\tts\n1.0\n2.0\n", NULL);
	const connlog_record *record;
	char                  err[256];

	(void)state;
	next_record(r);
	connlog_reader_stop(r);
	assert_int_equal(connlog_reader_next(r, &record, err, sizeof err), CONNLOG_END);
	connlog_reader_free(r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_typed),
		cmocka_unit_test(a_type_can_be_cut_short),
		cmocka_unit_test(unknown_columns),
		cmocka_unit_test(columns_are_told_when_they_change),
		cmocka_unit_test(formats_are_told_by_content),
		cmocka_unit_test(too_many_columns),
		cmocka_unit_test(a_stopped_reader_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
