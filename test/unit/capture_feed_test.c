/* The bytes of a file as they are read: files that change meanwhile, and the thread that decompresses. `make threads`
 * also runs this under ThreadSanitizer. */
#include "capture_build.h"
#include "capture_folder.h"
#include "capture_pack.h"

/* Makes a capture of `n` packets of 100 bytes that hardly compress, one per second from 0 on. Returns it, and its size
 * in *size. */
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

/* Reads a capture whose file is resized after the first packets. Returns the first error, or CONNLOG_END, with the
 * number of packets in *seen. */
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

/* This is reported even if the cut is between two records, and for compressed files; a growing file is read on. */
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

/* What has been read of a capture. */
struct sum {
	unsigned packets;
	uint32_t crc; /* of all times and bytes */
	int      status;
	char     err[300]; /* from behind the name of the file */
};

/* Reads `s` to its end or up to its first error, and frees it. */
static void
read_sum(connlog_source *s, struct sum *sum)
{
	connlog_packet p[32];
	char           err[300] = "";
	int            r;

	assert_non_null(s);
	*sum = (struct sum){ 0 };
	while ((r = connlog_source_read(s, p, 32, err, sizeof err)) > 0)
		for (int i = 0; i < r; i++, sum->packets++) {
			sum->crc = (uint32_t)crc32(sum->crc, (const Bytef *)&p[i].sec, sizeof p[i].sec);
			sum->crc = (uint32_t)crc32(sum->crc, p[i].data, p[i].caplen);
		}
	sum->status = r;
	if (r != CONNLOG_END)
		snprintf(sum->err, sizeof sum->err, "%s", strchr(err, ':'));
	connlog_source_free(s);
}

/* Reads a file, which a thread decompresses, and the same bytes from memory, without a thread. Both must give the same
 * result, which is returned. */
static struct sum
both_ways(const uint8_t *p, size_t n)
{
	char       err[300];
	struct sum file, memory;

	write_file("both", p, n);
	read_sum(connlog_source_files((const char *[]){ "both" }, 1, NULL, err, sizeof err), &file);
	read_sum(source_memory(p, n, NULL, err, sizeof err), &memory);
	assert_int_equal(file.status, memory.status);
	assert_string_equal(file.err, memory.err);
	assert_int_equal(file.packets, memory.packets);
	assert_int_equal(file.crc, memory.crc);
	return file;
}

/* Wherever compressed bytes are cut or damaged, all good packets before come first, and then the same message. */
static void
errors_come_from_the_thread_in_their_order(void **state)
{
	static const size_t cuts[] = { 1, 7, 8, 9, 4096, 100000, 300000, 900000 };
	size_t              size, n;
	struct sum          whole, part;
	uint8_t            *big = long_capture(15000, &size), *packed = malloc(size + 4096);

	(void)state;
	assert_non_null(packed);
	whole = both_ways(big, size);
	assert_int_equal(whole.packets, 15000);
	for (size_t i = 0; i < 2; i++) {
		n = packers[i].pack(big, size, packed, size + 4096);
		part = both_ways(packed, n);
		assert_int_equal(part.status, CONNLOG_END);
		assert_int_equal(part.crc, whole.crc);
		for (size_t k = 0; k < sizeof cuts / sizeof cuts[0]; k++) {
			part = both_ways(packed, n - cuts[k]);
			assert_int_equal(part.status, CONNLOG_BAD_INPUT);
			assert_non_null(strstr(part.err, "data is cut short"));
			assert_true(part.packets > 0 && part.packets <= 15000);
		}
		for (size_t k = 0; k < sizeof cuts / sizeof cuts[0]; k++) {
			packed[n - cuts[k]] ^= 0x55;
			part = both_ways(packed, n);
			assert_true(part.status == CONNLOG_BAD_INPUT || part.packets == 15000); /* some bits are not checked */
			packed[n - cuts[k]] ^= 0x55;
		}
		memcpy(packed + n, "rubbish", 7);
		part = both_ways(packed, n + 7);
		assert_int_equal(part.packets, 15000);
		assert_int_equal(part.status, CONNLOG_BAD_INPUT);
		part = both_ways(packed, packers[i].pack(big, size - 10, packed, size + 4096));
		assert_int_equal(part.packets, 14999);
		assert_non_null(strstr(part.err, "the record says 116 bytes but the file ends 106 bytes later"));
	}
	free(packed);
	free(big);
}

/* Records longer than the decompression buffer, among short ones. */
static void
long_records_out_of_the_thread(void **state)
{
	static const uint32_t sizes[] = { 1000,   60000,  70000,    0,   200000,   262144, 1,
		                              262144, 131072, 1u << 20, 500, 1u << 20, 17 };
	const size_t          n_sizes = sizeof sizes / sizeof sizes[0], rounds = 5, room = 20u << 20;
	struct build          b = { 0 };
	uint8_t              *big = malloc(room), *packed = malloc(room), *at = big;
	struct sum            whole, part;

	(void)state;
	assert_non_null(big);
	assert_non_null(packed);
	put_pcap_header(&b, MAGIC_MICRO, 4, 0, 249); /* USBPcap: up to 1 MiB */
	memcpy(at, b.p, 24);
	at += 24;
	for (size_t i = 0; i < rounds * n_sizes; i++) {
		const uint32_t size = sizes[i % n_sizes];
		b.n = 0;
		put32(&b, (uint32_t)i);
		put32(&b, 0);
		put32(&b, size);
		put32(&b, size);
		memcpy(at, b.p, 16);
		for (size_t k = 0; k < size; k++)
			at[16 + k] = (uint8_t)(k * (i + 1) >> 8);
		at += 16 + size;
	}
	whole = both_ways(big, (size_t)(at - big));
	assert_int_equal(whole.packets, rounds * n_sizes);
	for (size_t i = 0; i < 2; i++) {
		part = both_ways(packed, packers[i].pack(big, (size_t)(at - big), packed, room));
		assert_int_equal(part.status, CONNLOG_END);
		assert_int_equal(part.packets, whole.packets);
		assert_int_equal(part.crc, whole.crc);
	}
	free(packed);
	free(big);
}

/* A reader may stop at any time, and the thread ends then. */
static void
a_reader_that_stops_early(void **state)
{
	size_t          size;
	uint8_t        *big = long_capture(30000, &size), *packed = malloc(size + 4096);
	connlog_packet  p[64];
	connlog_source *s;
	char            err[300];

	(void)state;
	assert_non_null(packed);
	for (size_t i = 0; i < 2; i++) {
		write_file("left", packed, packers[i].pack(big, size, packed, size + 4096));
		for (unsigned batches = 0; batches < 400; batches += 7) {
			s = connlog_source_files((const char *[]){ "left", "left" }, 2, NULL, err, sizeof err);
			assert_non_null(s);
			for (unsigned k = 0; k < batches; k++)
				assert_true(connlog_source_read(s, p, 64, err, sizeof err) > 0);
			if (batches % 2) {
				connlog_source_stop(s);
				assert_int_equal(connlog_source_read(s, p, 64, err, sizeof err), CONNLOG_END);
			}
			connlog_source_free(s);
		}
	}
	free(packed);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_shrinks_while_it_is_read),
		cmocka_unit_test(errors_come_from_the_thread_in_their_order),
		cmocka_unit_test(long_records_out_of_the_thread),
		cmocka_unit_test(a_reader_that_stops_early),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
