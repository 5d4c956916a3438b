/* addr.c - addresses as text.
 *
 * IPv4 as a.b.c.d, IPv6 as RFC 5952 writes it: lower case, no leading zeros, the first longest run of two or more zero
 * groups as "::".  Addresses that embed IPv4 behind zeros (RFC 4291 2.5.5, RFC 2765) end in a.b.c.d, as BSD's and
 * Zeek's inet_ntop have it: ::1.2.3.4, ::ffff:0:1.2.3.4.  (::ffff:1.2.3.4 is an IPv4 address here.)
 */
#include "base/addr.h"

#include "base/bytes.h"
#include "base/number.h"

/* clang-format off */
#define BYTE1(a) { { (a), '.' }, 2 }
#define BYTE2(a, b) { { (a), (b), '.' }, 3 }
#define BYTE3(a, b, c) { { (a), (b), (c), '.' }, 4 }
#define TEN1 BYTE1('0'), BYTE1('1'), BYTE1('2'), BYTE1('3'), BYTE1('4'), BYTE1('5'), BYTE1('6'), BYTE1('7'), BYTE1('8'), \
	BYTE1('9')
#define TEN2(a) BYTE2(a, '0'), BYTE2(a, '1'), BYTE2(a, '2'), BYTE2(a, '3'), BYTE2(a, '4'), BYTE2(a, '5'), BYTE2(a, '6'), \
	BYTE2(a, '7'), BYTE2(a, '8'), BYTE2(a, '9')
#define SIX3(a, b) BYTE3(a, b, '0'), BYTE3(a, b, '1'), BYTE3(a, b, '2'), BYTE3(a, b, '3'), BYTE3(a, b, '4'), BYTE3(a, b, '5')
#define TEN3(a, b) SIX3(a, b), BYTE3(a, b, '6'), BYTE3(a, b, '7'), BYTE3(a, b, '8'), BYTE3(a, b, '9')
const struct addr_byte addr_bytes[256] = {
	TEN1, TEN2('1'), TEN2('2'), TEN2('3'), TEN2('4'), TEN2('5'), TEN2('6'), TEN2('7'), TEN2('8'), TEN2('9'),
	TEN3('1', '0'), TEN3('1', '1'), TEN3('1', '2'), TEN3('1', '3'), TEN3('1', '4'),
	TEN3('1', '5'), TEN3('1', '6'), TEN3('1', '7'), TEN3('1', '8'), TEN3('1', '9'),
	TEN3('2', '0'), TEN3('2', '1'), TEN3('2', '2'), TEN3('2', '3'), TEN3('2', '4'), SIX3('2', '5'),
};
/* clang-format on */

static char *
put_hex16(char *p, unsigned v)
{
	static const char hex[] = "0123456789abcdef";
	for (int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0; shift >= 0; shift -= 4)
		*p++ = hex[v >> shift & 15];
	return p;
}

/* Finds the first longest run of zero groups.  Stores its place in *at and returns its length, or 0 if no run has two
 * or more. */
static int
longest_zeros(const unsigned group[8], int *at)
{
	int best = 1, run = 0;
	*at = -1;
	for (int i = 0; i < 8; i++) {
		run = group[i] == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*at = i + 1 - run;
		}
	}
	return *at < 0 ? 0 : best;
}

static char *
put_v6(char *p, const uint8_t *b)
{
	unsigned group[8];
	int      at;
	for (int i = 0; i < 8; i++)
		group[i] = load_be16(b + i * 2);
	int  zeros = longest_zeros(group, &at);
	bool v4_tail = at == 0 && (zeros == 6 || (zeros == 4 && group[4] == 0xffff && group[5] == 0));

	for (int i = 0; i < 8; i++) {
		if (i == at) {
			*p++ = ':';
			i += zeros - 1;
			if (i == 7)
				*p++ = ':';
			continue;
		}
		if (i != 0)
			*p++ = ':';
		if (i == 6 && v4_tail)
			return addr_put_v4(p, b + 12);
		p = put_hex16(p, group[i]);
	}
	return p;
}

size_t
addr_format(const struct addr *a, char *out)
{
	char *end = addr_is_v4(a) ? addr_put_v4(out, a->b + 12) : put_v6(out, a->b);
	*end = '\0';
	return (size_t)(end - out);
}
