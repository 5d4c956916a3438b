/* pages.h - zeroed memory in large pieces, straight from the system.
 *
 * Pieces of a huge page and more ask for huge pages: a million connections then cost hundreds of page faults and
 * not ten thousands.  Memory counts only once it is touched.
 */
#ifndef CONNLOG_BASE_PAGES_H
#define CONNLOG_BASE_PAGES_H

#include <stddef.h>

/* => Zeroed memory, aligned to a page at least, or NULL. */
void *pages_alloc(size_t bytes);
/* `bytes` as it was asked for; NULL is let pass. */
void pages_free(void *p, size_t bytes);

#endif
