/* reader.h - reads the fields of a message in sequence, and remembers whether one did not fit.
 *
 * A field that does not fit reads as 0 and empties the reader, so a parser may read a whole record and check once, as long as it
 * does not act on anything before that.  (binpac, which generates Zeek's parsers, throws at the first such field.)
 */
#ifndef CONNLOG_SERVICE_READER_H
#define CONNLOG_SERVICE_READER_H

#include "base/bytes.h"

struct reader {
	struct bytes b;
	bool         bad; /* something did not fit */
};

static inline struct reader
reader_of(const uint8_t *p, size_t n)
{
	return (struct reader){ { p, n }, false };
}

/* Returns the next `n` bytes, or NULL. */
static inline const uint8_t *
read_bytes(struct reader *r, size_t n)
{
	const uint8_t *p = r->bad ? NULL : bytes_at(r->b, 0, n);

	if (!p) {
		r->bad = true;
		r->b.n = 0;
		return NULL;
	}
	r->b = bytes_skip(r->b, n);
	return p;
}

static inline void
read_skip(struct reader *r, size_t n)
{
	(void)read_bytes(r, n);
}

static inline uint8_t
read_u8(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 1);
	return p ? *p : 0;
}

static inline uint16_t
read_be16(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 2);
	return p ? load_be16(p) : 0;
}

static inline uint32_t
read_be32(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 4);
	return p ? load_be32(p) : 0;
}

static inline uint16_t
read_le16(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 2);
	return p ? load_le16(p) : 0;
}

static inline uint32_t
read_le32(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 4);
	return p ? load_le32(p) : 0;
}

/* Skips a string and its NUL, which must be present. */
static inline void
read_nul_string(struct reader *r)
{
	const uint8_t *nul = r->bad || r->b.n == 0 ? NULL : memchr(r->b.p, 0, r->b.n);

	read_skip(r, nul ? (size_t)(nul - r->b.p) + 1 : r->b.n + 1);
}

#endif
