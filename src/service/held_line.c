/* held_line.c - see held_line.h. */
#include "service/held_line.h"

#include <stdlib.h>

/* Returns how much of the room is charged to the budget. */
static uint32_t
charged(uint32_t room)
{
	return room > HELD_FREE ? room : 0;
}

/* Makes room for `want` bytes, or as many as the budget allows. */
static void
grow(struct held_line *h, struct budget *budget, size_t want)
{
	uint32_t room = h->room ? h->room : 64;

	while (room < want)
		room *= 2;
	if (room > HELD_FREE && !budget_take(budget, room - charged(h->room)))
		room = HELD_FREE;
	if (room <= h->room)
		return;
	uint8_t *grown = realloc(h->p, room);
	if (grown) {
		h->p = grown;
		h->room = room;
	} else if (room > HELD_FREE) {
		budget_give(budget, room - charged(h->room));
	}
}

void
held_add(struct held_line *h, struct budget *budget, const uint8_t *p, size_t n)
{
	const bool whole = h->n == h->length; /* otherwise bytes in its middle are already missing */

	h->length += n;
	if (!whole || n == 0)
		return;
	if (h->n + n > h->room)
		grow(h, budget, h->n + n);
	if (n > h->room - h->n)
		n = h->room - h->n;
	if (n > 0)
		memcpy(h->p + h->n, p, n);
	h->n += (uint32_t)n;
}

void
held_clear(struct held_line *h, struct budget *budget)
{
	budget_give(budget, charged(h->room));
	free(h->p);
	*h = (struct held_line){ 0 };
}
