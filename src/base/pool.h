/* pool.h - blocks of many sizes: a slab for each of a few sizes, and malloc for larger ones.
 *
 * Freed blocks are reused last in, first out, so what is allocated and freed within one packet stays in the cache; and
 * slabs use huge pages, which malloc does not.
 */
#ifndef CONNLOG_BASE_POOL_H
#define CONNLOG_BASE_POOL_H

#include "base/slab.h"

#define POOL_SIZES 10
#define POOL_NAMED 640 /* bytes of the largest block whose name's upper bit is not set */

/* A name has the slab in the upper four bits and the block's handle below; 0 means a block from malloc. */
#define POOL_SHIFT 28
#define POOL_MASK  ((1u << POOL_SHIFT) - 1)

struct pool {
	struct slab slabs[POOL_SIZES];
};

void pool_init(struct pool *p);
void pool_free_all(struct pool *p);
/* These do what the functions of slab.h do. */
void     pool_bound(struct pool *p, struct memory *m, uint64_t leave);
void     pool_trim(struct pool *p);
uint64_t pool_used_bytes(const struct pool *p);

/* Returns `n` zeroed bytes and stores their name in `*name`; NULL when out of memory. */
void *pool_alloc(struct pool *p, size_t n, uint32_t *name);
void  pool_release(struct pool *p, void *block, uint32_t name);

/* Returns the block of a name that is not 0, and stores its size in bytes. */
static inline void *
pool_at(const struct pool *p, uint32_t name)
{
	return slab_at(&p->slabs[name >> POOL_SHIFT], name & POOL_MASK);
}

static inline size_t
pool_size(const struct pool *p, uint32_t name)
{
	return p->slabs[name >> POOL_SHIFT].size;
}

/* Returns the slab whose blocks hold `n` bytes; `n` must not exceed the largest block. */
struct slab *pool_slab(struct pool *p, size_t n);

/* Returns the number of slab blocks in use; the bytes held by the slabs. */
size_t pool_used(const struct pool *p);
size_t pool_bytes(const struct pool *p);

#endif
