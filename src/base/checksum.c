/* checksum.c - the Internet checksum (RFC 1071).
 *
 * The bulk is added as 32-bit words into four independent 64-bit sums: no carry can be lost (2^32 words would be
 * needed), and a compiler turns the loop into vector additions.  The tail goes through a zero-padded buffer.
 */
#include "base/checksum.h"

#include <string.h>

static uint64_t
add_carry(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

/* Fewer than eight bytes. */
static uint64_t
add_tail(uint64_t sum, const uint8_t *p, size_t n)
{
	uint8_t  last[8] = { 0 };
	uint64_t word;
	memcpy(last, p, n);
	memcpy(&word, last, sizeof word);
	return add_carry(sum, word);
}

/* `n` is a multiple of 32; the compiler may use vector registers. */
#if defined(__GNUC__) && !defined(__clang__)
__attribute__((optimize("O3")))
#endif
static uint64_t
add_blocks(const uint8_t *p, size_t n)
{
	uint64_t part[8] = { 0 };
	for (size_t off = 0; off < n; off += 32) {
		uint32_t words[8];
		memcpy(words, p + off, sizeof words);
		for (int i = 0; i < 8; i++)
			part[i] += words[i];
	}
	uint64_t sum = 0;
	for (int i = 0; i < 8; i++)
		sum = add_carry(sum, part[i]);
	return sum;
}

uint64_t
checksum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	if (n >= 32) {
		size_t bulk = n & ~(size_t)31;
		sum = add_carry(sum, add_blocks(p, bulk));
		p += bulk;
		n -= bulk;
	}
	for (; n >= 8; p += 8, n -= 8) {
		uint64_t word;
		memcpy(&word, p, sizeof word);
		sum = add_carry(sum, word);
	}
	return n > 0 ? add_tail(sum, p, n) : sum;
}
