/* dns.c - DNS over UDP and TCP (RFC 1035), mDNS, LLMNR and NetBIOS names, as in Zeek's analyzer/protocol/dns/DNS.cc.
 *
 * Confirms: a message in which the header, all questions and all answers parse (for a dynamic update: zone,
 * prerequisites and updates), including a bare header without any. Zeek parses no further section. Violates: more than
 * 25 questions; a NAPTR record that is too short. A message with an opcode that Zeek does not know adds an X to the
 * history; a first message that is a reply of the originator's flips the connection.
 *
 * Buffers for TCP one unfinished message per side, at most 65535 bytes (room for 65536); for UDP nothing.
 */
#include "service/infrastructure/dns_rr.h"
#include "service/gather.h"
#include "dpd/talk.h"

#define HEADER        12u
#define MAX_QUESTIONS 25 /* dns_max_queries */
#define NETBIOS_PORT  137
#define TYPE_SOA      6

enum { OP_QUERY = 0, OP_NOTIFY = 4, OP_UPDATE = 5 };

#define FROM_ANYBODY (-1) /* instead of a side: bytes left at the end of a stream */

/* One direction of a TCP connection. It stays with its peer when the roles are flipped. */
struct framer {
	struct gather held;
	uint16_t      size;       /* of the message */
	bool          in_message; /* otherwise in the two bytes of its length */
};

struct state {
	bool          swapped;   /* roles were flipped an odd number of times */
	bool          seen;      /* there has been a message */
	bool          netbios;   /* a port was 137 at the beginning */
	struct framer framer[2]; /* TCP only; indexed by the side at the beginning */
};

static bool
is_multicast(struct addr a)
{
	return addr_is_v4(&a) ? (a.b[12] & 0xf0) == 0xe0 : a.b[0] == 0xff;
}

/* Parses `n` records. Returns false if one is bad. */
static bool
records(struct talk *t, struct bytes *in, unsigned n, const struct dns_context *c)
{
	for (; n > 0; n--) {
		const enum dns_answer a = dns_take_record(in, c);

		if (a == DNS_VIOLATED)
			talk_violate(t);
		if (a != DNS_OK)
			return false;
	}
	return true;
}

/* Parses the rest of a dynamic update (RFC 2136) after the header. */
static bool
update(struct talk *t, struct bytes in, const uint8_t *header)
{
	struct dns_context c = { .netbios = talk_port(t, TALK_RESP) == NETBIOS_PORT };
	struct dns_head    zone;

	if (load_be16(header + 4) != 1 || !dns_take_head(&in, c.netbios, &zone) || zone.type != TYPE_SOA)
		return false;
	c.zone_class = zone.class;
	c.section = DNS_PREREQUISITES;
	if (!records(t, &in, load_be16(header + 6), &c))
		return false;
	c.section = DNS_UPDATES;
	return records(t, &in, load_be16(header + 8), &c);
}

/* Parses the rest of any other message after the header. */
static bool
questions_and_answers(struct talk *t, struct bytes in, const uint8_t *header)
{
	const struct dns_context c = { .netbios = talk_port(t, TALK_RESP) == NETBIOS_PORT, .section = DNS_ANSWERS };
	struct dns_head          question;

	for (unsigned n = load_be16(header + 4); n > 0; n--)
		if (!dns_take_head(&in, c.netbios, &question))
			return false;
	return records(t, &in, load_be16(header + 6), &c);
}

static void
message(struct talk *t, int side, struct bytes b)
{
	struct state *s = talk_state(t);

	if (b.n < HEADER)
		return;
	const unsigned flags = load_be16(b.p + 2), opcode = flags >> 11 & 15;
	if (!s->netbios && opcode != OP_QUERY && opcode != OP_NOTIFY && opcode != OP_UPDATE) {
		talk_note_x(t);
		return;
	}
	/* mDNS replies go to a group, which cannot have sent the query. */
	if (!s->seen && side == TALK_ORIG && flags & 0x8000 && !is_multicast(talk_addr(t, TALK_RESP)))
		talk_flip(t);
	s->seen = true;
	if (load_be16(b.p + 4) > MAX_QUESTIONS) {
		talk_violate(t);
		return;
	}
	const struct bytes rest = bytes_skip(b, HEADER);
	if (opcode == OP_UPDATE && !s->netbios ? update(t, rest, b.p) : questions_and_answers(t, rest, b.p))
		talk_confirm(t);
}

/* Handles a chunk of a stream. Gaps are not noticed: Zeek continues with the next bytes. */
static void
chunk(struct talk *t, int side, struct bytes in)
{
	struct state  *s = talk_state(t);
	struct framer *f =
		&s->framer[side ^ s->swapped]; /* stays the same for the whole chunk, even if a message in it flips */
	const uint8_t *p;

	while (in.n > 0) {
		if (!f->in_message) {
			p = gather_need(&f->held, &in, 2);
			if (!p)
				return;
			f->size = load_be16(p);
			gather_take(&f->held, &in, 2);
			f->in_message = true;
			continue;
		}
		p = gather_need(&f->held, &in, f->size);
		if (!p)
			return;
		message(t, side, (struct bytes){ p, f->size });
		if (f->size > 0)
			gather_take(&f->held, &in, f->size);
		else
			gather_clear(&f->held); /* bytes left by closed() */
		f->in_message = false;
	}
}

/* Treats unfinished messages as complete, as Contents_DNS::Flush() does. The bytes stay and are parsed again at the
 * next close, unless more arrive: these then begin with a length. */
static void
closed(struct talk *t)
{
	struct state *s = talk_state(t);

	for (int i = 0; i < 2; i++) {
		struct framer *f = &s->framer[i];

		const struct bytes held = gather_held(&f->held);
		if (f->in_message && held.n > 0) {
			message(t, FROM_ANYBODY, held);
			f->size = 0;
		}
	}
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	if (talk_udp(t))
		message(t, side, b);
	else
		chunk(t, side, b);
}

static void
begin(struct talk *t)
{
	struct state *s = talk_state(t);

	s->netbios = talk_port(t, TALK_ORIG) == NETBIOS_PORT || talk_port(t, TALK_RESP) == NETBIOS_PORT;
	if (talk_udp(t))
		talk_dns_timer(t);
}

static void
flipped(struct talk *t)
{
	struct state *s = talk_state(t);

	s->swapped = !s->swapped;
}

static void
end(struct talk *t)
{
	struct state *s = talk_state(t);

	if (talk_udp(t))
		return;
	gather_clear(&s->framer[0].held);
	gather_clear(&s->framer[1].held);
}

static const uint16_t tcp_ports[] = { 53, 0 }, udp_ports[] = { 53, 137, 5353, 5355, 0 };

const struct recogniser recogniser_dns = {
	.service = SERVICE_DNS,
	.tcp_ports = tcp_ports,
	.udp_ports = udp_ports,
	.state_size = sizeof(struct state),
	.udp_size = offsetof(struct state, framer),
	.feed = feed,
	.begin = begin,
	.closed = closed,
	.flipped = flipped,
	.end = end,
};
