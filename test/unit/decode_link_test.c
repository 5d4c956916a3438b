/* decode_link_test.c - every link layer: what follows it and what it sets in the packet; truncated at every byte. */
#include "capture/dlt.h"
#include "decode_help.h"

struct row {
	const char *name;
	int         link;
	const char *header; /* in hex, put before an IPv4 packet */
	int         flow;   /* -1: a packet is returned */
	int         reason; /* else: 100 + decode_rejected, or decode_ignored */
	int         vlan, inner_vlan;
	int64_t     session;
	const char *l2_src; /* in hex; "" NULL */
};

#define R(x) (100 + DECODE_R_##x)
#define I(x) DECODE_I_##x
#define NO   PKT_VLAN_NONE
#define E12  "020000000002020000000001"
#define SRC  "020000000001"

static const struct row rows[] = {
	{ "ethernet", LINK_ETHERNET, E12 "0800", 1, 0, NO, NO, -1, SRC },
	{ "unknown ethertype", LINK_ETHERNET, E12 "1234", 0, I(ether_type), NO, NO, -1, "" },
	{ "neither type nor length", LINK_ETHERNET, E12 "05dd", 0, R(undefined_ether_type), NO, NO, -1, "" },
	{ "fabricpath", LINK_ETHERNET, E12 "89030001" E12 "0800", 1, 0, NO, NO, -1, SRC },
	{ "802.1q", LINK_ETHERNET, E12 "8100 e02a 0800", 1, 0, 42, NO, -1, SRC },
	{ "q in q", LINK_ETHERNET, E12 "88a8 0007 8100 002a 0800", 1, 0, 7, 42, -1, SRC },
	{ "old q in q", LINK_ETHERNET, E12 "9100 0007 8100 002a 0800", 1, 0, 7, 42, -1, SRC },
	{ "three tags: the last overwrites", LINK_ETHERNET, E12 "8100 0001 8100 0002 8100 0003 0800", 1, 0, 1, 3, -1, SRC },
	{ "802.1ad inside a tag is not known", LINK_ETHERNET, E12 "8100 0007 88a8 002a 0800", 0, I(ether_type), NO, NO, -1,
	  "" },
	{ "vntag", LINK_ETHERNET, E12 "8926 00000000 8100 002a 0800", 1, 0, 42, NO, -1, SRC },
	{ "vntag leads to vlan alone", LINK_ETHERNET, E12 "8926 00000000 0800", 0, I(ether_type), NO, NO, -1, "" },
	{ "pbb", LINK_ETHERNET, "0a0000000002 0a0000000001 88e7 00000001" E12 "0800", 1, 0, NO, NO, -1, SRC },
	{ "pbb in a vlan", LINK_ETHERNET, "0a0000000002 0a0000000001 8100 0005 88e7 00000001" E12 "0800", 1, 0, 5, NO, -1,
	  SRC },
	{ "mpls, not ip behind the last label", LINK_ETHERNET, E12 "8847 00002140 00002140", 0, R(unknown_ip_version), NO,
	  NO, -1, "" },
	{ "mpls, two labels", LINK_ETHERNET, E12 "8847 00001040 00002140", 1, 0, NO, NO, -1, SRC },
	{ "mpls in vlan", LINK_ETHERNET, E12 "8100 0009 8847 00002140", 1, 0, 9, NO, -1, SRC },
	{ "pppoe", LINK_ETHERNET, E12 "8864 1100 1234 0022 0021", 1, 0, NO, NO, 0x1234, SRC },
	{ "pppoe, not ip", LINK_ETHERNET, E12 "8864 1100 1234 0022 c021", 0, I(ether_type), NO, NO, -1, "" },
	{ "pppoe, length cuts ip", LINK_ETHERNET, E12 "8864 1100 1234 0015 0021", 0, R(truncated_IP), NO, NO, -1, "" },
	{ "snap", LINK_ETHERNET, E12 "0028 aaaa03 000000 0800", 1, 0, NO, NO, -1, SRC },
	{ "snap, numbered", LINK_ETHERNET, E12 "0029 aaaa0000 000000 0800", 1, 0, NO, NO, -1, SRC },
	{ "snap, other organisation", LINK_ETHERNET, E12 "0028 aaaa03 00000c 0800", 0, I(ether_type), NO, NO, -1, "" },
	{ "snap in vlan", LINK_ETHERNET, E12 "8100 0003 0028 aaaa03 000000 0800", 1, 0, 3, NO, -1, SRC },
	{ "llc", LINK_ETHERNET, E12 "0026 424203", 0, I(llc), NO, NO, -1, "" },
	{ "llc cut by its length", LINK_ETHERNET, E12 "0002 424203", 0, R(truncated_link_header), NO, NO, -1, "" },
	{ "novell", LINK_ETHERNET, E12 "0026 ffff03", 0, I(novell), NO, NO, -1, "" },
	{ "null, AF_INET", LINK_NULL, "02000000", 1, 0, NO, NO, -1, "" },
	{ "null, AF_INET6 of macOS", LINK_NULL, "1e000000", 1, 0, NO, NO, -1, "" },
	{ "null, other byte order", LINK_NULL, "00000002", 0, I(ether_type), NO, NO, -1, "" },
	{ "ppp", LINK_PPP, "0021", 1, 0, NO, NO, -1, "" },
	{ "ppp, hdlc", LINK_PPP, "ff030021", 1, 0, NO, NO, -1, "" },
	{ "ppp, mpls", LINK_PPP, "0281 00002140", 1, 0, NO, NO, -1, "" },
	{ "ppp, lcp", LINK_PPP, "c021", 0, I(ether_type), NO, NO, -1, "" },
	{ "ppp serial", LINK_PPP_SERIAL, "ff030021", 1, 0, NO, NO, -1, "" },
	{ "fddi", LINK_FDDI, "500000000000000000000000000000000000000000", 1, 0, NO, NO, -1, "" },
	{ "raw", LINK_RAW, "", 1, 0, NO, NO, -1, "" },
	{ "any other link type is raw", 147, "", 1, 0, NO, NO, -1, "" },
	{ "sll", LINK_SLL, "00000001 0006" SRC "0000 0800", 1, 0, NO, NO, -1, SRC },
	{ "sll, not ip", LINK_SLL, "00000001 0006" SRC "0000 0004", 0, I(ether_type), NO, NO, -1, "" },
	{ "sll2", LINK_SLL2, "0800 0000 00000001 0001 0006" SRC "0000", 1, 0, NO, NO, -1, SRC },
	{ "nflog", LINK_NFLOG, "02000000 0500 0a00 6100 0000 0400 0900", 1, 0, NO, NO, -1, "" },
	{ "nflog, version", LINK_NFLOG, "02010000 0400 0900", 0, R(bad_link_header), NO, NO, -1, "" },
	{ "nflog, attribute of no length", LINK_NFLOG, "02000000 0000 0a00", 0, R(bad_link_header), NO, NO, -1, "" },
	{ "nflog, attribute too long", LINK_NFLOG, "02000000 ff7f 0a00", 0, R(bad_link_header), NO, NO, -1, "" },
	{ "802.11", LINK_WLAN, "0801 0000 0a0000000003" SRC "020000000002 0000 aaaa03000000 0800", 1, 0, NO, NO, -1, SRC },
	{ "802.11 from the station", LINK_WLAN, "0802 0000 020000000002 0a0000000003" SRC "0000 aaaa03000000 0800", 1, 0,
	  NO, NO, -1, SRC },
	{ "802.11, four addresses, qos", LINK_WLAN,
	  "8803 0000 0a0000000003 0a0000000004 020000000002 0000" SRC "0000 aaaa03000000 0800", 1, 0, NO, NO, -1, SRC },
	{ "802.11, encrypted", LINK_WLAN, "8841 0000 0a0000000003" SRC "020000000002 0000 0000 aaaa03000000 0800", 0,
	  I(wlan_encrypted), NO, NO, -1, "" },
	{ "802.11 beacon", LINK_WLAN, "8000 0000 0a0000000003" SRC "020000000002 0000 aaaa03000000 0800", 0,
	  I(wlan_not_data), NO, NO, -1, "" },
	{ "802.11, no data", LINK_WLAN, "4801 0000 0a0000000003" SRC "020000000002 0000 aaaa03000000 0800", 0,
	  I(wlan_not_data), NO, NO, -1, "" },
	{ "802.11, not snap", LINK_WLAN, "0801 0000 0a0000000003" SRC "020000000002 0000 424203000000 0800", 0,
	  I(wlan_not_snap), NO, NO, -1, "" },
	{ "radiotap", LINK_RADIOTAP,
	  "0000 0900 0000000000 0801 0000 0a0000000003" SRC "020000000002 0000 aaaa03000000 0800", 1, 0, NO, NO, -1, SRC },
	{ "radiotap too long", LINK_RADIOTAP, "0000 ff00 0000000000", 0, R(truncated_link_header), NO, NO, -1, "" },
};

static void
check_flow(const struct row *row, const struct run *r)
{
	if (r->n != 1)
		fail_msg("%s: %zu packets", row->name, r->n);
	const struct pkt *p = &r->at[0].pkt;
	assert_int_equal(p->vlan, row->vlan);
	assert_int_equal(p->inner_vlan, row->inner_vlan);
	assert_int_equal(p->pppoe_session, row->session < 0 ? PKT_SESSION_NONE : (uint32_t)row->session);
	assert_int_equal(p->l2_src != NULL, row->l2_src[0] != 0);
	assert_int_equal(p->sport, 1000);
	assert_int_equal(p->dport, 2000);
	assert_int_equal(p->data_len, 4);
}

static void
each_link_layer(void **state)
{
	(void)state;
	static struct frame   f;
	struct decode_options opt;
	decode_options_default(&opt);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct run        r;
		uint8_t           header[64];
		run_open(&r, &opt);
		frame_clear(&f);
		put(&f, "data", 4);
		udp4(&f, 1000, 2000);
		size_t n = unhex(row->header, header);
		if (dlt_is_foreign(row->link, false)) /* the row has the order of a little-endian host */
			dlt_swap_nflog(header, (uint32_t)n);
		put(&f, header, n);
		run_frame(&r, row->link, &f);
		const struct decode_counters *c = decoder_counters(r.dec);
		if (row->flow)
			check_flow(row, &r);
		else if ((row->reason >= 100 ? c->rejected[row->reason - 100] : c->ignored[row->reason]) != 1)
			fail_msg("%s: not counted under its cause", row->name);
		assert_int_equal(c->frames, 1);
		run_truncated(&r, row->link, &f);
		run_close(&r);
	}
}

/* The addresses themselves, which check_flow does not compare. */
static void
addresses(void **state)
{
	(void)state;
	static struct frame   f;
	struct decode_options opt;
	struct dissection     d;
	struct pkt            p;
	decode_options_default(&opt);
	struct decoder *dec = decoder_new(&opt);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t header[64] = { 0 }, want[6];
		if (!rows[i].flow || !rows[i].l2_src[0])
			continue;
		frame_clear(&f);
		udp4(&f, 1000, 2000);
		put(&f, header, unhex(rows[i].header, header));
		if (header[12] == 0 && header[13] == 0x28) /* 802.3 lengths of a packet with 4 bytes of data */
			continue;
		struct connlog_packet raw = { .data = frame_bytes(&f),
			                          .caplen = (uint32_t)frame_len(&f),
			                          .len = (uint32_t)frame_len(&f),
			                          .link = rows[i].link };
		decode_begin(dec, &d, &raw, 0);
		if (!decode_next(dec, &d, &p))
			continue;
		unhex(rows[i].l2_src, want);
		assert_memory_equal(p.l2_src, want, 6);
		if (rows[i].link == LINK_SLL || rows[i].link == LINK_SLL2)
			assert_ptr_equal(p.l2_dst, l2_empty);
		else
			assert_memory_equal(p.l2_dst, mac_dst, 6);
	}
	decoder_free(dec);
}

/* Puts a packet in front, as a subframe of an A-MSDU. */
static void
put_subframe(struct frame *f, const void *packet, size_t n)
{
	static const uint8_t snap[8] = { 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 };
	put_zeros(f, (4 - (n + 8) % 4) % 4);
	put(f, packet, n);
	put(f, snap, 8);
	store16(put_zeros(f, 14) + 12, (unsigned)n + 8);
}

/* A datagram reassembled in an A-MSDU leaves its length behind as that of the frame: packets that end beyond it are
 * dropped. */
static void
amsdu_fragments(void **state)
{
	(void)state;
	static struct frame   f, one;
	struct decode_options opt;
	struct run            r;
	decode_options_default(&opt);
	run_open(&r, &opt);
	frame_clear(&f);
	frame_clear(&one);
	put(&one, "abcd", 4);
	udp4(&one, 300, 2000);
	put_subframe(&f, frame_bytes(&one), frame_len(&one));
	frame_clear(&one);
	put(&one, "abcdefghabcdefgh", 16);
	udp4(&one, 200, 2000);
	for (unsigned i = 2; i > 0; i--) { /* the payload's first 8 bytes, and 16 more */
		uint8_t part[36];
		size_t  n = 8 * i;
		memcpy(part, frame_bytes(&one), 20);
		memcpy(part + 20, frame_bytes(&one) + (i == 1 ? 20 : 28), n);
		store16(part + 2, (unsigned)(20 + n));
		store16(part + 6, i == 1 ? 0x2000 : 1);
		ip4_fix(part);
		put_subframe(&f, part, 20 + n);
	}
	uint8_t *q = put_zeros(&f, 26);
	q[0] = 0x88;
	q[1] = 0x01;
	q[24] = 0x80;
	run_frame(&r, LINK_WLAN, &f);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.at[0].pkt.sport, 200);
	assert_int_equal(r.at[0].pkt.data.n, 16);
	assert_int_equal(decoder_counters(r.dec)->rejected[DECODE_R_truncated_IP_len], 1);
	run_truncated(&r, LINK_WLAN, &f);
	run_close(&r);
}

/* Three packets in one A-MSDU; if the second fails, the A-MSDU ends. */
static void
amsdu(void **state)
{
	(void)state;
	static const uint8_t  snap[8] = { 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 };
	static struct frame   f;
	struct decode_options opt;
	decode_options_default(&opt);
	for (int broken = 0; broken <= 1; broken++) {
		struct run r;
		run_open(&r, &opt);
		frame_clear(&f);
		for (unsigned i = 3; i > 0; i--) {
			static struct frame one;
			frame_clear(&one);
			put(&one, "abcdefgh", i == 1 ? 4 : 8); /* the first has 4 bytes: 40 in all, no padding by Zeek's count */
			uint8_t *ip = udp4(&one, 100 + i, 2000);
			if (broken && i == 2)
				ip[0] = 0x75;
			put(&one, snap, 8);
			put(&f, frame_bytes(&one), frame_len(&one));
			uint8_t *sub = put_zeros(&f, 14);
			store16(sub + 12, (unsigned)frame_len(&one));
		}
		uint8_t *q = put_zeros(&f, 26);
		q[0] = 0x88;
		q[1] = 0x01;
		q[24] = 0x80;
		run_frame(&r, LINK_WLAN, &f);
		const struct decode_counters *c = decoder_counters(r.dec);
		assert_int_equal(r.n, broken ? 1 : 3);
		assert_int_equal(r.at[0].pkt.sport, 101);
		assert_int_equal(c->inner, broken ? 2 : 3);
		assert_int_equal(c->carriers, !broken);
		assert_int_equal(c->rejected[DECODE_R_invalid_802_11_amsdu_inner_packet], broken);
		if (!broken)
			assert_int_equal(r.at[2].pkt.sport, 103);
		run_truncated(&r, LINK_WLAN, &f);
		run_close(&r);
	}
}

static void
arp(void **state)
{
	(void)state;
	static struct frame   f;
	struct decode_options opt;
	struct run            r;
	decode_options_default(&opt);
	run_open(&r, &opt);
	frame_clear(&f);
	uint8_t *p = put_zeros(&f, 28);
	memcpy(p, "\0\1\x08\0\6\4\0\1", 8);
	ethernet(&f, 0x0806);
	run_frame(&r, LINK_ETHERNET, &f);
	assert_int_equal(decoder_counters(r.dec)->ignored[DECODE_I_arp], 1);
	run_cut(&r, LINK_ETHERNET, frame_bytes(&f), frame_len(&f) - 1, frame_len(&f));
	assert_int_equal(decoder_counters(r.dec)->rejected[DECODE_R_truncated_ARP], 1);
	assert_int_equal(decoder_counters(r.dec)->truncated, 1);
	run_truncated(&r, LINK_ETHERNET, &f);
	run_close(&r);
}

/* An empty frame, and the limit on the number of analyzers: PBB inside PBB. */
static void
limits(void **state)
{
	(void)state;
	static struct frame   f;
	struct decode_options opt;
	struct run            r;
	decode_options_default(&opt);
	run_open(&r, &opt);
	run_cut(&r, LINK_ETHERNET, (const uint8_t *)"", 0, 0);
	run_cut(&r, LINK_ETHERNET, (const uint8_t *)"", 0, 60);
	assert_int_equal(decoder_counters(r.dec)->ignored[DECODE_I_empty_frame], 2);
	for (unsigned deep = 10; deep <= 13; deep++) {
		frame_clear(&f);
		put(&f, "data", 4);
		udp4(&f, 1000, 2000);
		ethernet(&f, 0x0800);
		for (unsigned i = 0; i < deep; i++) { /* Ethernet and PBB: two analyzers */
			put_zeros(&f, 4);
			ethernet(&f, 0x88e7);
		}
		run_frame(&r, LINK_ETHERNET, &f);
		/* 2 * deep, Ethernet, IP, UDP are 23, 25, 27 ... analyzers of 25 */
		assert_int_equal(r.n, deep <= 11);
		if (r.n)
			assert_int_equal(r.at[0].pkt.deep, deep == 11);
	}
	assert_int_equal(decoder_counters(r.dec)->rejected[DECODE_R_max_packet_analyzer_depth_exceeded], 2);
	run_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_link_layer), cmocka_unit_test(addresses), cmocka_unit_test(amsdu),
		cmocka_unit_test(amsdu_fragments), cmocka_unit_test(arp),       cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
