/* The reader of classic captures, with captures made byte by byte. */
#include "capture/dlt.h"
#include "capture_build.h"

static void
every_magic_in_both_byte_orders(void **state)
{
	static const struct {
		uint32_t magic;
		size_t   extra; /* bytes in a record's header beyond the usual 16 */
		uint32_t nsec;  /* of a fraction of 123456 */
	} rows[] = {
		{ MAGIC_MICRO, 0, 123456000 },
		{ MAGIC_NANO, 0, 123456 },
		{ MAGIC_KUZNETZOV, 8, 123456000 },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct build b = { .big_endian = i & 1 };
		put_pcap_header(&b, rows[i / 2].magic, 4, 100, 1);
		for (unsigned k = 0; k < 2; k++) {
			put_pcap_packet(&b, 1000 + k, 123456, 0, 60, 0);
			b.n -= 8; /* the lengths, to write them again around the extra fields */
			put32(&b, 20);
			put32(&b, 60);
			for (size_t x = 0; x < rows[i / 2].extra; x++)
				put8(&b, 0xee);
			put_data(&b, 7 + k, 20);
		}
		read_build(&b, &g);
		assert_int_equal(g.n, 2);
		assert_int_equal(g.errors, 0);
		check_packet(&g, 0, 1, 1000, rows[i / 2].nsec, 20, 60, 7);
		check_packet(&g, 1, 1, 1001, rows[i / 2].nsec, 20, 60, 8);
	}
}

static void
link_types_become_dlt_values(void **state)
{
	static const struct {
		uint32_t linktype;
		int32_t  dlt; /* -1: refused */
	} rows[] = {
		{ 0, 0 },         { 1, 1 },          { 10, 10 },         { 12, 12 },         { 100, 11 },
		{ 101, 12 },      { 102, 15 },       { 103, 16 },        { 105, 105 },       { 106, 19 },
		{ 113, 113 },     { 127, 127 },      { 239, 239 },       { 246, 246 },       { 276, 276 },
		{ 65535, 65535 }, { 0x24000001, 1 }, { 0xf4000065, 12 }, { 0x00010001, -1 },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct build b = { 0 };
		put_pcap_header(&b, MAGIC_MICRO, 4, 100, rows[i].linktype);
		put_pcap_packet(&b, 1, 2, 3, 4, 0);
		read_build(&b, &g);
		assert_int_equal(g.n, rows[i].dlt >= 0);
		assert_int_equal(g.errors, rows[i].dlt < 0);
		if (rows[i].dlt >= 0)
			check_packet(&g, 0, rows[i].dlt, 1, 2000, 3, 4, 0);
	}
	check_error(&g, 0, CONNLOG_BAD_INPUT, "memory: the pcap header's link type 0x00010001 has reserved bits set");
}

/* libpcap 1.10 gives these times, in seconds and microseconds that may exceed a second. */
static void
odd_times(void **state)
{
	static const struct {
		bool     big_endian, nano;
		uint32_t sec, fraction;
		uint32_t want_nsec;
		int64_t  want_sec;
	} rows[] = {
		{ false, false, 5, 999999, 999999000, 5 },
		{ false, false, 5, 1000000, 0, 6 },
		{ false, false, 5, 4294968, 294968000, 9 },
		{ false, false, 5, 0xffffffff, 999999000, 4 }, /* one microsecond before */
		{ true, false, 5, 0xffffffff, 967295000, 4299 },
		{ false, false, 0xffffffff, 1, 1000, -1 },
		{ true, false, 0xffffffff, 1, 1000, 4294967295 },
		{ false, true, 5, 999999999, 999999999, 5 },
		{ false, true, 5, 1000000000, 0, 6 },
		{ false, true, 5, 0x80000000, 852517000, 2 },
		{ true, true, 5, 0x80000000, 147483000, 7 },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct build b = { .big_endian = rows[i].big_endian };
		put_pcap_header(&b, rows[i].nano ? MAGIC_NANO : MAGIC_MICRO, 4, 100, 1);
		put_pcap_packet(&b, rows[i].sec, rows[i].fraction, 1, 1, 0);
		read_build(&b, &g);
		assert_int_equal(g.n, 1);
		check_packet(&g, 0, 1, rows[i].want_sec, rows[i].want_nsec, 1, 1, 0);
	}
}

static void
odd_lengths(void **state)
{
	static const struct {
		uint32_t snaplen, caplen, len, want_caplen;
	} rows[] = {
		{ 100, 0, 0, 0 },           /* returned: the decoder counts them */
		{ 100, 0, 60, 0 },          /* the same */
		{ 100, 60, 0, 60 },         /* the same */
		{ 100, 80, 60, 80 },        /* longer than on the wire: returned unchanged */
		{ 10, 80, 80, 10 },         /* truncated to the file's snapshot length */
		{ 0, 80, 80, 80 },          /* 0: no limit */
		{ 0xffffffff, 80, 80, 80 }, /* beyond any limit: the same */
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct build b = { 0 };
		put_pcap_header(&b, MAGIC_MICRO, 4, rows[i].snaplen, 1);
		put_pcap_packet(&b, 1, 0, rows[i].caplen, rows[i].len, 0);
		put_pcap_packet(&b, 2, 0, 1, 1, 99);
		read_build(&b, &g);
		assert_int_equal(g.n, 2);
		check_packet(&g, 0, 1, 1, 0, rows[i].want_caplen, rows[i].len, 0);
		check_packet(&g, 1, 1, 2, 0, 1, 1, 99);
	}
}

static void
old_versions_swap_the_lengths(void **state)
{
	static const struct {
		unsigned minor;
		uint32_t first, second; /* the two lengths as written */
	} rows[] = { { 0, 60, 20 }, { 2, 60, 20 }, { 3, 60, 20 }, { 3, 20, 60 }, { 4, 20, 60 } };
	struct got   g;
	struct build b;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		b = (struct build){ 0 };
		put_pcap_header(&b, MAGIC_MICRO, rows[i].minor, 100, 1);
		put_pcap_packet(&b, 1, 0, 0, 0, 0);
		b.n -= 8;
		put32(&b, rows[i].first);
		put32(&b, rows[i].second);
		put_data(&b, 5, 20);
		read_build(&b, &g);
		assert_int_equal(g.n, 1);
		check_packet(&g, 0, 1, 1, 0, 20, 60, 5);
	}
	b = (struct build){ 0 };
	put_pcap_header(&b, MAGIC_MICRO, 5, 100, 1);
	read_build(&b, &g);
	assert_int_equal(g.errors, 1);
	check_error(&g, 0, CONNLOG_BAD_INPUT, "memory: pcap version 2.5 is not known");
}

static void
longest_packets(void **state)
{
	static const struct {
		uint32_t link, caplen;
		bool     good;
	} rows[] = {
		{ 1, 262144, true },
		{ 1, 262145, false },
		{ 249 /* USBPcap */, 1048576, true },
		{ 249, 1048577, false },
		{ 231 /* D-Bus */, 2000000, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct build    b = { 0 };
		char            err[200];
		connlog_packet  p;
		connlog_source *s;
		uint8_t        *big;

		put_pcap_header(&b, MAGIC_MICRO, 4, 0, rows[i].link);
		put_pcap_packet(&b, 1, 0, 0, 0, 0);
		b.n -= 8;
		put32(&b, rows[i].caplen);
		put32(&b, rows[i].caplen);
		big = calloc(1, b.n + rows[i].caplen);
		assert_non_null(big);
		memcpy(big, b.p, b.n);
		big[b.n + rows[i].caplen - 1] = 77;
		s = source_memory(big, b.n + rows[i].caplen, NULL, err, sizeof err);
		assert_non_null(s);
		assert_int_equal(connlog_source_read(s, &p, 1, err, sizeof err), rows[i].good ? 1 : CONNLOG_BAD_INPUT);
		if (rows[i].good) {
			assert_int_equal(p.caplen, rows[i].caplen);
			assert_int_equal(p.data[p.caplen - 1], 77);
		}
		assert_int_equal(connlog_source_read(s, &p, 1, err, sizeof err), CONNLOG_END);
		connlog_source_free(s);
		free(big);
	}
}

static void
nflog_attributes_get_our_byte_order(void **state)
{
	struct build b = { .big_endian = !HOST_BIG_ENDIAN };
	struct got   g;

	(void)state;
	put_pcap_header(&b, MAGIC_MICRO, 4, 100, 239);
	put_pcap_packet(&b, 1, 0, 0, 0, 0);
	b.n -= 8;
	put32(&b, 16);
	put32(&b, 16);
	put(&b, "\x02\x00\x00\x01", 4); /* family, version, resource id */
	put16(&b, 5);                   /* length and type: a byte and padding */
	put16(&b, 10);
	put(&b, "Z\0\x01\x02", 4);
	put16(&b, 4);
	put16(&b, 9);
	read_build(&b, &g);
	assert_int_equal(g.n, 1);
	const uint16_t first[] = { 5, 10 }, second[] = { 4, 9 }; /* in the order of this host */
	assert_memory_equal(g.p[0].data, "\x02\x00\x00\x01", 4);
	assert_memory_equal(g.p[0].data + 4, first, 4);
	assert_memory_equal(g.p[0].data + 8, "Z", 1);
	assert_memory_equal(g.p[0].data + 12, second, 4);
}

/* For every truncation of a small capture the complete packets are returned, and then a message about what is
 * missing. */
static void
every_truncation_is_told(void **state)
{
	struct build b = { 0 };
	struct got   g;
	char         want[200];

	(void)state;
	put_pcap(&b, 100, 3, 0);
	for (size_t n = 0; n <= b.n; n++) {
		for (size_t max = 1; max <= 3; max += 2) {
			size_t body = n < 24 ? 0 : n - 24, whole = body / 36, rest = body % 36, start = 24 + whole * 36;
			read_memory(b.p, n, max, &g);
			assert_int_equal(g.n, whole);
			for (size_t i = 0; i < whole; i++)
				check_packet(&g, i, 1, 100 + (int64_t)i, 0, 20, 20, (unsigned)i);
			if (n >= 24 && rest == 0) {
				assert_int_equal(g.errors, 0);
				continue;
			}
			if (n == 0)
				snprintf(want, sizeof want, "memory: is empty: no capture");
			else if (n < 4)
				snprintf(want, sizeof want, "memory: is no pcap or pcapng capture");
			else if (n < 24)
				snprintf(want, sizeof want, "memory: the file ends after %zu of the pcap header's 24 bytes", n);
			else if (rest < 16)
				snprintf(want, sizeof want,
				         "memory: packet %zu at byte %zu: the file ends after %zu of the record header's 16 bytes",
				         whole + 1, start, rest);
			else
				snprintf(want, sizeof want,
				         "memory: packet %zu at byte %zu: the record says 36 bytes but the file ends %zu bytes later",
				         whole + 1, start, rest);
			assert_int_equal(g.errors, 1);
			check_error(&g, 0, CONNLOG_BAD_INPUT, want);
			assert_int_equal(g.at[0], whole);
		}
	}
}

static void
damage_is_told_behind_what_came_before(void **state)
{
	struct build b = { 0 };
	struct got   g;

	(void)state;
	put_pcap(&b, 100, 2, 0);
	put_pcap_packet(&b, 1, 0, 0, 0, 0);
	b.n -= 8;
	put32(&b, 300000);
	put32(&b, 300000);
	put_data(&b, 0, 100);
	read_build(&b, &g);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.errors, 1);
	assert_int_equal(g.at[0], 2);
	check_error(&g, 0, CONNLOG_BAD_INPUT,
	            "memory: packet 3 at byte 96: the record says 300000 bytes, more than a packet can have (262144)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_magic_in_both_byte_orders),
		cmocka_unit_test(link_types_become_dlt_values),
		cmocka_unit_test(odd_times),
		cmocka_unit_test(odd_lengths),
		cmocka_unit_test(old_versions_swap_the_lengths),
		cmocka_unit_test(longest_packets),
		cmocka_unit_test(nflog_attributes_get_our_byte_order),
		cmocka_unit_test(every_truncation_is_told),
		cmocka_unit_test(damage_is_told_behind_what_came_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
