/* chain.c - see chain.h. */
#include "base/chain.h"

#include <string.h>

#include "base/copy.h"

/* `next` is where slab_release_all() expects it. */
struct block {
	uint32_t next;
	uint8_t  at[CHAIN_BLOCK - 4];
};

enum { ROOM = sizeof((struct block *)NULL)->at };

/* Returns the number of bytes used in the last block. */
static size_t
fill(const struct chain *c)
{
	return c->first ? (c->n - 1) % ROOM + 1 : ROOM;
}

/* Returns a new last block, or NULL. */
static struct block *
extend(struct chain *c, struct slab *s)
{
	const uint32_t handle = slab_take(s);

	if (!handle)
		return NULL;
	if (c->first)
		((struct block *)slab_at_sized(s, c->last, CHAIN_BLOCK))->next = handle;
	else
		c->first = handle;
	c->last = handle;
	return slab_at_sized(s, handle, CHAIN_BLOCK);
}

bool
chain_add(struct chain *c, struct slab *s, struct bytes head, struct bytes body)
{
	size_t        at = fill(c);
	struct block *b = c->first ? slab_at_sized(s, c->last, CHAIN_BLOCK) : NULL;

	for (struct bytes from = head;;) {
		if (from.n == 0) {
			if (body.n == 0)
				return true;
			from = body;
			body.n = 0;
		}
		if (at == ROOM) {
			b = extend(c, s);
			if (!b)
				return false;
			at = 0;
		}
		const size_t some = from.n < ROOM - at ? from.n : ROOM - at;
		copy_line(b->at + at, from.p, some);
		c->n += (uint32_t)some;
		from = bytes_skip(from, some);
		at += some;
	}
}

void
chain_copy(const struct chain *c, const struct slab *s, uint8_t *out)
{
	size_t left = c->n;

	for (uint32_t handle = c->first; left > 0;) {
		const struct block *b = slab_at(s, handle);
		const size_t        some = left < ROOM ? left : ROOM;
		memcpy(out, b->at, some);
		out += some;
		left -= some;
		handle = b->next;
	}
}

void
chain_clear(struct chain *c, struct slab *s)
{
	if (c->first)
		slab_release_all(s, c->first, c->last, (c->n + ROOM - 1) / ROOM);
	*c = (struct chain){ 0 };
}
