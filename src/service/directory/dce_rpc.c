/* dce_rpc.c - DCE-RPC over a stream (C706 chapter 12, MS-RPCE): TCP, and pipes in SMB; Zeek's
 * dce-rpc/dce_rpc-protocol.pac.
 *
 * Every PDU that parses confirms: a header of version 5, its whole length, and, unless it is one of several fragments,
 * a well-formed body. Anything else violates and loses the rest of the chunk; otherwise it has no effect on the service
 * (dpd.zeek ignores violations of DCE-RPC). The authentication of a PDU is passed, before its body is parsed, to a
 * GSSAPI or NTLM object that belongs to this object alone. After a gap nothing is parsed. Buffers up to 64 KiB of each
 * side: one PDU. Of fragmented requests only the numbers are kept: Zeek's buffer contains only the last fragment when
 * it is complete, so that is the body.
 */
#include "service/reader.h"
#include "service/gather.h"
#include "dpd/talk.h"

enum { HEADER = 16, AUTH_HEADER = 8 };
enum { MAX_CALLS = 20, MAX_DATA = 30000 }; /* DCE_RPC::max_cmd_reassembly, max_frag_data */

enum type { REQUEST = 0, RESPONSE = 2, BIND = 11, BIND_ACK = 12, ALTER = 14, ALTER_RESP = 15 };
enum flag { FIRST = 0x01, LAST = 0x02, OBJECT = 0x80 };
enum auth { AUTH_GSSAPI = 9, AUTH_NTLM = 10 };

struct side {
	struct gather held;
	uint32_t      call[MAX_CALLS]; /* those whose last fragment has not arrived */
	uint8_t       calls;
};

struct dce_rpc {
	struct side  side[2];
	struct talk *gssapi, *ntlm;
	bool         dead; /* SetSkip */
};

struct header {
	uint8_t  type, flags;
	bool     little;
	uint16_t length, auth;
	uint32_t call;
};

static struct header
header(const uint8_t *p)
{
	struct header h = { .type = p[2], .flags = p[3], .little = p[4] >> 4 };

	h.length = h.little ? load_le16(p + 8) : load_be16(p + 8);
	h.auth = h.little ? load_le16(p + 10) : load_be16(p + 10);
	h.call = h.little ? load_le32(p + 12) : load_be32(p + 12);
	return h;
}

static void
authentication(struct talk *t, struct bytes b)
{
	struct dce_rpc *d = talk_state(t);
	const bool      ntlm = b.p[0] == AUTH_NTLM;
	struct talk   **to = ntlm ? &d->ntlm : &d->gssapi;

	if (!ntlm && b.p[0] != AUTH_GSSAPI)
		return; /* Zeek passes Kerberos a stream here, which it ignores */
	if (!*to)
		*to = talk_outside(t, ntlm ? SERVICE_NTLM : SERVICE_GSSAPI);
	if (*to) /* whichever side sends it, it counts as the originator's */
		talk_feed(*to, TALK_ORIG, bytes_skip(b, AUTH_HEADER));
}

static void
bind(struct reader *c)
{
	read_skip(c, 8);
	unsigned n = read_u8(c);
	read_skip(c, 3);
	while (n-- && !c->bad) {
		read_skip(c, 2);
		const unsigned syntaxes = read_u8(c);
		read_skip(c, 1 + 20 + 20 * syntaxes);
	}
}

static void
bind_ack(struct reader *c, bool little)
{
	read_skip(c, 8);
	const uint16_t length = little ? read_le16(c) : read_be16(c);
	read_skip(c, length);
	read_skip(c, -c->at & 3);
	const unsigned n = read_u8(c);
	read_skip(c, 3 + 24 * n);
}

static bool
body(const struct header *h, struct bytes b)
{
	struct reader c = reader_of(b);

	if (h->type == BIND || h->type == ALTER)
		bind(&c);
	else if (h->type == BIND_ACK || h->type == ALTER_RESP)
		bind_ack(&c, h->little);
	else if (h->type == REQUEST)
		read_skip(&c, h->flags & OBJECT ? 24 : 8);
	else if (h->type == RESPONSE)
		read_skip(&c, 8);
	return !c.bad;
}

static uint32_t *
find_call(struct side *s, uint32_t id)
{
	for (unsigned i = 0; i < s->calls; i++)
		if (s->call[i] == id)
			return &s->call[i];
	return NULL;
}

/* reassemble_fragment(). Returns true if the body is to be parsed. */
static bool
fragment(struct dce_rpc *d, struct side *s, const struct header *h, size_t n)
{
	uint32_t *call = find_call(s, h->call);

	if (!call && !(h->flags & FIRST))
		return false;
	if (!call && h->flags & LAST)
		return true;
	d->dead |= n > MAX_DATA;
	if (h->flags & FIRST) {
		if (call || s->calls == MAX_CALLS)
			d->dead = true;
		else
			s->call[s->calls++] = h->call;
		return false;
	}
	if (h->flags & LAST)
		*call = s->call[--s->calls];
	return h->flags & LAST;
}

static bool
pdu(struct talk *t, struct side *s, const struct header *h, const uint8_t *p)
{
	const size_t auth = h->auth ? AUTH_HEADER + (size_t)h->auth : 0;

	if (h->length < HEADER + auth)
		return false;
	if (auth)
		authentication(t, (struct bytes){ p + h->length - auth, auth });
	const struct bytes b = { p + HEADER, h->length - HEADER - auth };
	if (fragment(talk_state(t), s, h, b.n) && !body(h, b))
		return false;
	talk_confirm(t);
	return true;
}

static void
fail(struct talk *t, struct side *s, struct bytes *in)
{
	talk_violate(t);
	gather_clear(&s->held);
	*in = bytes_skip(*in, in->n);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct dce_rpc *d = talk_state(t);
	struct side    *s = &d->side[side];

	while (b.n != 0) {
		const uint8_t *p = gather_need(&s->held, &b, HEADER);
		if (!p)
			break;
		const struct header h = header(p);
		if (p[0] != 5 || h.length < HEADER) {
			fail(t, s, &b);
			break;
		}
		p = gather_need(&s->held, &b, h.length);
		if (!p)
			break;
		if (pdu(t, s, &h, p))
			gather_take(&s->held, &b, h.length);
		else
			fail(t, s, &b);
	}
	if (d->dead)
		talk_skip(t);
}

static void
end(struct talk *t)
{
	struct dce_rpc *d = talk_state(t);

	for (int i = 0; i < 2; i++)
		gather_clear(&d->side[i].held);
}

static const uint16_t ports[] = { 135, 0 };

const struct recogniser recogniser_dce_rpc = {
	.service = SERVICE_DCE_RPC,
	.tcp_ports = ports,
	.state_size = sizeof(struct dce_rpc),
	.feed = feed,
	.gap = talk_skip_at_gap,
	.end = end,
};
