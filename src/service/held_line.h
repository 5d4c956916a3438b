/* held_line.h - the unfinished line of a stream, kept until its end arrives.
 *
 * Memory beyond HELD_FREE bytes is charged to a budget that all connections share: if it is exhausted, only the beginning of the
 * line is kept.
 */
#ifndef CONNLOG_SERVICE_HELD_LINE_H
#define CONNLOG_SERVICE_HELD_LINE_H

#include "base/budget.h"
#include "base/bytes.h"

#define HELD_FREE     8192u
#define ZEEK_MAX_LINE 16777116u /* the longest line of ContentLine.cc and NVT.cc */

struct held_line {
	uint8_t *p; /* its beginning */
	uint32_t n, room;
	uint64_t length; /* including bytes that are not kept */
};

/* Appends `n` bytes. */
void held_add(struct held_line *h, struct budget *budget, const uint8_t *p, size_t n);
/* Appends one. */
static inline void
held_put(struct held_line *h, struct budget *budget, uint8_t c)
{
	if (h->n < h->room && h->n == h->length) {
		h->p[h->n++] = c;
		h->length++;
	} else {
		held_add(h, budget, &c, 1);
	}
}

/* Frees the buffer and forgets the line. */
void held_clear(struct held_line *h, struct budget *budget);

/* Returns the line without its last `without` bytes, in the buffer; `*full` is its true length.  The next one begins. */
static inline struct bytes
held_take(struct held_line *h, unsigned without, uint64_t *full)
{
	*full = h->length - without;
	const struct bytes line = { h->p, h->n < *full ? h->n : (size_t)*full };
	h->n = 0;
	h->length = 0;
	return line;
}

/* Returns whether a long line has left a buffer that is charged to the budget, and nothing is in it. */
static inline bool
held_is_idle(const struct held_line *h)
{
	return h->room > HELD_FREE && h->length == 0;
}

#endif
