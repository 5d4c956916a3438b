/* addr.c - addresses as text.
 *
 * IPv4 as a.b.c.d, IPv6 as RFC 5952 writes it: lower case, no leading zeros, the first longest run of two or more zero
 * groups as "::".  Addresses that embed IPv4 behind zeros (RFC 4291 2.5.5, RFC 2765) end in a.b.c.d, as BSD's and
 * Zeek's inet_ntop have it: ::1.2.3.4, ::ffff:0:1.2.3.4.  (::ffff:1.2.3.4 is an IPv4 address here.)
 */
#include "base/addr.h"

#include "base/bytes.h"
#include "base/number.h"

static char *
put_v4(char *p, const uint8_t *b)
{
	for (int i = 0; i < 4; i++) {
		p += format_u64(p, b[i]);
		*p++ = '.';
	}
	return p - 1;
}

static char *
put_hex16(char *p, unsigned v)
{
	static const char hex[] = "0123456789abcdef";
	for (int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0; shift >= 0; shift -= 4)
		*p++ = hex[v >> shift & 15];
	return p;
}

/* The first longest run of zero groups: *at and its length, 0 where there is none of two or more. */
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
			return put_v4(p, b + 12);
		p = put_hex16(p, group[i]);
	}
	return p;
}

size_t
addr_format(const struct addr *a, char *out)
{
	char *end = addr_is_v4(a) ? put_v4(out, a->b + 12) : put_v6(out, a->b);
	*end = '\0';
	return (size_t)(end - out);
}
