/* uid.c - see uid.h. */
#include "conn/uid.h"

#include <endian.h>
#include <string.h>

/* Numbers are hashed in little-endian byte order, so that a seed gives the same uids on every machine. */
struct uid
uid_make(const struct siphash_key *key, const struct addr *a, uint16_t port_a, const struct addr *b, uint16_t port_b,
         uint8_t proto, double start, uint32_t salt)
{
	const int      order = addr_cmp(a, b);
	const bool     swap = order > 0 || (order == 0 && port_a > port_b);
	const uint64_t ports = swap ? port_b | (uint64_t)port_a << 16 : port_a | (uint64_t)port_b << 16;
	uint64_t       w[6], out[2];

	memcpy(w, swap ? b : a, 16);
	memcpy(w + 2, swap ? a : b, 16);
	for (int i = 0; i < 4; i++)
		w[i] = le64toh(w[i]);
	memcpy(&w[4], &start, 8);
	w[5] = ports | (uint64_t)salt << 32;
	siphash24_128_words(key, w, sizeof w / sizeof *w, proto, out);
	return (struct uid){ .hi = out[0] >> 32, .lo = out[1] };
}

/* Returns the four base-62 digits of `v`, which is less than 62^4, the lowest digit in the lowest byte. Two are
 * computed at a time, side by side in one word. */
static inline uint32_t
four_digits(uint32_t v)
{
	const uint32_t two = 62 * 62;
	const uint64_t pairs = v % two | (uint64_t)(v / two) << 32;
	const uint64_t high = (pairs * 33826 >> 21) & 0x0000003f0000003f; /* division by 62, exact below 62^2 */
	const uint64_t digits = (pairs - high * 62) | high << 8;

	return (uint32_t)(digits | digits >> 16);
}

/* Returns the characters of eight digits (0-9, a-z, A-Z) in memory order. */
static inline uint64_t
letters(uint64_t digits)
{
	const uint64_t ones = 0x0101010101010101;
	const uint64_t lower = (digits + ones * (128 - 10)) >> 7 & ones, upper = (digits + ones * (128 - 36)) >> 7 & ones;

	return htole64(digits + ones * '0' + lower * ('a' - 10 - '0') - upper * (('a' - 10) - ('A' - 36)));
}

/* Returns the number of digits without leading zeros, which are the upper bytes of the word; at least one. */
static inline size_t
digits_used(uint64_t digits)
{
	return (71u - (unsigned)__builtin_clzll(digits | 1)) / 8;
}

size_t
uid_format(const struct uid *uid, char out[UID_TEXT_MAX])
{
	const uint32_t four = 62 * 62 * 62 * 62;
	const uint64_t above = uid->lo / four;
	const uint64_t hi = four_digits((uint32_t)uid->hi % four) | (uint64_t)four_digits((uint32_t)uid->hi / four) << 32;
	const uint64_t lo = four_digits((uint32_t)(uid->lo % four)) | (uint64_t)four_digits((uint32_t)(above % four)) << 32;
	const uint64_t top = four_digits((uint32_t)(above / four));
	const uint64_t hi_text = letters(hi), lo_text = letters(lo), top_text = letters(top);
	const size_t   n = 1 + digits_used(hi);

	out[0] = 'C';
	memcpy(out + 1, &hi_text, 8);
	memcpy(out + n, &lo_text, 8);
	memcpy(out + n + 8, &top_text, 8);
	return n + (top ? 8 + digits_used(top) : digits_used(lo));
}
