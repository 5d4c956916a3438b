/* pages.h - zeroed memory in large pieces, straight from the system.
 *
 * Pieces of a huge page and more ask for huge pages: a million connections then cost hundreds of page faults and
 * not ten thousands.  Memory counts only once it is touched.
 */
#ifndef CONNLOG_BASE_PAGES_H
#define CONNLOG_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#define SMALL_PAGE ((size_t)4 << 10)
#define HUGE_PAGE  ((size_t)2 << 20)

/* `bytes` is a multiple of a page.  Returns zeroed memory, aligned to a page, or to a huge one where it is as large; or NULL. */
void *pages_alloc(size_t bytes);
/* The same, in small pages whatever its size. */
void *pages_alloc_small(size_t bytes);
/* Makes them small ones from now on. */
void pages_be_small(void *p, size_t bytes);
/* Gives back what these pages hold, but not their place: they are zeros then.  Returns false where the system refuses. */
bool pages_empty(void *p, size_t bytes);
/* `bytes` as it was asked for; NULL is let pass. */
void pages_free(void *p, size_t bytes);

#endif
