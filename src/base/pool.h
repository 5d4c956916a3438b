/* pool.h - blocks of many sizes: a slab for each of a few, and malloc for what is larger than all of them.
 *
 * What is freed is used again last in, first out, so what comes and goes within a packet stays in the cache; and slabs
 * lie in huge pages, which malloc's blocks do not.
 */
#ifndef CONNLOG_BASE_POOL_H
#define CONNLOG_BASE_POOL_H

#include "base/slab.h"

#define POOL_SIZES 10
#define POOL_NAMED 640 /* bytes of the largest block whose name's upper bit is not set */

/* A name: the slab in the upper four bits, the block's handle in it below; 0 for malloc's. */
#define POOL_SHIFT 28
#define POOL_MASK  ((1u << POOL_SHIFT) - 1)

struct pool {
	struct slab slabs[POOL_SIZES];
};

void pool_init(struct pool *p);
void pool_free_all(struct pool *p);
/* As the functions of slab.h. */
void     pool_bound(struct pool *p, struct memory *m, uint64_t leave);
void     pool_trim(struct pool *p);
uint64_t pool_used_bytes(const struct pool *p);

/* Returns `n` zeroed bytes, and in `*name` what names them; NULL when out of memory. */
void *pool_alloc(struct pool *p, size_t n, uint32_t *name);
void  pool_release(struct pool *p, void *block, uint32_t name);

/* Returns the block of a name that is not 0, and of how many bytes it is. */
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

/* Returns the slab of the blocks that `n` bytes come in; `n` is not more than the largest of them. */
struct slab *pool_slab(struct pool *p, size_t n);

/* Blocks of slabs in use, and the bytes of the slabs. */
size_t pool_used(const struct pool *p);
size_t pool_bytes(const struct pool *p);

#endif
