/* slab.h - objects of one size, named by 32-bit handles.
 *
 * Objects live in chunks that never move, so a pointer stays valid until its object is freed.  A handle is an index; 0
 * means no object.  Freed objects are chained through their first four bytes and reused last in, first out.  Objects
 * start zeroed.
 *
 * A slab may be subject to a bound (base/memory.h).  It then takes memory in small steps, and slab_trim() releases the
 * pages in which no object is in use; such pages are reused before the slab grows.
 */
#ifndef CONNLOG_BASE_SLAB_H
#define CONNLOG_BASE_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

#define SLAB_SHIFT 14u /* objects a chunk: 16384 */
#define SLAB_MASK  ((1u << SLAB_SHIFT) - 1)

struct slab {
	uint8_t **chunks;
	uint32_t  n_chunks, room; /* chunks there, entries in `chunks` */
	uint32_t  size;           /* bytes an object */
	uint32_t  top;            /* all handles are lower */
	uint32_t  free_head;      /* chain of freed handles */
	uint32_t  used;           /* objects in use */
	uint32_t  fresh, end;     /* zeroed objects, from one handle up to another */

	struct memory *memory; /* the bound, or NULL */
	uint64_t       leave;  /* how much of it to leave for others */
	uint32_t      *empty;  /* first handles of units whose pages were released */
	uint32_t       empties, empty_room;
};

/* `size` is rounded up to a multiple of 8. */
void slab_init(struct slab *s, size_t size);
void slab_free_all(struct slab *s);

/* Must be called before the first allocation. */
void slab_bound(struct slab *s, struct memory *m, uint64_t leave);
/* Releases the pages without an object in use; visits every free object. */
void slab_trim(struct slab *s);

/* Returns a zeroed object's handle, or 0 when out of memory. */
uint32_t slab_alloc(struct slab *s);
/* The same, but the object is not zeroed. */
uint32_t slab_take(struct slab *s);
void     slab_release(struct slab *s, uint32_t handle);
/* Releases `n` objects that are chained the way free ones are: each begins with the handle of the next. */
void slab_release_all(struct slab *s, uint32_t first, uint32_t last, uint32_t n);

/* `handle` must come from slab_alloc() or slab_take(). */
static inline void *
slab_at(const struct slab *s, uint32_t handle)
{
	return s->chunks[handle >> SLAB_SHIFT] + (size_t)(handle & SLAB_MASK) * s->size;
}

/* The same for callers that know the objects' size at compile time. */
static inline void *
slab_at_sized(const struct slab *s, uint32_t handle, size_t size)
{
	return s->chunks[handle >> SLAB_SHIFT] + (handle & SLAB_MASK) * size;
}

/* Returns a handle that is higher than all that were ever handed out. */
static inline uint32_t
slab_high(const struct slab *s)
{
	return s->end == s->top ? s->fresh : s->top;
}

/* With ASan, makes any use of these bytes of an object an error until the object is handed out again. */
void slab_hide(void *p, size_t n);

/* Returns the bytes of memory held; the bytes of objects in use. */
size_t slab_bytes(const struct slab *s);
static inline uint64_t
slab_used(const struct slab *s)
{
	return (uint64_t)s->used * s->size;
}

#endif
