/* decode_straight_test.c - the decoder's short way gives what the long way gives, on frames right and damaged. */
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

/* Compares over the first `caplen` bytes of the frame, in memory that ends there. Returns whether it went the short way. */
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

static size_t
build(unsigned kind, size_t payload)
{
	frame_clear(&f);
	memset(put_zeros(&f, payload), 0xa5, payload);
	switch (kind % 4) {
	case 0:
		tcp4(&f, 1234, 80, TCP_ACK);
		break;
	case 1:
		udp4(&f, 1234, 9999);
		break;
	case 2:
		udp4(&f, 4789, 1234);
		break;
	default:
		tcp4(&f, 1234, 80, TCP_SYN);
	}
	ethernet(&f, 0x0800);
	return frame_len(&f);
}

static void
plain_packets_go_the_short_way(void **state)
{
	(void)state;
	struct both b;

	for (int ignore = 0; ignore < 2; ignore++) {
		open_both(&b, ignore, 25);
		for (size_t payload = 20; payload < 300; payload++) {
			size_t n = build(0, payload);
			assert_true(compare(&b, LINK_ETHERNET, frame_bytes(&f), n, n));
			n = build(1, payload);
			assert_true(compare(&b, LINK_ETHERNET, frame_bytes(&f), n, n));
		}
		close_both(&b);
	}
}

static void
the_unusual_goes_the_long_way(void **state)
{
	(void)state;
	struct both b;
	size_t      n;

	open_both(&b, false, 25);
	n = build(2, 40); /* a tunnel's port, on either side */
	assert_false(compare(&b, LINK_ETHERNET, frame_bytes(&f), n, n));
	n = build(0, 40);
	assert_false(compare(&b, LINK_RAW, frame_bytes(&f) + 14, n - 14, n - 14));
	frame_bytes(&f)[14 + 20 + 5] ^= 1; /* a checksum that is wrong */
	assert_false(compare(&b, LINK_ETHERNET, frame_bytes(&f), n, n));
	close_both(&b);
	open_both(&b, false, 3); /* the analyzers' stack is full */
	n = build(0, 40);
	assert_false(compare(&b, LINK_ETHERNET, frame_bytes(&f), n, n));
	close_both(&b);
}

static void
every_cut(void **state)
{
	(void)state;
	struct both b;

	open_both(&b, false, 25);
	for (unsigned kind = 0; kind < 4; kind++) {
		const size_t n = build(kind, 60);
		for (size_t cut = 0; cut <= n; cut++) {
			compare(&b, LINK_ETHERNET, frame_bytes(&f), cut, n);
			compare(&b, LINK_ETHERNET, frame_bytes(&f), cut, cut);
		}
	}
	assert_int_not_equal(b.taken, 0);
	close_both(&b);
}

/* => Whether either way has found a wrong checksum. */
static bool
found_bad(const struct both *b)
{
	const struct decode_counters *n = decoder_counters(b->quick);

	return n->bad[1] + n->bad[2] + n->bad[3] > 0;
}

/* What the sender leaves to its card is taken as good, both ways, also where the rest of the frame is unusual. */
static void
checksums_that_mean_nothing(void **state)
{
	(void)state;
	struct both b;

	for (uint32_t flags = 0; flags <= CONNLOG_PACKET_NOT_SUMMED; flags++) {
		open_both(&b, false, 25);
		b.flags = flags;
		for (unsigned kind = 0; kind < 2; kind++) {
			const size_t n = build(kind, 40);
			frame_bytes(&f)[n - 1] ^= 1;
			assert_int_equal(compare(&b, LINK_ETHERNET, frame_bytes(&f), n, n), flags != 0);
			compare(&b, LINK_RAW, frame_bytes(&f) + 14, n - 14, n - 14);
		}
		assert_int_equal(found_bad(&b), flags == 0);
		const size_t n = build(0, 40); /* but IP's own is looked at */
		frame_bytes(&f)[14 + 8] ^= 1;
		compare(&b, LINK_ETHERNET, frame_bytes(&f), n, n);
		assert_int_equal(decoder_counters(b.quick)->bad[0], 1);
		close_both(&b);
	}
}

/* One to three bytes of the headers are changed, by a fixed sequence of numbers. */
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
				const size_t at = (seed >> 33) % 64;
				if (at < n)
					frame_bytes(&f)[at] = (uint8_t)(seed >> 56);
			}
			if (i % 2 && (frame_bytes(&f)[14] & 15) == 5)
				ip4_fix(frame_bytes(&f) + 14);
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
		cmocka_unit_test(every_cut),
		cmocka_unit_test(checksums_that_mean_nothing),
		cmocka_unit_test(damaged_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
