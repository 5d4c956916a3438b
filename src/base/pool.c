/* pool.c - see pool.h. */
#include "base/pool.h"

#include <stdlib.h>

/* Half cache lines, then whole ones, so no block touches more lines than it must.  The first STEPS sizes grow by STEP
 * each. */
#define STEP  32
#define STEPS 4
static const uint16_t sizes[POOL_SIZES] = { 32, 64, 96, 128, 192, 256, 384, POOL_NAMED, 1152, 2048 };

_Static_assert(POOL_SIZES <= 16 && STEPS < 8, "a slab's number has four bits, that of POOL_NAMED's only three");

/* Returns the slab with the smallest blocks that hold `n` bytes, or POOL_SIZES if none does. */
static unsigned
slab_for(size_t n)
{
	if (n <= (size_t)STEPS * STEP)
		return n > 0 ? (unsigned)(n - 1) / STEP : 0;
	unsigned k = STEPS;
	while (k < POOL_SIZES && sizes[k] < n)
		k++;
	return k;
}

void
pool_init(struct pool *p)
{
	for (unsigned k = 0; k < POOL_SIZES; k++)
		slab_init(&p->slabs[k], sizes[k]);
}

void
pool_bound(struct pool *p, struct memory *m, uint64_t leave)
{
	for (unsigned k = 0; k < POOL_SIZES; k++)
		slab_bound(&p->slabs[k], m, leave);
}

void
pool_trim(struct pool *p)
{
	for (unsigned k = 0; k < POOL_SIZES; k++)
		slab_trim(&p->slabs[k]);
}

void
pool_free_all(struct pool *p)
{
	for (unsigned k = 0; k < POOL_SIZES; k++)
		slab_free_all(&p->slabs[k]);
}

void *
pool_alloc(struct pool *p, size_t n, uint32_t *name)
{
	const unsigned k = slab_for(n);

	*name = 0;
	if (k == POOL_SIZES)
		return calloc(1, n);
	struct slab   *slab = &p->slabs[k];
	const uint32_t handle = slab_alloc(slab);
	if (!handle)
		return NULL;
	if (handle > POOL_MASK) {
		slab_release(slab, handle);
		return NULL;
	}
	uint8_t *block = slab_at(slab, handle);
	if (n < 8)
		n = 8; /* the free chain is at the start of a block */
	slab_hide(block + n, sizes[k] - n);
	*name = (uint32_t)k << POOL_SHIFT | handle;
	return block;
}

void
pool_release(struct pool *p, void *block, uint32_t name)
{
	if (!block)
		return;
	if (!name) {
		free(block);
		return;
	}
	struct slab *slab = &p->slabs[name >> POOL_SHIFT];
	slab_release(slab, name & POOL_MASK);
	slab_hide((uint8_t *)block + 8, slab->size - 8);
}

struct slab *
pool_slab(struct pool *p, size_t n)
{
	return &p->slabs[slab_for(n)];
}

size_t
pool_used(const struct pool *p)
{
	size_t sum = 0;

	for (unsigned k = 0; k < POOL_SIZES; k++)
		sum += p->slabs[k].used;
	return sum;
}

size_t
pool_bytes(const struct pool *p)
{
	size_t sum = 0;

	for (unsigned k = 0; k < POOL_SIZES; k++)
		sum += slab_bytes(&p->slabs[k]);
	return sum;
}

uint64_t
pool_used_bytes(const struct pool *p)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < POOL_SIZES; k++)
		sum += slab_used(&p->slabs[k]);
	return sum;
}
