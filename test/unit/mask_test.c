/* mask_test.c - frames with other addresses: the decoder sees the same packets, wherever a frame is cut, and frames without any hold no
 * old address either. */
#include "decode_help.h"

#include "../../fuzz/mask_same.h"

static struct frame     f;
static struct mask_pair pair;

static int
open_pair(void **state)
{
	static const uint8_t key[CONNLOG_ANONYMIZE_KEY] = { 7, 1, 3 };

	(void)state;
	pair = (struct mask_pair){ .with = connlog_anonymizer_new(key) };
	decode_options_default(&pair.opt);
	pair.old = decoder_new(&pair.opt);
	pair.new = decoder_new(&pair.opt);
	return pair.with && pair.old && pair.new ? 0 : -1;
}

static int
close_pair(void **state)
{
	(void)state;
	connlog_anonymizer_free(pair.with);
	decoder_free(pair.old);
	decoder_free(pair.new);
	return 0;
}

/* Compares every beginning of the frame, in memory that ends there. */
static void
compare(int link)
{
	const size_t n = frame_len(&f);

	for (size_t cap = 0; cap <= n; cap++) {
		uint8_t *exact = malloc(cap + !cap);
		assert_non_null(exact);
		memcpy(exact, frame_bytes(&f), cap);
		for (int whole = 0; whole < 2; whole++) { /* what was not captured, and what was not sent */
			const struct connlog_packet raw = {
				.data = exact, .caplen = (uint32_t)cap, .len = (uint32_t)(whole ? n : cap), .link = link
			};
			pair.keep_payload = whole;
			assert_true(mask_same(&pair, &raw));
		}
		free(exact);
	}
}

/* ---- what is in a frame -------------------------------------------------------------------------------------------------------- */

enum { CONTENTS = 14 };

static void
begin(const void *payload, size_t n)
{
	frame_clear(&f);
	put(&f, payload, n);
}

static void
put_inner(unsigned type)
{
	begin("inner", 5);
	udp4(&f, 40, 50);
	if (type != 0)
		ethernet(&f, type);
}

/* An ICMP message of IPv4 with what is there already behind its header. */
static void
icmp(uint8_t type, bool six)
{
	uint8_t *p = put_zeros(&f, 8);
	p[0] = type;
	const size_t n = frame_len(&f);
	if (!six) {
		store16(p + 2, inverse_sum(checksum_add(0, p, n)));
		ip4(&f, 1);
		return;
	}
	const uint8_t *ip = ip6(&f, 58);
	pseudo_fix(p, n, 2, 58, ip + 8, ip + 24, 16);
}

/* An IPv6 packet of UDP behind headers of these types, which are sixteen bytes long. */
static void
extended(uint8_t first, uint8_t second)
{
	begin("text", 4);
	uint8_t *u = udp_header(&f, 1, 2);
	pseudo_fix(u, frame_len(&f), 6, 17, (const uint8_t *)"", (const uint8_t *)"", 0);
	uint8_t *p = put_zeros(&f, 16);
	p[0] = 17;
	p[1] = 1;
	p = put_zeros(&f, 16);
	p[0] = second;
	p[1] = 1;
	ip6(&f, first);
}

static void
build_tunnel(int content)
{
	switch (content) {
	case 3:
		put_inner(0x0800);
		put(&f, "\x08\0\0\0\0\0\x07", 8);
		udp6(&f, 1234, 4789);
		break;
	case 4:
		put_inner(0x0800);
		put(&f, "\0\0\x65\x58", 4);
		ip4(&f, 47);
		break;
	case 5:
		put_inner(0);
		put(&f, "\0\0\x65\x58\0\0\x07", 8);
		frame_bytes(&f)[2] = 0x08;
		frame_bytes(&f)[3] = 0;
		udp4(&f, 1234, 6081);
		break;
	case 6:
		put_inner(0);
		ip4(&f, 4);
		break;
	case 12:
		begin("bubble", 6);
		ip6(&f, 59);
		udp4(&f, 1234, 3544);
		break;
	default: /* a G-PDU */
		put_inner(0);
		put(&f, "\x30\xff\0\x21\0\0\0\x09", 8);
		udp4(&f, 2152, 2152);
	}
}

static void
build(int content)
{
	switch (content) {
	case 0:
		begin("some text", 9);
		tcp4(&f, 1234, 80, TCP_ACK | TCP_PSH);
		break;
	case 1:
		begin("more text", 9);
		tcp6(&f, 1234, 80, TCP_ACK);
		break;
	case 2:
		begin("question", 8);
		udp4(&f, 1234, 53);
		break;
	case 7: /* an error with a quote */
		put_inner(0);
		icmp(3, false);
		break;
	case 8:
		begin("text", 4);
		udp6(&f, 5, 6);
		icmp(1, true);
		break;
	case 9: /* neighbour solicitation with a link address */
		begin("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09\x01\x01\x02\0\0\0\0\x01", 24);
		icmp(135, true);
		break;
	case 10:
		extended(0, 43);
		break;
	case 11:
		extended(60, 51);
		break;
	default:
		build_tunnel(content);
	}
}

static bool
is_six(void)
{
	return frame_bytes(&f)[0] >> 4 == 6;
}

static void
wrap(int link)
{
	const bool six = is_six();

	switch (link) {
	case LINK_ETHERNET:
		ethernet(&f, six ? 0x86dd : 0x0800);
		vlan_tag(&f, 5);
		break;
	case LINK_NULL:
		put(&f, six ? "\x1e\0\0" : "\x02\0\0", 4);
		break;
	case LINK_SLL:
		store16(put_zeros(&f, 16) + 14, six ? 0x86dd : 0x0800);
		frame_bytes(&f)[7] = 9;
		break;
	case LINK_SLL2:
		store16(put_zeros(&f, 20), six ? 0x86dd : 0x0800);
		frame_bytes(&f)[13] = 9;
		break;
	case LINK_WLAN:
	case LINK_RADIOTAP:
		put(&f, six ? "\xaa\xaa\x03\0\0\0\x86\xdd" : "\xaa\xaa\x03\0\0\0\x08", 8);
		put(&f, "\x88\x03\0\0\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x02\0\0\0\0\x03\x10\0\x02\0\0\0\0\x04\0", 32);
		if (link == LINK_RADIOTAP)
			put(&f, "\0\0\x0c\0\0\0\0\0\x01\x02\x03", 12);
		break;
	case LINK_PPP:
		put(&f, six ? "\0\x57" : "\0\x21", 2);
		break;
	default:
		break;
	}
}

static void
test_the_decoder_sees_the_same(void **state)
{
	static const int links[] = { LINK_ETHERNET, LINK_NULL,     LINK_SLL, LINK_SLL2,
		                         LINK_WLAN,     LINK_RADIOTAP, LINK_PPP, LINK_RAW };

	(void)state;
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		for (int content = 0; content < CONTENTS; content++) {
			build(content);
			wrap(links[i]);
			compare(links[i]);
		}
}

/* ---- frames that are no packets of a connection -------------------------------------------------------------------------------- */

/* Masks the frame.  Returns the new one, which the caller frees. */
static uint8_t *
masked(int link)
{
	const struct connlog_packet raw = {
		.data = frame_bytes(&f), .caplen = (uint32_t)frame_len(&f), .len = (uint32_t)frame_len(&f), .link = link
	};
	uint8_t *new = mask_one(&pair, &raw);

	assert_non_null(new);
	return new;
}

static void
is_link(const uint8_t *old, const uint8_t *new)
{
	uint8_t copy[6];

	memcpy(copy, old, sizeof copy);
	assert_true(anonymizer_link(pair.with, copy));
	assert_memory_equal(copy, new, sizeof copy);
}

static void
is_v4(const uint8_t *old, const uint8_t *new)
{
	struct addr a = addr_from_v4(old);

	assert_true(anonymizer_addr(pair.with, &a));
	assert_memory_equal(a.b + 12, new, 4);
}

static void
test_arp(void **state)
{
	static const uint8_t arp[] = { 0, 1, 8, 0, 6, 4, 0, 1, 2, 0,  0, 0, 0, 1,  10,
		                           0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2, 99, 98 };

	(void)state;
	begin(arp, sizeof arp);
	ethernet(&f, 0x0806);
	const uint8_t *old = frame_bytes(&f);
	uint8_t *new = masked(LINK_ETHERNET);
	is_link(old, new);
	is_link(old + 6, new + 6);
	assert_memory_equal(old + 12, new + 12, 10);
	is_link(old + 22, new + 22);
	assert_memory_equal(new + 6, new + 22, 6); /* it is still the frame's sender */
	is_v4(old + 28, new + 28);
	assert_memory_equal(new + 32, "\0\0\0\0\0\0", 6); /* not known: no address */
	is_v4(old + 38, new + 38);
	assert_memory_equal(new + 42, "\0\0", 2);
	free(new);
}

static void
test_frames_of_management_and_control(void **state)
{
	static const uint8_t beacon[] = { 0x80, 0, 9, 9, 255, 255, 255, 255, 255,  255, 2,   0,   0,   0,
		                              0,    1, 2, 0, 0,   0,   0,   1,   0x30, 0,   'n', 'a', 'm', 'e' };
	static const uint8_t ack[] = { 0xd4, 0, 9, 9, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2 };
	static const uint8_t zeros[24];

	(void)state;
	begin(beacon, sizeof beacon);
	uint8_t *new = masked(LINK_WLAN);
	assert_memory_equal(new, beacon, 4);
	for (size_t i = 4; i < 22; i += 6)
		is_link(beacon + i, new + i);
	assert_memory_equal(new + 22, beacon + 22, 2);
	assert_memory_equal(new + 24, zeros, 4);
	free(new);
	begin(ack, sizeof ack);
	new = masked(LINK_WLAN);
	assert_memory_equal(new, ack, 4);
	assert_memory_equal(new + 4, zeros, sizeof ack - 4);
	free(new);
}

static void
test_what_is_not_decoded_is_zeros(void **state)
{
	static const uint8_t text[40] = "a long text of a protocol from anywhere";
	static const uint8_t zeros[40];

	(void)state;
	begin(text, sizeof text);
	ethernet(&f, 0x88cc); /* LLDP */
	pair.keep_payload = true;
	uint8_t *new = masked(LINK_ETHERNET);
	assert_memory_equal(new + 12, "\x88\xcc", 2);
	assert_memory_equal(new + 14, zeros, sizeof text);
	free(new);
	begin(text, sizeof text);
	new = masked(LINK_PPP);
	assert_memory_equal(new + 2, zeros, sizeof text - 2);
	free(new);
	pair.keep_payload = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_decoder_sees_the_same),
		cmocka_unit_test(test_arp),
		cmocka_unit_test(test_frames_of_management_and_control),
		cmocka_unit_test(test_what_is_not_decoded_is_zeros),
	};
	return cmocka_run_group_tests(tests, open_pair, close_pair);
}
