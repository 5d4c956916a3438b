/* fetch.h - asks for a cache line that is going to be written.
 *
 * The empty asm says that this has an effect: GCC takes a function that does nothing but __builtin_prefetch() for one
 * without any, and drops the calls of it.
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

/* The same for what is only read: other processors may keep the line. */
static inline void
fetch_to_read(const void *p, size_t n)
{
	for (size_t at = 0; at < n; at += FETCH_LINE)
		__builtin_prefetch((const char *)p + at, 0);
}

/* All lines of `n` bytes that begin with a line. */
static inline void
fetch_all(const void *p, size_t n)
{
	for (size_t at = 0; at < n; at += FETCH_LINE)
		fetch((const char *)p + at);
}

#endif
