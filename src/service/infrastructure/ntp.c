/* ntp.c - NTP (RFC 5905, RFC 7822 extension fields, mode 6 and 7 control), as in Zeek's analyzer/protocol/ntp/ntp*.pac.
 *
 * Confirms: every well-formed packet of either side. Violates: every other one. A server's packet from the originator,
 * or a client's from the responder, flips the connection, once in each direction.
 *
 * Buffers nothing.
 */
#include "dpd/talk.h"

#define HEADER    48u
#define EXTENSION 22u /* of the smallest that Zeek's grammar accepts */
#define MAC_MAX   24u

struct state {
	bool turned[2]; /* a packet of this side has flipped the connection; not swapped with it */
};

/* Parses an extension, which Zeek always treats as Autokey: type, length, association, 2 times, value, signature.
 * Returns the size of the first one in bytes, 0 if it is malformed. */
static size_t
extension(struct bytes b)
{
	if (b.n < 18)
		return 0;
	const size_t length = load_be16(b.p + 2), value = load_be32(b.p + 14);
	if (length < EXTENSION || value > length - EXTENSION || b.n < EXTENSION + value)
		return 0;
	/* The signature may be longer than the extension claims to be. */
	const size_t fields = EXTENSION + value + load_be32(b.p + 18 + value), size = length > fields ? length : fields;
	return size <= b.n ? size : 0;
}

/* Returns whether a packet of modes 1 to 5 parses. Zeek's grammar intends to skip a MAC at the end, but its parser
 * treats it as an extension. */
static bool
is_time(struct bytes b)
{
	if (b.n < HEADER)
		return false;
	b = bytes_skip(b, HEADER);
	if (b.n <= MAC_MAX)
		return true;
	while (b.n > 0) {
		const size_t n = extension(b);

		if (n == 0)
			return false;
		b = bytes_skip(b, n);
	}
	return true;
}

static bool
is_control(struct bytes b)
{
	return b.n >= 12 && load_be16(b.p + 10) <= b.n - 12;
}

static bool
is_private(struct bytes b)
{
	if (b.n < 6)
		return false;
	const size_t data = load_be16(b.p + 4) & 0xfff, mac = b.p[1] & 0x80 ? 20 : 0;
	return data + mac <= b.n - 6;
}

static bool
is_ntp(struct bytes b)
{
	if (b.n < 1)
		return false;
	switch (b.p[0] & 7) {
	case 0:
		return true;
	case 6:
		return is_control(b);
	case 7:
		return is_private(b);
	default:
		return is_time(b);
	}
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct state *s = talk_state(t);

	if (!is_ntp(b)) {
		talk_violate(t);
		return;
	}
	talk_confirm(t);

	const unsigned mode = b.p[0] & 7, turns = side == TALK_ORIG ? 4 : 3; /* server, client */
	if (mode == turns && !s->turned[side]) {
		s->turned[side] = true;
		talk_flip(t);
	}
	if (s->turned[TALK_ORIG] && s->turned[TALK_RESP])
		talk_settled(t);
}

static const uint16_t udp_ports[] = { 123, 0 };

const struct recogniser recogniser_ntp = {
	.service = SERVICE_NTP,
	.udp_ports = udp_ports,
	.state_size = sizeof(struct state),
	.feed = feed,
};
