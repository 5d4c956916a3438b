/* checksum.h - the Internet checksum (RFC 1071), fast.
 *
 * A sum is kept unfolded in 64 bits and folded at the end, so several ranges can be added up.  Every range but
 * the last must have an even length.  Values are in the byte order of the packet, whatever the machine's is:
 * ones'-complement addition does not care (RFC 1071 section 2.B), only `checksum_word` has to know.
 *
 * A range that holds its own correct checksum gives 0xffff; all bytes zero give 0, which is no good checksum.
 */
#ifndef CONNLOG_BASE_CHECKSUM_H
#define CONNLOG_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* => The sum of `n` 32-bit words, a known and small number of them: an IPv4 header has 5, its addresses 2. */
static inline uint64_t
checksum_words(const uint8_t *p, unsigned n)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < n; i++) {
		uint32_t word;
		memcpy(&word, p + (size_t)i * 4, sizeof word);
		sum += word;
	}
	return sum;
}

/* => `sum` plus the 16-bit words of `n` bytes; an odd last byte is padded with a zero byte. */
uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t n);

/* => `sum` plus one 16-bit word given in host order. */
static inline uint64_t
checksum_word(uint64_t sum, uint16_t word)
{
	uint16_t be = (uint16_t)(word << 8 | word >> 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	be = word;
#endif
	sum += be;
	return sum + (sum < be);
}

/* => The sum in 16 bits with end-around carry: 0xffff where the checksum is right. */
static inline uint16_t
checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

#endif
