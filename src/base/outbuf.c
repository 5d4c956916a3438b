/* outbuf.c - the growing half of outbuf.h. */
#include "base/outbuf.h"

#include <stdint.h>
#include <stdlib.h>

bool
outbuf_grow(struct outbuf *b, size_t want)
{
	size_t room = b->room < 4096 ? 4096 : b->room;
	if (want > SIZE_MAX / 4 - b->n) {
		b->failed = true;
		return false;
	}
	while (room - b->n < want)
		room *= 2;
	char *p = realloc(b->p, room);
	if (p == NULL) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->room = room;
	return true;
}

void
outbuf_free(struct outbuf *b)
{
	free(b->p);
	*b = (struct outbuf){ 0 };
}
