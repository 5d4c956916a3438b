/* outbuf.h - a growing buffer of bytes to be written.
 *
 * Appending reports no error: when out of memory, the buffer sets `failed` and drops what does not fit, so that a
 * writer checks once per record.  Between uses it is emptied, not freed.
 */
#ifndef CONNLOG_BASE_OUTBUF_H
#define CONNLOG_BASE_OUTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct outbuf {
	char  *p;
	size_t n, room;
	bool   failed; /* sticky: something was dropped for lack of memory */
};

/* Makes room for `want` more bytes.  Returns false when out of memory. */
bool outbuf_grow(struct outbuf *b, size_t want);
void outbuf_free(struct outbuf *b);

/* Returns a place for `want` bytes, or NULL.  The bytes written there count once outbuf_advance() is called. */
static inline char *
outbuf_reserve(struct outbuf *b, size_t want)
{
	return want <= b->room - b->n || outbuf_grow(b, want) ? b->p + b->n : NULL;
}

static inline void
outbuf_advance(struct outbuf *b, size_t n)
{
	b->n += n;
}

static inline void
outbuf_put(struct outbuf *b, const char *p, size_t n)
{
	char *out = outbuf_reserve(b, n);
	if (out != NULL && n > 0) {
		memcpy(out, p, n);
		b->n += n;
	}
}

static inline void
outbuf_text(struct outbuf *b, const char *s)
{
	outbuf_put(b, s, strlen(s));
}

static inline void
outbuf_char(struct outbuf *b, char c)
{
	outbuf_put(b, &c, 1);
}

/* Appends the lowest `n` bytes of `v`, at most eight, the least significant first. */
static inline void
outbuf_le(struct outbuf *b, uint64_t v, unsigned n)
{
	char p[8];

	for (unsigned i = 0; i < n; i++, v >>= 8)
		p[i] = (char)v;
	outbuf_put(b, p, n);
}

#endif
