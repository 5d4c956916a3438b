/* siphash.h - SipHash, the keyed hash of short inputs (Aumasson and Bernstein, 2012).
 *
 * SipHash-1-3 spreads fragments and tunnels over their tables, and connections where keyhash.h has nothing faster, so
 * that an attacker who does not know the key cannot choose keys that collide in one bucket.  SipHash-2-4 with 128 bits
 * of output makes uids that cannot be guessed.
 */
#ifndef CONNLOG_BASE_SIPHASH_H
#define CONNLOG_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1;
};

/* Returns SipHash-1-3 of `n` 64-bit words. */
uint64_t siphash13(const struct siphash_key *key, const uint64_t *words, size_t n);

/* Computes SipHash-2-4-128 of `n` bytes. */
void siphash24_128(const struct siphash_key *key, const void *in, size_t n, uint64_t out[2]);
/* The same for 8 * n + 1 bytes: `n` words, taken as their bytes from the lowest on, and a last byte. */
void siphash24_128_words(const struct siphash_key *key, const uint64_t *words, size_t n, uint8_t last, uint64_t out[2]);

#endif
