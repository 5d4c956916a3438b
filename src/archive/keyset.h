/* keyset.h - a set of 64-bit hashes in about 13.5 bits each: a Golomb-coded set (Golomb 1966, Rice 1979; as in BIP
 * 158).
 *
 * The hashes are scaled to 4096 times their number and sorted, and their differences are written as a Rice code of 12
 * bits. The probability that a hash is found although it is not in the set is 1/4096.
 */
#ifndef CONNLOG_ARCHIVE_KEYSET_H
#define CONNLOG_ARCHIVE_KEYSET_H

#include "base/bytes.h"
#include "base/outbuf.h"

/* Appends the code of `n` hashes, which must be sorted and are replaced by their scaled values. */
void keyset_write(struct outbuf *out, uint64_t *hashes, size_t n);

/* Returns whether the set of `n` hashes with this code may contain one of `m` hashes, which are sorted. Damaged code
 * counts as containing anything. */
bool keyset_has_any(struct bytes code, uint32_t n, const uint64_t *hashes, size_t m);

#endif
