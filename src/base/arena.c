/* arena.c - see arena.h. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

struct arena_chunk {
	struct arena_chunk *before;
	size_t              size, used; /* bytes of `at` */
	alignas(max_align_t) unsigned char at[];
};

static struct arena_chunk *
add_chunk(struct arena *a, size_t n)
{
	size_t size = a->last ? 2 * a->last->size : ARENA_FIRST;

	if (size < n)
		size = n;
	if (size > SIZE_MAX - sizeof *a->last)
		return NULL;
	struct arena_chunk *c = malloc(sizeof *c + size);
	if (!c)
		return NULL;
	c->before = a->last;
	c->size = size;
	c->used = 0;
	a->last = c;
	return c;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	const size_t step = alignof(max_align_t);

	if (n > SIZE_MAX / 4)
		return NULL;
	n = (n + step - 1) / step * step;
	struct arena_chunk *c = a->last;
	if ((!c || c->size - c->used < n) && !(c = add_chunk(a, n)))
		return NULL;
	void *p = c->at + c->used;
	c->used += n;
	return p;
}

/* Frees `c` and those before it. */
static void
free_chunks(struct arena_chunk *c)
{
	while (c) {
		struct arena_chunk *before = c->before;
		free(c);
		c = before;
	}
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *keep = a->last;

	if (!keep)
		return;
	free_chunks(keep->before);
	keep->before = NULL;
	keep->used = 0;
	if (keep->size > ARENA_KEEP)
		arena_free(a);
}

void
arena_free(struct arena *a)
{
	free_chunks(a->last);
	a->last = NULL;
}
