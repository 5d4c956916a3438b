/* pages.c - see pages.h. */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

void *
pages_alloc(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (bytes >= HUGE_PAGE)
		(void)madvise(p, bytes, MADV_HUGEPAGE); /* a wish: without it all works, slower */
	return p;
}

void
pages_free(void *p, size_t bytes)
{
	if (p)
		(void)munmap(p, bytes);
}
