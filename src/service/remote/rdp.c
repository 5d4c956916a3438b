/* rdp.c - the remote desktop protocol over TCP (MS-RDPBCGR; Zeek: analyzer/protocol/rdp).
 *
 * Confirms: the client's core data, the server's GCC response, the server's security data.  Violates: a TPKT packet that does
 * not have the required form (rdp_pdu.c), from either side.  When TLS has been negotiated, later chunks are passed to a child;
 * after RDP's own encryption inspection ends.
 *
 * Buffers an incomplete packet of each side, at most 65535 bytes.
 */
#include "service/gather.h"
#include "service/remote/rdp_pdu.h"
#include "dpd/talk.h"

extern const struct recogniser recogniser_rdp;

#define HEADER 4u

struct rdp {
	struct gather   packet[2];
	struct rdp_said said;
	bool            tls; /* the child was requested */
};

static void
forget(struct rdp *s)
{
	gather_clear(&s->packet[TALK_ORIG]);
	gather_clear(&s->packet[TALK_RESP]);
}

/* Takes a packet, or the available part of it.  Returns false on a violation. */
static bool
take(struct talk *t, int side, struct bytes *in)
{
	struct rdp    *s = talk_state(t);
	struct gather *g = &s->packet[side];
	const uint8_t *p = gather_need(g, in, HEADER);

	if (!p)
		return true;
	const uint32_t len = load_be16(p + 2), whole = len < HEADER ? HEADER : len;
	if (!(p = gather_need(g, in, whole)))
		return true;
	s->said.rdp = false;
	const bool fits = rdp_packet(&s->said, p, whole);
	if (s->said.rdp)
		talk_confirm(t);
	gather_take(g, in, whole);
	return fits;
}

static void
rdp_feed(struct talk *t, int side, struct bytes in)
{
	struct rdp *s = talk_state(t);

	if (talk_partial(t))
		return;
	if (s->said.encrypted) { /* with TLS; otherwise input is skipped */
		if (!s->tls) {
			s->tls = true;
			talk_hand_over(t, SERVICE_SSL);
		}
		talk_pass(t, side, in);
		return;
	}
	while (in.n > 0)
		if (!take(t, side, &in)) { /* the next chunk starts over */
			talk_violate(t);
			gather_clear(&s->packet[side]);
			break;
		}
	if (s->said.encrypted)
		forget(s);
	if (s->said.encrypted && s->said.method == 0)
		talk_skip(t);
}

static void
rdp_gap(struct talk *t, int side, uint64_t len)
{
	(void)side, (void)len;
	talk_skip(t);
}

static void
rdp_end(struct talk *t)
{
	forget(talk_state(t));
}

static const uint16_t ports[] = { 3389, 0 };

const struct recogniser recogniser_rdp = {
	.service = SERVICE_RDP,
	.tcp_ports = ports,
	.state_size = sizeof(struct rdp),
	.feed = rdp_feed,
	.gap = rdp_gap,
	.end = rdp_end,
};
