/* uid.c - see uid.h. */
#include "conn/uid.h"

#include <string.h>

struct uid
uid_make(const struct siphash_key *key, const struct addr *a, uint16_t port_a, const struct addr *b, uint16_t port_b, uint8_t proto,
         double start, uint32_t salt)
{
	const int order = addr_cmp(a, b);
	const bool swap = order > 0 || (order == 0 && port_a > port_b);
	uint8_t in[16 + 16 + 2 + 2 + 1 + 8 + 4], *p = in;
	const uint16_t p1 = swap ? port_b : port_a, p2 = swap ? port_a : port_b;
	uint64_t start_bits, out[2];

	memcpy(p, swap ? b : a, 16);
	memcpy(p + 16, swap ? a : b, 16);
	p += 32;
	*p++ = (uint8_t)(p1 >> 8), *p++ = (uint8_t)p1;
	*p++ = (uint8_t)(p2 >> 8), *p++ = (uint8_t)p2;
	*p++ = proto;
	memcpy(&start_bits, &start, sizeof start_bits);
	for (int i = 0; i < 8; i++)
		*p++ = (uint8_t)(start_bits >> (8 * i));
	for (int i = 0; i < 4; i++)
		*p++ = (uint8_t)(salt >> (8 * i));
	siphash24_128(key, in, sizeof in, out);
	return (struct uid){ .hi = out[0] >> 32, .lo = out[1] };
}

static size_t
base62(uint64_t v, char *out)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = 0;
	do {
		out[n++] = digits[v % 62];
		v /= 62;
	} while (v);
	return n;
}

size_t
uid_format(const struct uid *uid, char out[UID_TEXT_MAX])
{
	size_t n = 0;
	out[n++] = 'C';
	n += base62(uid->hi, out + n);
	n += base62(uid->lo, out + n);
	return n;
}
