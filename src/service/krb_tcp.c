/* krb_tcp.c - Kerberos over TCP (RFC 4120 7.2.2); Zeek's krb/KRB_TCP.cc.
 *
 * A message follows its length (four bytes); it confirms when it is all there and parses, otherwise it violates, as does one
 * of no bytes.  After a gap, and on a partial connection, nothing is looked at.
 * Held are up to 64 KiB of each side's message; a longer one is passed over (Zeek looks at those up to 10 MiB).
 */
#include "service/gather.h"
#include "service/krb_message.h"

enum { PREFIX = 4, HOLD = 65536 };

struct side {
	struct gather held;
	uint64_t      over; /* of a message that is passed over */
};

struct krb_tcp {
	struct side side[2];
};

/* What is held and what else came with it is lost; the next chunk begins a message. */
static void
fail(struct talk *t, struct side *s, struct bytes *in)
{
	talk_violate(t);
	gather_clear(&s->held);
	*in = bytes_skip(*in, in->n);
}

/* Takes a message, or all bytes where more are needed. */
static void
message(struct talk *t, struct side *s, struct bytes *in)
{
	const uint8_t *p = gather_need(&s->held, in, PREFIX);

	if (!p)
		return;
	const uint32_t size = load_be32(p);
	if (size == 0 || size >= 0x7ffffffc) { /* size + 4 is an int in Zeek */
		fail(t, s, in);
		return;
	}
	if (size > HOLD) {
		gather_take(&s->held, in, PREFIX);
		s->over = size;
		return;
	}
	p = gather_need(&s->held, in, PREFIX + size);
	if (!p)
		return;
	if (krb_message(t, (struct bytes){ p + PREFIX, size }))
		gather_take(&s->held, in, PREFIX + size);
	else
		fail(t, s, in);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct krb_tcp *k = t->state;
	struct side    *s = &k->side[side];

	if (talk_partial(t))
		return;
	while (b.n != 0) {
		if (s->over) {
			const size_t n = b.n < s->over ? b.n : (size_t)s->over;
			s->over -= n;
			b = bytes_skip(b, n);
		} else {
			message(t, s, &b);
		}
	}
}

static void
end(struct talk *t)
{
	struct krb_tcp *k = t->state;

	for (int i = 0; i < 2; i++)
		gather_clear(&k->side[i].held);
}

static const uint16_t ports[] = { 88, 0 };

const struct recogniser recogniser_krb_tcp = {
	.service = SERVICE_KRB_TCP,
	.tcp_ports = ports,
	.state_size = sizeof(struct krb_tcp),
	.feed = feed,
	.gap = talk_skip_at_gap,
	.end = end,
};
