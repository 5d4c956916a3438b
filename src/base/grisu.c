/* grisu.c - doubles as JSON, digit for digit as Zeek's JSON log has them.
 *
 * Zeek writes doubles with rapidjson, and that with Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers
 * Quickly and Accurately with Integers", PLDI 2010): the value and the two ends of the interval that reads back as
 * it are scaled by a 64-bit approximation of a power of ten, then digits are generated from the upper end until the
 * rest is inside the interval.  The approximations make the interval a little narrower than it is, so in some
 * 0.1 % of cases the result has a digit more than needed: to be the same we need the same approximations and
 * the same order of steps, which are those of the paper, with powers of ten 10^8 apart.
 *
 * The layout (when there is an exponent, ".0" behind whole numbers) is rapidjson's.
 */
#include "base/number.h"

#include <stdbool.h>
#include <string.h>

/* f * 2^e, f unsigned 64 bits. */
struct scaled {
	uint64_t f;
	int      e;
};

enum { FIRST_POWER = -348, POWER_STEP = 8 };

/* 10^FIRST_POWER, 10^(FIRST_POWER + POWER_STEP) … 10^340: their most significant 64 bits, rounded to the nearest. */
static const uint64_t power_of_ten[] = {
	0xfa8fd5a0081c0288, 0xbaaee17fa23ebf76, 0x8b16fb203055ac76, 0xcf42894a5dce35ea, 0x9a6bb0aa55653b2d,
	0xe61acf033d1a45df, 0xab70fe17c79ac6ca, 0xff77b1fcbebcdc4f, 0xbe5691ef416bd60c, 0x8dd01fad907ffc3c,
	0xd3515c2831559a83, 0x9d71ac8fada6c9b5, 0xea9c227723ee8bcb, 0xaecc49914078536d, 0x823c12795db6ce57,
	0xc21094364dfb5637, 0x9096ea6f3848984f, 0xd77485cb25823ac7, 0xa086cfcd97bf97f4, 0xef340a98172aace5,
	0xb23867fb2a35b28e, 0x84c8d4dfd2c63f3b, 0xc5dd44271ad3cdba, 0x936b9fcebb25c996, 0xdbac6c247d62a584,
	0xa3ab66580d5fdaf6, 0xf3e2f893dec3f126, 0xb5b5ada8aaff80b8, 0x87625f056c7c4a8b, 0xc9bcff6034c13053,
	0x964e858c91ba2655, 0xdff9772470297ebd, 0xa6dfbd9fb8e5b88f, 0xf8a95fcf88747d94, 0xb94470938fa89bcf,
	0x8a08f0f8bf0f156b, 0xcdb02555653131b6, 0x993fe2c6d07b7fac, 0xe45c10c42a2b3b06, 0xaa242499697392d3,
	0xfd87b5f28300ca0e, 0xbce5086492111aeb, 0x8cbccc096f5088cc, 0xd1b71758e219652c, 0x9c40000000000000,
	0xe8d4a51000000000, 0xad78ebc5ac620000, 0x813f3978f8940984, 0xc097ce7bc90715b3, 0x8f7e32ce7bea5c70,
	0xd5d238a4abe98068, 0x9f4f2726179a2245, 0xed63a231d4c4fb27, 0xb0de65388cc8ada8, 0x83c7088e1aab65db,
	0xc45d1df942711d9a, 0x924d692ca61be758, 0xda01ee641a708dea, 0xa26da3999aef774a, 0xf209787bb47d6b85,
	0xb454e4a179dd1877, 0x865b86925b9bc5c2, 0xc83553c5c8965d3d, 0x952ab45cfa97a0b3, 0xde469fbd99a05fe3,
	0xa59bc234db398c25, 0xf6c69a72a3989f5c, 0xb7dcbf5354e9bece, 0x88fcf317f22241e2, 0xcc20ce9bd35c78a5,
	0x98165af37b2153df, 0xe2a0b5dc971f303a, 0xa8d9d1535ce3b396, 0xfb9b7cd9a4a7443c, 0xbb764c4ca7a44410,
	0x8bab8eefb6409c1a, 0xd01fef10a657842c, 0x9b10a4e5e9913129, 0xe7109bfba19c0c9d, 0xac2820d9623bf429,
	0x80444b5e7aa7cf85, 0xbf21e44003acdd2d, 0x8e679c2f5e44ff8f, 0xd433179d9c8cb841, 0x9e19db92b4e31ba9,
	0xeb96bf6ebadf77d9, 0xaf87023b9bf0ee6b,
};

/* Returns the power of ten at `i`; its exponent follows from floor(log2(10^k)) = k * 217706 >> 16 in this range. */
static struct scaled
power_at(unsigned i)
{
	int k = FIRST_POWER + (int)i * POWER_STEP;
	return (struct scaled){ power_of_ten[i], (k * 217706 >> 16) - 63 };
}

/* The upper half of the product, rounded. */
static struct scaled
multiply(struct scaled a, struct scaled b)
{
	__extension__ typedef unsigned __int128 uint128;
	uint128                                 p = (uint128)a.f * b.f;
	return (struct scaled){ (uint64_t)(p >> 64) + ((uint64_t)p >> 63), a.e + b.e + 64 };
}

static struct scaled
normalize(struct scaled a)
{
	int s = __builtin_clzll(a.f);
	return (struct scaled){ a.f << s, a.e - s };
}

struct digits {
	char     at[20];
	unsigned n;
	int      exponent; /* the value is the digits, as an integer, times 10^exponent */
};

/* Lowers the last digit from the upper end of the interval towards the value as long as that gets nearer: `rest` is
 * how far the digits are below the upper end, `distance` how far the value is, and `unit` is one in the last digit. */
static void
round_down(struct digits *d, uint64_t interval, uint64_t rest, uint64_t unit, uint64_t distance)
{
	while (rest < distance && interval - rest >= unit &&
	       (rest + unit < distance || distance - rest > rest + unit - distance)) {
		d->at[d->n - 1]--;
		rest += unit;
	}
}

/* Tries the digits of the whole part, possibly fewer of them for numbers that end in zeros.  Returns whether they are
 * enough. */
static bool
round_in_whole(struct digits *d, uint32_t whole, int shift, uint64_t fraction, uint64_t interval, uint64_t distance)
{
	for (unsigned left = d->n; left-- > 0;) { /* how many digits are dropped */
		uint64_t rest = (whole % ten_to[left] << shift) + fraction;
		if (rest <= interval) {
			d->n -= left;
			d->exponent += (int)left;
			round_down(d, interval, rest, ten_to[left] << shift, distance);
			return true;
		}
	}
	return false;
}

/* Finds the shortest digits of a number in (upper - interval, upper), as near to `w` as the last digit allows. */
static void
generate_digits(struct digits *d, struct scaled w, struct scaled upper, uint64_t interval)
{
	const int      shift = -upper.e; /* between 32 and 60: a whole part of at most 32 bits, then a fraction */
	const uint64_t one = 1ull << shift, distance = upper.f - w.f;
	uint32_t       whole = (uint32_t)(upper.f >> shift);
	uint64_t       fraction = upper.f & (one - 1);

	d->n = (unsigned)format_u64(d->at, whole);
	if (fraction <= interval && round_in_whole(d, whole, shift, fraction, interval, distance))
		return;
	for (int behind = 1;; behind++) {
		fraction *= 10;
		interval *= 10;
		unsigned digit = (unsigned)(fraction >> shift);
		d->at[d->n++] = (char)('0' + digit);
		fraction &= one - 1;
		if (fraction < interval) {
			d->exponent -= behind;
			round_down(d, interval, fraction, one, behind < 20 ? distance * ten_to[behind] : 0);
			return;
		}
	}
}

/* `v` is finite and greater than zero. */
static void
grisu2(struct digits *d, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof bits);
	const uint64_t hidden = 1ull << 52;
	int            biased = (int)(bits >> 52);
	struct scaled  value = { bits & (hidden - 1), 1 - 1075 };
	if (biased != 0)
		value = (struct scaled){ value.f | hidden, biased - 1075 };

	/* The interval ends half way to the neighbours; below a power of two, the neighbour is only half as far. */
	struct scaled upper = normalize((struct scaled){ (value.f << 1) + 1, value.e - 1 });
	struct scaled lower = value.f == hidden ? (struct scaled){ (value.f << 2) - 1, value.e - 2 }
	                                        : (struct scaled){ (value.f << 1) - 1, value.e - 1 };
	lower.f <<= lower.e - upper.e;
	lower.e = upper.e;

	/* Choose the power that brings the exponent of the upper end between -60 and -32. */
	double estimate = (-61 - upper.e) * 0.30102999566398114 + 347; /* log10(2); never negative */
	int    k = (int)estimate;
	if (estimate > k)
		k++;
	unsigned      i = ((unsigned)k >> 3) + 1;
	struct scaled power = power_at(i);
	d->exponent = -(FIRST_POWER + (int)i * POWER_STEP);

	struct scaled w = multiply(normalize(value), power);
	upper = multiply(upper, power);
	lower = multiply(lower, power);
	lower.f++;
	upper.f--;
	generate_digits(d, w, upper, upper.f - lower.f);
}

/* d.dddde-7 */
static size_t
put_scientific(char *out, const struct digits *d, int exponent)
{
	char *p = out;
	*p++ = d->at[0];
	if (d->n > 1) {
		*p++ = '.';
		memcpy(p, d->at + 1, d->n - 1);
		p += d->n - 1;
	}
	*p++ = 'e';
	return (size_t)(p - out) + format_i64(p, exponent);
}

size_t
format_json_double(char *out, double v)
{
	struct digits d;
	char         *p = out;

	if (__builtin_signbit(v)) {
		*p++ = '-';
		v = -v;
	}
	if (v == 0) {
		memcpy(p, "0.0", 3);
		return (size_t)(p - out) + 3;
	}
	grisu2(&d, v);

	int n = (int)d.n, point = n + d.exponent; /* 10^(point - 1) <= v < 10^point */
	if (point > 21 || point <= -6)
		return (size_t)(p - out) + put_scientific(p, &d, point - 1);
	if (point <= 0) { /* 0.000ddd */
		memcpy(p, "0.000000", 8);
		p += 2 - point;
		memcpy(p, d.at, d.n);
		p += d.n;
	} else if (n <= point) { /* ddd000.0 */
		memcpy(p, d.at, d.n);
		memset(p + n, '0', (size_t)(point - n));
		p += point;
		memcpy(p, ".0", 2);
		p += 2;
	} else { /* dd.ddd */
		memcpy(p, d.at, (size_t)point);
		p[point] = '.';
		memcpy(p + point + 1, d.at + point, (size_t)(n - point));
		p += n + 1;
	}
	return (size_t)(p - out);
}
