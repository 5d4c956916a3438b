/* checksum.c - the Internet checksum (RFC 1071).
 *
 * Long input goes as 64-bit words into two sums at once, with their carries counted aside: compilers have an
 * instruction for that, and it is faster than vectors of what every machine has.  What is left goes as 32-bit words
 * into 64 bits, where no carry can be lost.
 */
#include "base/checksum.h"

/* A sum of 64-bit words; each carry is worth one. */
struct long_sum {
	uint64_t sum, carries;
};

static inline void
add_long(struct long_sum *s, const uint8_t *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	s->sum += word;
	s->carries += s->sum < word;
}

static uint64_t
in_words(const struct long_sum *s)
{
	return (s->sum >> 32) + (s->sum & 0xffffffff) + s->carries;
}

/* `n` is a multiple of 32. */
static uint64_t
add_blocks(const uint8_t *p, size_t n)
{
	struct long_sum even = { 0, 0 }, odd = { 0, 0 };
	for (const uint8_t *end = p + n; p < end; p += 32) {
		add_long(&even, p);
		add_long(&odd, p + 8);
		add_long(&even, p + 16);
		add_long(&odd, p + 24);
	}
	return in_words(&even) + in_words(&odd);
}

uint64_t
checksum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	uint64_t add = 0;
	if (n >= 32) {
		add = add_blocks(p, n & ~(size_t)31);
		p += n & ~(size_t)31;
		n &= 31;
	}
	if (n & 16) {
		add += checksum_words(p, 4);
		p += 16;
	}
	if (n & 8) {
		add += checksum_words(p, 2);
		p += 8;
	}
	if (n & 4) {
		add += checksum_words(p, 1);
		p += 4;
	}
	if (n & 3) {
		const uint8_t last[4] = { p[0], n & 2 ? p[1] : 0, (n & 3) == 3 ? p[2] : 0 };
		add += checksum_words(last, 1);
	}
	sum += add;
	return sum + (sum < add);
}
