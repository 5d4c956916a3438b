/* parquet_encode.c - encodes values and numbers for Parquet's pages (Encodings.md).
 *
 * The hybrid of run lengths and bit packing is a sequence of runs: an even header is twice the number of repetitions
 * of a value, which follows in whole bytes; an odd header is twice the number of groups of eight values, plus one, and
 * the values follow bit-packed.  Only the last group of a page may have fewer than eight values; it is padded with
 * zeros.
 */
#include <endian.h>

#include "write/parquet.h"

enum { RUN = 8 /* this many equal values are worth a run */ };

static bool
is_run(const uint32_t *v, size_t n)
{
	if (n < RUN)
		return false;
	for (size_t i = 1; i < RUN; i++)
		if (v[i] != v[0])
			return false;
	return true;
}

static size_t
run_length(const uint32_t *v, size_t n)
{
	size_t i = 1;

	while (i < n && v[i] == v[0])
		i++;
	return i;
}

static void
put_run(struct outbuf *out, uint32_t v, size_t n, unsigned width)
{
	thrift_varint(out, (uint64_t)n << 1);
	for (unsigned done = 0; done < width; done += 8, v >>= 8)
		outbuf_char(out, (char)v);
}

/* Packs eight values at a time. */
static void
put_packed(struct outbuf *out, const uint32_t *v, size_t n, unsigned width)
{
	const size_t groups = (n + 7) / 8;

	thrift_varint(out, (uint64_t)groups << 1 | 1);
	char *p = outbuf_reserve(out, groups * width + 8);
	if (p == NULL)
		return;
	uint64_t bits = 0;
	unsigned held = 0;
	for (size_t i = 0; i < groups * 8; i++) {
		bits |= (uint64_t)(i < n ? v[i] : 0) << held;
		held += width;
		if (held >= 32) {
			const uint32_t word = htole32((uint32_t)bits);
			memcpy(p, &word, 4);
			p += 4;
			bits >>= 32;
			held -= 32;
		}
	}
	for (; held > 0; held -= 8, bits >>= 8) /* groups of eight end at a byte */
		*p++ = (char)bits;
	outbuf_advance(out, groups * width);
}

void
pq_put_hybrid(struct outbuf *out, const uint32_t *v, size_t n, unsigned width)
{
	for (size_t i = 0; i < n;) {
		const size_t begin = i;
		if (is_run(v + i, n - i)) {
			i += run_length(v + i, n - i);
			put_run(out, v[begin], i - begin, width);
			continue;
		}
		while (i < n && !is_run(v + i, n - i))
			i += n - i < 8 ? n - i : 8;
		put_packed(out, v + begin, i - begin, width);
	}
}

static void
put_u32(struct outbuf *out, size_t at, uint32_t v)
{
	v = htole32(v);
	if (out->n >= at + 4)
		memcpy(out->p + at, &v, 4);
}

void
pq_put_levels(struct outbuf *out, const struct outbuf *levels, unsigned most, struct outbuf *numbers)
{
	const size_t   at = out->n, n = levels->n;
	const uint8_t *level = (const uint8_t *)levels->p;
	size_t         same = 0;

	outbuf_put(out, "\0\0\0\0", 4);
	while (same < n && level[same] == level[0])
		same++;
	numbers->n = 0;
	uint32_t *v = same < n ? (void *)outbuf_reserve(numbers, n * sizeof *v) : NULL;
	if (n > 0 && same == n)
		put_run(out, level[0], n, most > 1 ? 2 : 1);
	for (size_t i = 0; v != NULL && i < n; i++)
		v[i] = level[i];
	if (v != NULL)
		pq_put_hybrid(out, v, n, most > 1 ? 2 : 1);
	out->failed |= numbers->failed;
	put_u32(out, at, (uint32_t)(out->n - at - 4));
}

void
pq_put_bools(struct outbuf *out, const char *v, size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		unsigned byte = 0;
		for (size_t k = 0; k < 8 && i + k < n; k++)
			byte |= (unsigned)(v[i + k] & 1) << k;
		outbuf_char(out, (char)byte);
	}
}

void
pq_put_addresses(struct outbuf *out, const char *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct addr a;
		char       *p = outbuf_reserve(out, 4 + ADDR_TEXT_MAX);
		if (p == NULL)
			return;
		memcpy(a.b, v + 16 * i, 16);
		const size_t   length = addr_format(&a, p + 4);
		const uint32_t head = htole32((uint32_t)length);
		memcpy(p, &head, 4);
		outbuf_advance(out, 4 + length);
	}
}
