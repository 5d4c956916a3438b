/* digits.h - prints the numbers that a log is full of, without a call and nearly without a branch.
 *
 * Each function writes at `p`, which must have the room that its comment states, and returns the end of the number.
 */
#ifndef CONNLOG_BASE_DIGITS_H
#define CONNLOG_BASE_DIGITS_H

#include <endian.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

extern const char digit_pairs[200]; /* 00 01 ... 99 */

/* Returns the eight digits of `v`, which is below 10^8, as numbers, the first in the lowest byte.  All parts of one
 * size are divided at once, side by side in one word. */
static inline uint64_t
eight_digits(uint32_t v)
{
	const uint64_t fours = v / 10000 | (uint64_t)(v % 10000) << 32;
	const uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007f0000007f; /* exact below 10^4 */
	const uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
	const uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000f; /* exact below 100 */
	return tens | (twos - tens * 10) << 8;
}

/* Returns the same, in the order of memory. */
static inline uint64_t
eight_digits_text(uint64_t digits)
{
	return htole64(digits + 0x3030303030303030);
}

/* `v` is below 10^8; eight bytes are written, however many digits it has. */
static inline char *
put_digits(char *p, uint32_t v)
{
	const uint64_t digits = eight_digits(v);
	const unsigned zeros = (unsigned)__builtin_ctzll(digits | 1ull << 56) / 8; /* in front */
	const uint64_t text = htole64((digits + 0x3030303030303030) >> 8 * zeros);
	memcpy(p, &text, 8);
	return p + 8 - zeros;
}

/* `v` is below 2^16; eight bytes are written, however many digits it has. */
static inline char *
put_port(char *p, uint16_t v)
{
	if (v < 10000)
		return put_digits(p, v);
	p[0] = (char)('0' + v / 10000);
	memcpy(p + 1, digit_pairs + v % 10000 / 100 * 2, 2);
	memcpy(p + 3, digit_pairs + v % 100 * 2, 2);
	return p + 5;
}

/* Returns whether the value is in the range of clocks and durations.  The lowest bit of its fraction is then worth at
 * least 2^-63, so 64 bits hold the fraction exactly. */
static inline bool
is_clock(double v)
{
	return (v >= 0x1p-11 && v < 0x1p32) || (v == 0 && !signbit(v));
}

/* With six decimals, rounded to the nearest, ties to even, as printf("%.6f") does; `v` is_clock(). Seventeen bytes. */
static inline char *
put_clock(char *p, double v)
{
	__extension__ typedef unsigned __int128 uint128;
	uint64_t                                whole = (uint64_t)v;
	const uint64_t fraction = (uint64_t)((v - (double)whole) * 0x1p64), half = UINT64_C(1) << 63;
	const uint128  scaled = (uint128)fraction * 1000000;
	const uint64_t rest = (uint64_t)scaled;
	uint32_t       micros = (uint32_t)(scaled >> 64);

	micros += rest > half || (rest == half && (micros & 1));
	if (micros == 1000000) {
		micros = 0;
		whole++;
	}
	if (whole < 10) { /* mostly a duration */
		*p++ = (char)('0' + whole);
	} else if (whole < 100000000) {
		p = put_digits(p, (uint32_t)whole);
	} else { /* the time of day, in seconds since 1970 */
		const uint32_t high = (uint32_t)(whole / 100000000);
		const uint64_t low = eight_digits_text(eight_digits((uint32_t)(whole % 100000000)));
		if (high < 10)
			*p++ = (char)('0' + high);
		else
			p = (char *)memcpy(p, digit_pairs + high * 2, 2) + 2;
		memcpy(p, &low, 8);
		p += 8;
	}
	const uint64_t text = eight_digits_text(eight_digits(micros * 100));
	*p = '.';
	memcpy(p + 1, &text, 6);
	return p + 7;
}

#endif
