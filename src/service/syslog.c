/* syslog.c - syslog over UDP (RFC 3164), as Zeek's analyzer/protocol/syslog/syslog.spicy.
 *
 * Confirms: every datagram, also an empty one, but for those that begin with `<` and not with a priority (`<`, digits, `>`):
 * these violate, and as with all analyzers in Spicy that is the last that it looks at.
 *
 * Holds: nothing.
 */
#include "service/registry.h"

static bool
is_priority(struct bytes b)
{
	size_t i = 1;

	while (i < b.n && b.p[i] >= '0' && b.p[i] <= '9')
		i++;
	return i > 1 && i < b.n && b.p[i] == '>';
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	(void)side;
	if (b.n > 0 && b.p[0] == '<' && !is_priority(b)) {
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
