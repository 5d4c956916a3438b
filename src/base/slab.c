/* slab.c - see slab.h. */
#include "base/slab.h"

#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/pages.h"

#define SMALL_STEP ((size_t)64 << 10) /* bytes taken at a time under a small bound */

#define REGION 16u /* chunks; sixteen of the smallest, 8 << SLAB_SHIFT bytes, make a huge page */

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SLAB_ASAN /* clang */
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(SLAB_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define NO_ASAN
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

void
slab_init(struct slab *s, size_t size)
{
	*s = (struct slab){ .size = (uint32_t)((size + 7) & ~(size_t)7), .top = 1, .fresh = 1, .end = 1 };
}

void
slab_bound(struct slab *s, struct memory *m, uint64_t leave)
{
	s->memory = m;
	s->leave = leave;
}

static size_t
chunk_size(const struct slab *s)
{
	return (size_t)s->size << SLAB_SHIFT;
}

/* Returns how many chunks are mapped together with chunk `i` if it is the first of them, and 0 otherwise.  The slab's
 * first chunk is mapped alone; after that, small ones are mapped REGION at a time, which is a multiple of a huge page:
 * memory counts only once it is touched. */
static uint32_t
region_at(const struct slab *s, uint32_t i)
{
	if (i == 0 || chunk_size(s) >= HUGE_PAGE)
		return 1;
	return (i - 1) % REGION == 0 ? REGION : 0;
}

/* Returns how many bytes of a chunk have ever been objects. */
static size_t
touched(const struct slab *s, uint32_t chunk)
{
	const uint32_t first = chunk << SLAB_SHIFT, high = slab_high(s);

	if (high >> SLAB_SHIFT > chunk)
		return chunk_size(s);
	return high > first ? (size_t)(high - first) * s->size : 0;
}

void
slab_free_all(struct slab *s)
{
	for (uint32_t i = 0; i < s->n_chunks; i++)
		ASAN_UNPOISON_MEMORY_REGION(s->chunks[i], touched(s, i));
	for (uint32_t i = 1; i < s->n_chunks; i++)
		if (region_at(s, i))
			pages_free(s->chunks[i], region_at(s, i) * chunk_size(s));
	if (s->n_chunks > 0)
		pages_release(s->chunks[0], chunk_size(s), touched(s, 0));
	free(s->chunks);
	free(s->empty);
	slab_init(s, s->size);
}

static void *
map_region(const struct slab *s, size_t bytes)
{
	return s->memory && s->memory->most < MEMORY_HUGE ? pages_alloc_small(bytes) : pages_alloc(bytes);
}

static int
slab_grow(struct slab *s)
{
	const uint32_t n = s->n_chunks, region = region_at(s, n);

	if (n == s->room) {
		const uint32_t room = s->room ? 2 * s->room : 16;
		uint8_t      **chunks = realloc(s->chunks, room * sizeof *chunks);
		if (!chunks)
			return -1;
		s->chunks = chunks;
		s->room = room;
	}
	s->chunks[n] = region ? map_region(s, region * chunk_size(s)) : s->chunks[n - 1] + chunk_size(s);
	if (!s->chunks[n])
		return -1;
	s->n_chunks++;
	return 0;
}

/* Returns how many objects fill a whole number of pages. */
static uint32_t
unit_of(const struct slab *s)
{
	uint32_t n = 1;

	while ((size_t)n * s->size % SMALL_PAGE != 0)
		n *= 2;
	return n;
}

/* Returns how many objects are taken at a time under a bound: whole units, at most a chunk. */
static uint32_t
step_of(const struct slab *s)
{
	const size_t   bytes = s->memory->most < MEMORY_HUGE ? SMALL_STEP : HUGE_PAGE;
	const uint32_t unit = unit_of(s);
	size_t         n = bytes / s->size / unit * unit;

	if (n == 0)
		n = unit;
	return n <= SLAB_MASK ? (uint32_t)n : SLAB_MASK + 1;
}

/* Reuses a unit whose pages were released.  Returns false if there is none, or no room under the bound. */
static bool
refill_empty(struct slab *s)
{
	if (s->empties == 0 || !memory_take(s->memory, (uint64_t)unit_of(s) * s->size, s->leave))
		return false;
	s->fresh = s->empty[--s->empties];
	s->end = s->fresh + unit_of(s);
	return true;
}

/* Takes objects after all existing ones.  Handle 0 means no object, but its place exists. */
static bool
refill(struct slab *s)
{
	const uint32_t at = s->top == 1 ? 0 : s->top, room = SLAB_MASK + 1 - (at & SLAB_MASK);
	uint32_t       n = room;

	if (s->empties > 0)
		return refill_empty(s);
	if (s->memory && step_of(s) < room)
		n = step_of(s);
	if (at > UINT32_MAX - n || (at >> SLAB_SHIFT >= s->n_chunks && slab_grow(s) < 0))
		return false;
	if (s->memory && !memory_take(s->memory, (uint64_t)n * s->size, s->leave))
		return false;
	s->fresh = at ? at : 1;
	s->top = s->end = at + n;
	return true;
}

/* An object that was never handed out is zeroed by the system. */
static uint32_t
alloc_new(struct slab *s)
{
	if (s->fresh == s->end && !refill(s))
		return 0;
	s->used++;
	return s->fresh++;
}

static uint32_t
alloc_freed(struct slab *s)
{
	const uint32_t handle = s->free_head;

	memcpy(&s->free_head, slab_at(s, handle), sizeof s->free_head);
	if (s->free_head) /* its link is read when it is handed out */
		fetch(slab_at(s, s->free_head));
	ASAN_UNPOISON_MEMORY_REGION(slab_at(s, handle), s->size);
	s->used++;
	return handle;
}

uint32_t
slab_take(struct slab *s)
{
	return s->free_head ? alloc_freed(s) : alloc_new(s);
}

uint32_t
slab_alloc(struct slab *s)
{
	if (!s->free_head)
		return alloc_new(s);
	const uint32_t handle = alloc_freed(s);
	memset(slab_at(s, handle), 0, s->size);
	return handle;
}

void
slab_release(struct slab *s, uint32_t handle)
{
	memcpy(slab_at(s, handle), &s->free_head, sizeof s->free_head);
	s->free_head = handle;
	s->used--;
}

void
slab_release_all(struct slab *s, uint32_t first, uint32_t last, uint32_t n)
{
#ifndef NO_ASAN
	for (uint32_t handle = first; handle != last;) {
		uint8_t *p = slab_at(s, handle);
		memcpy(&handle, p, sizeof handle);
		slab_hide(p + 8, s->size - 8);
	}
	slab_hide((uint8_t *)slab_at(s, last) + 8, s->size - 8);
#endif
	memcpy(slab_at(s, last), &s->free_head, sizeof s->free_head);
	s->free_head = first;
	s->used -= n;
}

void
slab_hide(void *p, size_t n)
{
	ASAN_POISON_MEMORY_REGION(p, n);
}

/* Counts the free objects of each unit.  Returns NULL when out of memory. */
static uint16_t *
count_free(const struct slab *s)
{
	const uint32_t unit = unit_of(s);
	uint16_t      *n = calloc(s->top / unit + 1, sizeof *n);

	for (uint32_t h = s->free_head; n && h; memcpy(&h, slab_at(s, h), sizeof h))
		n[h / unit]++;
	return n;
}

static bool
remember_empty(struct slab *s, uint32_t first)
{
	if (s->empties == s->empty_room) {
		const uint32_t room = s->empty_room ? 2 * s->empty_room : 64;
		uint32_t      *empty = realloc(s->empty, room * sizeof *empty);
		if (!empty)
			return false;
		s->empty = empty;
		s->empty_room = room;
	}
	s->empty[s->empties++] = first;
	return true;
}

/* Takes the objects of wholly free units out of the free chain.  The first unit, which contains handle 0, never is
 * wholly free. */
static void
unchain(struct slab *s, const uint16_t *n_free)
{
	const uint32_t unit = unit_of(s);
	uint32_t       kept = 0;

	for (uint32_t h = s->free_head, next; h; h = next) {
		memcpy(&next, slab_at(s, h), sizeof next);
		if (n_free[h / unit] == unit)
			continue;
		memcpy(slab_at(s, h), &kept, sizeof kept);
		kept = h;
	}
	s->free_head = kept;
}

/* Releases the pages of a unit.  If that fails, its objects return to the free chain. */
static void
empty_unit(struct slab *s, uint32_t first)
{
	const uint32_t unit = unit_of(s);
	const size_t   bytes = (size_t)unit * s->size;

	if (remember_empty(s, first)) {
		ASAN_UNPOISON_MEMORY_REGION(slab_at(s, first), bytes);
		if (pages_empty(slab_at(s, first), bytes)) {
			memory_give(s->memory, bytes);
			return;
		}
		s->empties--;
	}
	s->used += unit;
	for (uint32_t h = first; h < first + unit; h++)
		slab_release(s, h);
}

void
slab_trim(struct slab *s)
{
	uint16_t *n_free = s->free_head ? count_free(s) : NULL;

	if (!n_free)
		return;
	for (uint32_t i = 0; i < s->n_chunks; i++)
		if (region_at(s, i))
			pages_be_small(s->chunks[i], region_at(s, i) * chunk_size(s));
	unchain(s, n_free);
	const uint32_t unit = unit_of(s);
	for (uint32_t k = 0; k < s->top / unit; k++)
		if (n_free[k] == unit)
			empty_unit(s, k * unit);
	free(n_free);
}

size_t
slab_bytes(const struct slab *s)
{
	const size_t objects = ((size_t)s->n_chunks << SLAB_SHIFT) - (s->empties ? (size_t)s->empties * unit_of(s) : 0);

	return objects * s->size + s->room * sizeof *s->chunks;
}
