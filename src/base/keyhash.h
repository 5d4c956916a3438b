/* keyhash.h - the keyed hash that spreads connections over the table.
 *
 * An attacker who does not know the key cannot choose tuples that collide in one bucket.  If the processor has AES
 * instructions, each block of 16 bytes is mixed in with one AES round and the last is followed by four more; otherwise
 * it is SipHash-1-3.  The two give different values, which never show in the output.
 */
#ifndef CONNLOG_BASE_KEYHASH_H
#define CONNLOG_BASE_KEYHASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"

/* Returns the hash of `n` blocks of two 64-bit words each; `n` is at least 1. */
uint64_t keyhash(const struct siphash_key *key, const uint64_t *words, size_t n);
/* The same for a single block. */
uint64_t keyhash_one(const struct siphash_key *key, uint64_t first, uint64_t second);

#endif
