/* fetch.h - prefetches a cache line that is going to be written.
 *
 * The empty asm marks this as having an effect: GCC considers a function that only calls __builtin_prefetch() to have
 * none, and removes the calls to it.
 */
#ifndef CONNLOG_BASE_FETCH_H
#define CONNLOG_BASE_FETCH_H

#include <stddef.h>

#define FETCH_LINE 64

static inline void
fetch(const void *p)
{
	__builtin_prefetch(p, 1);
	__asm__ volatile("");
}

/* The same for a line that is only read: other processors may keep their copies. */
static inline void
fetch_to_read(const void *p, size_t n)
{
	for (size_t at = 0; at < n; at += FETCH_LINE)
		__builtin_prefetch((const char *)p + at, 0);
}

/* Prefetches all lines of `n` bytes, which start at a line. */
static inline void
fetch_all(const void *p, size_t n)
{
	for (size_t at = 0; at < n; at += FETCH_LINE)
		fetch((const char *)p + at);
}

#endif
