/* Parsing the URLs of sinks, and the disk spool. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ship/disk.h"
#include "ship/url.h"

static void
is_text(const char *got, const char *want)
{
	if (want == NULL)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

static void
urls_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *scheme, *user, *password, *hosts, *path, *option, *value, *shown;
	} rows[] = {
		{ "unix:/run/x", "unix", NULL, NULL, NULL, "/run/x", NULL, NULL, "unix:/run/x" },
		{ "unix:a%20b?a=%26", "unix", NULL, NULL, NULL, "a b", "a", "&", "unix:a b?a=&" },
		{ "tcp://h:1", "tcp", NULL, NULL, "h:1", "", NULL, NULL, "tcp://h:1" },
		{ "kafka://a,b:2/t?x=1&kafka.sasl.password=p", "kafka", NULL, NULL, "a,b:2", "t", "x", "1",
		  "kafka://a,b:2/t?x=1&kafka.sasl.password=***" },
		{ "redis://me:p%40w@h/s", "redis", "me", "p@w", "h", "s", NULL, NULL, "redis://me:***@h/s" },
		{ "redis://:pw@h/s", "redis", "", "pw", "h", "s", NULL, NULL, "redis://:***@h/s" },
		{ "exec:cut -d% -f1 a?b", "exec", NULL, NULL, NULL, "cut -d% -f1 a?b", NULL, NULL, "exec:cut -d% -f1 a?b" },
		{ "exec:x http://h/?a=b?", "exec", NULL, NULL, NULL, "x http://h/?a=b", NULL, NULL, "exec:x http://h/?a=b" },
		{ "exec:x?a=1&a=2", "exec", NULL, NULL, NULL, "x", "a", "2", "exec:x?a=1&a=2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct url u;
		char       err[256];
		assert_true(url_is(rows[i].text) && url_parse(&u, rows[i].text, err, sizeof err));
		is_text(u.scheme, rows[i].scheme);
		is_text(u.user, rows[i].user);
		is_text(u.password, rows[i].password);
		is_text(u.hosts, rows[i].hosts);
		is_text(u.path, rows[i].path);
		is_text(u.shown, rows[i].shown);
		if (rows[i].option != NULL)
			is_text(url_option(&u, rows[i].option), rows[i].value);
		url_free(&u);
	}
}

static void
what_is_no_url_is_told(void **state)
{
	static const char *const rows[] = {
		"",           "x",       "x:y",      "C:y",      "unix",           "json",
		"file:%",     "file:%4", "file:%zz", "file:%00", "tcp://%41%@h:1", "unix:x?a=1&b",
		"unix:x?a=%0"
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct url u;
		char       err[256] = "";
		assert_false(url_parse(&u, rows[i], err, sizeof err));
		assert_true(strlen(err) > 10);
		url_free(&u);
	}
}

static void
options_that_nobody_asks_for(void **state)
{
	struct url u;
	char       err[256];

	(void)state;
	assert_true(url_parse(&u, "unix:x?a=1&b=2", err, sizeof err));
	assert_null(url_option(&u, "c"));
	url_option(&u, "a");
	is_text(url_unknown(&u), "b");
	url_option(&u, "b");
	assert_null(url_unknown(&u));
	url_free(&u);
}

static void
hosts_and_ports(void **state)
{
	static const struct {
		const char *text, *usual, *host, *port;
	} rows[] = {
		{ "h:1", NULL, "h", "1" },    { "h", "9", "h", "9" },    { "[::1]:5", NULL, "::1", "5" },
		{ "[::1]", "6", "::1", "6" }, { "h", NULL, NULL, NULL }, { ":1", NULL, NULL, NULL },
		{ "h:", NULL, NULL, NULL },   { "", "1", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char        host[16];
		const char *port = rows[i].usual;
		const bool  good = url_split_host(rows[i].text, host, sizeof host, &port);
		assert_int_equal(good, rows[i].host != NULL);
		if (good) {
			is_text(host, rows[i].host);
			is_text(port, rows[i].port);
		}
	}
}

/* ---- the disk ----------------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/connlog-ship-XXXXXX";

static void
open_disk(struct disk *d, uint64_t max)
{
	char err[256] = "";

	if (!disk_open(d, folder, "s", max, err, sizeof err))
		fail_msg("%s", err);
}

static void
put_number(struct disk *d, unsigned i)
{
	char      text[64];
	const int n = snprintf(text, sizeof text, "%u\n", i);

	assert_int_equal(disk_put(d, SPOOL_LINES, text, (size_t)n, 1), 0);
}

/* Takes the next item that is not a header. Returns its number, or 0 if there is none. */
static unsigned
take_number(struct disk *d)
{
	while (!disk_is_empty(d)) {
		struct spool_item *item = disk_next(d);
		if (item == NULL) {
			disk_drop(d);
			continue;
		}
		const unsigned number = item->kind == SPOOL_LINES ? (unsigned)strtoul(item->bytes, NULL, 10) : 0;
		disk_done(d);
		if (number != 0)
			return number;
	}
	return 0;
}

static int
make_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static size_t
files(void)
{
	char           path[64];
	size_t         n = 0;
	struct dirent *e;

	snprintf(path, sizeof path, "%s/s", folder);
	DIR *d = opendir(path);
	while ((e = readdir(d)) != NULL)
		n += *e->d_name != '.';
	closedir(d);
	return n;
}

static void
it_comes_back_in_order(void **state)
{
	struct disk d;
	unsigned    put = 0, taken = 0;

	(void)state;
	open_disk(&d, 64 << 20);
	for (unsigned round = 1; round < 200; round++) {
		for (unsigned i = 0; i < round % 7 * 10; i++)
			put_number(&d, ++put);
		for (unsigned i = 0; i < round % 5 * 12 && taken < put; i++)
			assert_int_equal(take_number(&d), ++taken);
		assert_int_equal(d.records, put - taken);
	}
	while (taken < put)
		assert_int_equal(take_number(&d), ++taken);
	assert_int_equal(take_number(&d), 0);
	assert_true(disk_is_empty(&d) && d.bytes == 0 && d.records == 0 && files() == 0);
	disk_close(&d);
}

static void
it_is_bounded(void **state)
{
	struct disk d;
	char        text[4096];
	unsigned    n = 0;

	(void)state;
	memset(text, 'x', sizeof text);
	open_disk(&d, 1 << 20);
	while (disk_put(&d, SPOOL_LINES, text, sizeof text, 1) == 0)
		n++;
	assert_in_range(n, 250, 255);
	assert_true(d.bytes <= 1 << 20 && files() > 4);
	for (size_t before = files(); files() == before;) /* the first file is emptied */
		if (disk_next(&d) != NULL)
			disk_done(&d);
		else
			disk_drop(&d);
	assert_int_equal(disk_put(&d, SPOOL_LINES, text, sizeof text, 1), 0);
	disk_close(&d);
}

static void
what_is_left_is_there_the_next_time(void **state)
{
	struct disk d, second;
	char        err[256];

	(void)state;
	open_disk(&d, 1 << 20);
	for (unsigned i = 1; i <= 100; i++)
		put_number(&d, i);
	for (unsigned i = 1; i <= 10; i++)
		assert_int_equal(take_number(&d), i);
	assert_false(disk_open(&second, folder, "s", 1 << 20, err, sizeof err)); /* one process at a time */
	assert_non_null(strstr(err, "another connlog"));
	disk_close(&second);
	disk_close(&d);
	open_disk(&d, 1 << 20);
	assert_int_equal(d.records, 100); /* the file was not emptied: what was delivered of it comes twice */
	put_number(&d, 101);
	for (unsigned i = 1; i <= 101; i++)
		assert_int_equal(take_number(&d), i);
	assert_int_equal(take_number(&d), 0);
	disk_close(&d);
}

/* Truncates the first file, or changes a byte of it: items before that are good, and so is the next file. */
static void
what_is_damaged_is_left_out(void **state)
{
	(void)state;
	for (int cut = 0; cut < 2; cut++) {
		struct disk d;
		char        path[64];
		open_disk(&d, 1 << 20);
		for (unsigned i = 1; i <= 10; i++)
			put_number(&d, i);
		snprintf(path, sizeof path, "%s/s/%08u", folder, d.first);
		disk_close(&d);
		if (cut) {
			assert_int_equal(truncate(path, 5 * 18 + 7), 0); /* frames of 16 bytes with a digit and a line's end */
		} else {
			const int fd = open(path, O_WRONLY);
			assert_int_equal(pwrite(fd, "x", 1, 5 * 18 + 16), 1);
			close(fd);
		}
		open_disk(&d, 1 << 20);
		put_number(&d, 11);
		for (unsigned i = 1; i <= 5; i++)
			assert_int_equal(take_number(&d), i);
		assert_int_equal(take_number(&d), 11);
		assert_int_equal(take_number(&d), 0);
		disk_close(&d);
	}
}

static void
each_file_begins_with_the_head(void **state)
{
	struct disk d;
	char        text[65536];
	size_t      heads = 0, lines = 0;

	(void)state;
	memset(text, 'x', sizeof text);
	open_disk(&d, 4 << 20);
	d.head = strdup("#head\n");
	d.head_n = 6;
	for (int i = 0; i < 30; i++)
		assert_int_equal(disk_put(&d, SPOOL_LINES, text, sizeof text, 1), 0);
	const size_t n = files();
	while (!disk_is_empty(&d)) {
		struct spool_item *item = disk_next(&d);
		heads += item != NULL && item->kind == SPOOL_HEAD && memcmp(item->bytes, "#head\n", 6) == 0;
		lines += item != NULL && item->kind == SPOOL_LINES;
		if (item != NULL)
			disk_done(&d);
		else
			disk_drop(&d);
	}
	assert_true(heads == n && n > 2 && lines == 30);
	disk_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(what_is_no_url_is_told),
		cmocka_unit_test(options_that_nobody_asks_for),
		cmocka_unit_test(hosts_and_ports),
		cmocka_unit_test_setup_teardown(it_comes_back_in_order, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(it_is_bounded, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(what_is_left_is_there_the_next_time, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(what_is_damaged_is_left_out, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(each_file_begins_with_the_head, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
