/* chain.h - a byte string that grows, kept in small blocks of a slab.
 *
 * A buffer is copied each time it grows, and on average a quarter of it is empty; a chain grows by one block, a cache
 * line, at a time.  Its blocks are linked the way the slab links free ones, so a whole chain is released at once.
 */
#ifndef CONNLOG_BASE_CHAIN_H
#define CONNLOG_BASE_CHAIN_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/slab.h"

#define CHAIN_BLOCK 64 /* the size of the slab's objects */

/* Starts as zeros. */
struct chain {
	uint32_t first, last; /* slab handles */
	uint32_t n;           /* bytes kept */
};

/* Appends bytes that may come in two pieces.  Returns false when out of memory; part of the bytes may then have been
 * appended. */
bool chain_add(struct chain *c, struct slab *s, struct bytes head, struct bytes body);
/* Copies the whole chain to `out`, which must have room for c->n bytes. */
void chain_copy(const struct chain *c, const struct slab *s, uint8_t *out);
/* Releases its blocks. */
void chain_clear(struct chain *c, struct slab *s);

#endif
