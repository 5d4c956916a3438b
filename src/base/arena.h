/* arena.h - memory for things that go all at once.
 *
 * Pieces are cut off a chunk one behind the other and never move; where a chunk is full a larger one is begun.  A reset
 * takes back everything and keeps one chunk for what comes next, so that whoever does the same work again and again
 * (a record after a record) asks the system for memory only at the beginning.
 */
#ifndef CONNLOG_BASE_ARENA_H
#define CONNLOG_BASE_ARENA_H

#include <stddef.h>

#define ARENA_FIRST 4096       /* bytes of the first chunk */
#define ARENA_KEEP  (1u << 20) /* a chunk larger than this is not kept */

struct arena_chunk;

/* Starts as zeros. */
struct arena {
	struct arena_chunk *last; /* the one that pieces are cut from; those before are full */
};

/* Returns `n` bytes, aligned for any type, good until the reset; or NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t n);
void  arena_reset(struct arena *a);
void  arena_free(struct arena *a);

#endif
