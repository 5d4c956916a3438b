/* pages.h - zeroed memory in large pieces, mapped from the system.
 *
 * Pieces of at least a huge page ask for huge pages: a million connections then cost hundreds of page faults instead
 * of tens of thousands.  Memory counts as used only once it is touched.
 */
#ifndef CONNLOG_BASE_PAGES_H
#define CONNLOG_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#define SMALL_PAGE ((size_t)4 << 10)
#define HUGE_PAGE  ((size_t)2 << 20)

/* `bytes` is a multiple of the page size.  Returns zeroed memory, aligned to a page, or to a huge page if it is at
 * least that large; or NULL when out of memory. */
void *pages_alloc(size_t bytes);
/* The same, but in small pages, whatever the size. */
void *pages_alloc_small(size_t bytes);
/* Stops the system from using huge pages for this memory. */
void pages_be_small(void *p, size_t bytes);
/* Releases the contents of these pages but keeps them mapped; they read as zeros then.  Returns false if the system
 * refuses. */
bool pages_empty(void *p, size_t bytes);
/* `bytes` must be the size that was asked for.  NULL is ignored. */
void pages_free(void *p, size_t bytes);
/* The same for memory of which all but the first `used` bytes are zeros: the fuzz targets keep it for their next engine
 * (fuzz/kept.c). */
void pages_release(void *p, size_t bytes, size_t used);

#endif
