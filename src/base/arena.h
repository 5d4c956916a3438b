/* arena.h - memory for objects that are all freed at once.
 *
 * Pieces are cut off a chunk one after the other and never move; when a chunk is full, a larger one is started.  A
 * reset releases everything but keeps one chunk, so that a caller that repeats the same work (one record after
 * another) asks the system for memory only at the beginning.
 */
#ifndef CONNLOG_BASE_ARENA_H
#define CONNLOG_BASE_ARENA_H

#include <stddef.h>

#define ARENA_FIRST 4096       /* bytes of the first chunk */
#define ARENA_KEEP  (1u << 20) /* a chunk larger than this is not kept */

struct arena_chunk;

/* Starts as zeros. */
struct arena {
	struct arena_chunk *last; /* the chunk that pieces are cut from; earlier ones are full */
};

/* Returns `n` bytes, aligned for any type, good until the reset; or NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t n);
void  arena_reset(struct arena *a);
void  arena_free(struct arena *a);

#endif
