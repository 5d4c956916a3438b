/* decode_frag_test.c - fragments in any order, overlapping, missing, too late and too many; IPv4 and IPv6. */
#include "decode_help.h"

static struct frame f;

/* A fragment of a datagram whose byte at offset i is `fill` + i / 8. */
struct part {
	unsigned offset, len;
	bool     more;
	uint8_t  fill;
};

static void
send_part(struct run *r, bool v6, unsigned id, const struct part *p)
{
	frame_clear(&f);
	uint8_t *data = put_zeros(&f, p->len);
	for (unsigned i = 0; i < p->len; i++)
		data[i] = (uint8_t)(p->fill + (p->offset + i) / 8);
	if (v6) {
		uint8_t *h = put_zeros(&f, 8);
		h[0] = 200; /* a transport without a header: the payload is the data */
		store16(h + 2, p->offset | p->more);
		store16(h + 6, id);
		ip6(&f, 44);
	} else {
		uint8_t *h = ip4(&f, 200);
		store16(h + 4, id);
		store16(h + 6, p->offset / 8 | (p->more ? 0x2000 : 0));
		ip4_fix(h);
	}
	run_frame(r, LINK_RAW, &f);
}

static void
open_run(struct run *r)
{
	struct decode_options opt;
	decode_options_default(&opt);
	run_open(r, &opt);
}

struct order {
	const char *name;
	struct part part[5];
	size_t      n;       /* parts, of which the last completes the datagram, or none does */
	unsigned    payload; /* length of the datagram's payload; 0: not complete */
};

static const struct order orders[] = {
	{ "in order", { { 0, 64, true, 1 }, { 64, 64, true, 1 }, { 128, 10, false, 1 } }, 3, 138 },
	{ "backwards", { { 128, 10, false, 1 }, { 64, 64, true, 1 }, { 0, 64, true, 1 } }, 3, 138 },
	{ "middle last", { { 0, 64, true, 1 }, { 128, 10, false, 1 }, { 64, 64, true, 1 } }, 3, 138 },
	{ "twice the same", { { 0, 64, true, 1 }, { 0, 64, true, 1 }, { 64, 10, false, 1 } }, 3, 74 },
	{ "overlapping", { { 0, 64, true, 1 }, { 32, 64, true, 1 }, { 96, 10, false, 1 } }, 3, 106 },
	{ "one covers all", { { 32, 32, true, 1 }, { 0, 138, false, 1 } }, 2, 138 },
	{ "a hole", { { 0, 64, true, 1 }, { 128, 10, false, 1 } }, 2, 0 },
	{ "no beginning", { { 64, 64, true, 1 }, { 128, 10, false, 1 } }, 2, 0 },
	{ "no end", { { 0, 64, true, 1 }, { 64, 64, true, 1 } }, 2, 0 },
	{ "the last is longer than thought", { { 64, 10, false, 1 }, { 64, 40, true, 1 }, { 0, 64, true, 1 } }, 3, 104 },
	{ "a later last one is shorter",
	  { { 128, 10, false, 1 }, { 64, 10, false, 1 }, { 72, 56, true, 1 }, { 0, 64, true, 1 } },
	  4,
	  138 },
	{ "more behind a hole beyond the end", { { 160, 16, true, 1 }, { 0, 64, true, 1 }, { 64, 16, false, 1 } }, 3, 80 },
	{ "atomic", { { 0, 50, false, 1 } }, 1, 50 },
};

static void
each_order(void **state)
{
	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
			const struct order *o = &orders[i];
			struct run          r;
			if (!v6 && !o->part[o->n - 1].more && o->part[o->n - 1].offset == 0)
				continue; /* in IPv4 that is no fragment */
			open_run(&r);
			for (size_t k = 0; k < o->n; k++) {
				send_part(&r, v6, 7, &o->part[k]);
				bool whole = o->payload && k + 1 == o->n;
				if (r.n != whole)
					fail_msg("%s, IPv%d, part %zu: %zu", o->name, v6 ? 6 : 4, k, r.n);
			}
			const struct decode_counters *c = decoder_counters(r.dec);
			assert_int_equal(c->fragments, o->payload ? o->n - 1 : o->n);
			assert_int_equal(c->datagrams, o->payload != 0);
			if (o->payload) {
				const struct pkt *p = &r.at[0].pkt;
				assert_true(p->reassembled);
				assert_int_equal(p->payload.n, o->payload);
				assert_int_equal(p->payload_len, o->payload);
				assert_int_equal(p->ip_len, o->payload + (v6 ? 40u : 20u));
				assert_int_equal(p->proto, 200);
				assert_int_equal(p->wire_len, p->cap_len);
			}
			run_close(&r);
		}
	}
}

/* Decodes the last part separately to check the bytes: those that came first are kept. */
static void
first_bytes_win(void **state)
{
	(void)state;
	static const struct part parts[] = { { 16, 16, true, 100 }, { 0, 64, true, 1 }, { 40, 40, false, 50 } };
	struct run               r;
	struct dissection        d;
	struct pkt               p;
	open_run(&r);
	send_part(&r, false, 7, &parts[0]);
	send_part(&r, false, 7, &parts[1]);
	frame_clear(&f);
	uint8_t *data = put_zeros(&f, 40);
	for (unsigned i = 0; i < 40; i++)
		data[i] = (uint8_t)(50 + (40 + i) / 8);
	uint8_t *h = ip4(&f, 200);
	store16(h + 4, 7);
	store16(h + 6, 40 / 8);
	ip4_fix(h);
	struct connlog_packet raw = {
		.data = frame_bytes(&f), .caplen = (uint32_t)frame_len(&f), .len = (uint32_t)frame_len(&f), .link = LINK_RAW
	};
	decode_begin(r.dec, &d, &raw, 0);
	assert_true(decode_next(r.dec, &d, &p));
	assert_int_equal(p.payload.n, 80);
	for (unsigned i = 0; i < 80; i++) {
		unsigned fill = i >= 64 ? 50 : i >= 16 && i < 32 ? 100 : 1;
		assert_int_equal(p.payload.p[i], fill + i / 8);
	}
	assert_false(decode_next(r.dec, &d, &p));
	decode_batch_end(r.dec);
	run_close(&r);
}

/* Random parts of up to 400 bytes against a plain model: old bytes are kept, and the datagram is complete when the
 * model says so. */
static void
random_parts(void **state)
{
	(void)state;
	uint32_t x = 2463534242u;
	for (int round = 0; round < 300; round++) {
		bool       have[1024] = { false };
		unsigned   size = 0;
		struct run r;
		open_run(&r);
		for (int k = 0; k < 40; k++) {
			x ^= x << 13, x ^= x >> 17, x ^= x << 5;
			struct part p = { x % 40 * 8, 1 + (x >> 8) % 80, (x >> 16) % 8 != 0, 1 };
			unsigned    upper = p.offset + p.len, run_end = 0;
			if ((!p.more && size == 0) || (size && upper > size))
				size = upper;
			for (unsigned i = p.offset; i < upper; i++)
				have[i] = true;
			while (have[run_end])
				run_end++;
			send_part(&r, round & 1, 7, &p);
			if (!(round & 1) && p.offset == 0 && !p.more) {
				assert_int_equal(r.n, 1); /* not a fragment */
				break;
			}
			bool whole = size && run_end >= size;
			assert_int_equal(r.n, whole);
			if (whole) {
				assert_int_equal(r.at[0].pkt.payload.n, run_end);
				break;
			}
		}
		run_close(&r);
	}
}

static void
timeouts(void **state)
{
	(void)state;
	static const struct part first = { 0, 64, true, 1 }, last = { 64, 10, false, 1 };
	static const struct {
		double gap, option;
		bool   whole;
	} rows[] = { { 299, 300, true }, { 300, 300, false }, { 1e6, 0, true }, { 5, 5, false } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct decode_options opt;
		struct run            r;
		decode_options_default(&opt);
		opt.frag_timeout = rows[i].option;
		run_open(&r, &opt);
		r.now = 1000;
		send_part(&r, false, 7, &first);
		r.now += rows[i].gap;
		send_part(&r, false, 7, &last);
		assert_int_equal(r.n, rows[i].whole);
		assert_int_equal(decoder_counters(r.dec)->fragments_expired, !rows[i].whole);
		run_close(&r);
	}
}

/* The table is limited: the oldest datagram is dropped, and the others stay intact. */
static void
caps(void **state)
{
	(void)state;
	static const struct part first = { 0, 64, true, 1 }, last = { 64, 10, false, 1 }, far = { 60000, 64, true, 1 };
	struct decode_options    opt;
	struct run               r;
	decode_options_default(&opt);
	opt.max_fragments = 3;
	run_open(&r, &opt);
	for (unsigned id = 1; id <= 5; id++)
		send_part(&r, false, id, &first);
	assert_int_equal(decoder_counters(r.dec)->fragments_evicted, 2);
	send_part(&r, false, 3, &last);
	assert_int_equal(r.n, 1);
	send_part(&r, false, 2, &last);
	assert_int_equal(r.n, 0);
	run_close(&r);

	decode_options_default(&opt);
	opt.max_fragment_bytes = 200000;
	run_open(&r, &opt);
	for (unsigned id = 1; id <= 10; id++)
		send_part(&r, false, id, &far);
	assert_true(decoder_counters(r.dec)->fragments_evicted >= 7);
	run_close(&r);
}

/* Addresses and identification determine a datagram, not the protocol; truncated fragments are not kept. */
static void
keys_and_cuts(void **state)
{
	(void)state;
	static const struct part first = { 0, 64, true, 1 }, last = { 64, 10, false, 1 };
	struct run               r;
	open_run(&r);
	send_part(&r, false, 7, &first);
	send_part(&r, false, 8, &last);
	assert_int_equal(r.n, 0);
	send_part(&r, false, 7, &last);
	assert_int_equal(r.n, 1);
	send_part(&r, true, 8, &first);
	assert_int_equal(r.n, 0);
	run_truncated(&r, LINK_RAW, &f);
	send_part(&r, false, 9, &last);
	run_cut(&r, LINK_RAW, frame_bytes(&f), frame_len(&f) - 1, frame_len(&f));
	assert_int_equal(decoder_counters(r.dec)->rejected[DECODE_R_incompletely_captured_fragment] > 0, 1);
	send_part(&r, false, 10, &first);
	run_cut(&r, LINK_RAW, frame_bytes(&f), frame_len(&f) - 1, frame_len(&f));
	assert_int_equal(r.n, 1); /* a truncated first fragment: its header is used */
	assert_false(r.at[0].pkt.reassembled);
	run_close(&r);
}

/* A datagram of more than 65535 bytes: its length is truncated to 16 bits. */
static void
too_long(void **state)
{
	(void)state;
	struct run r;
	open_run(&r);
	for (unsigned at = 0; at < 65528; at += 8192)
		send_part(&r, false, 7, &(struct part){ at, at + 8192 > 65528 ? 65528 - at : 8192, true, 1 });
	send_part(&r, false, 7, &(struct part){ 65528, 1000, false, 1 });
	assert_int_equal(r.n, 1);
	assert_int_equal(r.at[0].pkt.ip_len, (65528 + 1000 + 20) & 0xffff);
	run_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_order),   cmocka_unit_test(first_bytes_win),
		cmocka_unit_test(random_parts), cmocka_unit_test(timeouts),
		cmocka_unit_test(caps),         cmocka_unit_test(keys_and_cuts),
		cmocka_unit_test(too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
