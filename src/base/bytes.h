/* bytes.h - the bounds-checked cursor over input bytes.
 *
 * Every byte of input is read through it.  A cursor is a pointer and a length; `bytes_at` returns NULL unless the whole
 * range is inside.  Loads use memcpy, so no alignment is needed.
 */
#ifndef CONNLOG_BASE_BYTES_H
#define CONNLOG_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *p;
	size_t         n;
};

/* Returns the `want` bytes at `off`, or NULL unless all of them are inside. */
static inline const uint8_t *
bytes_at(struct bytes b, size_t off, size_t want)
{
	return off <= b.n && want <= b.n - off ? b.p + off : NULL;
}

/* Drops the first `n` bytes, or all of them if there are fewer. */
static inline struct bytes
bytes_skip(struct bytes b, size_t n)
{
	if (n > b.n)
		n = b.n;
	return (struct bytes){ n > 0 ? b.p + n : b.p, b.n - n }; /* an empty cursor may have a NULL pointer */
}

/* Keeps at most the first `n` bytes. */
static inline struct bytes
bytes_head(struct bytes b, size_t n)
{
	return (struct bytes){ b.p, n < b.n ? n : b.n };
}

static inline uint16_t
load_be16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t
load_be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

/* Returns a number of any width up to 8 bytes; of more bytes the last 8. */
static inline uint64_t
load_be(struct bytes b)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

static inline uint16_t
load_le16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[1] << 8 | p[0]);
}

static inline uint32_t
load_le32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

static inline uint64_t
load_le64(const uint8_t *p)
{
	return (uint64_t)load_le32(p + 4) << 32 | load_le32(p);
}

#endif
