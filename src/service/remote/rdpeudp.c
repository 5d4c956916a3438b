/* rdpeudp.c - RDP's transport over UDP, both versions (MS-RDPEUDP, MS-RDPEUDP2; Zeek: rdp/rdpeudp-*.pac, RDPEUDP.cc).
 *
 * Confirms: a SYN+ACK of the responder after the originator's SYN.  Violates: a datagram too short for its flags, a SYN
 * without the extension that has the versions (Zeek reads them anyway).
 *
 * Buffers nothing.
 */
#include "service/reader.h"
#include "dpd/talk.h"

extern const struct recogniser recogniser_rdpeudp;

enum { SYN = 0x0001, ACK = 0x0004, DATA = 0x0008, ACK_OF_ACKS = 0x0100, CORRELATION = 0x0800, SYNEX = 0x1000 };
enum { NEED_SYN, NEED_SYNACK, ESTABLISHED };

#define VERSION2 0x0101

struct rdpeudp {
	uint8_t  state;
	uint16_t version[2];
};

/* Handles a datagram of either side before both have agreed. */
static bool
handshake(struct talk *t, int side, struct reader r)
{
	struct rdpeudp *s = talk_state(t);
	const uint32_t  ack = read_be32(&r);

	read_skip(&r, 2);
	const uint16_t flags = read_be16(&r);
	read_skip(&r, 8);
	if (flags & CORRELATION)
		read_skip(&r, 32);
	if (!(flags & SYNEX))
		return false;
	read_skip(&r, 2);
	const uint16_t version = read_be16(&r);
	if (version == VERSION2)
		read_skip(&r, 32);
	if (r.bad)
		return false;
	if (s->state == NEED_SYN && side == TALK_ORIG && flags & SYN && ack == 0xffffffff) {
		s->version[side] = version;
		s->state = NEED_SYNACK;
	} else if (s->state == NEED_SYNACK && side == TALK_RESP && flags & (SYN | ACK)) {
		s->version[side] = version;
		s->state = ESTABLISHED;
		talk_confirm(t);
		talk_settled(t);
	}
	return true;
}

static bool
data(const struct rdpeudp *s, struct reader r)
{
	if (s->version[TALK_ORIG] == VERSION2 && s->version[TALK_RESP] == VERSION2)
		return read_left(&r) >= 3;
	read_skip(&r, 6);
	const uint16_t flags = read_be16(&r);
	const uint16_t n = read_be16(&r); /* the ACK vector, padded including its length */
	read_skip(&r, n + (4 - (n + 2u) % 4) % 4);
	if (flags & ACK_OF_ACKS)
		read_skip(&r, 4);
	if (flags & DATA)
		read_skip(&r, 8);
	return !r.bad;
}

static void
rdpeudp_feed(struct talk *t, int side, struct bytes in)
{
	const struct rdpeudp *s = talk_state(t);
	const struct reader   r = reader_of(in);

	if (!(s->state == ESTABLISHED ? data(s, r) : handshake(t, side, r)))
		talk_violate(t);
}

static const uint16_t ports[] = { 3389, 0 };

const struct recogniser recogniser_rdpeudp = {
	.service = SERVICE_RDPEUDP,
	.udp_ports = ports,
	.state_size = sizeof(struct rdpeudp),
	.feed = rdpeudp_feed,
};
