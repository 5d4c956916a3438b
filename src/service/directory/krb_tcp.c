/* krb_tcp.c - Kerberos over TCP (RFC 4120 7.2.2); Zeek's krb/KRB_TCP.cc.
 *
 * A message follows its length (four bytes); it confirms when it is complete and parses, otherwise it violates, as does
 * an empty one. After a gap, and on a partial connection, nothing is parsed. Buffers each side's message, up to the
 * size of binpac's buffer (gather.h).
 */
#include "service/gather.h"
#include "service/directory/krb_message.h"

enum { PREFIX = 4 };

struct side {
	struct gather held;
	uint32_t      room; /* flow_buffer_fits() */
};

struct krb_tcp {
	struct side side[2];
};

/* Drops the buffer and the rest of the chunk; the next chunk begins a message. */
static void
fail(struct talk *t, struct side *s, struct bytes *in)
{
	talk_violate(t);
	gather_clear(&s->held);
	flow_buffer_next(&s->room);
	*in = bytes_skip(*in, in->n);
}

/* Returns the first `want` bytes; NULL if there are not enough yet, or never will be. */
static const uint8_t *
need(struct talk *t, struct side *s, struct bytes *in, size_t want)
{
	const uint8_t *p = gather_need_from(&s->held, talk_budget(t), in, want);

	if (flow_buffer_fits(&s->room, gather_held(&s->held).n))
		return p;
	fail(t, s, in);
	return NULL;
}

/* Takes a message, or buffers all bytes if more are needed. */
static void
message(struct talk *t, struct side *s, struct bytes *in)
{
	const uint8_t *p = need(t, s, in, PREFIX);

	if (!p)
		return;
	const uint32_t size = load_be32(p);
	if (size == 0 || size >= 0x7ffffffc) { /* size + 4 is an int in Zeek */
		fail(t, s, in);
		return;
	}
	p = need(t, s, in, PREFIX + (size_t)size);
	if (!p)
		return;
	if (!krb_message(t, (struct bytes){ p + PREFIX, size })) {
		fail(t, s, in);
		return;
	}
	gather_take(&s->held, in, PREFIX + (size_t)size);
	flow_buffer_next(&s->room);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct krb_tcp *k = talk_state(t);

	if (talk_partial(t))
		return;
	while (b.n != 0)
		message(t, &k->side[side], &b);
}

static void
end(struct talk *t)
{
	struct krb_tcp *k = talk_state(t);

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
