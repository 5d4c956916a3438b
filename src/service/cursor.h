/* cursor.h - reading a record from its beginning to its end, as the parsers do that binpac makes.
 *
 * Of a long record only the beginning may be held: what lies behind can be skipped, but reading there also fails and
 * marks the cursor lost.
 *
 * A read that does not fit marks the cursor bad and answers 0; from then on every read does.  So a grammar is written
 * down as a row of reads, and who started it asks once, at the end, whether all of them fitted.
 */
#ifndef CONNLOG_SERVICE_CURSOR_H
#define CONNLOG_SERVICE_CURSOR_H

#include "base/bytes.h"

struct cursor {
	const uint8_t *p;
	size_t         n, at; /* at <= n */
	size_t         held;  /* so many bytes are at `p` */
	bool           bad, lost;
};

static inline struct cursor
cur_of(struct bytes b)
{
	return (struct cursor){ .p = b.p, .n = b.n, .held = b.n };
}

static inline void
cur_fail(struct cursor *c)
{
	c->bad = true;
	c->at = c->n;
}

static inline size_t
cur_left(const struct cursor *c)
{
	return c->n - c->at;
}

/* => True while there is more to read. */
static inline bool
cur_more(const struct cursor *c)
{
	return !c->bad && c->at < c->n;
}

static inline void
cur_skip(struct cursor *c, uint64_t n)
{
	if (c->bad || n > cur_left(c))
		cur_fail(c);
	else
		c->at += (size_t)n;
}

/* => The next `n` bytes, or none. */
static inline struct bytes
cur_take(struct cursor *c, uint64_t n)
{
	const size_t at = c->at;

	cur_skip(c, n);
	if (c->bad)
		return (struct bytes){ c->p, 0 };
	if (c->at > c->held && n > 0) {
		c->lost = true;
		cur_fail(c);
		return (struct bytes){ c->p, 0 };
	}
	return (struct bytes){ c->p + at, (size_t)n };
}

/* A byte string whose length was computed as an int: a negative one is an error, the bits above it are lost. */
static inline struct bytes
cur_string(struct cursor *c, uint64_t n)
{
	if ((uint32_t)n > INT32_MAX)
		cur_fail(c);
	return cur_take(c, (uint32_t)n);
}

static inline uint8_t
cur_u8(struct cursor *c)
{
	const struct bytes b = cur_take(c, 1);
	return b.n ? b.p[0] : 0;
}

static inline uint16_t
cur_le16(struct cursor *c)
{
	const struct bytes b = cur_take(c, 2);
	return b.n ? load_le16(b.p) : 0;
}

static inline uint16_t
cur_be16(struct cursor *c)
{
	const struct bytes b = cur_take(c, 2);
	return b.n ? load_be16(b.p) : 0;
}

static inline uint32_t
cur_le32(struct cursor *c)
{
	const struct bytes b = cur_take(c, 4);
	return b.n ? load_le32(b.p) : 0;
}

/* Confines what follows to `n` bytes (&length), which is an int as well. => What cur_leave() needs to go on behind them. */
static inline size_t
cur_enter(struct cursor *c, uint64_t n)
{
	const size_t outer = c->n;

	if (c->bad || (uint32_t)n > INT32_MAX || (uint32_t)n > cur_left(c))
		cur_fail(c);
	else
		c->n = c->at + (uint32_t)n;
	return outer;
}

static inline void
cur_leave(struct cursor *c, size_t outer)
{
	c->at = c->bad ? outer : c->n;
	c->n = outer;
}

#endif
