/* decode_ip_test.c - IP headers and chains, lengths, checksums of every kind, ICMP's pairs. */
#include "decode_help.h"

static struct frame f;

static void
open_checking(struct run *r, bool check)
{
	struct decode_options opt;
	decode_options_default(&opt);
	opt.ignore_checksums = !check;
	run_open(r, &opt);
}

static uint64_t
rejections(const struct run *r, enum decode_rejected cause)
{
	return decoder_counters(r->dec)->rejected[cause];
}

/* An IPv4 packet with one thing wrong. */
static void
ip4_rejections(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t      at;
		int         value; /* at that byte of the header */
		bool        fix;   /* the checksum */
		bool        check;
		int         cause; /* -1: a flow */
	} rows[] = {
		{ "good", 0, 0x45, true, true, -1 },
		{ "version", 0, 0x55, true, true, DECODE_R_unknown_ip_version },
		{ "header shorter than 20", 0, 0x44, true, true, DECODE_R_IPv4_min_header_size },
		{ "header longer than total", 0, 0x4f, false, false, DECODE_R_invalid_IP_header_size },
		{ "total longer than the frame", 2, 1, true, true, DECODE_R_truncated_IP_len },
		{ "checksum", 8, 63, false, true, DECODE_R_bad_IP_checksum },
		{ "checksum ignored", 8, 63, false, false, -1 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct run r;
		open_checking(&r, rows[i].check);
		frame_clear(&f);
		put(&f, "data", 4);
		uint8_t *p = udp4(&f, 1, 2);
		p[rows[i].at] = (uint8_t)rows[i].value;
		if (rows[i].fix)
			ip4_fix(p);
		ethernet(&f, 0x0800);
		run_frame(&r, LINK_ETHERNET, &f);
		if (r.n != (rows[i].cause < 0) ||
		    (rows[i].cause >= 0 && rejections(&r, (enum decode_rejected)rows[i].cause) != 1))
			fail_msg("%s", rows[i].name);
		run_close(&r);
	}
}

/* Options of every length are covered by the header's checksum. */
static void
ip4_options(void **state)
{
	(void)state;
	for (unsigned words = 5; words <= 15; words++) {
		for (unsigned spoil = 0; spoil < words * 4; spoil++) {
			struct run r;
			open_checking(&r, true);
			frame_clear(&f);
			udp_header(&f, 1, 2); /* sent without a checksum */
			memset(put_zeros(&f, (words - 5) * 4), 1, (words - 5) * 4);
			uint8_t *p = ip4(&f, 17);
			p[0] = (uint8_t)(0x40 | words);
			ip4_fix(p);
			run_frame(&r, LINK_RAW, &f);
			assert_int_equal(r.n, 1);
			assert_int_equal(r.at[0].pkt.dport, 2);
			if (spoil >= 8) { /* lengths, version and flags come first */
				p[spoil] ^= 0x40;
				run_frame(&r, LINK_RAW, &f);
				assert_int_equal(r.n, 0);
				assert_int_equal(rejections(&r, DECODE_R_bad_IP_checksum), 1);
			}
			run_close(&r);
		}
	}
}

/* Segmentation offloading: no length in the header. */
static void
ip4_no_length(void **state)
{
	(void)state;
	struct run r;
	frame_clear(&f);
	put(&f, "data", 4);
	uint8_t *p = tcp4(&f, 1, 2, TCP_ACK);
	store16(p + 2, 0);
	ip4_fix(p);
	ethernet(&f, 0x0800);
	open_checking(&r, true);
	run_frame(&r, LINK_ETHERNET, &f);
	assert_int_equal(rejections(&r, DECODE_R_ip_hdr_len_zero), 1);
	run_close(&r);
	open_checking(&r, false);
	run_frame(&r, LINK_ETHERNET, &f);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.at[0].pkt.ip_len, 0);
	assert_int_equal(r.at[0].pkt.data_len, 4);
	run_close(&r);
}

/* Ethernet padding is there but is not payload. */
static void
padding(void **state)
{
	(void)state;
	struct run r;
	frame_clear(&f);
	put_zeros(&f, 6);
	size_t   end = f.at;
	uint8_t *t = put_zeros(&f, 20);
	store16(t, 1);
	store16(t + 2, 2);
	t[12] = 0x50;
	uint8_t *p = ip4(&f, 6);
	store16(p + 2, (unsigned)(end - f.at));
	ip4_fix(p);
	pseudo_fix(t, 20, 16, 6, p + 12, p + 16, 4);
	ethernet(&f, 0x0800);
	open_checking(&r, true);
	run_frame(&r, LINK_ETHERNET, &f);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.at[0].pkt.data_len, 0);
	assert_int_equal(r.at[0].pkt.data_cap, 0);
	assert_int_equal(r.at[0].pkt.payload.n, 20);
	assert_false(r.at[0].pkt.l4_bad);
	run_close(&r);
}

enum { KIND_TCP4, KIND_UDP4, KIND_UDP6, KIND_ICMP4, KIND_ICMP6 };

/* Builds a frame. Returns the address of the transport header. */
static uint8_t *
build(int kind, size_t n)
{
	frame_clear(&f);
	memset(put_zeros(&f, n), 0xa5, n);
	if (kind == KIND_TCP4)
		return tcp4(&f, 1, 2, TCP_ACK) + 20;
	if (kind == KIND_UDP4)
		return udp4(&f, 1, 2) + 20;
	if (kind == KIND_UDP6)
		return udp6(&f, 1, 2) + 40;
	uint8_t *p = put_zeros(&f, 8);
	p[0] = kind == KIND_ICMP4 ? 8 : 128;
	if (kind == KIND_ICMP4) {
		store16(p + 2, inverse_sum(checksum_add(0, p, n + 8)));
		ip4(&f, 1);
	} else {
		uint8_t *ip = ip6(&f, 58);
		pseudo_fix(p, n + 8, 2, 58, ip + 8, ip + 24, 16);
	}
	return p;
}

/* Every bit of every transport packet is covered by its checksum. */
static void
transport_checksums(void **state)
{
	(void)state;
	static const int checked[] = { 1, 2, 2, 3, 3 };
	for (int kind = KIND_TCP4; kind <= KIND_ICMP6; kind++) {
		for (size_t n = 0; n < 70; n += 7) {
			struct run r;
			open_checking(&r, true);
			uint8_t *t = build(kind, n);
			size_t   len = (size_t)(f.b + FRAME_MAX - t);
			run_frame(&r, LINK_RAW, &f);
			assert_int_equal(r.n, 1);
			assert_false(r.at[0].pkt.l4_bad);
			assert_int_equal(r.at[0].pkt.data_len, n);
			t[len - 1] ^= 1;
			run_frame(&r, LINK_RAW, &f);
			assert_true(r.at[0].pkt.l4_bad);
			assert_int_equal(decoder_counters(r.dec)->checked[checked[kind]], 2);
			assert_int_equal(decoder_counters(r.dec)->bad[checked[kind]], 1);
			run_cut(&r, LINK_RAW, frame_bytes(&f), frame_len(&f) - (n > 0), frame_len(&f));
			if (n > 0)
				assert_false(r.at[0].pkt.l4_bad); /* truncated: cannot be verified */
			t[len - 1] ^= 1;
			run_truncated(&r, LINK_RAW, &f);
			run_close(&r);
			open_checking(&r, false);
			t[len - 1] ^= 1;
			run_frame(&r, LINK_RAW, &f);
			assert_false(r.at[0].pkt.l4_bad);
			run_close(&r);
		}
	}
}

static void
udp_without_checksum(void **state)
{
	(void)state;
	struct run r;
	open_checking(&r, true);
	store16(build(KIND_UDP4, 4) + 6, 0);
	run_frame(&r, LINK_RAW, &f);
	assert_false(r.at[0].pkt.l4_bad);
	store16(build(KIND_UDP6, 4) + 6, 0); /* not optional there */
	run_frame(&r, LINK_RAW, &f);
	assert_true(r.at[0].pkt.l4_bad);
	run_close(&r);
}

static void
ignore_checksums_nets(void **state)
{
	(void)state;
	static const struct {
		uint8_t last, bits; /* of 10.0.0.x */
		bool    bad;
	} rows[] = { { 1, 128, false }, { 2, 128, true },  { 0, 127, false },
		         { 2, 127, true },  { 0, 120, false }, { 0, 96, false } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct decode_options opt;
		struct run            r;
		uint8_t               net[4] = { 10, 0, 0, rows[i].last };
		struct subnet         s = { .net = addr_from_v4(net), .bits = rows[i].bits };
		decode_options_default(&opt);
		opt.ignore_checksums_nets = &s;
		opt.n_ignore_checksums_nets = 1;
		run_open(&r, &opt);
		build(KIND_TCP4, 4)[4] ^= 1;
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.at[0].pkt.l4_bad, rows[i].bad);
		run_close(&r);
	}
}

static void
tcp_header(void **state)
{
	(void)state;
	static const struct {
		unsigned off; /* in words */
		size_t   data;
		bool     bad;
		int      data_len;
	} rows[] = { { 5, 4, false, 4 }, { 4, 4, true, 0 }, { 6, 4, false, 0 }, { 7, 4, true, 0 }, { 15, 50, false, 10 } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct run r;
		open_checking(&r, false);
		build(KIND_TCP4, rows[i].data)[12] = (uint8_t)(rows[i].off << 4);
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.n, 1);
		assert_int_equal(r.at[0].pkt.tcp_bad, rows[i].bad);
		assert_int_equal(r.at[0].pkt.data_len, rows[i].data_len);
		assert_int_equal(r.at[0].pkt.tcp_flags, TCP_ACK);
		run_close(&r);
	}
}

static void
nothing_left_of_the_packet_before(void **state)
{
	(void)state;
	for (int kind = KIND_TCP4; kind <= KIND_ICMP6; kind++) {
		struct run r;
		open_checking(&r, false);
		build(kind, 4);
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.n, 1);
		const struct pkt *pkt = &r.at[0].pkt;
		assert_false(pkt->tcp_bad);
		assert_false(pkt->l4_bad);
		assert_false(pkt->deep);
		assert_false(pkt->one_way);
		run_close(&r);
	}
}

static void
icmp_pairs(void **state)
{
	(void)state;
	static const struct {
		bool    v6;
		uint8_t type, code, other;
		bool    one_way;
	} rows[] = {
		{ false, 8, 0, 0, false },    { false, 0, 0, 8, false },   { false, 13, 0, 14, false },
		{ false, 3, 7, 7, true },     { false, 10, 0, 9, false },  { true, 128, 0, 129, false },
		{ true, 135, 0, 136, false }, { true, 1, 4, 4, true },     { true, 131, 0, 130, false },
		{ true, 145, 0, 144, false }, { false, 18, 0, 17, false }, { false, 16, 0, 15, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct run r;
		open_checking(&r, false);
		uint8_t *p = build(rows[i].v6 ? KIND_ICMP6 : KIND_ICMP4, 4);
		p[0] = rows[i].type;
		p[1] = rows[i].code;
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.at[0].pkt.sport, rows[i].type);
		assert_int_equal(r.at[0].pkt.dport, rows[i].other);
		assert_int_equal(r.at[0].pkt.one_way, rows[i].one_way);
		run_close(&r);
	}
}

/* Chains of extension headers, and their effect on addresses, lengths and the protocol. */
static void
ip6_chains(void **state)
{
	(void)state;
	uint8_t    home[24] = { 17, 2, 1, 2, 0, 0, 201, 16, 0xfd, [23] = 9 };
	uint8_t    routing[24] = { 17, 2, 2, 1, 0, 0, 0, 0, 0xfd, [23] = 7 };
	uint8_t    none_left[24] = { 17, 2, 2, 0, 0, 0, 0, 0, 0xfd, [23] = 7 };
	struct run r;

	open_checking(&r, true);
	frame_clear(&f);
	put(&f, "data", 4);
	udp_header(&f, 1, 2);
	put(&f, home, sizeof home);
	uint8_t *p = ip6(&f, 60);
	pseudo_fix(p + 64, 12, 6, 17, home + 8, p + 24, 16); /* the home address counts */
	run_frame(&r, LINK_RAW, &f);
	assert_int_equal(r.n, 1);
	assert_memory_equal(r.at[0].pkt.src.b, home + 8, 16);
	assert_int_equal(r.at[0].pkt.payload_len, 12);
	assert_int_equal(r.at[0].pkt.proto, 17);
	assert_false(r.at[0].pkt.l4_bad);
	run_truncated(&r, LINK_RAW, &f);

	for (int left = 0; left <= 1; left++) {
		frame_clear(&f);
		udp_header(&f, 1, 2);
		put(&f, left ? routing : none_left, 24);
		ip6(&f, 43);
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.n, 1);
		assert_int_equal(r.at[0].pkt.dst.b[0], left ? 0xfd : 0x20);
		run_truncated(&r, LINK_RAW, &f);
	}
	run_close(&r);
}

static void
ip6_ends(void **state)
{
	(void)state;
	static const struct {
		uint8_t next;
		int     ignored;
	} rows[] = {
		{ 50, DECODE_I_esp }, { 59, DECODE_I_ipv6_no_next }, { 135, DECODE_I_mobility }, { 2, DECODE_I_igmp }
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct run r;
		open_checking(&r, false);
		frame_clear(&f);
		put_zeros(&f, 16);
		ip6(&f, rows[i].next);
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.n, 0);
		assert_int_equal(decoder_counters(r.dec)->ignored[rows[i].ignored], 1);
		run_truncated(&r, LINK_RAW, &f);
		run_close(&r);
	}
	struct run r; /* a chain that is cut off leaves the missing header's number as protocol */
	open_checking(&r, true);
	frame_clear(&f);
	put(&f, "\x11\x09\0\0\0\0\0\0", 8);
	ip6(&f, 0);
	run_frame(&r, LINK_RAW, &f);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.at[0].pkt.transport, TRANSPORT_UNKNOWN);
	assert_int_equal(r.at[0].pkt.proto, 0);
	frame_clear(&f);
	put_zeros(&f, 16);
	ip6(&f, 135);
	run_frame(&r, LINK_RAW, &f);
	assert_int_equal(rejections(&r, DECODE_R_bad_MH_checksum), 1);
	run_close(&r);
}

static void
short_transport_headers(void **state)
{
	(void)state;
	static const struct {
		uint8_t proto;
		size_t  min;
	} rows[] = { { 6, 20 }, { 17, 8 }, { 1, 8 }, { 58, 8 } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct run r;
		open_checking(&r, false);
		frame_clear(&f);
		put_zeros(&f, rows[i].min - 1);
		ip4(&f, rows[i].proto);
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(rejections(&r, DECODE_R_truncated_header), 1);
		frame_clear(&f);
		put_zeros(&f, rows[i].min);
		ip4(&f, rows[i].proto);
		run_cut(&r, LINK_RAW, frame_bytes(&f), frame_len(&f) - 1, frame_len(&f));
		assert_int_equal(rejections(&r, DECODE_R_internally_truncated_header), 1);
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.n, 1);
		run_close(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip4_rejections),
		cmocka_unit_test(ip4_options),
		cmocka_unit_test(ip4_no_length),
		cmocka_unit_test(padding),
		cmocka_unit_test(transport_checksums),
		cmocka_unit_test(udp_without_checksum),
		cmocka_unit_test(ignore_checksums_nets),
		cmocka_unit_test(tcp_header),
		cmocka_unit_test(nothing_left_of_the_packet_before),
		cmocka_unit_test(icmp_pairs),
		cmocka_unit_test(ip6_chains),
		cmocka_unit_test(ip6_ends),
		cmocka_unit_test(short_transport_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
