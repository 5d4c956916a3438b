/* The internals of Parquet: encodings as in the examples of their specifications, bounds that cannot be written,
 * settings, and a folder written as by a live sensor. Complete files are read back by test/parquet_test.py. */
#include <ftw.h>
#include <endian.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/public.h"
#include "write/parquet.h"

static void
check_buffer(struct outbuf *b, const void *want, size_t n)
{
	assert_false(b->failed);
	assert_int_equal(b->n, n);
	assert_memory_equal(b->p, want, n);
	b->n = 0;
}

static void
thrift_is_compact(void **state)
{
	struct outbuf b = { 0 };
	struct thrift t = { &b, 0 };

	(void)state;
	thrift_varint(&b, 300);
	check_buffer(&b, "\xac\x02", 2);
	thrift_int(&b, -1);
	check_buffer(&b, "\x01", 1);
	thrift_int(&b, INT64_MIN);
	check_buffer(&b, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
	thrift_field_i32(&t, 1, 7);
	thrift_field_bool(&t, 3, false);
	thrift_field_text(&t, 30, "ab", 2); /* too far for the head's four bits */
	thrift_field_list(&t, 31, THRIFT_STRUCT, 20);
	thrift_end(&t);
	check_buffer(&b,
	             "\x15\x0e\x22\x08\x3c\x02"
	             "ab\x19\xfc\x14\x00",
	             12);
	outbuf_free(&b);
}

static void
numbers_are_packed(void **state)
{
	static const uint32_t counting[] = { 0, 1, 2, 3, 4, 5, 6, 7 }, wide[] = { 65535, 1 };
	uint32_t              runs[24];
	struct outbuf         b = { 0 };

	(void)state;
	pq_put_hybrid(&b, counting, 8, 3); /* the example of Encodings.md */
	check_buffer(&b, "\x03\x88\xc6\xfa", 4);
	pq_put_hybrid(&b, wide, 2, 16); /* a group that is not full */
	check_buffer(&b, "\x03\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 17);
	for (size_t i = 0; i < 24; i++)
		runs[i] = i < 10 ? 9 : (uint32_t)i & 1;
	pq_put_hybrid(&b, runs, 24, 4); /* a run, then two groups */
	check_buffer(&b, "\x14\x09\x05\x10\x10\x10\x10\x10\x10\x10\x00", 11);
	pq_put_hybrid(&b, runs, 0, 4);
	check_buffer(&b, "", 0);
	pq_put_bools(&b, "\1\0\1\1\0\0\0\0\1", 9);
	check_buffer(&b, "\x0d\x01", 2);
	outbuf_free(&b);
}

static void
bounds_that_are_not_told(void **state)
{
	const double     given[] = { 1, NAN, 3 };
	uint64_t         numbers[3];
	struct pq_bounds b = { 0 };
	char             text[4 + 100] = { 100 };

	(void)state;
	memcpy(numbers, given, sizeof numbers);
	for (size_t i = 0; i < 3; i++)
		numbers[i] = htole64(numbers[i]);
	pq_bounds_take(&b, PQ_DOUBLE, (const char *)numbers, 1);
	assert_false(b.unknown);
	pq_bounds_take(&b, PQ_DOUBLE, (const char *)numbers, 3);
	assert_true(b.unknown);
	b = (struct pq_bounds){ 0 };
	pq_bounds_take(&b, PQ_BYTE_ARRAY, text, 1); /* longer than bounds may be */
	assert_true(b.unknown);
}

static void
bounds_have_the_order_of_the_type(void **state)
{
	static const char texts[] = "\2\0\0\0\xc3\xa4\1\0\0\0z\0\0\0\0";
	const uint32_t    ports[] = { htole32(65535), htole32(80) };
	const uint64_t    counts[] = { htole64(UINT64_MAX), htole64(5) }; /* the first is -1 */
	struct pq_bounds  b = { 0 };

	(void)state;
	pq_bounds_take(&b, PQ_BYTE_ARRAY, texts, 3);
	assert_int_equal(b.least_n, 0);
	assert_memory_equal(b.greatest, "\xc3\xa4", 2); /* bytes are unsigned */
	b = (struct pq_bounds){ 0 };
	pq_bounds_take(&b, PQ_INT32, (const char *)ports, 2);
	assert_memory_equal(b.greatest, &ports[0], 4);
	b = (struct pq_bounds){ 0 };
	pq_bounds_take(&b, PQ_INT64, (const char *)counts, 2);
	assert_memory_equal(b.least, &counts[0], 8);
}

static void
every_setting_takes_its_usual_value(void **state)
{
	const connlog_parquet_option_info *info;
	connlog_parquet_options            o = { 0 };
	char                               err[256] = "";
	size_t                             n = 0;

	(void)state;
	for (; (info = connlog_parquet_option_at(n)) != NULL; n++)
		if (*info->initial != '\0')
			assert_int_equal(connlog_parquet_set(&o, info->name, info->initial, err, sizeof err), CONNLOG_OK);
	assert_int_equal(n, 9);
	assert_int_equal(o.row_group_rows, 131072);
	assert_int_equal(o.memory, 256 << 20);
	assert_true(o.file_age == 300);
	assert_int_equal(connlog_parquet_set(&o, "part", "a-1.b", err, sizeof err), CONNLOG_OK);
	assert_string_equal(o.part, "a-1.b");
	static const char *const wrong[][2] = { { "level", "0" },     { "level", "3K" },        { "memory", "1" },
		                                    { "memory", "99G9" }, { "open_files", "many" }, { "colour", "red" },
		                                    { "part", ".x" } };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(connlog_parquet_set(&o, wrong[i][0], wrong[i][1], err, sizeof err), CONNLOG_BAD_OPTION);
}

/* ---- a folder ----------------------------------------------------------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
put_record(connlog_lake *l, double ts)
{
	const struct record r = { .has = HAS(COL_TS), .ts = ts };
	char                err[256];

	assert_int_equal(connlog_lake_record(l, record_public(&r), err, sizeof err), CONNLOG_OK);
}

static void
check_counts(connlog_lake *l, uint64_t files, uint64_t open)
{
	connlog_lake_counts counts;

	connlog_lake_count(l, &counts);
	assert_int_equal(counts.files, files);
	assert_int_equal(counts.open, open);
	assert_int_equal(counts.bytes > 0, files > 0);
}

static void
files_are_ended_by_age(void **state)
{
	char                         folder[] = "/tmp/connlog-lake-XXXXXX", path[128], err[256] = "";
	const connlog_writer_options o = { .format = "parquet",
		                               .parquet = &(connlog_parquet_options){ .part = "p", .file_age = 60 } };

	(void)state;
	assert_non_null(mkdtemp(folder));
	connlog_lake *l = connlog_lake_new(folder, &o, false, err, sizeof err);
	assert_non_null(l);
	put_record(l, 1e9);
	connlog_lake_tick(l, 1000, err, sizeof err);
	put_record(l, 1e9 + 3600);
	connlog_lake_tick(l, 1059, err, sizeof err);
	check_counts(l, 0, 2);
	assert_int_equal(connlog_lake_tick(l, 1060, err, sizeof err), CONNLOG_OK);
	check_counts(l, 1, 1);
	snprintf(path, sizeof path, "%s/date=2001-09-09/hour=01/p-00000.parquet", folder);
	assert_int_equal(access(path, R_OK), 0);
	put_record(l, 1e9);
	check_counts(l, 1, 2);
	assert_int_equal(connlog_lake_finish(l, err, sizeof err), CONNLOG_OK);
	check_counts(l, 3, 0);
	connlog_lake_free(l);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
a_folder_that_fails_stays_so(void **state)
{
	char                         folder[] = "/tmp/connlog-lake-XXXXXX", path[128], err[256] = "";
	const connlog_writer_options o = { .format = "parquet" }, text = { .format = "json" };
	const struct record          r = { .has = HAS(COL_TS), .ts = 5 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_null(connlog_lake_new(folder, &text, false, err, sizeof err));
	assert_null(connlog_lake_new("/dev/null", &o, false, err, sizeof err));
	assert_non_null(strstr(err, "Not a directory"));
	connlog_lake *l = connlog_lake_new(folder, &o, true, err, sizeof err);
	snprintf(path, sizeof path, "%s/date=1970-01-01", folder); /* a file is in the way */
	fclose(fopen(path, "w"));
	for (int i = 0; i < 2; i++) {
		*err = '\0';
		assert_int_equal(connlog_lake_record(l, record_public(&r), err, sizeof err), CONNLOG_IO);
		assert_non_null(strstr(err, path));
	}
	assert_int_equal(connlog_lake_finish(l, err, sizeof err), CONNLOG_IO);
	connlog_lake_free(l);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
a_writer_that_was_not_opened_writes_a_file(void **state)
{
	char                         err[256];
	const connlog_writer_options o = { .format = "parquet", .fields = "ts" };
	connlog_writer              *w = connlog_writer_new(&o, err, sizeof err);
	const struct record          r = { .has = HAS(COL_TS), .ts = 5 };

	(void)state;
	assert_int_equal(connlog_writer_record(w, record_public(&r)), CONNLOG_OK);
	assert_int_equal(connlog_writer_close(w, 0), CONNLOG_OK);
	const connlog_text t = connlog_writer_bytes(w);
	assert_true(t.n > 100);
	assert_memory_equal(t.p, "PAR1", 4);
	assert_memory_equal(t.p + t.n - 4, "PAR1", 4);
	connlog_writer_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thrift_is_compact),
		cmocka_unit_test(numbers_are_packed),
		cmocka_unit_test(bounds_that_are_not_told),
		cmocka_unit_test(bounds_have_the_order_of_the_type),
		cmocka_unit_test(every_setting_takes_its_usual_value),
		cmocka_unit_test(files_are_ended_by_age),
		cmocka_unit_test(a_folder_that_fails_stays_so),
		cmocka_unit_test(a_writer_that_was_not_opened_writes_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
