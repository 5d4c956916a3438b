/* windows.c - see windows.h. */
#include "capture/windows.h"

#include <stdlib.h>

enum { PAGE = 4096, FIRST_ROOM = 64, SPARE_MOST = 1 << 20 /* bytes of a window that is kept */ };

bool
windows_reserve(struct windows *w)
{
	const size_t   n = (size_t)(w->next - w->first), room = w->room ? 2 * w->room : FIRST_ROOM;
	struct window *at;

	if (n + 1 < w->room)
		return true;
	at = calloc(room, sizeof *at);
	if (!at)
		return false;
	for (uint64_t k = w->first; k < w->next; k++)
		at[k % room] = w->at[k % w->room];
	free(w->at);
	w->at = at;
	w->room = room;
	return true;
}

void
windows_retire(struct windows *w, struct window old)
{
	w->at[w->next++ % w->room] = old;
	w->bytes += old.cap;
}

/* The one that was given back last may still be in a cache. */
static struct window
take_spare(struct windows *w, size_t cap)
{
	for (size_t i = w->n_spare; i-- > 0;)
		if (w->spare[i].cap >= cap) {
			const struct window found = w->spare[i];
			w->spare[i] = w->spare[--w->n_spare];
			return found;
		}
	return (struct window){ aligned_alloc(PAGE, cap), cap };
}

struct window
windows_exchange(struct windows *w, struct window old, size_t cap)
{
	struct window fresh = { NULL, 0 };

	if (!windows_reserve(w))
		return fresh;
	fresh = take_spare(w, (cap + PAGE - 1) / PAGE * PAGE);
	if (!fresh.buf)
		return fresh;
	windows_retire(w, old);
	if (windows_reserve(w))
		return fresh;
	w->next--;
	w->bytes -= old.cap;
	free(fresh.buf);
	return (struct window){ NULL, 0 };
}

void
windows_give_back(struct windows *w, uint64_t number)
{
	for (; w->first < number && w->first < w->next; w->first++) {
		const struct window old = w->at[w->first % w->room];
		w->bytes -= old.cap;
		if (old.cap <= SPARE_MOST && w->n_spare < WINDOWS_SPARE)
			w->spare[w->n_spare++] = old;
		else
			free(old.buf);
	}
}

void
windows_free(struct windows *w)
{
	windows_give_back(w, w->next);
	while (w->n_spare > 0)
		free(w->spare[--w->n_spare].buf);
	free(w->at);
	*w = (struct windows){ 0 };
}
