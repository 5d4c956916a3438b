/* The bytes of a file as they come: files that change while they are read. */
#include "capture_build.h"
#include "capture_folder.h"
#include "capture_pack.h"

/* A capture of `n` packets of 100 bytes that cannot be packed well, one a second from 0 on. => It, *size bytes of it. */
enum { LONG_RECORD = 116 };
static uint8_t *
long_capture(unsigned n, size_t *size)
{
	struct build b = { 0 };
	uint8_t     *p = malloc(24 + (size_t)n * LONG_RECORD), *at = p + 24;
	uint32_t     random = 1;

	assert_non_null(p);
	put_pcap_header(&b, MAGIC_MICRO, 4, 0, 1);
	memcpy(p, b.p, 24);
	for (unsigned i = 0; i < n; i++, at += LONG_RECORD) {
		b.n = 0;
		put_pcap_packet(&b, i, 0, LONG_RECORD - 16, LONG_RECORD - 16, 0);
		for (size_t k = 16; k < LONG_RECORD; k++) {
			random = random * 1664525 + 1013904223;
			b.p[k] = (uint8_t)(random >> 24);
		}
		memcpy(at, b.p, LONG_RECORD);
	}
	*size = (size_t)(at - p);
	return p;
}

/* Reads a capture whose file is given another length when the first packets have come. => The first error, or
 * CONNLOG_END, with the number of packets in *seen. */
static int
read_and_resize(const char *name, off_t size, unsigned *seen, char *err, size_t err_size)
{
	connlog_packet  p[32];
	connlog_source *s = connlog_source_files((const char *[]){ name }, 1, NULL, err, err_size);
	int             r;

	assert_non_null(s);
	*seen = 0;
	while ((r = connlog_source_read(s, p, 32, err, err_size)) > 0) {
		if (*seen == 0)
			assert_int_equal(truncate(name, size), 0);
		for (int i = 0; i < r; i++)
			assert_int_equal(p[i].sec, (*seen)++);
	}
	connlog_source_free(s);
	return r;
}

/* It is told even where the cut falls between two records, and of compressed files; a file that grows is read on. */
static void
a_file_shrinks_while_it_is_read(void **state)
{
	static const int beyond[] = { 0, 5, 50 }; /* the last record */
	size_t           size, n;
	unsigned         seen;
	uint8_t         *big = long_capture(10000, &size), *packed = malloc(size + 4096);
	char             err[300], want[300];

	(void)state;
	assert_non_null(packed);
	for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
		const off_t cut = 24 + 8000 * LONG_RECORD + beyond[i];
		write_file("shrinks", big, size);
		assert_int_equal(read_and_resize("shrinks", cut, &seen, err, sizeof err), CONNLOG_IO);
		assert_int_equal(seen, 8000);
		snprintf(want, sizeof want,
		         "shrinks: packet 8001 at byte 928024: the file has shrunk while it was read: it had 1160024 bytes and "
		         "ends after %d",
		         (int)cut);
		assert_string_equal(err, want);
	}
	for (size_t i = 0; i < 2; i++) {
		n = packers[i].pack(big, size, packed, size + 4096);
		write_file("shrinks", packed, n);
		assert_int_equal(read_and_resize("shrinks", 700000, &seen, err, sizeof err), CONNLOG_IO);
		assert_in_range(seen, 1, 9999);
		assert_non_null(strstr(err, " of the unpacked data: the file has shrunk while it was read: it had "));
	}
	write_file("grows", big, size);
	assert_int_equal(read_and_resize("grows", (off_t)size + 10, &seen, err, sizeof err), CONNLOG_BAD_INPUT);
	assert_int_equal(seen, 10000);
	free(packed);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_shrinks_while_it_is_read),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
