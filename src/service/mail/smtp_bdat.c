/* smtp_bdat.c - mails in chunks (RFC 3030), split into lines as Zeek's analyzer/protocol/smtp/BDAT.cc does.
 *
 * A line ends at CR LF, after an LF without a CR, or after BDAT_LINE bytes; and after a CR at the end of the bytes that TCP
 * delivered together if no LF follows.  Buffers one line, at most BDAT_LINE + 1 bytes, allocated at the first BDAT, which few
 * connections ever send.
 */
#include "service/mail/smtp.h"

#include <stdlib.h>
#include <strings.h>

#define ARGUMENT_MAX 25u /* strlen("18446744073709551615 LAST") */

bool
bdat_argument(struct bytes arg, uint64_t *size, bool *last)
{
	size_t i = 0;

	if (arg.n == 0 || arg.n > ARGUMENT_MAX)
		return false;
	*size = 0;
	for (; i < arg.n && arg.p[i] >= '0' && arg.p[i] <= '9'; i++) {
		const unsigned digit = arg.p[i] - (unsigned)'0';
		if (*size > (UINT64_MAX - digit) / 10)
			return false;
		*size = *size * 10 + digit;
	}
	*last = i < arg.n;
	if (i == 0 || *size > INT64_MAX)
		return false;
	/* A NUL ends the text of the number without an error, but is not LAST either. */
	return i == arg.n || (arg.n - i == 5 && strncasecmp((const char *)arg.p + i, " LAST", 5) == 0);
}

static bool
line(struct bdat *d, struct mail *m, uint32_t n)
{
	d->n = 0;
	return m && mail_line(m, (struct bytes){ d->p, n }, n);
}

/* Takes the byte in.p[i]. */
static bool
byte(struct bdat *d, struct mail *m, struct bytes in, size_t i)
{
	const uint8_t c = in.p[i];
	const bool    after_cr = d->n > 0 && d->p[d->n - 1] == '\r';
	bool          x = false;

	if (c == '\n' && after_cr)
		return line(d, m, d->n - 1);
	if (after_cr && i == 0)
		x = line(d, m, d->n);
	if (c == '\n') {
		d->p[d->n++] = c;
		return line(d, m, d->n) || x;
	}
	if (d->n >= BDAT_LINE && !(c == '\r' && i + 1 < in.n && in.p[i + 1] == '\n'))
		x = line(d, m, d->n) || x;
	d->p[d->n++] = c;
	return x;
}

bool
bdat_data(struct bdat *d, struct mail *m, struct bytes in)
{
	bool x = false;

	d->left -= in.n < d->left ? in.n : d->left;
	if (!d->p && !(d->p = malloc(BDAT_LINE + 2)))
		return false;
	for (size_t i = 0; i < in.n; i++)
		if (byte(d, m, in, i))
			x = true;
	if (d->last && d->left == 0 && d->n > 0 && line(d, m, d->n))
		x = true;
	return x;
}

bool
bdat_end(struct bdat *d, struct mail *m)
{
	const bool x = d->n > 0 && line(d, m, d->n);

	free(d->p);
	*d = (struct bdat){ 0 };
	return x;
}
