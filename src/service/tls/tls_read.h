/* tls_read.h - reads the fields of a TLS message one after the other.
 *
 * A field that does not fit makes the reader `bad` permanently and yields nothing, so that a parser need check only once, at its
 * end: in Zeek's grammar, too, one such field invalidates the whole message.
 */
#ifndef CONNLOG_SERVICE_TLS_READ_H
#define CONNLOG_SERVICE_TLS_READ_H

#include "base/bytes.h"

struct tls_reader {
	struct bytes b; /* what is left */
	bool         bad;
};

/* Returns the next `n` bytes; none if there are not enough. */
static inline struct bytes
tls_take(struct tls_reader *r, size_t n)
{
	struct bytes out = { r->b.p, n };

	if (n > r->b.n) {
		r->bad = true;
		out.n = 0;
		n = r->b.n;
	}
	r->b = bytes_skip(r->b, n);
	return out;
}

/* Returns the next `width` (1 to 4) bytes as a number; 0 if there are not enough. */
static inline uint32_t
tls_number(struct tls_reader *r, unsigned width)
{
	struct bytes b = tls_take(r, width);
	uint32_t     v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

/* Returns a vector: a length of `width` bytes, and that many bytes. */
static inline struct bytes
tls_vector(struct tls_reader *r, unsigned width)
{
	return tls_take(r, tls_number(r, width));
}

/* Returns whether `b` is filled exactly by vectors with lengths of `width` bytes, each after `head` and before `tail` bytes. */
static inline bool
tls_all_vectors(struct bytes b, size_t head, unsigned width, size_t tail)
{
	struct tls_reader r = { b, false };

	while (r.b.n > 0 && !r.bad) {
		tls_take(&r, head);
		tls_vector(&r, width);
		tls_take(&r, tail);
	}
	return !r.bad;
}

#endif
