/* pairhash.h - the share of the traffic that a pair of addresses belongs to.
 *
 * Both orders of the two addresses have the same share.  The arithmetic is that of 32 bits, so that the kernel can do it, too: it
 * spreads packets over rings by the same rule in classic BPF (capture/ring_fanout.c) as the engine over workers (decode/pair.c).
 */
#ifndef CONNLOG_BASE_PAIRHASH_H
#define CONNLOG_BASE_PAIRHASH_H

#include <stdint.h>

#include "base/bytes.h"

#define PAIRHASH_FOLD 0x9e3779b1u /* 2^32 divided by the golden ratio */
#define PAIRHASH_SUM  0x9e3779b1u
#define PAIRHASH_FIRST                                                                                                 \
	0x85ebca6bu /* MurmurHash3's last step, which has each bit of its input change each bit of the result */
#define PAIRHASH_SECOND 0xc2b2ae35u

/* Makes one word of an IPv6 address. */
static inline uint32_t
pairhash_fold(const uint8_t address[16])
{
	uint32_t h = load_be32(address);

	for (unsigned i = 4; i < 16; i += 4)
		h = h * PAIRHASH_FOLD + load_be32(address + i);
	return h;
}

/* Returns the share, less than `of`, of two IPv4 addresses or two folded ones. */
static inline uint16_t
pairhash_share(uint32_t a, uint32_t b, unsigned of)
{
	uint32_t h = (a + b) * PAIRHASH_SUM ^ (a ^ b);

	h = (h ^ h >> 16) * PAIRHASH_FIRST;
	h = (h ^ h >> 13) * PAIRHASH_SECOND;
	h ^= h >> 16;
	return (uint16_t)((h >> 16) * of >> 16);
}

#endif
