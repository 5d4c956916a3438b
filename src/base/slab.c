/* slab.c - see slab.h. */
#include "base/slab.h"

#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/pages.h"

#define REGION 16u /* chunks; times 8 << SLAB_SHIFT, the smallest of them, that is a huge page */

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
	*s = (struct slab){ .size = (uint32_t)((size + 7) & ~(size_t)7), .top = 1 };
}

static size_t
chunk_size(const struct slab *s)
{
	return (size_t)s->size << SLAB_SHIFT;
}

/* How many chunks are mapped at once with chunk `i`, if it is the first of these; else 0.  The slab's first chunk comes alone.  After that
 * small ones come REGION at a time, whose size is a multiple of a huge page: memory counts only once it is touched. */
static uint32_t
region_at(const struct slab *s, uint32_t i)
{
	if (i == 0 || chunk_size(s) >= HUGE_PAGE)
		return 1;
	return (i - 1) % REGION == 0 ? REGION : 0;
}

void
slab_free_all(struct slab *s)
{
	for (uint32_t i = 0; i < s->n_chunks; i++)
		ASAN_UNPOISON_MEMORY_REGION(s->chunks[i], chunk_size(s));
	for (uint32_t i = 0; i < s->n_chunks; i++)
		if (region_at(s, i))
			pages_free(s->chunks[i], region_at(s, i) * chunk_size(s));
	free(s->chunks);
	slab_init(s, s->size);
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
	s->chunks[n] = region ? pages_alloc(region * chunk_size(s)) : s->chunks[n - 1] + chunk_size(s);
	if (!s->chunks[n])
		return -1;
	s->n_chunks++;
	return 0;
}

/* An object that has never been given out is zeroed memory of the system's. */
static uint32_t
alloc_new(struct slab *s)
{
	if (s->top == UINT32_MAX || (s->top >> SLAB_SHIFT >= s->n_chunks && slab_grow(s) < 0))
		return 0;
	s->used++;
	return s->top++;
}

static uint32_t
alloc_freed(struct slab *s)
{
	const uint32_t handle = s->free_head;

	memcpy(&s->free_head, slab_at(s, handle), sizeof s->free_head);
	if (s->free_head) /* what the next one leads to is read when it is given out */
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

size_t
slab_bytes(const struct slab *s)
{
	return ((size_t)s->n_chunks * s->size << SLAB_SHIFT) + s->room * sizeof *s->chunks;
}
