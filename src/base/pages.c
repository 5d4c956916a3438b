/* pages.c - see pages.h. */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

static uint8_t *
map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* A huge page starts at a multiple of its size, so more is mapped than needed and the surplus at both ends is
 * unmapped. */
static uint8_t *
map_aligned(size_t bytes)
{
	uint8_t *p = map(bytes + HUGE_PAGE);

	if (!p)
		return NULL;
	const size_t before = -(uintptr_t)p & (HUGE_PAGE - 1);
	if (before > 0)
		(void)munmap(p, before);
	(void)munmap(p + before + bytes, HUGE_PAGE - before);
	return p + before;
}

void *
pages_alloc(size_t bytes)
{
	if (bytes < HUGE_PAGE)
		return map(bytes);
	void *p = map_aligned(bytes);
	if (p)
		(void)madvise(p, bytes, MADV_HUGEPAGE); /* only advice: everything works without it, slower */
	return p;
}

void *
pages_alloc_small(size_t bytes)
{
	uint8_t *p = map(bytes);

	if (p)
		pages_be_small(p, bytes);
	return p;
}

void
pages_be_small(void *p, size_t bytes)
{
	(void)madvise(p, bytes, MADV_NOHUGEPAGE);
}

bool
pages_empty(void *p, size_t bytes)
{
	return madvise(p, bytes, MADV_DONTNEED) == 0;
}

void
pages_free(void *p, size_t bytes)
{
	if (p)
		(void)munmap(p, bytes);
}

void
pages_release(void *p, size_t bytes, size_t used)
{
	(void)used; /* the system clears what it hands out again */
	pages_free(p, bytes);
}
