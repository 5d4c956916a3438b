/* decode_straight_test.c - the decoder's short path gives the same as its general path, for good and damaged frames. */
#include "decode_help.h"

#include "../../fuzz/straight_same.h"

static struct frame f;

struct both {
	struct decoder *quick, *thorough;
	uint32_t        flags; /* of the frames */
	unsigned        taken;
};

static void
open_both(struct both *b, bool ignore_checksums, unsigned max_depth)
{
	struct decode_options opt;

	decode_options_default(&opt);
	opt.ignore_checksums = ignore_checksums;
	opt.max_depth = max_depth;
	b->quick = decoder_new(&opt);
	b->thorough = decoder_new(&opt);
	b->taken = b->flags = 0;
	assert_non_null(b->quick);
	assert_non_null(b->thorough);
}

static void
close_both(struct both *b)
{
	decoder_free(b->quick);
	decoder_free(b->thorough);
}

/* Compares both paths on the first `caplen` bytes of the frame, in memory that ends there. Returns whether the short
 * path accepted it. */
static bool
compare(struct both *b, int link, const uint8_t *p, size_t caplen, size_t len)
{
	uint8_t *exact = malloc(caplen ? caplen : 1);
	assert_non_null(exact);
	memcpy(exact, p, caplen);
	const struct connlog_packet raw = { .data = exact,
		                                .caplen = (uint32_t)caplen,
		                                .len = (uint32_t)len,
		                                .link = link,
		                                .sec = 5,
		                                .nsec = 7000,
		                                .flags = b->flags };
	bool                        taken;
	assert_true(straight_same(b->quick, b->thorough, &raw, &taken));
	free(exact);
	b->taken += taken;
	return taken;
}

/* The kinds of frames: four transports, over two versions of IP, without and with a VLAN tag. */
enum { TRANSPORTS = 4, IP6 = 4, TAGGED = 8, KINDS = 16 };

static void
build_transport(unsigned kind)
{
	const bool six = kind & IP6;

	switch (kind % TRANSPORTS) {
	case 0:
		(six ? tcp6 : tcp4)(&f, 1234, 80, TCP_ACK);
		break;
	case 1:
		(six ? udp6 : udp4)(&f, 1234, 9999);
		break;
	case 2:
		(six ? udp6 : udp4)(&f, 4789, 1234);
		break;
	default:
		(six ? tcp6 : tcp4)(&f, 1234, 80, TCP_SYN);
	}
}

/* Builds a frame of this kind in `f`.  Returns its length. */
static size_t
build(unsigned kind, size_t payload)
{
	frame_clear(&f);
	memset(put_zeros(&f, payload), 0xa5, payload);
	build_transport(kind);
	ethernet(&f, kind & IP6 ? 0x86dd : 0x0800);
	if (kind & TAGGED)
		vlan_tag(&f, 0xe123);
	return frame_len(&f);
}

/* Returns where the IP header of such a frame begins. */
static uint8_t *
ip_of(unsigned kind)
{
	return frame_bytes(&f) + (kind & TAGGED ? 18 : 14);
}

static bool
compare_whole(struct both *b)
{
	return compare(b, LINK_ETHERNET, frame_bytes(&f), frame_len(&f), frame_len(&f));
}

static void
plain_packets_go_the_short_way(void **state)
{
	(void)state;
	struct both b;

	for (int ignore = 0; ignore < 2; ignore++) {
		open_both(&b, ignore, 25);
		for (unsigned kind = 0; kind < KINDS; kind++)
			for (size_t payload = 20; payload < 300 && kind % TRANSPORTS != 2; payload++) {
				build(kind, payload);
				assert_true(compare_whole(&b));
			}
		close_both(&b);
	}
}

static void
the_unusual_goes_the_long_way(void **state)
{
	(void)state;
	struct both b;

	open_both(&b, false, 25);
	for (unsigned kind = 0; kind < KINDS; kind += IP6) {
		build(kind + 2, 40); /* a tunnel's port, on either side */
		assert_false(compare_whole(&b));
		const size_t n = build(kind, 40), at = (size_t)(ip_of(kind) - frame_bytes(&f));
		assert_false(compare(&b, LINK_RAW, ip_of(kind), n - at, n - at));
		ip_of(kind)[0] ^= 0x20; /* the other version of IP than the EtherType says */
		assert_false(compare_whole(&b));
		ip_of(kind)[0] ^= 0x20;
		frame_bytes(&f)[n - 1] ^= 1; /* a checksum that is wrong */
		assert_false(compare_whole(&b));
	}
	build(TAGGED, 40); /* a second tag */
	vlan_tag(&f, 7);
	assert_false(compare_whole(&b));
	frame_clear(&f); /* an extension header */
	put_tcp_header(&f, 1234, 80, TCP_ACK);
	put(&f, (const uint8_t[8]){ 6 }, 8);
	ip6(&f, 60);
	ethernet(&f, 0x86dd);
	assert_false(compare_whole(&b));
	close_both(&b);
}

static void
a_full_stack_of_analyzers(void **state)
{
	(void)state;

	for (unsigned depth = 0; depth < 7; depth++) {
		struct both b;
		open_both(&b, false, depth);
		for (unsigned kind = 0; kind < KINDS; kind += IP6) {
			build(kind, 40);
			assert_int_equal(compare_whole(&b), depth == 0 || depth > (kind & TAGGED ? 4 : 3));
		}
		close_both(&b);
	}
}

static void
every_cut(void **state)
{
	(void)state;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct both b;
		open_both(&b, false, 25);
		for (size_t payload = 0; payload <= 60; payload += 20) {
			const size_t n = build(kind, payload);
			for (size_t cut = 0; cut <= n; cut++) {
				compare(&b, LINK_ETHERNET, frame_bytes(&f), cut, n);
				compare(&b, LINK_ETHERNET, frame_bytes(&f), cut, cut);
			}
		}
		assert_int_equal(b.taken == 0, kind % TRANSPORTS == 2);
		close_both(&b);
	}
}

/* IPv6 with each next header, of which the short path accepts only TCP and UDP, and with each length. */
static void
every_field_of_ip6(void **state)
{
	(void)state;
	struct both b;

	open_both(&b, false, 25);
	for (unsigned kind = 0; kind < KINDS; kind++) {
		for (unsigned i = 0; (kind & IP6) && kind % TRANSPORTS < 2 && i < 256; i++) {
			build(kind, 40);
			const uint8_t was = ip_of(kind)[6];
			ip_of(kind)[6] = (uint8_t)i;
			assert_true(compare_whole(&b) == (i == was));
			build(kind, 40);
			store16(ip_of(kind) + 4, i);
			compare_whole(&b);
		}
	}
	close_both(&b);
}

/* Returns whether either path has found a wrong checksum. */
static bool
found_bad(const struct both *b)
{
	const struct decode_counters *n = decoder_counters(b->quick);

	return n->bad[1] + n->bad[2] + n->bad[3] > 0;
}

/* Checksums that the sender leaves to its card count as good on both paths, even if the rest of the frame is
 * unusual. */
static void
checksums_that_mean_nothing(void **state)
{
	(void)state;
	struct both b;

	for (uint32_t flags = 0; flags <= CONNLOG_PACKET_NOT_SUMMED; flags++) {
		open_both(&b, false, 25);
		b.flags = flags;
		for (unsigned kind = 0; kind < KINDS; kind++) {
			if (kind % TRANSPORTS > 1)
				continue;
			const size_t n = build(kind, 40), at = (size_t)(ip_of(kind) - frame_bytes(&f));
			frame_bytes(&f)[n - 1] ^= 1;
			assert_int_equal(compare_whole(&b), flags != 0);
			compare(&b, LINK_RAW, ip_of(kind), n - at, n - at);
		}
		assert_int_equal(found_bad(&b), flags == 0);
		const size_t n = build(0, 40); /* the checksum of IP is still verified */
		frame_bytes(&f)[14 + 8] ^= 1;
		compare(&b, LINK_ETHERNET, frame_bytes(&f), n, n);
		assert_int_equal(decoder_counters(b.quick)->bad[0], 1);
		close_both(&b);
	}
}

/* Changes one to three bytes of the headers, in a reproducible sequence. */
static void
damaged_headers(void **state)
{
	(void)state;
	uint64_t    seed = 1;
	struct both b;

	for (int ignore = 0; ignore < 2; ignore++) {
		open_both(&b, ignore, 25);
		for (unsigned i = 0; i < 40000; i++) {
			const size_t n = build(i, i % 90);
			for (unsigned changes = i % 3 + 1; changes > 0; changes--) {
				seed = seed * 6364136223846793005u + 1442695040888963407u;
				const size_t at = (seed >> 33) % 84;
				if (at < n)
					frame_bytes(&f)[at] = (uint8_t)(seed >> 56);
			}
			if (!(i & IP6) && (seed >> 20 & 1) && (ip_of(i)[0] & 15) == 5)
				ip4_fix(ip_of(i));
			compare(&b, LINK_ETHERNET, frame_bytes(&f), n, n + i % 5);
		}
		assert_in_range(b.taken, 1000, 39000);
		close_both(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_packets_go_the_short_way),
		cmocka_unit_test(the_unusual_goes_the_long_way),
		cmocka_unit_test(a_full_stack_of_analyzers),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(every_field_of_ip6),
		cmocka_unit_test(checksums_that_mean_nothing),
		cmocka_unit_test(damaged_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
