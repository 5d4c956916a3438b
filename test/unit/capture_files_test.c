/* The source over files: compressed ones, directories, standard input, filters, and errors in each. */
#include "capture_build.h"
#include "capture_folder.h"
#include "capture_pack.h"

static void
write_pcap(const char *name, uint32_t sec, unsigned n, unsigned first)
{
	struct build b = { 0 };

	put_pcap(&b, sec, n, first);
	write_file(name, b.p, b.n);
}

static void
read_paths(const char *const *paths, size_t n, const char *bpf, struct got *g)
{
	char            err[300];
	connlog_source *s = connlog_source_files(paths, n, bpf, err, sizeof err);

	assert_non_null(s);
	read_all(s, 64, g);
}

/* One capture in two members or frames, divided in the middle of a packet; for zstd also after a skippable frame. */
static void
compressed_in_parts(void **state)
{
	static const uint8_t skip[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 'x', 'x', 'x', 'x' };
	struct build         b = { 0 };
	struct got           g;
	uint8_t              packed[1024];
	size_t               n;

	(void)state;
	put_pcap(&b, 100, 5, 0);
	for (size_t i = 0; i < 2; i++) {
		n = 0;
		if (i == 1) {
			memcpy(packed, skip, sizeof skip);
			n = sizeof skip;
		}
		n += packers[i].pack(b.p, 77, packed + n, sizeof packed - n);
		n += packers[i].pack(b.p + 77, b.n - 77, packed + n, sizeof packed - n);
		if (i == 0) { /* padding as on a tape */
			memset(packed + n, 0, 20);
			n += 20;
		}
		read_memory(packed, n, 64, &g);
		assert_int_equal(g.errors, 0);
		assert_int_equal(g.n, 5);
		for (unsigned k = 0; k < 5; k++)
			check_packet(&g, k, 1, 100 + k, 0, 20, 20, k);
	}
}

/* However many of the compressed bytes there are, only good packets are returned, and the end is reported. */
static void
compressed_and_cut_or_damaged(void **state)
{
	struct build b = { 0 };
	struct got   g;
	uint8_t      packed[1024];
	char         want[100];
	size_t       n;

	(void)state;
	put_pcap(&b, 100, 5, 0);
	for (size_t i = 0; i < 2; i++) {
		n = packers[i].pack(b.p, b.n, packed, sizeof packed);
		for (size_t cut = 4; cut < n; cut++) {
			read_memory(packed, cut, 64, &g);
			assert_int_equal(g.errors, 1);
			assert_int_equal(g.status[0], CONNLOG_BAD_INPUT);
			snprintf(want, sizeof want, "%s data is cut short", packers[i].name);
			assert_non_null(strstr(g.text[0], want));
			for (unsigned k = 0; k < g.n; k++)
				check_packet(&g, k, 1, 100 + k, 0, 20, 20, k);
		}
		memset(packed + n, 'x', 10);
		read_memory(packed, n + 10, 64, &g);
		assert_int_equal(g.n, 5);
		assert_int_equal(g.errors, 1);
		assert_non_null(strstr(g.text[0], i == 0 ? "memory: packet 6 at byte 204 of the unpacked data: gzip data is "
		                                           "damaged: there are other bytes behind the gzip data"
		                                         : "memory: packet 6 at byte 204 of the unpacked data: zstd data is "
		                                           "damaged: "));
	}
	n = gzip(b.p, b.n, packed, sizeof packed);
	packed[n - 8] ^= 1; /* the checksum */
	read_memory(packed, n, 64, &g);
	assert_int_equal(g.n, 5);
	assert_int_equal(g.errors, 1);
	check_error(&g, 0, CONNLOG_BAD_INPUT,
	            "memory: packet 6 at byte 204 of the unpacked data: gzip data is damaged: incorrect data check");
}

/* A truncated capture that is compressed correctly: the position is in the decompressed bytes. */
static void
cut_before_it_was_compressed(void **state)
{
	struct build b = { 0 };
	struct got   g;
	uint8_t      packed[1024];

	(void)state;
	put_pcap(&b, 100, 2, 0);
	for (size_t i = 0; i < 2; i++) {
		read_memory(packed, packers[i].pack(b.p, b.n - 3, packed, sizeof packed), 64, &g);
		assert_int_equal(g.n, 1);
		check_error(&g, 0, CONNLOG_BAD_INPUT,
		            "memory: packet 2 at byte 60 of the unpacked data: the record says 36 bytes but the file ends 33 "
		            "bytes later");
		read_memory(packed, packers[i].pack("no capture", 10, packed, sizeof packed), 64, &g);
		check_error(&g, 0, CONNLOG_BAD_INPUT, "memory: is no pcap or pcapng capture");
		read_memory(packed, packers[i].pack("", 0, packed, sizeof packed), 64, &g);
		check_error(&g, 0, CONNLOG_BAD_INPUT, "memory: is empty: no capture");
	}
}

/* More bytes than the window holds, in records of all sizes: none is lost or damaged where the window moves. */
static void
larger_than_the_window(void **state)
{
	const size_t    packets = 3000;
	uint8_t        *big = malloc(24 + packets * (16 + 1500)), *packed = malloc(8u << 20), *at = big;
	struct build    b = { 0 };
	connlog_packet  p[32];
	connlog_source *s;
	size_t          n;
	char            err[300];

	(void)state;
	assert_non_null(big);
	assert_non_null(packed);
	put_pcap_header(&b, MAGIC_MICRO, 4, 0, 1);
	memcpy(at, b.p, 24);
	at += 24;
	for (uint32_t i = 0; i < packets; i++) {
		uint32_t size = i * 7919 % 1500;
		b.n = 0;
		put32(&b, i);
		put32(&b, 0);
		put32(&b, size);
		put32(&b, size);
		memcpy(at, b.p, 16);
		memset(at + 16, (int)(i & 0xff), size);
		at += 16 + size;
	}
	write_file("big", big, (size_t)(at - big));
	for (size_t i = 0; i < 3; i++) {
		if (i > 0) {
			n = packers[i - 1].pack(big, (size_t)(at - big), packed, 8u << 20);
			write_file("big", packed, n);
		}
		s = connlog_source_files((const char *[]){ "big" }, 1, NULL, err, sizeof err);
		assert_non_null(s);
		uint32_t seen = 0;
		int      r;
		while ((r = connlog_source_read(s, p, 32, err, sizeof err)) > 0) {
			for (int k = 0; k < r; k++, seen++) {
				assert_int_equal(p[k].sec, seen);
				assert_int_equal(p[k].caplen, seen * 7919 % 1500);
				for (uint32_t x = 0; x < p[k].caplen; x++)
					if (p[k].data[x] != (seen & 0xff))
						fail_msg("packet %u is torn", seen);
			}
		}
		assert_int_equal(r, CONNLOG_END);
		assert_int_equal(seen, packets);
		connlog_source_free(s);
	}
	free(big);
	free(packed);
}

static void
files_are_one_stream_and_errors_name_them(void **state)
{
	static const char *const paths[] = { "b", "missing", "text", "empty", "cut", "archive", "a" };
	struct build             b = { 0 };
	struct got               g;

	(void)state;
	write_pcap("a", 100, 2, 10);
	write_pcap("b", 200, 2, 20);
	write_file("text", "nothing of use", 14);
	write_file("empty", "", 0);
	put_pcap(&b, 300, 2, 30);
	write_file("cut", b.p, b.n - 1);
	write_file("archive", "\3757zXZ...", 8);
	read_paths(paths, 7, NULL, &g);
	assert_int_equal(g.n, 5);
	check_packet(&g, 0, 1, 200, 0, 20, 20, 20);
	check_packet(&g, 2, 1, 300, 0, 20, 20, 30);
	check_packet(&g, 4, 1, 101, 0, 20, 20, 11);
	assert_int_equal(g.errors, 5);
	check_error(&g, 0, CONNLOG_IO, "missing: cannot be opened: No such file or directory");
	check_error(&g, 1, CONNLOG_BAD_INPUT, "text: is no pcap or pcapng capture");
	check_error(&g, 2, CONNLOG_BAD_INPUT, "empty: is empty: no capture");
	check_error(&g, 3, CONNLOG_BAD_INPUT,
	            "cut: packet 2 at byte 60: the record says 36 bytes but the file ends 35 bytes later");
	check_error(&g, 4, CONNLOG_BAD_INPUT,
	            "archive: is no pcap or pcapng capture: it is compressed with xz, unpack it first");
	assert_int_equal(g.at[3], 3);
}

static void
a_directory_goes_by_first_packets(void **state)
{
	struct build b = { 0 };
	struct got   g;
	uint8_t      packed[300];

	(void)state;
	mkdir("d", 0700);
	mkdir("d/sub", 0700);
	mkdir("nothing", 0700);
	write_pcap("d/a", 300, 1, 3);
	write_pcap("d/b", 100, 1, 1);
	put_pcap(&b, 200, 1, 2);
	write_file("d/c", packed, gzip(b.p, b.n, packed, sizeof packed));
	write_pcap("d/d", 100, 1, 9); /* the same time as b: by name */
	write_pcap("d/.hidden", 1, 1, 99);
	write_pcap("d/sub/x", 1, 1, 99);
	write_file("d/0", "no capture", 10);
	write_pcap("last", 50, 1, 7);
	read_paths((const char *[]){ "d/", "nothing", "last" }, 3, NULL, &g);
	assert_int_equal(g.n, 5);
	check_packet(&g, 0, 1, 100, 0, 20, 20, 1);
	check_packet(&g, 1, 1, 100, 0, 20, 20, 9);
	check_packet(&g, 2, 1, 200, 0, 20, 20, 2);
	check_packet(&g, 3, 1, 300, 0, 20, 20, 3);
	check_packet(&g, 4, 1, 50, 0, 20, 20, 7);
	assert_int_equal(g.errors, 2);
	check_error(&g, 0, CONNLOG_BAD_INPUT, "d/0: is no pcap or pcapng capture");
	check_error(&g, 1, CONNLOG_IO, "nothing: holds no files");
}

static void
no_permission(void **state)
{
	struct got g;

	(void)state;
	if (geteuid() == 0)
		skip(); /* root has all permissions */
	write_pcap("secret", 1, 1, 1);
	chmod("secret", 0);
	mkdir("secrets", 0);
	read_paths((const char *[]){ "secret", "secrets" }, 2, NULL, &g);
	assert_int_equal(g.errors, 2);
	check_error(&g, 0, CONNLOG_IO, "secret: cannot be opened: Permission denied");
	check_error(&g, 1, CONNLOG_IO, "secrets: cannot be listed: Permission denied");
}

/* Reads `paths` with `fd` as standard input. */
static void
read_with_stdin(int fd, struct got *g)
{
	int saved = dup(STDIN_FILENO);

	assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
	read_paths((const char *[]){ "-", "after" }, 2, NULL, g);
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* not ours to close */
	if (saved >= 0) {
		dup2(saved, STDIN_FILENO);
		close(saved);
	}
}

static void
standard_input(void **state)
{
	struct build b = { 0 };
	struct got   g;
	uint8_t      packed[400];
	int          ends[2];

	(void)state;
	write_pcap("after", 1, 1, 50);
	put_pcap(&b, 100, 2, 10);
	for (size_t i = 0; i < 2; i++) { /* through a pipe, in two writes */
		size_t n = packers[i].pack(b.p, b.n, packed, sizeof packed);
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], packed, n), n);
		close(ends[1]);
		read_with_stdin(ends[0], &g);
		assert_int_equal(g.errors, 0);
		assert_int_equal(g.n, 3);
		check_packet(&g, 0, 1, 100, 0, 20, 20, 10);
		check_packet(&g, 2, 1, 1, 0, 20, 20, 50);
	}
	write_file("cut", b.p, b.n - 1);
	read_with_stdin(open("cut", O_RDONLY), &g);
	assert_int_equal(g.n, 2);
	check_error(&g, 0, CONNLOG_BAD_INPUT,
	            "standard input: packet 2 at byte 60: the record says 36 bytes but the file ends 35 bytes later");
}

/* Packets from a pipe are returned although more of the capture is still to come. */
static void
a_slow_pipe(void **state)
{
	struct build    b = { 0 };
	connlog_packet  p[8];
	connlog_source *s;
	char            err[300], name[40];
	int             ends[2];

	(void)state;
	put_pcap(&b, 100, 3, 10);
	assert_int_equal(pipe(ends), 0);
	snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
	s = connlog_source_files((const char *[]){ name }, 1, NULL, err, sizeof err);
	assert_non_null(s);
	assert_int_equal(write(ends[1], b.p, 24 + 36 + 5), 24 + 36 + 5);
	assert_int_equal(connlog_source_read(s, p, 8, err, sizeof err), 1);
	assert_int_equal(p[0].sec, 100);
	assert_int_equal(write(ends[1], b.p + 65, b.n - 65), b.n - 65);
	close(ends[1]);
	assert_int_equal(connlog_source_read(s, p, 8, err, sizeof err), 2);
	assert_int_equal(p[1].sec, 102);
	assert_int_equal(connlog_source_read(s, p, 8, err, sizeof err), CONNLOG_END);
	connlog_source_free(s);
	close(ends[0]);
}

/* Appends an IPv4 packet: after an Ethernet header for link type 1, without one for raw IP. */
static void
put_ip(struct build *b, bool ethernet, unsigned proto)
{
	uint8_t ip[34] = { [12] = 0x08, [14] = 0x45, [17] = 20, [22] = 64, [23] = (uint8_t)proto };

	put(b, ethernet ? ip : ip + 14, ethernet ? 34 : 20);
}

static void
put_enhanced_ip(struct build *b, uint32_t interface, bool ethernet, unsigned proto)
{
	uint32_t n = ethernet ? 34 : 20;
	size_t   at = begin_block(b, 6);

	put32(b, interface);
	put32(b, 0);
	put32(b, proto);
	put32(b, n);
	put32(b, n);
	put_ip(b, ethernet, proto);
	end_block(b, at);
}

static void
a_filter_goes_for_every_link_type(void **state)
{
	struct build            b = { 0 };
	connlog_packet          p[2];
	connlog_source_progress progress;
	connlog_source         *s;
	struct got              g;
	char                    err[300];
	int                     n = 0, r;

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 0, -1, 0);
	put_interface(&b, 101, 0, -1, 0);
	put_interface(&b, 239, 0, -1, 0); /* NFLOG: nothing can filter it */
	for (unsigned i = 0; i < 4; i++) {
		put_enhanced_ip(&b, 0, true, i % 2 ? 6 : 17);
		put_enhanced_ip(&b, 1, false, i % 2 ? 6 : 17);
	}
	put_enhanced(&b, 2, 77, 8, 8, 0);
	write_file("mixed", b.p, b.n);
	s = connlog_source_files((const char *[]){ "mixed" }, 1, "tcp", err, sizeof err);
	assert_non_null(s);
	while ((r = connlog_source_read(s, p, 2, err, sizeof err)) > 0)
		for (int i = 0; i < r; i++)
			assert_int_equal(p[i].nsec, n++ < 4 ? 6000 : 77000);
	assert_int_equal(r, CONNLOG_END);
	assert_int_equal(n, 5);
	connlog_source_progress_get(s, &progress);
	assert_int_equal(progress.packets, 5);
	assert_int_equal(progress.filtered, 4);
	connlog_source_free(s);
	read_paths((const char *[]){ "mixed" }, 1, "", &g);
	assert_int_equal(g.n, 9);
}

static void
filters_that_do_not_compile(void **state)
{
	struct build b = { 0 };
	struct got   g;
	char         err[300];

	(void)state;
	assert_null(connlog_source_files((const char *[]){ "x" }, 1, "no such words", err, sizeof err));
	assert_non_null(strstr(err, "the filter 'no such words' does not compile for link type 1 (EN10MB): "));

	put_section(&b); /* Ethernet has these words, raw IP has not */
	put_interface(&b, 1, 0, -1, 0);
	put_interface(&b, 101, 0, -1, 0);
	put_enhanced_ip(&b, 0, true, 6);
	put_enhanced_ip(&b, 1, false, 6);
	put_enhanced_ip(&b, 0, true, 6);
	write_file("mixed", b.p, b.n);
	write_pcap("next", 100, 1, 0);
	read_paths((const char *[]){ "mixed", "next" }, 2, "not ether host 1:2:3:4:5:6", &g);
	assert_int_equal(g.n, 2); /* the one before, and the next file */
	check_packet(&g, 1, 1, 100, 0, 20, 20, 0);
	assert_int_equal(g.errors, 1);
	assert_int_equal(g.at[0], 1);
	assert_int_equal(g.status[0], CONNLOG_BAD_INPUT);
	assert_non_null(
		strstr(g.text[0], "mixed: the filter 'not ether host 1:2:3:4:5:6' does not compile for link type 12 (RAW): "));

	write_pcap("wlan", 100, 1, 0); /* and these are words that Ethernet has not */
	assert_int_equal(truncate("wlan", 20), 0);
	int fd = open("wlan", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "\x69\0\0\0", 4), 4); /* IEEE 802.11 */
	close(fd);
	read_paths((const char *[]){ "wlan" }, 1, "wlan type mgt", &g);
	assert_int_equal(g.errors, 0);
}

/* With the prefix that requests Zeek's reading of pcapng, the file is not filtered, unlike others; for a directory it
 * applies to all files and changes their order. Messages do not contain it. */
static void
as_zeek(void **state)
{
	static const char *const paths[] = { "pcapng::ng", "ng", "pcapng::mixed-up", "pcapng::d2", "pcapng::missing" };
	struct build             b = { 0 };
	struct got               g;
	size_t                   at;

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 0, -1, 0);
	at = begin_block(&b, 3);
	put32(&b, 34);
	put_ip(&b, true, 6);
	end_block(&b, at);
	put_enhanced_ip(&b, 0, true, 17);
	write_file("ng", b.p, b.n);
	write_pcap("mixed-up", 200, 1, 20); /* not pcapng */
	mkdir("d2", 0700);
	write_file("d2/b", b.p, b.n); /* at 0 in whole, but Zeek's first packet is of 17 us */
	b.n = 0;
	put_section(&b);
	put_interface(&b, 1, 0, -1, 0);
	put_enhanced(&b, 0, 9, 20, 20, 9);
	write_file("d2/c", b.p, b.n);

	read_paths(paths, 5, NULL, &g);
	assert_int_equal(g.n, 6);
	assert_int_equal(g.p[0].nsec, 17000);
	assert_int_equal(g.p[1].nsec, 0);
	assert_int_equal(g.p[2].nsec, 17000);
	check_packet(&g, 3, 1, 200, 0, 20, 20, 20);
	check_packet(&g, 4, 1, 0, 9000, 20, 20, 9);
	assert_int_equal(g.p[5].nsec, 17000);
	assert_int_equal(g.errors, 1);
	check_error(&g, 0, CONNLOG_IO, "missing: cannot be opened: No such file or directory");

	read_paths(paths, 3, "tcp", &g);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.p[0].nsec, 17000); /* UDP */
	assert_int_equal(g.p[1].nsec, 0);

	read_paths((const char *[]){ "pcapng::d2", "./d2" }, 2, NULL, &g);
	assert_int_equal(g.n, 5);
	assert_int_equal(g.p[0].nsec, 9000);
	assert_int_equal(g.p[2].nsec, 0);
	assert_int_equal(g.p[3].nsec, 17000);
	assert_int_equal(g.p[4].nsec, 9000);
}

static void
progress(void **state)
{
	struct build            b = { 0 };
	connlog_source_progress at;
	connlog_packet          p[4];
	connlog_source         *s;
	uint8_t                 packed[300];
	size_t                  n;
	char                    err[300];

	(void)state;
	put_pcap(&b, 100, 3, 0);
	n = gzip(b.p, b.n, packed, sizeof packed);
	write_file("one.gz", packed, n);
	write_file("two", b.p, b.n);
	s = connlog_source_files((const char *[]){ "one.gz", "two" }, 2, NULL, err, sizeof err);
	assert_non_null(s);
	assert_int_equal(connlog_source_read(s, p, 4, err, sizeof err), 3);
	connlog_source_progress_get(s, &at);
	assert_int_equal(at.bytes, n); /* as stored on disk */
	assert_int_equal(at.total_bytes, n + b.n);
	assert_int_equal(at.packets, 3);
	assert_string_equal(at.name, "one.gz");
	assert_int_equal(connlog_source_read(s, p, 4, err, sizeof err), 3);
	connlog_source_progress_get(s, &at);
	assert_int_equal(at.bytes, n + b.n);
	assert_string_equal(at.name, "two");
	assert_int_equal(connlog_source_read(s, p, 4, err, sizeof err), CONNLOG_END);
	connlog_source_progress_get(s, &at);
	assert_int_equal(at.bytes, n + b.n);
	assert_int_equal(at.packets, 6);
	assert_null(at.name);
	assert_int_equal(connlog_source_read(s, p, 4, err, sizeof err), CONNLOG_END);
	connlog_source_free(s);

	s = connlog_source_files((const char *[]){ "-", "two" }, 2, NULL, err, sizeof err); /* of unknown length */
	assert_non_null(s);
	connlog_source_stop(s);
	assert_int_equal(connlog_source_read(s, p, 4, err, sizeof err), CONNLOG_END);
	connlog_source_progress_get(s, &at);
	assert_int_equal(at.total_bytes, 0);
	connlog_source_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compressed_in_parts),
		cmocka_unit_test(compressed_and_cut_or_damaged),
		cmocka_unit_test(cut_before_it_was_compressed),
		cmocka_unit_test(larger_than_the_window),
		cmocka_unit_test(files_are_one_stream_and_errors_name_them),
		cmocka_unit_test(a_directory_goes_by_first_packets),
		cmocka_unit_test(no_permission),
		cmocka_unit_test(standard_input),
		cmocka_unit_test(a_slow_pipe),
		cmocka_unit_test(a_filter_goes_for_every_link_type),
		cmocka_unit_test(filters_that_do_not_compile),
		cmocka_unit_test(as_zeek),
		cmocka_unit_test(progress),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
