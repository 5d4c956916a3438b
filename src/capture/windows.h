/* windows.h - the buffers of a source that somebody still has packets in.
 *
 * A source whose windows are lent does not write over a window that it has handed out packets of: it retires it, and goes on in
 * another one.  Windows have numbers in the order in which they are retired; the one that is being read has `next`.  Whoever has
 * packets notes the number that was the current one when it got them, and gives back all windows before it once it is through with
 * what came before.  All of this is done in the thread that reads.
 */
#ifndef CONNLOG_CAPTURE_WINDOWS_H
#define CONNLOG_CAPTURE_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOWS_SPARE 128 /* that are kept to be used again */

struct window {
	uint8_t *buf;
	size_t   cap;
};

struct windows {
	struct window *at;          /* number k is at[k % room] */
	size_t         room;        /* a power of two, more than are lent */
	uint64_t       first, next; /* lent: first..next-1 */
	size_t         bytes;       /* of all that are lent */
	struct window  spare[WINDOWS_SPARE];
	size_t         n_spare;
};

/* Sees to it that a window can be retired.  Returns false when out of memory. */
bool windows_reserve(struct windows *w);
/* Retires a window; there must be room for it. */
void windows_retire(struct windows *w, struct window old);
/* Retires a window and returns another one of `cap` bytes at least that begins with a page, and sees to it that this can be
 * retired, too.  When out of memory, it returns one without a buffer, and nothing has changed. */
struct window windows_exchange(struct windows *w, struct window old, size_t cap);
/* Gives back all that were retired before the one with that number. */
void windows_give_back(struct windows *w, uint64_t number);
void windows_free(struct windows *w);

#endif
