/* decode_help.h - builds frames from the inside out, and runs the decoder over them.
 *
 * A frame grows at its front: first the payload, then `udp4` puts UDP and IPv4 before it, `put` any link layer. Lengths
 * and checksums are correct unless a test changes them.
 */
#ifndef TEST_DECODE_HELP_H
#define TEST_DECODE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "decode/udp_tunnel.h"

#define FRAME_MAX 70000
#define SEEN_MAX  32

enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_FDDI = 10,
	LINK_RAW = 12,
	LINK_PPP_SERIAL = 50,
	LINK_WLAN = 105,
	LINK_SLL = 113,
	LINK_RADIOTAP = 127,
	LINK_NFLOG = 239,
	LINK_SLL2 = 276
};

struct frame {
	size_t  at; /* the frame is b[at ... FRAME_MAX) */
	uint8_t b[FRAME_MAX];
};

static inline uint8_t *
frame_bytes(struct frame *f)
{
	return f->b + f->at;
}

static inline size_t
frame_len(const struct frame *f)
{
	return FRAME_MAX - f->at;
}

static inline void
frame_clear(struct frame *f)
{
	f->at = FRAME_MAX;
}

/* Puts `n` bytes in front of the frame. */
static inline uint8_t *
put(struct frame *f, const void *p, size_t n)
{
	assert_true(n <= f->at);
	f->at -= n;
	memcpy(f->b + f->at, p, n);
	return f->b + f->at;
}

static inline uint8_t *
put_zeros(struct frame *f, size_t n)
{
	assert_true(n <= f->at);
	f->at -= n;
	memset(f->b + f->at, 0, n);
	return f->b + f->at;
}

static inline void
store16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint16_t
inverse_sum(uint64_t sum)
{
	uint16_t v = (uint16_t)~checksum_fold(sum), be;
	uint8_t  b[2];
	memcpy(b, &v, 2);
	be = (uint16_t)(b[0] << 8 | b[1]);
	return be;
}

/* Puts an IPv4 header of 20 bytes, from 10.0.0.1 to 10.0.0.2, in front. */
static inline uint8_t *
ip4(struct frame *f, uint8_t proto)
{
	static const uint8_t header[20] = { 0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, 0, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };
	uint8_t             *p = put(f, header, sizeof header);
	store16(p + 2, (unsigned)frame_len(f));
	p[9] = proto;
	store16(p + 10, inverse_sum(checksum_add(0, p, 20)));
	return p;
}

static inline void
ip4_fix(uint8_t *p)
{
	store16(p + 10, 0);
	store16(p + 10, inverse_sum(checksum_add(0, p, (p[0] & 15) * 4u)));
}

/* Puts IPv6 from 2001:db8::1 to 2001:db8::2 in front; the frame so far is payload and extension headers. */
static inline uint8_t *
ip6(struct frame *f, uint8_t next)
{
	static const uint8_t header[40] = { 0x60, 0, 0, 0, 0,    0, 0,   64,   0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0,
		                                0,    0, 0, 1, 0x20, 1, 0xd, 0xb8, 0,    0, 0,   0,    0, 0, 0, 0, 0, 0, 0, 2 };
	size_t               n = frame_len(f);
	uint8_t             *p = put(f, header, sizeof header);
	store16(p + 4, (unsigned)n);
	p[6] = next;
	return p;
}

/* Sets the transport checksum at `sum_at` of the payload of `n` bytes at `p`, with addresses `addr` of `len` bytes
 * each. */
static inline void
pseudo_fix(uint8_t *p, size_t n, size_t sum_at, uint8_t proto, const uint8_t *src, const uint8_t *dst, size_t len)
{
	store16(p + sum_at, 0);
	uint64_t sum = checksum_add(checksum_add(0, src, len), dst, len);
	sum = checksum_word(checksum_word(sum, proto), (uint16_t)n);
	store16(p + sum_at, inverse_sum(checksum_add(sum, p, n)));
}

static inline uint8_t *
udp_header(struct frame *f, unsigned sport, unsigned dport)
{
	uint8_t *p = put_zeros(f, 8);
	store16(p, sport);
	store16(p + 2, dport);
	store16(p + 4, (unsigned)frame_len(f));
	return p;
}

static inline uint8_t *
udp4(struct frame *f, unsigned sport, unsigned dport)
{
	uint8_t *u = udp_header(f, sport, dport);
	size_t   n = frame_len(f);
	uint8_t *p = ip4(f, 17);
	pseudo_fix(u, n, 6, 17, p + 12, p + 16, 4);
	return p;
}

static inline uint8_t *
udp6(struct frame *f, unsigned sport, unsigned dport)
{
	uint8_t *u = udp_header(f, sport, dport);
	size_t   n = frame_len(f);
	uint8_t *p = ip6(f, 17);
	pseudo_fix(u, n, 6, 17, p + 8, p + 24, 16);
	return p;
}

static inline uint8_t *
put_tcp_header(struct frame *f, unsigned sport, unsigned dport, uint8_t flags)
{
	uint8_t *t = put_zeros(f, 20);
	store16(t, sport);
	store16(t + 2, dport);
	t[12] = 5 << 4;
	t[13] = flags;
	return t;
}

static inline uint8_t *
tcp4(struct frame *f, unsigned sport, unsigned dport, uint8_t flags)
{
	uint8_t *t = put_tcp_header(f, sport, dport, flags);
	size_t   n = frame_len(f);
	uint8_t *p = ip4(f, 6);
	pseudo_fix(t, n, 16, 6, p + 12, p + 16, 4);
	return p;
}

static inline uint8_t *
tcp6(struct frame *f, unsigned sport, unsigned dport, uint8_t flags)
{
	uint8_t *t = put_tcp_header(f, sport, dport, flags);
	size_t   n = frame_len(f);
	uint8_t *p = ip6(f, 6);
	pseudo_fix(t, n, 16, 6, p + 8, p + 24, 16);
	return p;
}

__attribute__((unused)) static const uint8_t mac_dst[6] = { 2, 0, 0, 0, 0, 2 }, mac_src[6] = { 2, 0, 0, 0, 0, 1 };

static inline uint8_t *
ethernet(struct frame *f, unsigned type)
{
	uint8_t *p = put_zeros(f, 14);
	memcpy(p, mac_dst, 6);
	memcpy(p + 6, mac_src, 6);
	store16(p + 12, type);
	return p;
}

/* Inserts a VLAN tag between the addresses and the EtherType. */
static inline uint8_t *
vlan_tag(struct frame *f, unsigned tag)
{
	uint8_t *old = frame_bytes(f), *p = put_zeros(f, 4);
	memmove(p, old, 12);
	store16(p + 12, 0x8100);
	store16(p + 14, tag);
	return p;
}

/* Converts hexadecimal digits, ignoring spaces, to bytes. Returns their number. */
static inline size_t
unhex(const char *hex, uint8_t *out)
{
	size_t digits = 0;
	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		unsigned v = (unsigned)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
		out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] << 4 | v : v);
		digits++;
	}
	return digits / 2;
}

/* The result of decoding a frame, as far as it outlives the frame. */
struct seen {
	struct pkt         pkt; /* its pointers may only be compared with NULL */
	struct encap_stack encap;
	bool               l2_is_empty;
};

struct run {
	struct decoder         *dec;
	struct udp_tunnel_state tunnel; /* for all UDP packets, since tests have one connection */
	double                  now;
	bool                    note_x;
	size_t                  n;
	struct seen             at[SEEN_MAX];
};

static inline void
run_open(struct run *r, const struct decode_options *opt)
{
	memset(r, 0, sizeof *r);
	r->dec = decoder_new(opt);
	assert_non_null(r->dec);
}

static inline void
run_close(struct run *r)
{
	decoder_free(r->dec);
}

static inline uint64_t
ended_pieces(const struct decode_counters *c)
{
	uint64_t n = c->flows + c->carriers + c->fragments;
	for (int i = 0; i < DECODE_R_COUNT; i++)
		n += c->rejected[i];
	for (int i = 0; i < DECODE_I_COUNT; i++)
		n += c->ignored[i];
	return n;
}

static inline void
run_look_inside(struct run *r, struct dissection *d, const struct pkt *p)
{
	struct decode_options opt;
	struct inner          in;
	struct encap          e = { .src = p->src, .dst = p->dst, .sport = p->sport, .dport = p->dport, .proto = p->proto };
	bool                  note_x;

	decode_options_default(&opt);
	if (p->transport != TRANSPORT_UDP || !udp_tunnel_possible(p->dport, p->data))
		return;
	enum udp_tunnel_answer answer = udp_tunnel(&opt, p, p->dport, true, &r->tunnel, &in, &note_x);
	r->note_x |= note_x;
	if (answer != UDP_TUNNEL_INNER)
		return;
	e.type = in.type;
	r->note_x |= decode_inner(r->dec, d, p, &in, &e);
}

/* Decodes a frame in memory that ends with it, and checks that each piece was counted once. */
static inline void
run_cut(struct run *r, int link, const uint8_t *p, size_t caplen, size_t len)
{
	uint8_t *exact = malloc(caplen ? caplen : 1);
	assert_non_null(exact);
	memcpy(exact, p, caplen);
	struct connlog_packet raw = { .data = exact,
		                          .caplen = (uint32_t)caplen,
		                          .len = (uint32_t)len,
		                          .link = link,
		                          .sec = (int64_t)r->now,
		                          .nsec = (uint32_t)((r->now - (double)(int64_t)r->now) * 1e9) };
	struct dissection     d;
	struct pkt            out;

	/* Elements of a batch are reused, so the result must not depend on the packet that was there before. */
	memset(&out, 1, sizeof out);
	r->n = 0;
	decode_begin(r->dec, &d, &raw, r->now);
	while (decode_next(r->dec, &d, &out)) {
		assert_true(r->n < SEEN_MAX);
		struct seen *s = &r->at[r->n++];
		s->pkt = out;
		s->l2_is_empty = out.l2_src == l2_empty;
		s->encap.depth = 0;
		if (out.encap)
			s->encap = *out.encap;
		for (size_t i = 0; i < out.data.n; i++) /* all of it must be readable */
			s->pkt.ttl ^= out.data.p[i];
		s->pkt.ttl = out.ttl;
		run_look_inside(r, &d, &out);
	}
	const struct decode_counters *c = decoder_counters(r->dec);
	assert_int_equal(c->frames + c->inner, ended_pieces(c));
	decode_batch_end(r->dec);
	free(exact);
}

static inline void
run_frame(struct run *r, int link, struct frame *f)
{
	run_cut(r, link, frame_bytes(f), frame_len(f), frame_len(f));
}

/* Truncates the frame in every way: by the snap length, and as a shorter frame. */
static inline void
run_truncated(struct run *r, int link, struct frame *f)
{
	for (size_t n = 0; n < frame_len(f); n++) {
		run_cut(r, link, frame_bytes(f), n, frame_len(f));
		run_cut(r, link, frame_bytes(f), n, n);
	}
}

#endif
