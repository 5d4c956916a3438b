/* decode_udp_tunnel_test.c - tunnels over UDP: the content, confirmations and violations, and truncated packets. */
#include "decode_help.h"

static struct frame f;

enum { NO = UDP_TUNNEL_NO, STATE = UDP_TUNNEL_STATE, INNER = UDP_TUNNEL_INNER };
enum { PLAIN4, PLAIN6, BUBBLE, IN_ETHERNET, IN_ARP, NOTHING };

struct row {
	const char *name;
	unsigned    port;
	const char *header; /* in hex */
	int         inside; /* what follows the header */
	int         extra;  /* bytes after that */
	int         answer;
	uint8_t     confirmed, violated; /* udp_tunnel_kind */
	int         type;
};

#define T UDP_TUNNEL_TEREDO
#define A UDP_TUNNEL_AYIYA
#define G UDP_TUNNEL_GTPV1
#define V UDP_TUNNEL_VXLAN
#define N UDP_TUNNEL_GENEVE

#define ZEROS16 "00000000000000000000000000000000"

static const struct row rows[] = {
	{ "no tunnel", 53, "", PLAIN4, 0, NO, 0, 0, 0 },

	{ "vxlan", 4789, "0800000000000100", IN_ETHERNET, 0, INNER, V, 0, TUNNEL_VXLAN },
	{ "vxlan without its flag", 4789, "0000000000000100", IN_ETHERNET, 0, STATE, 0, V, 0 },
	{ "vxlan, empty", 4789, "0800000000000100", NOTHING, 0, STATE, V, 0, 0 },
	{ "vxlan, cut", 4789, "08000000000001", NOTHING, 0, STATE, 0, V, 0 },

	{ "geneve, ethernet", 6081, "0000655800000100", IN_ETHERNET, 0, INNER, N, 0, TUNNEL_GENEVE },
	{ "geneve, ip, options", 6081, "0200080000000100 0001000100000000", PLAIN4, 0, INNER, N, 0, TUNNEL_GENEVE },
	{ "geneve, ipv6", 6081, "000086dd00000100", PLAIN6, 0, INNER, N, 0, TUNNEL_GENEVE },
	{ "geneve, arp", 6081, "0000080600000100", IN_ARP, 0, INNER, N, 0, TUNNEL_GENEVE },
	{ "geneve, other", 6081, "0000123400000100", PLAIN4, 0, STATE, N, 0, 0 },
	{ "geneve, version", 6081, "4000655800000100", IN_ETHERNET, 0, NO, 0, 0, 0 },
	{ "geneve, options cut", 6081, "0300655800000100 00000000", NOTHING, 0, STATE, 0, N, 0 },

	{ "ayiya", 5072, "00001104 00000000 01", PLAIN4, 0, INNER, A, 0, TUNNEL_AYIYA },
	{ "ayiya by content", 9999,
	  "40521129 00000000 00000000000000000000000000000000 0000000000000000000000000000000000000000", PLAIN6, 0, INNER,
	  A, 0, TUNNEL_AYIYA },
	{ "ayiya, not forward", 5072, "00000004 00000000 01", PLAIN4, 0, NO, 0, 0, 0 },
	{ "ayiya, identity cut", 5072, "50001104 00000000 01", NOTHING, 0, STATE, 0, A, 0 },
	{ "ayiya, other", 5072, "00001111 00000000 01", PLAIN4, 0, STATE, A, 0, 0 },

	{ "teredo", 3544, "", PLAIN6, 0, INNER, 0, 0, TUNNEL_TEREDO },
	{ "teredo, origin", 3544, "0000 1234 01020304", PLAIN6, 0, INNER, 0, 0, TUNNEL_TEREDO },
	{ "teredo, authentication, origin", 3544, "0001 0201 aabbcc 0000000000000000 00 0000 1234 01020304", PLAIN6, 0,
	  INNER, 0, 0, TUNNEL_TEREDO },
	{ "teredo, origin first", 3544, "0000 1234 01020304 0001 0000 0000000000000000 00", PLAIN6, 0, STATE, 0, T, 0 },
	{ "teredo, two origins", 3544, "0000 1234 01020304 0000 1234 01020304", PLAIN6, 0, STATE, 0, T, 0 },
	{ "teredo bubble", 3544, "", BUBBLE, 0, INNER, 0, 0, TUNNEL_TEREDO },
	{ "teredo bubble with more", 3544, "", BUBBLE, 5, INNER, 0, 0, TUNNEL_TEREDO },
	{ "teredo with more", 3544, "", PLAIN6, 5, STATE, 0, T, 0 },
	{ "teredo, ipv4", 3544, "", PLAIN4, 0, STATE, 0, T, 0 },
	{ "teredo by content", 9999, "0000 1234 01020304", PLAIN6, 0, INNER, 0, 0, TUNNEL_TEREDO },
	{ "ipv6 in udp is no teredo by content", 9999, "", PLAIN6, 0, NO, 0, 0, 0 },

	{ "gtp", 2152, "30ff 0000 00000001", PLAIN4, 0, INNER, G, 0, TUNNEL_GTPV1 },
	{ "gtp, ipv6, sequence", 2152, "32ff 0000 00000001 00010000", PLAIN6, 0, INNER, G, 0, TUNNEL_GTPV1 },
	{ "gtp, extensions", 2152, "34ff 0000 00000001 00000085 01000085 0200000000000000", PLAIN4, 0, INNER, G, 0,
	  TUNNEL_GTPV1 },
	{ "gtp, extension of no length", 2152, "34ff 0000 00000001 00000085 00000085", PLAIN4, 0, STATE, 0, G, 0 },
	{ "gtp, extension cut", 2152, "34ff 0000 00000001 00000085 ff000085", PLAIN4, 0, STATE, 0, G, 0 },
	{ "gtp, version", 2152, "50ff 0000 00000001", PLAIN4, 0, STATE, 0, G, 0 },
	{ "gtp prime", 2152, "20ff 0000 00000001", PLAIN4, 0, NO, 0, 0, 0 },
	{ "gtp, not ip", 2152, "30ff 0000 00000001 00", PLAIN4, 0, STATE, 0, G, 0 },
	{ "gtp with more", 2152, "30ff 0000 00000001", PLAIN4, 1, STATE, 0, G, 0 },
	{ "gtp echo", 2152, "3201 0000 00000001 00010000", NOTHING, 0, NO, 0, 0, 0 },
	{ "gtp, elements", 2123, "3014 0000 00000001 1400 80000201f1", NOTHING, 0, NO, 0, 0, 0 },
	{ "gtp, unknown element", 2123, "3014 0000 00000001 4000", NOTHING, 0, STATE, 0, G, 0 },
	{ "gtp, element cut", 2123, "3014 0000 00000001 800002f1", NOTHING, 0, STATE, 0, G, 0 },
	{ "gtp, cut", 2152, "30ff 0000 000000", NOTHING, 0, STATE, 0, G, 0 },
	{ "gtp, target id of three bytes", 2123, "3010 0000 00000001 8a0003aabbcc", NOTHING, 0, NO, 0, 0, 0 },
	{ "gtp, rab setup of one byte", 2123, "3010 0000 00000001 8c000105 0101", NOTHING, 0, NO, 0, 0, 0 },
	{ "gtp, rab setup too short", 2123, "3010 0000 00000001 8c0003aabbcc", NOTHING, 0, STATE, 0, G, 0 },
	{ "gtp, quintuplet, its length wrong", 2123,
	  "3010 0000 00000001 880001 " ZEROS16 "01aa" ZEROS16 ZEROS16 "02bbcc 0101", NOTHING, 0, NO, 0, 0, 0 },
	{ "gtp, quintuplet cut", 2123, "3010 0000 00000001 880023 " ZEROS16 "01aa" ZEROS16 "02bb", NOTHING, 0, STATE, 0, G,
	  0 },
	{ "gtp, mm context with a triplet", 2123,
	  "3010 0000 00000001 810000 0048 0000000000000000 " ZEROS16 "000000000000000000000000 0000 01aa 0002bbcc 0101",
	  NOTHING, 0, NO, 0, 0, 0 },
	{ "gtp, mm context with quintuplets' length", 2123,
	  "3010 0000 00000001 810000 0080 " ZEROS16 ZEROS16 "0000 0000 00 0000 0101", NOTHING, 0, NO, 0, 0, 0 },
	{ "gtp, mm context cut", 2123, "3010 0000 00000001 810004 00400000", NOTHING, 0, STATE, 0, G, 0 },
	{ "gtp, pdp context", 2123,
	  "3010 0000 00000001 820000 0000 01aa 02aabb 01aa 00000000 0000 00000000 00000000 000000 00 01aa 00 02aabb 0000 "
	  "0101",
	  NOTHING, 0, NO, 0, 0, 0 },
	{ "gtp, pdp context without quality", 2123,
	  "3010 0000 00000001 820000 0000 00 01aa 01aa 00000000 0000 00000000 00000000 000000 00 00 00 00 0000", NOTHING, 0,
	  STATE, 0, G, 0 },

	{ "gre over udp", 4754, "00000800", PLAIN4, 0, INNER, 0, 0, TUNNEL_GRE },
};

static void
build(const struct row *row)
{
	uint8_t header[128];
	frame_clear(&f);
	put_zeros(&f, (size_t)row->extra);
	size_t end = f.at;
	if (row->inside == BUBBLE) {
		ip6(&f, 59);
	} else if (row->inside == IN_ARP) {
		memcpy(put_zeros(&f, 28), "\0\1\x08\0\6\4\0\1", 8);
	} else if (row->inside == PLAIN6) {
		put(&f, "data", 4);
		udp6(&f, 1000, 2000);
	} else if (row->inside != NOTHING) {
		put(&f, "data", 4);
		udp4(&f, 1000, 2000);
	}
	if (row->extra && (row->inside == BUBBLE || row->inside == PLAIN6))
		store16(frame_bytes(&f) + 4, (unsigned)(end - f.at - 40));
	else if (row->extra && row->inside == PLAIN4)
		store16(frame_bytes(&f) + 2, (unsigned)(end - f.at));
	if (row->inside == IN_ETHERNET)
		ethernet(&f, 0x0800);
	put(&f, header, unhex(row->header, header));
	udp4(&f, 4000, row->port);
}

/* The outer packet alone, for calls of udp_tunnel by hand. */
static void
outer_packet(struct run *r, struct dissection *d, struct pkt *p)
{
	struct connlog_packet raw = {
		.data = frame_bytes(&f), .caplen = (uint32_t)frame_len(&f), .len = (uint32_t)frame_len(&f), .link = LINK_RAW
	};
	decode_begin(r->dec, d, &raw, 0);
	assert_true(decode_next(r->dec, d, p));
	assert_int_equal(p->transport, TRANSPORT_UDP);
}

static void
open_run(struct run *r)
{
	struct decode_options opt;
	decode_options_default(&opt);
	run_open(r, &opt);
}

static void
each_row(void **state)
{
	(void)state;
	struct decode_options opt;
	decode_options_default(&opt);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row       *row = &rows[i];
		struct run              r;
		struct dissection       d;
		struct pkt              p;
		struct udp_tunnel_state st = { 0 };
		struct inner            in;
		bool                    note_x;

		open_run(&r);
		build(row);
		outer_packet(&r, &d, &p);
		int answer = udp_tunnel(&opt, &p, p.dport, true, &st, &in, &note_x);
		if (answer != row->answer || st.confirmed != row->confirmed || st.violated != row->violated)
			fail_msg("%s: answer %d, confirmed %x, violated %x", row->name, answer, st.confirmed, st.violated);
		assert_false(note_x);
		assert_int_equal(udp_tunnel_possible(row->port, p.data) || answer == NO, 1);
		if (answer == INNER)
			assert_int_equal(in.type, row->type);
		run_frame(&r, LINK_RAW, &f);
		bool flow = answer == INNER && row->inside != BUBBLE && row->inside != IN_ARP;
		if (r.n != 1u + flow)
			fail_msg("%s: %zu packets", row->name, r.n);
		if (flow) {
			assert_int_equal(r.at[1].pkt.sport, 1000);
			assert_int_equal(r.at[1].encap.depth, 1);
			assert_int_equal(r.at[1].encap.at[0].type, row->type);
			if (row->type != TUNNEL_GRE) {
				assert_non_null(r.at[1].pkt.l2_src);
				assert_int_equal(r.at[1].l2_is_empty, row->inside != IN_ETHERNET);
			}
		}
		run_truncated(&r, LINK_RAW, &f);
		run_close(&r);
	}
}

/* Teredo is confirmed by both sides; after a violation it is neither tried again nor confirmed. */
static void
confirmation(void **state)
{
	(void)state;
	struct decode_options   opt;
	struct run              r;
	struct dissection       d;
	struct pkt              good, bad;
	struct udp_tunnel_state st = { 0 };
	struct inner            in;
	bool                    x;
	static struct frame     keep;

	decode_options_default(&opt);
	open_run(&r);
	build(&(struct row){ .port = 3544, .header = "", .inside = PLAIN6 });
	memcpy(&keep, &f, sizeof f);
	struct connlog_packet raw = { .data = frame_bytes(&keep),
		                          .caplen = (uint32_t)frame_len(&keep),
		                          .len = (uint32_t)frame_len(&keep),
		                          .link = LINK_RAW };
	decode_begin(r.dec, &d, &raw, 0);
	assert_true(decode_next(r.dec, &d, &good));
	assert_int_equal(udp_tunnel(&opt, &good, 3544, true, &st, &in, &x), INNER);
	assert_int_equal(udp_tunnel(&opt, &good, 3544, true, &st, &in, &x), INNER);
	assert_int_equal(st.confirmed, 0);
	assert_int_equal(udp_tunnel(&opt, &good, 3544, false, &st, &in, &x), INNER);
	assert_int_equal(st.confirmed, T);

	build(&(struct row){ .port = 3544, .header = "0005", .inside = PLAIN6 });
	outer_packet(&r, &d, &bad);
	st = (struct udp_tunnel_state){ 0 };
	assert_int_equal(udp_tunnel(&opt, &bad, 3544, true, &st, &in, &x), STATE);
	assert_int_equal(udp_tunnel(&opt, &good, 3544, true, &st, &in, &x), NO);
	assert_int_equal(udp_tunnel(&opt, &good, 3544, false, &st, &in, &x), NO);
	assert_int_equal(st.confirmed, 0);
	assert_int_equal(st.violated, T);

	opt.delay_teredo_confirmation = false;
	st = (struct udp_tunnel_state){ 0 };
	assert_int_equal(udp_tunnel(&opt, &good, 3544, true, &st, &in, &x), INNER);
	assert_int_equal(st.confirmed, T);
	run_close(&r);
}

/* GTPv1 continues after a violation, but is not confirmed; with the delay both sides must have been valid last. */
static void
gtp_confirmation(void **state)
{
	(void)state;
	struct decode_options   opt;
	struct run              r;
	struct dissection       d;
	struct pkt              p;
	struct udp_tunnel_state st = { .violated = G };
	struct inner            in;
	bool                    x;

	decode_options_default(&opt);
	open_run(&r);
	build(&(struct row){ .port = 2152, .header = "30ff000000000001", .inside = PLAIN4 });
	outer_packet(&r, &d, &p);
	assert_int_equal(udp_tunnel(&opt, &p, 2152, true, &st, &in, &x), INNER);
	assert_int_equal(st.confirmed, 0);
	opt.delay_gtp_confirmation = true;
	st = (struct udp_tunnel_state){ 0 };
	assert_int_equal(udp_tunnel(&opt, &p, 2152, true, &st, &in, &x), INNER);
	assert_int_equal(st.confirmed, 0);
	assert_int_equal(udp_tunnel(&opt, &p, 2152, false, &st, &in, &x), INNER);
	assert_int_equal(st.confirmed, G);
	run_close(&r);
}

/* VXLAN in VXLAN: the fifth is too deep and adds an X; GTPv1 is never inside GTPv1. */
static void
depth(void **state)
{
	(void)state;
	for (unsigned deep = 1; deep <= 6; deep++) {
		struct run r;
		open_run(&r);
		frame_clear(&f);
		put(&f, "data", 4);
		udp4(&f, 1, 2);
		for (unsigned i = 0; i < deep; i++) {
			ethernet(&f, 0x0800);
			put(&f, "\x08\0\0\0\0\0\1\0", 8);
			udp4(&f, 4000, 4789);
		}
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.n, deep <= 4 ? deep + 1 : 5);
		assert_int_equal(r.note_x, deep > 4);
		run_close(&r);
	}
	struct run r;
	open_run(&r);
	frame_clear(&f);
	put(&f, "data", 4);
	udp4(&f, 1, 2);
	for (unsigned i = 0; i < 2; i++) {
		put(&f, "\x30\xff\0\0\0\0\0\1", 8);
		udp4(&f, 4000, 2152);
	}
	run_frame(&r, LINK_RAW, &f);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.tunnel.violated, G);
	run_close(&r);
}

/* The wire length of an inner packet is that of the frame minus the headers around it, even if the frame is
 * truncated. */
static void
cut_carrier(void **state)
{
	(void)state;
	struct run r;
	open_run(&r);
	build(&(struct row){ .port = 4789, .header = "0800000000000100", .inside = IN_ETHERNET });
	run_cut(&r, LINK_RAW, frame_bytes(&f), frame_len(&f) - 2, frame_len(&f));
	assert_int_equal(r.n, 2);
	assert_int_equal(r.at[1].pkt.wire_len, 14 + 20 + 8 + 4);
	assert_int_equal(r.at[1].pkt.cap_len, 14 + 20 + 8 + 2);
	assert_int_equal(r.at[1].pkt.data_len, 4);
	assert_int_equal(r.at[1].pkt.data.n, 2);
	run_close(&r);
}

/* The checksum of a VXLAN carrier may be wrong if the option allows it. */
static void
vxlan_checksum(void **state)
{
	(void)state;
	for (int validate = 0; validate <= 1; validate++) {
		struct decode_options opt;
		struct run            r;
		decode_options_default(&opt);
		opt.validate_vxlan_checksums = validate;
		run_open(&r, &opt);
		build(&(struct row){ .port = 4789, .header = "0800000000000100", .inside = IN_ETHERNET });
		frame_bytes(&f)[26] ^= 1;
		run_frame(&r, LINK_RAW, &f);
		assert_int_equal(r.at[0].pkt.l4_bad, validate);
		run_close(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row), cmocka_unit_test(confirmation), cmocka_unit_test(gtp_confirmation),
		cmocka_unit_test(depth),    cmocka_unit_test(cut_carrier),  cmocka_unit_test(vxlan_checksum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
