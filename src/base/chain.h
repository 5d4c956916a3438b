/* chain.h - bytes that are kept one behind the other, in small blocks of a slab.
 *
 * A buffer that grows is copied whenever it does, and on average a fourth of it is empty; a chain grows by a block of one cache
 * line.  Its blocks are linked as the slab links those that are free, so a chain is given back as a whole.
 */
#ifndef CONNLOG_BASE_CHAIN_H
#define CONNLOG_BASE_CHAIN_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/slab.h"

#define CHAIN_BLOCK 64 /* the size of the slab's objects */

/* Starts as zeros. */
struct chain {
	uint32_t first, last; /* handles of the slab */
	uint32_t n;           /* bytes kept */
};

/* Adds what may be in two pieces.  Returns false when out of memory: part of the bytes may then be there. */
bool chain_add(struct chain *c, struct slab *s, struct bytes head, struct bytes body);
/* Copies all of it to `out`, which has room for c->n bytes. */
void chain_copy(const struct chain *c, const struct slab *s, uint8_t *out);
/* Gives its blocks back. */
void chain_clear(struct chain *c, struct slab *s);

#endif
