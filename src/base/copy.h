/* copy.h - copies a few bytes, where the call of memcpy() would cost more than the copying. */
#ifndef CONNLOG_BASE_COPY_H
#define CONNLOG_BASE_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Two pieces of one size, the first at the beginning and the second at the end, cover every length between that size
 * and twice that size. */
#define COPY_BOTH_ENDS(size)                                                                                           \
	do {                                                                                                               \
		memcpy(to, from, (size));                                                                                      \
		memcpy(to + n - (size), from + n - (size), (size));                                                            \
	} while (0)

/* Copies 1 to 32 bytes.  Returns the end of the copy. */
static inline char *
copy_short(char *to, const char *from, size_t n)
{
	if (n >= 16)
		COPY_BOTH_ENDS(16);
	else if (n >= 8)
		COPY_BOTH_ENDS(8);
	else if (n >= 4)
		COPY_BOTH_ENDS(4);
	else if (n >= 2)
		COPY_BOTH_ENDS(2);
	else
		*to = *from;
	return to + n;
}

/* Copies 1 to 64 bytes. */
static inline void
copy_line(void *line, const void *bytes, size_t n)
{
	char       *to = line;
	const char *from = bytes;

	if (n > 32)
		COPY_BOTH_ENDS(32);
	else
		copy_short(to, from, n);
}

#undef COPY_BOTH_ENDS

#endif
