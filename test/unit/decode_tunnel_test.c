/* decode_tunnel_test.c - tunnels over IP: IP in IP, GRE in its forms; depth, names and timeout of a tunnel. */
#include "decode_help.h"

static struct frame f;

static struct uid
count_uid(void *arg, const struct addr *src, const struct addr *dst, double first)
{
	uint64_t *n = arg;
	assert_false(addr_equal(src, dst));
	return (struct uid){ (uint64_t)first, ++*n };
}

static void
open_run(struct run *r, uint64_t *uids)
{
	struct decode_options opt;
	decode_options_default(&opt);
	opt.new_uid = count_uid;
	opt.new_uid_arg = uids;
	run_open(r, &opt);
}

static void
inner_packet(void)
{
	frame_clear(&f);
	put(&f, "data", 4);
	udp4(&f, 1000, 2000);
}

struct gre_row {
	const char *name;
	const char *header; /* in hex */
	bool        ethernet, wlan;
	int         cause; /* -1: the packet is returned */
};

static const struct gre_row rows[] = {
	{ "plain", "00000800", false, false, -1 },
	{ "key", "20000800 00000001", false, false, -1 },
	{ "checksum, key, sequence", "b0000800 00000000 00000001 00000002", false, false, -1 },
	{ "any type leads to IP", "00001234", false, false, -1 },
	{ "bridged", "00006558", true, false, -1 },
	{ "erspan i", "000088be", true, false, -1 },
	{ "erspan ii", "100088be 00000001 1000000000000000", true, false, -1 },
	{ "erspan iii", "100022eb 00000001 200000000000000000000000", true, false, -1 },
	{ "erspan iii, subheader", "100022eb 00000001 200000000000000000000001 0000000000000000", true, false, -1 },
	{ "aruba", "00008200", false, true, -1 },
	{ "aruba, last", "00008370", false, true, -1 },
	{ "pptp", "3001880b 00200001 00000000 ff030021", false, false, -1 },
	{ "pptp with acknowledgement", "3081880b 00200001 00000000 00000000 ff030021", false, false, -1 },
	{ "pptp, lcp", "3001880b 00200001 00000000 ff03c021", false, false, DECODE_R_invalid_GRE },
	{ "version 1 without pptp", "30010800 00200001 00000000 ff030021", false, false, DECODE_R_invalid_GRE },
	{ "version 2", "00020800", false, false, DECODE_R_invalid_GRE },
	{ "routing", "40000800", false, false, DECODE_R_invalid_GRE },
	{ "reserved flags", "00080800", false, false, DECODE_R_invalid_GRE },
};

static void
gre_payload(const struct gre_row *row)
{
	static const uint8_t snap[8] = { 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 };
	uint8_t              header[32];
	inner_packet();
	if (row->ethernet)
		ethernet(&f, 0x0800);
	if (row->wlan) {
		put(&f, snap, sizeof snap);
		put_zeros(&f, 24)[0] = 0x08;
	}
	put(&f, header, unhex(row->header, header));
}

static void
each_gre(void **state)
{
	(void)state;
	for (int over_udp = 0; over_udp <= 1; over_udp++) {
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			const struct gre_row *row = &rows[i];
			struct run            r;
			uint64_t              uids = 0;
			open_run(&r, &uids);
			gre_payload(row);
			if (over_udp)
				udp4(&f, 4000, 4754);
			else
				ip4(&f, 47);
			ethernet(&f, 0x0800);
			run_frame(&r, LINK_ETHERNET, &f);
			const struct decode_counters *c = decoder_counters(r.dec);
			if (r.n != (size_t)(row->cause < 0) + (over_udp ? 1 : 0))
				fail_msg("%s: %zu packets", row->name, r.n);
			if (row->cause < 0) {
				const struct seen *s = &r.at[over_udp];
				assert_int_equal(s->pkt.dport, 2000);
				assert_int_equal(s->encap.depth, 1);
				assert_int_equal(s->encap.at[0].type, TUNNEL_GRE);
				assert_int_equal(s->encap.at[0].proto, over_udp ? 17 : 47);
				assert_int_equal(s->encap.at[0].uid.lo, 1);
				assert_int_equal(s->pkt.l2_src != NULL, row->ethernet || row->wlan);
				assert_int_equal(c->carriers, 1);
			} else {
				assert_int_equal(c->rejected[row->cause], 1);
			}
			run_truncated(&r, LINK_ETHERNET, &f);
			run_close(&r);
		}
	}
}

static void
ip_in_ip(void **state)
{
	(void)state;
	struct run r;
	uint64_t   uids = 0;
	open_run(&r, &uids);
	inner_packet();
	ip4(&f, 4);
	ethernet(&f, 0x0800);
	run_frame(&r, LINK_ETHERNET, &f);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.at[0].encap.at[0].type, TUNNEL_IP);
	assert_int_equal(r.at[0].encap.at[0].proto, 4);
	assert_null(r.at[0].pkt.l2_src);
	assert_int_equal(r.at[0].pkt.wire_len, 32);
	run_truncated(&r, LINK_ETHERNET, &f);

	inner_packet(); /* one byte more than the inner packet's length */
	frame_bytes(&f)[3]--;
	ip4(&f, 4);
	run_frame(&r, LINK_RAW, &f);
	assert_int_equal(r.n, 0);
	assert_int_equal(decoder_counters(r.dec)->rejected[DECODE_R_invalid_inner_IP] > 0, 1);

	frame_clear(&f); /* 6in4, and the same in IPv6 */
	udp6(&f, 1, 2);
	ip4(&f, 41);
	run_frame(&r, LINK_RAW, &f);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.at[0].pkt.ip_version, 6);
	ip6(&f, 4);
	run_frame(&r, LINK_RAW, &f);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.at[0].encap.depth, 2);
	run_close(&r);
}

static void
depth(void **state)
{
	(void)state;
	for (unsigned deep = 1; deep <= 6; deep++) {
		struct run r;
		uint64_t   uids = 0;
		open_run(&r, &uids);
		inner_packet();
		for (unsigned i = 0; i < deep; i++)
			ip4(&f, 4);
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.n, deep <= 4);
		assert_int_equal(decoder_counters(r.dec)->rejected[DECODE_R_exceeded_tunnel_max_depth], deep > 4);
		assert_int_equal(decoder_counters(r.dec)->carriers, deep < 4 ? deep : 4);
		run_close(&r);
	}
}

/* If the stack of analyzers is full after GRE, the carrier gets an X; over UDP there is one. */
static void
full_stack(void **state)
{
	(void)state;
	for (unsigned max = 2; max <= 6; max++) { /* IP, UDP, GRE, IPTunnel, IP, UDP */
		struct decode_options opt;
		struct run            r;
		decode_options_default(&opt);
		opt.max_depth = max;
		run_open(&r, &opt);
		inner_packet();
		put(&f, "\0\0\x08\0", 4);
		udp4(&f, 4000, 4754);
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.n, max < 6 ? 1 : 2);
		assert_int_equal(r.at[0].pkt.deep, max == 2);
		assert_int_equal(r.note_x, max == 3);
		assert_int_equal(decoder_counters(r.dec)->rejected[DECODE_R_max_packet_analyzer_depth_exceeded],
		                 max >= 3 && max <= 5);
		run_close(&r);
	}
}

/* A tunnel is the same in both directions, with the endpoints and the uid of its first packet, until it was not used
 * for a day. This is checked by the first packet of any kind (uid 0) a day after the last check. */
static void
names(void **state)
{
	(void)state;
	static const struct {
		double   at;
		bool     back;
		uint64_t uid;
	} packets[] = { { 10, false, 1 },
		            { 20, true, 1 },
		            { 86000, false, 1 },
		            { 172000, false, 1 },
		            { 172000 + 86400 * 2, false, 2 },
		            { 500000, true, 3 },
		            { 500100, true, 3 },
		            { 590000, true, 4 },
		            { 590100, true, 4 },
		            { 676450, false, 0 },
		            { 679000, true, 4 } };
	struct run r;
	uint64_t   uids = 0;
	open_run(&r, &uids);
	for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
		inner_packet();
		r.now = packets[i].at;
		if (packets[i].uid == 0) {
			run_frame(&r, LINK_RAW, &f);
			continue;
		}
		uint8_t *p = ip4(&f, 4);
		if (packets[i].back) {
			p[15] = 2;
			p[19] = 1;
		}
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.n, 1);
		assert_int_equal(r.at[0].encap.at[0].uid.lo, packets[i].uid);
		assert_int_equal(r.at[0].encap.at[0].src.b[15], packets[i].uid >= 3 ? 2 : 1);
	}
	run_close(&r);
}

static void
bounded(void **state)
{
	(void)state;
	struct decode_options opt;
	struct run            r;
	uint64_t              uids = 0;
	decode_options_default(&opt);
	opt.new_uid = count_uid;
	opt.new_uid_arg = &uids;
	opt.max_ip_tunnels = 2;
	run_open(&r, &opt);
	static const uint8_t  from[] = { 11, 12, 11, 13, 11, 12 };
	static const uint64_t uid[] = { 1, 2, 1, 3, 1, 4 };
	for (size_t i = 0; i < sizeof from; i++) {
		inner_packet();
		uint8_t *p = ip4(&f, 4);
		p[15] = from[i];
		ip4_fix(p);
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.at[0].encap.at[0].uid.lo, uid[i]);
	}
	assert_int_equal(decoder_counters(r.dec)->ip_tunnels_evicted, 2);
	run_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gre), cmocka_unit_test(ip_in_ip), cmocka_unit_test(depth),
		cmocka_unit_test(names),    cmocka_unit_test(bounded),  cmocka_unit_test(full_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
