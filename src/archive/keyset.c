/* keyset.c - see keyset.h. */
#include "archive/keyset.h"

#include <stdlib.h>

enum { RICE_BITS = 12 };

/* Scales a hash, preserving order. */
static uint64_t
scaled(uint64_t hash, uint64_t n)
{
	return (uint64_t)((unsigned __int128)hash * (n << RICE_BITS) >> 64);
}

static int
by_value(const void *va, const void *vb)
{
	const uint64_t a = *(const uint64_t *)va, b = *(const uint64_t *)vb;

	return (a > b) - (a < b);
}

struct bit_writer {
	struct outbuf *out;
	uint64_t       bits; /* the lowest `n` have not been written yet */
	unsigned       n;
};

/* Writes the lowest `n` bits of `v`; `n` is at most 32. */
static void
put_bits(struct bit_writer *w, uint64_t v, unsigned n)
{
	w->bits |= v << w->n;
	for (w->n += n; w->n >= 8; w->n -= 8, w->bits >>= 8)
		outbuf_char(w->out, (char)w->bits);
}

void
keyset_write(struct outbuf *out, uint64_t *hashes, size_t n)
{
	struct bit_writer w = { out, 0, 0 };
	uint64_t          before = 0;

	for (size_t i = 0; i < n; i++)
		hashes[i] = scaled(hashes[i], n);
	if (n > 0)
		qsort(hashes, n, sizeof *hashes, by_value);
	for (size_t i = 0; i < n; i++) {
		const uint64_t d = hashes[i] - before;
		for (uint64_t ones = d >> RICE_BITS; ones > 0; ones--)
			put_bits(&w, 1, 1);
		put_bits(&w, 0, 1);
		put_bits(&w, d & ((1u << RICE_BITS) - 1), RICE_BITS);
		before = hashes[i];
	}
	if (w.n > 0)
		outbuf_char(out, (char)w.bits);
}

struct bit_reader {
	struct bytes in;
	size_t       at; /* index of the next bit */
};

/* Returns the next bit, or -1 at the end. */
static int
next_bit(struct bit_reader *r)
{
	const uint8_t *p = bytes_at(r->in, r->at / 8, 1);
	const int      bit = p ? *p >> (r->at % 8) & 1 : -1;

	r->at++;
	return bit;
}

/* Adds the next difference.  Returns false if the code is damaged. */
static bool
next_value(struct bit_reader *r, uint64_t *value)
{
	uint64_t rest = 0;
	int      bit;

	while ((bit = next_bit(r)) == 1)
		*value += 1u << RICE_BITS;
	for (unsigned i = 0; bit >= 0 && i < RICE_BITS; i++)
		if ((bit = next_bit(r)) > 0)
			rest |= 1u << i;
	*value += rest;
	return bit >= 0;
}

bool
keyset_has_any(struct bytes code, uint32_t n, const uint64_t *hashes, size_t m)
{
	struct bit_reader r = { code, 0 };
	uint64_t          value = 0;

	for (size_t i = 0, k = 0; i < n && k < m; i++) {
		if (!next_value(&r, &value))
			return true;
		while (k < m && scaled(hashes[k], n) < value)
			k++;
		if (k < m && scaled(hashes[k], n) == value)
			return true;
	}
	return false;
}
