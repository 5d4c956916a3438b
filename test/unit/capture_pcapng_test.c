/* The reader of pcapng, with captures made byte by byte. */
#include "capture_build.h"

#include <sys/mman.h>
#include <unistd.h>

static void
put_simple(struct build *b, uint32_t len, uint32_t caplen, unsigned first)
{
	size_t at = begin_block(b, 3);

	put32(b, len);
	put_data(b, first, caplen);
	end_block(b, at);
}

static void
put_obsolete(struct build *b, unsigned interface, uint64_t t, uint32_t caplen, uint32_t len, unsigned first)
{
	size_t at = begin_block(b, 2);

	put16(b, interface);
	put16(b, 0xffff); /* drops: not known */
	put32(b, (uint32_t)(t >> 32));
	put32(b, (uint32_t)t);
	put32(b, caplen);
	put32(b, len);
	put_data(b, first, caplen);
	end_block(b, at);
}

static void
every_packet_block_in_both_byte_orders(void **state)
{
	struct got g;

	(void)state;
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		struct build b = { .big_endian = big_endian };
		size_t       at;
		put_section(&b);
		put_interface(&b, 1, 30, -1, 0);
		put_interface(&b, 113, 0, 9, 0);
		at = begin_block(&b, 5); /* interface statistics: skipped */
		put_data(&b, 0, 12);
		end_block(&b, at);
		put_enhanced(&b, 1, 1700000000123456789, 21, 60, 5);
		put_simple(&b, 20, 20, 6);
		put_simple(&b, 200, 30, 7); /* longer than the first interface's snapshot length */
		put_obsolete(&b, 0, 1700000000123456, 3, 4, 8);
		put_enhanced(&b, 0, 1, 40, 41, 9); /* also longer, but these blocks have lengths of their own */
		read_build(&b, &g);
		assert_int_equal(g.errors, 0);
		assert_int_equal(g.n, 5);
		check_packet(&g, 0, 113, 1700000000, 123456789, 21, 60, 5);
		check_packet(&g, 1, 1, 0, 0, 20, 20, 6);
		check_packet(&g, 2, 1, 0, 0, 30, 200, 7);
		check_packet(&g, 3, 1, 1700000000, 123456000, 3, 4, 8);
		check_packet(&g, 4, 1, 0, 1000, 40, 41, 9);
	}
}

static void
units_and_offsets_of_time(void **state)
{
	static const struct {
		int      resolution;
		uint32_t nsec;
		uint64_t offset, t;
		int64_t  sec;
	} rows[] = {
		{ -1, 123456000, 0, 1700000000123456, 1700000000 },
		{ 6, 123456000, 0, 1700000000123456, 1700000000 },
		{ 9, 123456789, 0, 1700000000123456789, 1700000000 },
		{ 0, 0, 0, 1700000000, 1700000000 },
		{ 3, 999000000, 0, 1700000000999, 1700000000 },
		{ 12, 999, 0, 1700000000999999, 1700 },
		{ 19, 799999999, 0, 17999999999999999999u, 1 },
		{ 0x80 | 0, 0, 0, 17, 17 },
		{ 0x80 | 10, 500000000, 0, 1024 * 5 + 512, 5 },
		{ 0x80 | 32, 250000000, 0, (uint64_t)5 << 32 | 0x40000000, 5 },
		{ 0x80 | 63, 750000000, 0, ((uint64_t)1 << 63) + ((uint64_t)3 << 61), 1 },
		{ 6, 1000, 1600000000, 100000000000001, 1700000000 },
		{ 6, 1000, (uint64_t)-3, 1000001, -2 },
		{ 0x80 | 1, 500000000, 10, 3, 11 },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct build b = { .big_endian = i & 1 };
		put_section(&b);
		put_interface(&b, 1, 0, rows[i / 2].resolution, rows[i / 2].offset);
		put_enhanced(&b, 0, rows[i / 2].t, 4, 4, 1);
		read_build(&b, &g);
		assert_int_equal(g.errors, 0);
		assert_int_equal(g.n, 1);
		check_packet(&g, 0, 1, rows[i / 2].sec, rows[i / 2].nsec, 4, 4, 1);
	}
}

/* A section has its own byte order and numbers its interfaces from 0; two concatenated files form such a file. */
static void
sections(void **state)
{
	struct build b = { 0 };
	struct got   g;

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 0, -1, 0);
	put_enhanced(&b, 0, 1000000, 4, 4, 1);
	b.big_endian = true;
	put_section(&b);
	put_interface(&b, 101, 0, 9, 0);
	put_interface(&b, 0, 0, -1, 0);
	put_enhanced(&b, 0, 2000000000, 4, 4, 2);
	put_enhanced(&b, 1, 3000000, 4, 4, 3);
	b.big_endian = false;
	put_section(&b);
	put_interface(&b, 276, 0, -1, 0);
	put_enhanced(&b, 0, 4000000, 4, 4, 4);
	put_enhanced(&b, 1, 4000000, 4, 4, 4); /* an interface of the previous section */
	read_build(&b, &g);
	assert_int_equal(g.n, 4);
	check_packet(&g, 0, 1, 1, 0, 4, 4, 1);
	check_packet(&g, 1, 12, 2, 0, 4, 4, 2);
	check_packet(&g, 2, 0, 3, 0, 4, 4, 3);
	check_packet(&g, 3, 276, 4, 0, 4, 4, 4);
	assert_int_equal(g.errors, 1);
	assert_non_null(strstr(g.text[0], ": it is of interface 1, which the file does not describe"));
}

static void
many_interfaces(void **state)
{
	struct build b = { 0 };
	struct got   g;

	(void)state;
	put_section(&b);
	for (unsigned i = 0; i < 40; i++)
		put_interface(&b, 1000 + i, 0, -1, 0);
	for (unsigned i = 0; i < 40; i++)
		put_enhanced(&b, i, i, 1, 1, i);
	read_build(&b, &g);
	assert_int_equal(g.n, 40);
	for (unsigned i = 0; i < 40; i++)
		check_packet(&g, i, 1000 + (int32_t)i, 0, i * 1000, 1, 1, i);
}

/* For every truncation of a small capture the complete packets are returned, and a cut within a block is reported. */
static void
every_truncation_is_told(void **state)
{
	struct build b = { 0 };
	struct got   g;
	size_t       ends[6], n_ends = 0, packets, k;
	char         want[200];

	(void)state;
	put_section(&b);
	ends[n_ends++] = b.n;
	put_interface(&b, 1, 0, -1, 0);
	ends[n_ends++] = b.n;
	for (unsigned i = 0; i < 3; i++) {
		put_enhanced(&b, 0, i, 20, 20, i);
		ends[n_ends++] = b.n;
	}
	for (size_t n = 12; n <= b.n; n++) {
		read_memory(b.p, n, 2, &g);
		for (k = 0; k < n_ends && ends[k] <= n; k++)
			;
		packets = k > 2 ? k - 2 : 0;
		assert_int_equal(g.n, packets);
		if (k > 0 && ends[k - 1] == n) {
			assert_int_equal(g.errors, 0);
			continue;
		}
		size_t start = k > 0 ? ends[k - 1] : 0;
		if (n - start < 12)
			snprintf(want, sizeof want, "memory: packet %zu at byte %zu: the file ends after %zu bytes of a block",
			         packets + 1, start, n - start);
		else
			snprintf(want, sizeof want,
			         "memory: packet %zu at byte %zu: the record says %zu bytes but the file ends %zu bytes later",
			         packets + 1, start, ends[k] - start, n - start);
		assert_int_equal(g.errors, 1);
		check_error(&g, 0, CONNLOG_BAD_INPUT, want);
	}
	for (size_t n = 1; n < 12; n++) { /* too short to be recognised */
		read_memory(b.p, n, 2, &g);
		assert_int_equal(g.errors, 1);
		check_error(&g, 0, CONNLOG_BAD_INPUT, "memory: is no pcap or pcapng capture");
	}
}

/* Four bytes of a good capture are overwritten: packets before them are returned, and the damage is reported. */
static void
damage(void **state)
{
	enum { INTERFACE = 28, FIRST = 28 + 40, SECOND = FIRST + 52 };
	static const struct {
		size_t      at;
		uint32_t    value;
		size_t      packets;
		const char *text;
	} rows[] = {
		{ 8, 0x01020304, 0, "memory: is no pcap or pcapng capture" },
		{ 4, 12, 0, "memory: packet 1 at byte 0: a block's two lengths differ" },
		{ INTERFACE + 4, 0, 0, "a block of type 0x00000001 says 0 bytes, which cannot be" },
		{ INTERFACE + 4, 47, 0, "a block of type 0x00000001 says 47 bytes, which cannot be" },
		{ INTERFACE + 4, 0xfffffffc, 0, "a block of type 0x00000001 says 4294967292 bytes, which cannot be" },
		{ INTERFACE + 36, 36, 0, "memory: packet 1 at byte 28: a block's two lengths differ" },
		{ INTERFACE + 16, 0x00ff0002, 0, "an interface's option is longer than its block" },
		{ INTERFACE + 24, 0x00020009, 0, "an interface's if_tsresol cannot be" },
		{ INTERFACE + 28, 20, 0, "an interface's if_tsresol cannot be" },
		{ INTERFACE + 28, 0x80 | 64, 0, "an interface's if_tsresol cannot be" },
		{ INTERFACE + 24, 0x0001000e, 0, "an interface's if_tsoffset is not 8 bytes long" },
		{ INTERFACE, 99, 0, "it is of interface 0, which the file does not describe" },
		{ SECOND + 8, 1, 1, "memory: packet 2 at byte 120: it is of interface 1, which the file does not describe" },
		{ SECOND + 20, 21, 1, "memory: packet 2 at byte 120: 21 captured bytes do not fit into a block of 52" },
		{ SECOND + 20, 0xffffffff, 1, "4294967295 captured bytes do not fit into a block of 52" },
		{ SECOND, 0x0a0d0d0a, 1, "a section begins without the byte-order magic" },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct build b = { 0 };
		size_t       n;
		put_section(&b);
		put_interface(&b, 1, 0, 6, 0);
		assert_int_equal(b.n, FIRST);
		put_enhanced(&b, 0, 1, 20, 20, 1);
		assert_int_equal(b.n, SECOND);
		put_enhanced(&b, 0, 2, 20, 20, 2);
		put_enhanced(&b, 0, 3, 20, 20, 3);
		n = b.n;
		b.n = rows[i].at;
		put32(&b, rows[i].value);
		b.n = n;
		read_build(&b, &g);
		assert_int_equal(g.n, rows[i].packets);
		assert_int_equal(g.errors, 1);
		assert_int_equal(g.status[0], CONNLOG_BAD_INPUT);
		if (!strstr(g.text[0], rows[i].text))
			fail_msg("row %zu: \"%s\" instead of \"%s\"", i, g.text[0], rows[i].text);
	}
}

static void
blocks_that_are_too_short(void **state)
{
	static const struct {
		uint32_t    type;
		size_t      body;
		const char *text;
	} rows[] = {
		{ 0x0a0d0d0a, 12, "memory: packet 1 at byte 68: a section header of 12 bytes is too short" },
		{ 1, 4, "memory: packet 1 at byte 68: an interface description of 4 bytes is too short" },
		{ 2, 16, "memory: packet 1 at byte 68: a packet block of 28 bytes is too short" },
		{ 3, 0, "memory: packet 1 at byte 68: a packet block of 12 bytes is too short" },
		{ 6, 16, "memory: packet 1 at byte 68: a packet block of 28 bytes is too short" },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct build b = { 0 };
		size_t       at;
		put_section(&b);
		put_interface(&b, 1, 0, 6, 0);
		at = begin_block(&b, rows[i].type);
		if (rows[i].body >= 4)
			put32(&b, 0x1a2b3c4d);
		for (size_t k = 4; k < rows[i].body; k++)
			put8(&b, 0);
		end_block(&b, at);
		read_build(&b, &g);
		assert_int_equal(g.n, 0);
		assert_int_equal(g.errors, 1);
		check_error(&g, 0, CONNLOG_BAD_INPUT, rows[i].text);
	}
}

/* A section of any version is read, and interfaces without packets are no error. */
static void
what_is_let_pass(void **state)
{
	struct build b = { 0 };
	struct got   g;

	(void)state;
	put_section(&b);
	b.p[12] = 2; /* version 2.0 */
	read_build(&b, &g);
	assert_int_equal(g.n + g.errors, 0);
	put_interface(&b, 1, 0, -1, 0);
	put_enhanced(&b, 0, 0, 0, 0, 0); /* the decoder counts it */
	read_build(&b, &g);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.errors, 0);
	check_packet(&g, 0, 1, 0, 0, 0, 0, 0);
}

/* Reads a capture with the prefix that requests Zeek's reading of it. */
static void
read_as_zeek(const struct build *b, const char *bpf, struct got *g)
{
	char            err[300], path[60];
	int             fd = memfd_create("as-zeek", 0);
	connlog_source *s;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->p, b->n), b->n);
	snprintf(path, sizeof path, "pcapng::/dev/fd/%d", fd);
	s = connlog_source_files((const char *[]){ path }, 1, bpf, err, sizeof err);
	assert_non_null(s);
	read_all(s, 64, g);
	close(fd);
}

static void
zeek_reads_enhanced_packets_alone(void **state)
{
	static const uint8_t cut[] = { 8, 9, 0, 0, 0 };
	struct build         b = { 0 };
	struct got           g;

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 30, -1, 0);
	put_interface(&b, 113, 0, 9, 0);
	put_simple(&b, 20, 20, 1);
	put_enhanced(&b, 1, 1700000000123456789, 21, 60, 2);
	put_obsolete(&b, 0, 1, 20, 20, 3);
	put_enhanced(&b, 2, 1, 20, 20, 4); /* of an unknown interface */
	put_enhanced(&b, 0, 1, 0, 20, 5);
	put_enhanced(&b, 0, 1, 20, 0, 6);
	put_enhanced(&b, 0, 1, 40, 41, 7);
	put_enhanced(&b, 0, 2, 5, 2, 8); /* more captured than there was on the wire */
	read_as_zeek(&b, NULL, &g);
	assert_int_equal(g.errors, 0);
	assert_int_equal(g.n, 3);
	check_packet(&g, 0, 113, 1700000000, 123456789, 21, 60, 2);
	check_packet(&g, 1, 1, 0, 1000, 40, 41, 7);
	assert_int_equal(g.p[2].caplen, 5);
	assert_int_equal(g.p[2].len, 2);
	assert_memory_equal(g.p[2].data, cut, sizeof cut);
}

static void
zeek_has_units_of_its_own(void **state)
{
	static const struct {
		int      resolution;
		uint32_t nsec;
		uint64_t offset, t;
		int64_t  sec;
	} rows[] = {
		{ -1, 123456000, 0, 1700000000123456, 1700000000 },
		{ 6, 1000, 1600000000, 100000000000001, 100000000 }, /* the offset is ignored */
		{ 9, 123456789, 0, 1700000000123456789, 1700000000 },
		{ 0, 0, 0, 1700000000, 1700000000 },
		{ 10, 500000000, 0, 1410065408ull * 3 + 1410065408 / 2, 3 }, /* 10^10 in 32 bits */
		{ 12, 500000000, 0, 3567587328ull * 7 + 3567587328 / 2, 7 },
		{ 18, 250000000, 0, 2808348672ull * 5 + 2808348672 / 4, 5 },
		{ 0x80 | 0, 500000000, 0, 17, 8 },
		{ 0x80 | 10, 500000000, 0, 2048 * 5 + 1024, 5 },
		{ 0x80 | 30, 750000000, 0, ((uint64_t)1 << 31) * 9 + ((uint64_t)3 << 29), 9 },
	};
	static const int without[] = { 19, 20, 127, 0x80 | 31, 0x80 | 32, 0x80 | 62, 0x80 | 63, 0x80 | 64, 0xff };
	struct got       g;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct build b = { 0 };
		put_section(&b);
		put_interface(&b, 1, 0, rows[i].resolution, rows[i].offset);
		put_enhanced(&b, 0, rows[i].t, 4, 4, 1);
		read_as_zeek(&b, NULL, &g);
		assert_int_equal(g.errors, 0);
		assert_int_equal(g.n, 1);
		check_packet(&g, 0, 1, rows[i].sec, rows[i].nsec, 4, 4, 1);
	}
	for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
		struct build b = { 0 };
		put_section(&b);
		put_interface(&b, 1, 0, without[i], 0);
		put_enhanced(&b, 0, 1, 4, 4, 1);
		read_as_zeek(&b, NULL, &g);
		assert_int_equal(g.n, 0);
		assert_int_equal(g.errors, 1);
		assert_non_null(strstr(g.text[0], "packet 1 at byte 28: Zeek's pcapng source cannot count time"));
	}
}

/* Of two if_tsresol options the first counts, of a long one the first byte; an empty one leaves microseconds, and after
 * an option longer than its block no others are read. */
static void
zeek_looks_at_options_once(void **state)
{
	static const struct {
		const char *options;
		size_t      n;
		int64_t     sec; /* of 2,000,000,000 units */
	} rows[] = {
		{ "\x09\0\x01\0\x09\0\0\0\x09\0\x01\0\x03\0\0\0", 16, 2 },
		{ "\x09\0\x02\0\x03\x09\0\0", 8, 2000000 },
		{ "\x09\0\0\0\x09\0\x01\0\x09\0\0\0", 12, 2000 },
		{ "\x0e\0\x01\0\x05\0\0\0\x09\0\x01\0\x09\0\0\0", 16, 2 }, /* an if_tsoffset of one byte before it */
		{ "\x02\0\xff\0\x09\0\x01\0\x09\0\0\0", 12, 2000 },
		{ "\x09\0\xff\0\x09\0\0\0", 8, 2000 },
		{ "\0\0\0\0\x09\0\x01\0\x09\0\0\0", 12, 2000 },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct build b = { 0 };
		size_t       at;
		put_section(&b);
		at = begin_block(&b, 1);
		put32(&b, 1);
		put32(&b, 0);
		put(&b, rows[i].options, rows[i].n);
		end_block(&b, at);
		put_enhanced(&b, 0, 2000000000, 4, 4, 1);
		read_as_zeek(&b, NULL, &g);
		assert_int_equal(g.errors, 0);
		assert_int_equal(g.n, 1);
		check_packet(&g, 0, 1, rows[i].sec, 0, 4, 4, 1);
	}
}

/* Zeek's reading ends at the first block after a big-endian section header; the header itself is read. */
static void
zeek_ends_in_a_big_endian_section(void **state)
{
	struct build b = { 0 };
	struct got   g;
	size_t       end;
	char         want[100];

	(void)state;
	put_section(&b);
	put_interface(&b, 1, 0, -1, 0);
	put_enhanced(&b, 0, 1000000, 4, 4, 1);
	b.big_endian = true;
	put_section(&b);
	b.big_endian = false;
	put_section(&b);
	put_enhanced(&b, 0, 2000000, 4, 4, 2); /* the interface belonged to the previous section */
	put_interface(&b, 1, 0, -1, 0);
	put_enhanced(&b, 0, 3000000, 4, 4, 3);
	b.big_endian = true;
	put_section(&b);
	end = b.n;
	put_interface(&b, 1, 0, -1, 0);
	put_enhanced(&b, 0, 4000000, 4, 4, 4);
	b.big_endian = false;
	put_section(&b);
	put_interface(&b, 1, 0, -1, 0);
	put_enhanced(&b, 0, 5000000, 4, 4, 5);
	read_as_zeek(&b, NULL, &g);
	assert_int_equal(g.n, 2);
	check_packet(&g, 0, 1, 1, 0, 4, 4, 1);
	check_packet(&g, 1, 1, 3, 0, 4, 4, 3);
	assert_int_equal(g.errors, 1);
	assert_int_equal(g.status[0], CONNLOG_BAD_INPUT);
	assert_int_equal(g.at[0], 2);
	snprintf(want, sizeof want, ": packet 3 at byte %zu: Zeek's pcapng source does not read big-endian sections; ",
	         end);
	assert_non_null(strstr(g.text[0], want));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_block_in_both_byte_orders),
		cmocka_unit_test(units_and_offsets_of_time),
		cmocka_unit_test(sections),
		cmocka_unit_test(many_interfaces),
		cmocka_unit_test(every_truncation_is_told),
		cmocka_unit_test(damage),
		cmocka_unit_test(blocks_that_are_too_short),
		cmocka_unit_test(what_is_let_pass),
		cmocka_unit_test(zeek_reads_enhanced_packets_alone),
		cmocka_unit_test(zeek_has_units_of_its_own),
		cmocka_unit_test(zeek_looks_at_options_once),
		cmocka_unit_test(zeek_ends_in_a_big_endian_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
