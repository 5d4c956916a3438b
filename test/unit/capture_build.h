/* capture_build.h - captures made in memory for the tests of the readers. */
#ifndef CONNLOG_TEST_CAPTURE_BUILD_H
#define CONNLOG_TEST_CAPTURE_BUILD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/source.h"

struct build {
	bool    big_endian;
	size_t  n;
	uint8_t p[8192];
};

static inline void
put(struct build *b, const void *p, size_t n)
{
	assert_true(b->n + n <= sizeof b->p);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static inline void
put8(struct build *b, unsigned v)
{
	uint8_t c = (uint8_t)v;
	put(b, &c, 1);
}

static inline void
put16(struct build *b, unsigned v)
{
	put8(b, b->big_endian ? v >> 8 : v);
	put8(b, b->big_endian ? v : v >> 8);
}

static inline void
put32(struct build *b, uint32_t v)
{
	put16(b, b->big_endian ? v >> 16 : v);
	put16(b, b->big_endian ? v : v >> 16);
}

/* Appends `n` bytes that count up from `first`. */
static inline void
put_data(struct build *b, unsigned first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put8(b, first + (unsigned)i);
}

#define MAGIC_MICRO     0xa1b2c3d4u
#define MAGIC_NANO      0xa1b23c4du
#define MAGIC_KUZNETZOV 0xa1b2cd34u

static inline void
put_pcap_header(struct build *b, uint32_t magic, unsigned minor, uint32_t snaplen, uint32_t link)
{
	put32(b, magic);
	put16(b, 2);
	put16(b, minor);
	put32(b, 0);
	put32(b, 0);
	put32(b, snaplen);
	put32(b, link);
}

static inline void
put_pcap_packet(struct build *b, uint32_t sec, uint32_t fraction, uint32_t caplen, uint32_t len, unsigned first)
{
	put32(b, sec);
	put32(b, fraction);
	put32(b, caplen);
	put32(b, len);
	put_data(b, first, caplen);
}

/* Appends a small complete capture: `n` packets of 20 bytes, one per second from `sec` on, with bytes that count up
 * from `first`. */
static inline void
put_pcap(struct build *b, uint32_t sec, unsigned n, unsigned first)
{
	put_pcap_header(b, MAGIC_MICRO, 4, 65535, 1);
	for (unsigned i = 0; i < n; i++)
		put_pcap_packet(b, sec + i, 0, 20, 20, first + i);
}

/* Begins a pcapng block. Returns its position, for end_block(). */
static inline size_t
begin_block(struct build *b, uint32_t type)
{
	size_t at = b->n;

	put32(b, type);
	put32(b, 0);
	return at;
}

static inline void
end_block(struct build *b, size_t at)
{
	size_t end;

	while (b->n % 4)
		put8(b, 0);
	end = b->n + 4;
	b->n = at + 4;
	put32(b, (uint32_t)(end - at));
	b->n = end - 4;
	put32(b, (uint32_t)(end - at));
}

static inline void
put_section(struct build *b)
{
	size_t at = begin_block(b, 0x0a0d0d0a);

	put32(b, 0x1a2b3c4d);
	put16(b, 1);
	put16(b, 0);
	put32(b, 0xffffffff);
	put32(b, 0xffffffff);
	end_block(b, at);
}

/* Appends an interface description; `resolution` < 0, `offset` 0: without these options. */
static inline void
put_interface(struct build *b, unsigned link, uint32_t snaplen, int resolution, uint64_t offset)
{
	size_t at = begin_block(b, 1);

	put16(b, link);
	put16(b, 0);
	put32(b, snaplen);
	put16(b, 2); /* if_name, 3 bytes and one of padding */
	put16(b, 3);
	put(b, "en0\0", 4);
	if (resolution >= 0) {
		put16(b, 9);
		put16(b, 1);
		put8(b, (unsigned)resolution);
		put(b, "\0\0", 3);
	}
	if (offset) {
		put16(b, 14);
		put16(b, 8);
		put32(b, (uint32_t)(b->big_endian ? offset >> 32 : offset));
		put32(b, (uint32_t)(b->big_endian ? offset : offset >> 32));
	}
	put32(b, 0); /* opt_endofopt */
	end_block(b, at);
}

static inline void
put_enhanced(struct build *b, uint32_t interface, uint64_t t, uint32_t caplen, uint32_t len, unsigned first)
{
	size_t at = begin_block(b, 6);

	put32(b, interface);
	put32(b, (uint32_t)(t >> 32));
	put32(b, (uint32_t)t);
	put32(b, caplen);
	put32(b, len);
	put_data(b, first, caplen);
	end_block(b, at);
}

/* Everything that a source has returned. */
struct got {
	size_t         n;
	connlog_packet p[64]; /* `data` points into `bytes` */
	size_t         used;
	uint8_t        bytes[4096];
	size_t         errors;
	int            status[8];
	char           text[8][300];
	size_t         at[8]; /* number of packets before the error */
};

/* Reads `s` to its end, `max` packets at a time, and frees it. */
static inline void
read_all(connlog_source *s, size_t max, struct got *g)
{
	connlog_packet p[64];
	int            r;

	memset(g, 0, sizeof *g);
	while ((r = connlog_source_read(s, p, max, g->text[g->errors], sizeof g->text[0])) != CONNLOG_END) {
		if (r < 0) {
			g->status[g->errors] = r;
			g->at[g->errors++] = g->n;
			assert_true(g->errors < 8);
		}
		assert_true(r <= (int)max);
		for (int i = 0; i < r; i++, g->n++) {
			assert_true(g->n < 64 && g->used + p[i].caplen <= sizeof g->bytes);
			memcpy(g->bytes + g->used, p[i].data, p[i].caplen);
			g->p[g->n] = p[i];
			g->p[g->n].data = g->bytes + g->used;
			g->used += p[i].caplen;
		}
	}
	connlog_source_free(s);
}

/* Reads a capture from memory of exactly its size, so that reading beyond it is detected. */
static inline void
read_memory(const uint8_t *p, size_t n, size_t max, struct got *g)
{
	char            err[300] = "";
	uint8_t        *exact = malloc(n ? n : 1);
	connlog_source *s = source_memory(exact, n, NULL, err, sizeof err);

	assert_non_null(exact);
	memcpy(exact, p, n);
	assert_non_null(s);
	read_all(s, max, g);
	free(exact);
}

static inline void
read_build(const struct build *b, struct got *g)
{
	read_memory(b->p, b->n, 64, g);
}

/* Checks packet `i`: `caplen` bytes that count up from `first`, of link type `link`, at that time. */
static inline void
check_packet(const struct got *g, size_t i, int32_t link, int64_t sec, uint32_t nsec, uint32_t caplen, uint32_t len,
             unsigned first)
{
	assert_true(i < g->n);
	assert_int_equal(g->p[i].link, link);
	assert_int_equal(g->p[i].sec, sec);
	assert_int_equal(g->p[i].nsec, nsec);
	assert_int_equal(g->p[i].caplen, caplen);
	assert_int_equal(g->p[i].len, len);
	for (uint32_t k = 0; k < caplen; k++)
		assert_int_equal(g->p[i].data[k], (uint8_t)(first + k));
}

static inline void
check_error(const struct got *g, size_t i, int status, const char *text)
{
	assert_true(i < g->errors);
	assert_string_equal(g->text[i], text);
	assert_int_equal(g->status[i], status);
}

#endif
