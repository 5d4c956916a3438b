/* keyset.h - a set of 64-bit hashes in about 13.5 bits each: a Golomb-coded set (Golomb 1966, Rice 1979; as in BIP 158).
 *
 * The hashes are scaled to 4096 times their number, sorted, and their differences written as a Rice code of 12 bits.  A hash that is not
 * in the set is taken for one that is once in 4096 times.
 */
#ifndef CONNLOG_ARCHIVE_KEYSET_H
#define CONNLOG_ARCHIVE_KEYSET_H

#include "base/bytes.h"
#include "base/outbuf.h"

/* Appends the code of `n` hashes, which are sorted and turned into their scaled values. */
void keyset_write(struct outbuf *out, uint64_t *hashes, size_t n);

/* Returns whether the set of `n` hashes with this code may hold one of `m` hashes, which are sorted.  Damaged code may hold anything. */
bool keyset_has_any(struct bytes code, uint32_t n, const uint64_t *hashes, size_t m);

#endif
