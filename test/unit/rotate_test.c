/* When the logs of a sensor are rotated and how they are named: the arithmetic of Zeek's calc_next_rotate(), and
 * names. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "connlog.h"
#include "sensor/pack.h"
#include "sensor/rotate.h"

#define NOON 1795348800.0 /* 2026-11-22 12:00:00 UTC */

static struct rotation
every(double interval, double base)
{
	struct rotation r = ROTATION_NONE;

	r.interval = interval;
	r.base = base;
	return r;
}

static void
set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void
the_next_multiple_is_behind_now(void **state)
{
	struct rotation r = every(3600, 0);

	(void)state;
	set_zone("UTC");
	assert_true(rotate_next(&r, NOON) == NOON + 3600); /* and not now */
	assert_true(rotate_next(&r, NOON + 0.25) == NOON + 3600);
	assert_true(rotate_next(&r, NOON - 0.25) == NOON);
	assert_true(rotate_latest(&r, NOON + 0.25) == NOON);
	r.interval = 0;
	assert_true(isinf(rotate_next(&r, NOON)));
}

static void
multiples_count_from_the_base_time_of_the_local_day(void **state)
{
	const struct rotation day = every(86400, 6 * 3600 + 30 * 60), odd = every(7 * 3600, 0), epoch = every(86400, -1);

	(void)state;
	set_zone("UTC");
	assert_true(rotate_next(&day, NOON) == NOON + 18.5 * 3600);
	assert_true(rotate_next(&odd, NOON) == NOON + 2 * 3600); /* 0, 7, 14 o'clock */
	set_zone("XYZ-5:30");                                    /* midnight there is 18:30 UTC */
	assert_true(rotate_next(&day, NOON) == NOON + 13 * 3600);
	assert_true(rotate_next(&epoch, NOON) == NOON + 12 * 3600);
	set_zone("UTC");
}

static void
a_base_time_is_hours_and_minutes(void **state)
{
	double base = 5;

	(void)state;
	assert_true(rotate_parse_base("6:30", &base) && base == 23400);
	assert_true(rotate_parse_base("", &base) && base == -1);
	assert_false(rotate_parse_base("24:00", &base));
	assert_false(rotate_parse_base("6:30h", &base));
	assert_false(rotate_parse_base("noon", &base));
}

static void
assert_path(const struct rotation *r, double opened, unsigned counter, const char *expected)
{
	char *path = rotate_path(r, "/logs", "conn", opened, counter);

	assert_string_equal(path, expected);
	free(path);
}

static void
names_tell_when_a_log_was_begun(void **state)
{
	struct rotation r = ROTATION_NONE;

	(void)state;
	set_zone("UTC");
	assert_path(&r, NOON + 0.9, 0, "/logs/conn.2026-11-22-12-00-00.log");
	assert_path(&r, NOON, 3, "/logs/conn.2026-11-22-12-00-00-3.log");
	r.date_format = "%H";
	assert_path(&r, NOON, 0, "/logs/conn.12.log");
}

static void
only_names_of_rotated_logs_are_ours(void **state)
{
	static const char *const others[] = { "conn.log",
		                                  "conn.important.log",
		                                  "conn.2026-11-22-12-00-00.log.bak",
		                                  "conn.2026-11-22-12-00-00.lo",
		                                  "dns.2026-11-22-12-00-00.log",
		                                  "conn.2026-11-22-12-00-00-.log",
		                                  "conn.2026-11-22-12-00-00-x1.log",
		                                  "conn.2026-11-22-12-00.log",
		                                  ".conn.2026-11-22-12-00-00.log",
		                                  "conn..log",
		                                  "conn",
		                                  "",
		                                  "conn.2026-11-22-12-00-00.log.xz" };
	const struct rotation    r = ROTATION_NONE;
	bool                     packed;

	(void)state;
	assert_true(rotate_is_ours(&r, "conn", "conn.2026-11-22-12-00-00.log", &packed) && !packed);
	assert_true(rotate_is_ours(&r, "conn", "conn.2026-11-22-12-00-00-12.log", &packed) && !packed);
	assert_true(rotate_is_ours(&r, "conn", "conn.2026-11-22-12-00-00.log.gz", &packed) && packed);
	assert_true(rotate_is_ours(&r, "conn", "conn.2026-11-22-12-00-00-1.log.zst", &packed) && packed);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_false(rotate_is_ours(&r, "conn", others[i], &packed));
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void
a_log_is_never_moved_over_another(void **state)
{
	const struct rotation r = ROTATION_NONE;
	char                  folder[] = "/tmp/connlog-rotate-XXXXXX", log[64], first[128], *to;

	(void)state;
	set_zone("UTC");
	assert_non_null(mkdtemp(folder));
	snprintf(log, sizeof log, "%s/conn.log", folder);
	snprintf(first, sizeof first, "%s/conn.2026-11-22-12-00-00.log.gz", folder);
	write_file(first, "packed already");
	for (unsigned counter = 1; counter < 3; counter++) {
		char expected[128];
		write_file(log, "a log");
		to = rotate_move(&r, folder, "conn", log, NOON);
		snprintf(expected, sizeof expected, "%s/conn.2026-11-22-12-00-00-%u.log", folder, counter);
		assert_string_equal(to, expected);
		assert_int_equal(unlink(counter == 1 ? log : to), counter == 1 ? -1 : 0);
		free(to);
	}
	assert_null(rotate_move(&r, folder, "conn", log, NOON)); /* there is none */
	snprintf(log, sizeof log, "%s/conn.2026-11-22-12-00-00-1.log", folder);
	unlink(log);
	unlink(first);
	assert_int_equal(rmdir(folder), 0);
}

static void
packings_have_levels(void **state)
{
	struct packing p;

	(void)state;
	assert_true(pack_parse("gzip", &p) && p.kind == PACK_GZIP && p.level == 0);
	assert_true(pack_parse("zstd:19", &p) && p.kind == PACK_ZSTD && p.level == 19);
	assert_true(pack_parse("none", &p) && p.kind == PACK_NONE);
	assert_false(pack_parse("gzip:0", &p));
	assert_false(pack_parse("gzip:", &p));
	assert_false(pack_parse("gzip:9x", &p));
	assert_false(pack_parse("zstd:20", &p));
	assert_false(pack_parse("", &p));
}

/* The library can read a compressed log. */
static void
a_packed_log_is_the_log(void **state)
{
	static const char *const specs[] = { "gzip", "zstd:1" };
	char                     folder[] = "/tmp/connlog-pack-XXXXXX", log[64], err[256];
	struct packing           p;
	atomic_bool              stop = false;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(log, sizeof log, "%s/conn.log", folder);
	for (size_t i = 0; i < 2; i++) {
		const connlog_record *record;
		unsigned              records = 0;
		int                   status;
		FILE                 *f = fopen(log, "w");
		for (unsigned n = 0; n < 20000; n++)
			fprintf(f, "{\"ts\":%u.5,\"uid\":\"C%u\"}\n", 1700000000 + n, n * 2654435761u);
		fclose(f);
		assert_true(pack_parse(specs[i], &p));
		atomic_store(&stop, true);
		assert_null(pack_file(&p, log, &stop));
		atomic_store(&stop, false);
		char *packed = pack_file(&p, log, &stop);
		assert_non_null(packed);
		assert_int_equal(access(log, F_OK), -1);
		const char     *path = packed;
		connlog_reader *r = connlog_reader_files(&path, 1, NULL, err, sizeof err);
		while ((status = connlog_reader_next(r, &record, err, sizeof err)) != CONNLOG_END)
			records += status == CONNLOG_READ_RECORD;
		assert_int_equal(records, 20000);
		connlog_reader_free(r);
		unlink(packed);
		free(packed);
	}
	assert_int_equal(rmdir(folder), 0); /* nothing was left */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_multiple_is_behind_now),
		cmocka_unit_test(multiples_count_from_the_base_time_of_the_local_day),
		cmocka_unit_test(a_base_time_is_hours_and_minutes),
		cmocka_unit_test(names_tell_when_a_log_was_begun),
		cmocka_unit_test(only_names_of_rotated_logs_are_ours),
		cmocka_unit_test(a_log_is_never_moved_over_another),
		cmocka_unit_test(packings_have_levels),
		cmocka_unit_test(a_packed_log_is_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
