/* syslog.c - syslog over UDP (RFC 3164), as in Zeek's analyzer/protocol/syslog/syslog.spicy.
 *
 * Confirms: every datagram, except those that begin with `<` but not with a priority (`<`, digits, `>`; the number is
 * at most 2^63 - 1), and empty ones, which do not show whether there is a priority. These violate and, as with all
 * Spicy analyzers, end the inspection.
 *
 * Buffers nothing.
 */
#include "dpd/talk.h"

static bool
is_priority(struct bytes b)
{
	uint64_t value = 0;
	size_t   i = 1;

	for (; i < b.n && b.p[i] >= '0' && b.p[i] <= '9'; i++) {
		const unsigned digit = b.p[i] - '0';
		if (value > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	return i > 1 && i < b.n && b.p[i] == '>';
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	(void)side;
	if (b.n == 0 || (b.p[0] == '<' && !is_priority(b))) {
		talk_violate(t);
		talk_skip(t);
	} else {
		talk_confirm(t);
		talk_settled(t);
	}
}

static const uint16_t udp_ports[] = { 514, 0 };

const struct recogniser recogniser_syslog = {
	.service = SERVICE_SYSLOG,
	.udp_ports = udp_ports,
	.feed = feed,
};
