/* Bytes of captures that are read again: which can be, from where, and what happens when they are gone. */
#include "capture/again.h"
#include "capture_build.h"
#include "capture_folder.h"
#include "capture_pack.h"

/* Reads packets of one file after another; stores the place of each packet's first 16 bytes, and these bytes. */
struct kept {
	uint64_t place;
	uint8_t  bytes[16];
};

static size_t
keep_all(struct again *a, connlog_source *s, struct kept *kept, size_t most)
{
	connlog_packet p[4];
	char           err[300];
	size_t         n = 0;

	for (int r; (r = connlog_source_read(s, p, 4, err, sizeof err)) > 0;) {
		again_window(a, s);
		for (int i = 0; i < r; i++, n++) {
			assert_true(n < most);
			memcpy(kept[n].bytes, p[i].data, 16);
			assert_true(again_place(a, (struct bytes){ p[i].data, 16 }, &kept[n].place));
		}
	}
	return n;
}

static void
write_pcap(const char *name, unsigned n, unsigned first)
{
	struct build b = { 0 };

	put_pcap(&b, 100, n, first);
	write_file(name, b.p, b.n);
}

static connlog_source *
open_paths(const char *const *paths, size_t n)
{
	char            err[300];
	connlog_source *s = connlog_source_files(paths, n, NULL, err, sizeof err);

	assert_non_null(s);
	return s;
}

static void
files_that_are_closed_are_read_again(void **state)
{
	struct again a = { 0 };
	struct kept  kept[12];
	uint8_t      got[16];

	(void)state;
	write_pcap("one", 5, 1);
	write_pcap("two", 3, 100);
	connlog_source *s = open_paths((const char *[]){ "one", "two" }, 2);
	assert_int_equal(keep_all(&a, s, kept, 12), 8);
	connlog_source_free(s);
	s = open_paths((const char *[]){ "two" }, 1);
	again_source(&a); /* may be allocated where the first one was */
	assert_int_equal(keep_all(&a, s, kept + 8, 4), 3);
	connlog_source_free(s);
	assert_int_equal(a.n_files, 3);
	for (size_t i = 0; i < 11; i++) {
		assert_true(again_read(&a, kept[i].place, got, 16));
		assert_memory_equal(got, kept[i].bytes, 16);
	}
	again_free(&a);
	assert_int_equal(a.n_files, 0);
}

static void
a_file_that_is_cut_is_a_failure(void **state)
{
	struct again a = { 0 };
	struct kept  kept[8];
	uint8_t      got[16];

	(void)state;
	write_pcap("cut", 5, 1);
	connlog_source *s = open_paths((const char *[]){ "cut" }, 1);
	assert_int_equal(keep_all(&a, s, kept, 8), 5);
	connlog_source_free(s);
	assert_int_equal(truncate("cut", 24 + 16 + 20), 0);
	assert_true(again_read(&a, kept[0].place, got, 16));
	assert_false(a.failed);
	assert_false(again_read(&a, kept[1].place, got, 16));
	assert_true(a.failed);
	again_free(&a);
}

static void
what_is_no_plain_file_is_not_read_again(void **state)
{
	struct again   a = { 0 };
	struct build   b = { 0 };
	uint8_t        packed[300];
	connlog_packet p[4];
	char           err[300];
	uint64_t       place;

	(void)state;
	put_pcap(&b, 100, 3, 0);
	write_file("one.gz", packed, gzip(b.p, b.n, packed, sizeof packed));
	connlog_source *s = open_paths((const char *[]){ "one.gz" }, 1);
	assert_int_equal(connlog_source_read(s, p, 4, err, sizeof err), 3);
	again_window(&a, s);
	assert_false(again_place(&a, (struct bytes){ p[0].data, 16 }, &place));
	connlog_source_free(s);
	s = source_memory(b.p, b.n, NULL, err, sizeof err);
	assert_non_null(s);
	assert_int_equal(connlog_source_read(s, p, 4, err, sizeof err), 3);
	again_window(&a, s);
	assert_false(again_place(&a, (struct bytes){ p[0].data, 16 }, &place));
	connlog_source_free(s);
	again_window(&a, NULL);
	assert_false(again_place(&a, (struct bytes){ b.p, 16 }, &place));
	assert_int_equal(a.n_files, 0);
	again_free(&a);
}

static void
only_what_lies_in_the_window(void **state)
{
	struct again   a = { 0 };
	connlog_packet p[8];
	char           err[300];
	uint64_t       place;
	uint8_t        other[16] = { 0 };

	(void)state;
	write_pcap("one", 5, 1);
	connlog_source *s = open_paths((const char *[]){ "one" }, 1);
	const int       n = connlog_source_read(s, p, 8, err, sizeof err);
	assert_true(n > 0);
	again_window(&a, s);
	assert_true(again_place(&a, (struct bytes){ p[n - 1].data, p[n - 1].caplen }, &place));
	assert_false(again_place(&a, (struct bytes){ p[n - 1].data, p[n - 1].caplen + 1 }, &place));
	assert_false(again_place(&a, (struct bytes){ other, sizeof other }, &place));
	again_free(&a);
	connlog_source_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_are_closed_are_read_again),
		cmocka_unit_test(a_file_that_is_cut_is_a_failure),
		cmocka_unit_test(what_is_no_plain_file_is_not_read_again),
		cmocka_unit_test(only_what_lies_in_the_window),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
