/* uid.c - see uid.h. */
#include "conn/uid.h"

#include <endian.h>
#include <string.h>

struct uid
uid_make(const struct siphash_key *key, const struct addr *a, uint16_t port_a, const struct addr *b, uint16_t port_b,
         uint8_t proto, double start, uint32_t salt)
{
	const int      order = addr_cmp(a, b);
	const bool     swap = order > 0 || (order == 0 && port_a > port_b);
	const uint64_t ports = swap ? port_b | (uint64_t)port_a << 16 : port_a | (uint64_t)port_b << 16;
	uint8_t        in[16 + 16 + 8 + 8 + 1];
	uint64_t       w[2], out[2];

	memcpy(in, swap ? b : a, 16);
	memcpy(in + 16, swap ? a : b, 16);
	memcpy(&w[0], &start, 8);
	w[0] = htole64(w[0]);
	w[1] = htole64(ports | (uint64_t)salt << 32);
	memcpy(in + 32, w, 16);
	in[48] = proto;
	siphash24_128(key, in, sizeof in, out);
	return (struct uid){ .hi = out[0] >> 32, .lo = out[1] };
}

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* The lowest digit first.  Four digits at a time keep most divisions within 32 bits, and two by two they do not wait for
 * each other. */
static size_t
base62(uint64_t v, char *out)
{
	const uint32_t two = 62 * 62, four = two * two;
	size_t         n = 0;

	while (v >= four) {
		const uint32_t part = (uint32_t)(v % four), low = part % two, high = part / two;
		v /= four;
		out[n] = digits[low % 62];
		out[n + 1] = digits[low / 62];
		out[n + 2] = digits[high % 62];
		out[n + 3] = digits[high / 62];
		n += 4;
	}
	uint32_t part = (uint32_t)v;
	do {
		out[n++] = digits[part % 62];
		part /= 62;
	} while (part);
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
