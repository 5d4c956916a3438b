/* fuzz_frag.c - the decoder alone, fragments in particular: every piece is counted once, every byte can be read, and
 * the decoder's short path gives the same as its general path.
 *
 * The input is a byte of options and then frames, each after three bytes: seconds since the previous frame, and the
 * frame's length, big endian.
 *
 *     options | gap length length frame... | gap length length frame... | ...
 *
 * The layout is that of fuzz_engine.c, so the same seeds serve both. Options: bits 0-2 choose the link type, bit 7 the
 * rarer ones, bit 3 verifies checksums, bit 4 sets limits of a few fragments, bit 5 keeps reassembled datagrams over
 * four frames, bit 6 cuts a byte off each capture.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decode/udp_tunnel.h"
#include "straight_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static volatile uint8_t sink;

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
read_all(struct bytes b)
{
	uint8_t x = 0;
	for (size_t i = 0; i < b.n; i++)
		x ^= b.p[i];
	sink = x;
}

static void
check_packet(const struct pkt *p)
{
	read_all(p->ip);
	read_all(p->payload);
	read_all(p->data);
	if (p->l2_src)
		read_all((struct bytes){ p->l2_src, 6 });
	if (p->l2_dst)
		read_all((struct bytes){ p->l2_dst, 6 });
	require(p->data.n <= p->payload.n);
	require(!p->encap || (p->encap->depth > 0 && p->encap->depth <= ENCAP_MAX));
	require(!p->reassembled || p->wire_len == p->cap_len);
}

static void
look_inside(struct decoder *dec, struct dissection *d, const struct decode_options *opt, const struct pkt *p,
            struct udp_tunnel_state *st)
{
	struct inner in;
	bool         note_x;
	struct encap e = { .src = p->src, .dst = p->dst, .sport = p->sport, .dport = p->dport, .proto = p->proto };

	if (p->transport != TRANSPORT_UDP || !udp_tunnel_possible(p->dport, p->data))
		return;
	if (udp_tunnel(opt, p, p->dport, p->sport & 1, st, &in, &note_x) != UDP_TUNNEL_INNER)
		return;
	e.type = in.type;
	decode_inner(dec, d, p, &in, &e);
}

static void
check_counters(const struct decoder *dec)
{
	const struct decode_counters *c = decoder_counters(dec);
	uint64_t                      ended = c->flows + c->carriers + c->fragments;
	for (int i = 0; i < DECODE_R_COUNT; i++)
		ended += c->rejected[i];
	for (int i = 0; i < DECODE_I_COUNT; i++)
		ended += c->ignored[i];
	require(c->frames + c->inner == ended);
}

static void
one_frame(struct decoder *dec, const struct decode_options *opt, const struct connlog_packet *raw, double now)
{
	struct dissection       d;
	struct pkt              out;
	struct udp_tunnel_state st = { 0 };

	decode_begin(dec, &d, raw, now);
	while (decode_next(dec, &d, &out)) {
		check_packet(&out);
		look_inside(dec, &d, opt, &out, &st);
	}
	check_counters(dec);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const int32_t  links[16] = { 1, 101, 113, 276, 0, 9, 105, 127, 239, 10, 50, 12, 1, 1, 1, 1 };
	struct decode_options opt;
	double                now = 1;

	if (n < 1)
		return 0;
	unsigned how = p[0];
	decode_options_default(&opt);
	opt.ignore_checksums = !(how & 8);
	if (how & 16) {
		opt.max_fragments = 3;
		opt.max_fragment_bytes = 2000;
		opt.max_ip_tunnels = 2;
	}
	struct decoder *dec = decoder_new(&opt), *quick = decoder_new(&opt), *thorough = decoder_new(&opt);
	require(dec != NULL && quick != NULL && thorough != NULL);
	struct bytes in = { p + 1, n - 1 };
	for (unsigned i = 0; in.n >= 3; i++) {
		size_t len = load_be16(in.p + 1);
		now += in.p[0];
		struct bytes frame = bytes_head(bytes_skip(in, 3), len);
		in = bytes_skip(in, 3 + len);
		size_t   cap = frame.n - (how & 64 && frame.n > 0);
		uint8_t *exact = malloc(cap + !cap); /* so that reading after the frame is detected */
		require(exact != NULL);
		memcpy(exact, frame.p, cap);
		struct connlog_packet raw = { .data = exact,
			                          .caplen = (uint32_t)cap,
			                          .len = (uint32_t)frame.n,
			                          .link = links[(how & 7) | (how >> 4 & 8)],
			                          .sec = (int64_t)now };
		one_frame(dec, &opt, &raw, now);
		bool taken;
		require(straight_same(quick, thorough, &raw, &taken));
		free(exact);
		if (!(how & 32) || i % 4 == 3)
			decode_batch_end(dec);
	}
	decoder_free(dec);
	decoder_free(quick);
	decoder_free(thorough);
	return 0;
}
