/* number.c - integers and six-decimal fixed point as text.
 *
 * Integers are written two digits at a time from the back.
 *
 * A double is an integer times a power of two.  Below 2^52, which covers every clock, its fraction times 10^6 has at
 * most 73 bits, shifted: in 128 bits both the result and the bits shifted out are exact, and the latter decide the
 * rounding.  Greater values are whole numbers and are multiplied out in decimal limbs.
 */
#include "base/digits.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

const char digit_pairs[200] = "00010203040506070809101112131415161718192021222324"
							  "25262728293031323334353637383940414243444546474849"
							  "50515253545556575859606162636465666768697071727374"
							  "75767778798081828384858687888990919293949596979899";

/* clang-format off */
const uint64_t ten_to[20] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
	1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
	1000000000000000000, 10000000000000000000u,
};
/* clang-format on */

/* `v` is not 0. */
static unsigned
count_digits(uint64_t v)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(v);
	unsigned least = bits * 1233 >> 12; /* log10(2) is a little less: right, or one too few */
	return least + (v >= ten_to[least]);
}

void
format_digits(char *out, uint64_t v, unsigned n)
{
	while (n >= 2) {
		n -= 2;
		memcpy(out + n, digit_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (n == 1)
		out[0] = (char)('0' + v % 10);
}

size_t
format_u64(char *out, uint64_t v)
{
	if (v < 10) { /* the usual case */
		*out = (char)('0' + v);
		return 1;
	}
	if (v < 100) {
		memcpy(out, digit_pairs + v * 2, 2);
		return 2;
	}
	if (v >= 10000 && v < 100000) { /* the usual case of ports */
		const uint32_t n5 = (uint32_t)v, high = n5 / 10000, low = n5 % 10000;
		out[0] = (char)('0' + high);
		memcpy(out + 1, digit_pairs + low / 100 * 2, 2);
		memcpy(out + 3, digit_pairs + low % 100 * 2, 2);
		return 5;
	}
	if (v < 100000000)
		return (size_t)(put_digits(out, (uint32_t)v) - out);
	unsigned n = count_digits(v);
	format_digits(out, v, n);
	return n;
}

size_t
format_i64(char *out, int64_t v)
{
	if (v >= 0)
		return format_u64(out, (uint64_t)v);
	*out = '-';
	return 1 + format_u64(out + 1, -(uint64_t)v);
}

/* Writes mantissa * 2^exponent, a whole number of up to 309 digits. */
static size_t
format_huge(char *out, uint64_t mantissa, int exponent)
{
	enum { LIMBS = 36, LIMB = 1000000000 }; /* base 10^9, least significant first */
	uint32_t limb[LIMBS] = { (uint32_t)(mantissa % LIMB), (uint32_t)(mantissa / LIMB) };
	unsigned used = 2;

	while (exponent > 0) {
		int      step = exponent < 30 ? exponent : 30;
		uint64_t carry = 0;
		for (unsigned i = 0; i < used; i++) {
			carry += (uint64_t)limb[i] << step;
			limb[i] = (uint32_t)(carry % LIMB);
			carry /= LIMB;
		}
		for (; carry > 0; carry /= LIMB)
			limb[used++] = (uint32_t)(carry % LIMB);
		exponent -= step;
	}
	while (used > 1 && limb[used - 1] == 0)
		used--;
	size_t n = format_u64(out, limb[--used]);
	for (; used > 0; n += 9)
		format_digits(out + n, limb[--used], 9);
	return n;
}

/* Returns fraction / 2^shift in millionths, rounded to the nearest, ties to even. */
static uint32_t
millionths(uint64_t fraction, unsigned shift)
{
	__extension__ typedef unsigned __int128 uint128;
	if (shift > 100) /* less than half a millionth for any fraction */
		return 0;
	uint128  scaled = (uint128)fraction * 1000000, one = (uint128)1 << shift;
	uint128  rest = scaled & (one - 1);
	uint32_t n = (uint32_t)(scaled >> shift);
	return n + (rest > one / 2 || (rest == one / 2 && (n & 1)));
}

size_t
format_fixed6(char *out, double v)
{
	if (is_clock(v))
		return (size_t)(put_clock(out, v) - out);

	char    *p = out;
	uint64_t bits;
	memcpy(&bits, &v, sizeof bits);
	uint64_t mantissa = bits & ((1ull << 52) - 1);
	int      exponent = (int)(bits >> 52) & 0x7ff;

	if (bits >> 63)
		*p++ = '-';
	if (exponent == 0x7ff) {
		memcpy(p, mantissa == 0 ? "inf" : "nan", 3);
		return (size_t)(p - out) + 3;
	}
	if (exponent == 0)
		exponent = 1; /* denormal: no hidden bit */
	else
		mantissa |= 1ull << 52;

	exponent -= 1075; /* from here on v is mantissa * 2^exponent */
	uint32_t micros = 0;
	if (exponent >= 0) {
		p += format_huge(p, mantissa, exponent);
	} else {
		unsigned shift = (unsigned)-exponent;
		uint64_t whole = shift < 64 ? mantissa >> shift : 0;
		micros = millionths(shift < 64 ? mantissa - (whole << shift) : mantissa, shift);
		if (micros == 1000000) {
			micros = 0;
			whole++;
		}
		p += format_u64(p, whole);
	}
	*p++ = '.';
	format_digits(p, micros, 6);
	return (size_t)(p - out) + 6;
}

size_t
format_zeek_double(char *out, double v)
{
	size_t n;

	if (!isfinite(v))
		return isnan(v) ? format_fixed6(out, (double)NAN) : format_fixed6(out, v);
	n = format_fixed6(out, v == 0 ? 0.0 : v); /* there is no -0 */
	while (out[n - 1] == '0')
		n--;
	if (out[n - 1] != '.')
		return n;
	if (fabs(v - nearbyint(v)) >= 1e-9)
		return n - 1; /* 0.0000001 is 0, to six decimals, and no whole number */
	out[n++] = '0';
	return n;
}
