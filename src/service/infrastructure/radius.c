/* radius.c - RADIUS authentication (RFC 2865), as in Zeek's analyzer/protocol/radius/radius-protocol.pac.
 *
 * Confirms: a header and attributes up to the end of the datagram, whatever the header's length says. Violates:
 * anything else.
 *
 * Buffers nothing.
 */
#include "dpd/talk.h"

#define HEADER 20u

static bool
is_radius(struct bytes b)
{
	if (b.n < HEADER)
		return false;
	for (b = bytes_skip(b, HEADER); b.n > 0; b = bytes_skip(b, b.p[1]))
		if (b.n < 2 || b.p[1] < 2 || b.p[1] > b.n)
			return false;
	return true;
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	(void)side;
	if (is_radius(b)) {
		talk_confirm(t);
		talk_settled(t);
	} else {
		talk_violate(t);
	}
}

static const uint16_t udp_ports[] = { 1812, 0 };

const struct recogniser recogniser_radius = {
	.service = SERVICE_RADIUS,
	.udp_ports = udp_ports,
	.feed = feed,
};
