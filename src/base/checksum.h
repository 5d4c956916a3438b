/* checksum.h - the Internet checksum (RFC 1071), fast.
 *
 * A sum is kept unfolded in 64 bits and folded at the end, so several ranges can be added up.  Every range but the last
 * must have an even length.  Values are in the packet's byte order on any machine: ones'-complement addition does not
 * depend on it (RFC 1071 section 2.B); only `checksum_word` has to know it.
 *
 * A range that contains its own correct checksum sums to 0xffff; a range of zeros sums to 0, which is not a correct
 * checksum.
 */
#ifndef CONNLOG_BASE_CHECKSUM_H
#define CONNLOG_BASE_CHECKSUM_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Adds with end-around carry. */
static inline uint64_t
checksum_plus(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word);
}

/* Returns the sum of `n` 32-bit words; `n` is small and known at compile time: an IPv4 header has 5, its addresses
 * 2.  A 64-bit word counts as much as the sum of its parts. */
static inline uint64_t
checksum_words(const uint8_t *p, unsigned n)
{
	uint64_t sum = 0, two;
	uint32_t one;
#pragma GCC unroll 8
	for (unsigned i = 0; i + 2 <= n; i += 2) {
		memcpy(&two, p + (size_t)i * 4, sizeof two);
		sum = checksum_plus(sum, two);
	}
	if (n % 2 == 0)
		return sum;
	memcpy(&one, p + (size_t)n / 2 * 8, sizeof one);
	return checksum_plus(sum, one);
}

/* Returns `sum` plus the 16-bit words of `n` bytes; an odd last byte is padded with a zero byte. */
uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t n);

/* Returns `sum` plus one or two 16-bit words given as one number in host order. */
static inline uint64_t
checksum_word(uint64_t sum, uint32_t word)
{
	return checksum_plus(sum, htobe32(word));
}

/* Returns the sum folded to 16 bits with end-around carry: 0xffff if the checksum is right.  A word added to itself
 * with its halves swapped has their sum, carry included, in the upper half. */
static inline uint16_t
checksum_fold(uint64_t sum)
{
	const uint32_t half = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);
	return (uint16_t)((half + (half << 16 | half >> 16)) >> 16);
}

/* Returns whether the sum is that of a range that contains its own correct checksum.  End-around addition preserves the
 * remainder modulo 0xffff, folded or not, and compilers test for that remainder with one multiplication. */
static inline bool
checksum_is_right(uint64_t sum)
{
	return sum != 0 && sum % 0xffff == 0;
}

#endif
