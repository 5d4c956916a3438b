/* socks.c - SOCKS 4 and 5 (RFC 1928, 1929), as Zeek follows it (analyzer/protocol/socks/).
 *
 * Every chunk is one message, parsed from its first byte; one that does not fit violates. Confirms: the reply to a
 * request of version 5, and one of version 4 if it began with a 4 (a real one begins with 0, and violates). Also
 * violates: another version and, in a request of version 5, a reserved byte that is set or an unknown command, after
 * which nothing is parsed any more. Once both sides are done, further bytes are passed to a signature matcher as a
 * child. Gaps are ignored. Buffers nothing.
 */
#include "dpd/talk.h"

static const uint16_t ports[] = { 1080, 0 };

enum { METHOD_NONE = 0, METHOD_PASSWORD = 2, METHOD_REFUSED = 0xff };
enum { ADDR_IPV4 = 1, ADDR_NAME = 3, ADDR_IPV6 = 4 };
enum { COMMAND_LAST = 3 };

struct socks {
	bool    done[2];
	bool    past_method;    /* the server has chosen a method */
	bool    authenticating; /* authentication messages follow */
	bool    child;
	uint8_t method;
};

/* Handles the messages of password authentication (RFC 1929). Returns false if one does not fit. */
static bool
authentication(struct socks *s, int side, struct bytes b)
{
	if (s->method == METHOD_PASSWORD) {
		if (b.n < 1)
			return false;
		if (b.p[0] == 1 && side == TALK_ORIG) {
			const uint8_t *user = bytes_at(b, 1, 1);
			if (!user)
				return false;
			const uint8_t *password = bytes_at(b, 2u + *user, 1);
			if (!password || !bytes_at(b, 3u + *user, *password))
				return false;
		} else if (b.p[0] == 1 && b.n < 2) {
			return false;
		}
	}
	if (side == TALK_RESP)
		s->authenticating = false;
	return true;
}

static bool
version4(struct talk *t, struct socks *s, int side, struct bytes b)
{
	if (b.n < (side == TALK_ORIG ? 8u : 9u))
		return false;
	if (side == TALK_RESP)
		talk_confirm(t);
	s->done[side] = true;
	return true;
}

static bool
choice_of_method(struct socks *s, int side, struct bytes b)
{
	const uint8_t *p = bytes_at(b, 1, 1);

	if (!p)
		return false;
	if (side == TALK_ORIG)
		return bytes_at(b, 2, *p);
	s->method = *p;
	s->authenticating = *p != METHOD_NONE && *p != METHOD_REFUSED;
	s->past_method = true;
	return true;
}

/* Returns the length of the address at `at`, including its type; 0 if it is not an address. */
static size_t
address_length(struct bytes b, size_t at)
{
	const uint8_t *type = bytes_at(b, at, 1), *name;

	if (!type)
		return 0;
	switch (*type) {
	case ADDR_IPV4:
		return 1 + 4;
	case ADDR_IPV6:
		return 1 + 16;
	case ADDR_NAME:
		name = bytes_at(b, at + 1, 1);
		return name ? 2u + *name : 0;
	default:
		return 0;
	}
}

static bool
version5(struct talk *t, struct socks *s, int side, struct bytes b)
{
	if (!s->past_method)
		return choice_of_method(s, side, b);
	const size_t address = address_length(b, 3);
	if (address == 0 || !bytes_at(b, 3, address + 2)) /* and the port */
		return false;
	if (side == TALK_ORIG && (b.p[2] != 0 || b.p[1] == 0 || b.p[1] > COMMAND_LAST)) {
		talk_violate(t);
		talk_skip(t);
		return true;
	}
	if (side == TALK_RESP)
		talk_confirm(t);
	s->done[side] = true;
	return true;
}

static bool
message(struct talk *t, struct socks *s, int side, struct bytes b)
{
	if (s->authenticating)
		return authentication(s, side, b);
	if (b.n == 0)
		return false;
	switch (b.p[0]) {
	case 4:
		return version4(t, s, side, b);
	case 5:
		return version5(t, s, side, b);
	default:
		return false;
	}
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct socks *s = talk_state(t);

	if (talk_partial(t))
		return;
	if (!s->done[TALK_ORIG] || !s->done[TALK_RESP]) {
		if (!message(t, s, side, b))
			talk_violate(t);
		return;
	}
	if (!s->child)
		talk_guess(t);
	s->child = true;
	talk_pass(t, side, b);
}

const struct recogniser recogniser_socks = {
	.service = SERVICE_SOCKS,
	.tcp_ports = ports,
	.state_size = sizeof(struct socks),
	.feed = feed,
};
