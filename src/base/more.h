/* more.h - room for one more element of an array that grows. */
#ifndef CONNLOG_BASE_MORE_H
#define CONNLOG_BASE_MORE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define MORE_FIRST 16 /* elements; after that the room doubles */

/* Returns `at`, which holds `n` elements of `size` bytes and has room for *room, with room for at least one more; it may have moved.
 * Returns NULL, and changes nothing, when out of memory or when the room would exceed `most` elements. */
static inline void *
more(void *at, size_t n, size_t *room, size_t size, size_t most)
{
	if (n < *room)
		return at;
	const size_t bigger = *room ? *room * 2 : MORE_FIRST;
	void        *moved = bigger <= most && bigger <= SIZE_MAX / size ? realloc(at, bigger * size) : NULL;
	if (moved)
		*room = bigger;
	return moved;
}

#endif
