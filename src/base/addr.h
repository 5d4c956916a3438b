/* addr.h - one address type for IPv4 and IPv6.
 *
 * Sixteen bytes in network order; an IPv4 address is kept as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), as Zeek's
 * IPAddr keeps it, so that one comparison and one hash serve both families.
 */
#ifndef CONNLOG_BASE_ADDR_H
#define CONNLOG_BASE_ADDR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct addr {
	uint8_t b[16];
};

/* Longest text form with its final zero byte (INET6_ADDRSTRLEN). */
#define ADDR_TEXT_MAX 46

static inline struct addr
addr_from_v4(const uint8_t *four)
{
	/* Two whole words, so that a store can be forwarded to a load of the same size right after it. */
	struct addr a;
	uint32_t    v4;
	memcpy(&v4, four, 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t words[2] = { 0, (uint64_t)v4 << 32 | 0xffff0000u };
#else
	uint64_t words[2] = { 0, (uint64_t)0xffff << 32 | v4 };
#endif
	memcpy(a.b, words, 16);
	return a;
}

static inline struct addr
addr_from_v6(const uint8_t *sixteen)
{
	struct addr a;
	memcpy(a.b, sixteen, 16);
	return a;
}

static inline bool
addr_is_v4(const struct addr *a)
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	return memcmp(a->b, prefix, 12) == 0;
}

/* The four bytes of an IPv4 address as a number, in the order in which they stand in a packet. */
static inline uint32_t
addr_v4(const struct addr *a)
{
	uint32_t v4;
	memcpy(&v4, a->b + 12, 4);
	return v4;
}

/* Compares two addresses byte by byte, as memcmp() does. */
static inline int
addr_cmp(const struct addr *a, const struct addr *b)
{
	uint64_t x[2], y[2];
	memcpy(x, a->b, 16);
	memcpy(y, b->b, 16);
	const int i = x[0] == y[0];
	return (be64toh(x[i]) > be64toh(y[i])) - (be64toh(x[i]) < be64toh(y[i]));
}

static inline bool
addr_equal(const struct addr *a, const struct addr *b)
{
	uint64_t x[2], y[2];
	memcpy(x, a->b, 16);
	memcpy(y, b->b, 16);
	return x[0] == y[0] && x[1] == y[1];
}

/* The 256 values of a byte in decimal, each followed by a dot, and the length of each text.  Defined in addr.c. */
extern const struct addr_byte {
	char    text[4];
	uint8_t n;
} addr_bytes[256];

static inline char *
addr_put_byte(char *p, uint8_t byte)
{
	memcpy(p, addr_bytes[byte].text, 4);
	return p + addr_bytes[byte].n;
}

/* Writes a.b.c.d and up to three more bytes.  Returns the end of the text.  Each byte of the address is copied together
 * with its dot, and the surplus is overwritten by what follows. */
static inline char *
addr_put_v4(char *p, const uint8_t *four)
{
	p = addr_put_byte(p, four[0]);
	p = addr_put_byte(p, four[1]);
	p = addr_put_byte(p, four[2]);
	return addr_put_byte(p, four[3]) - 1;
}

/* Writes the text form (a.b.c.d, or RFC 5952 for IPv6) and a zero byte.
 * Returns the length without the zero byte; `out` must hold ADDR_TEXT_MAX bytes. */
size_t addr_format(const struct addr *a, char *out);

#endif
