/* modbus.c - Modbus/TCP (MODBUS Messaging on TCP/IP Implementation Guide V1.0b; Zeek: modbus/modbus-protocol.pac).
 *
 * Confirms: the first PDU of either side that is complete and whose body has all the fields of its function code.
 * Violates: a protocol identifier that is not 0, a length < 2, a body that is too short for its fields, and registers
 * that take an odd number of bytes (the PDU confirms nevertheless). After the first three the rest of the chunk is
 * lost. Gaps are ignored: the PDU continues after them; it also continues in the flow of the same role when the
 * endpoints are flipped. Buffers the first BODY_SEEN + 8 bytes of a PDU of each side; no function code describes more,
 * except for data of which only the length matters.
 */
#include "service/gather.h"
#include "dpd/talk.h"

#define HEADER    8u
#define BODY_SEEN (9u + 255u) /* function 23: the longest of those with a counter of one byte */

enum verdict { GOOD, ODD, BAD };

struct flow {
	struct gather g;
	uint32_t      rest; /* remaining bytes of the PDU, which has been judged */
	uint8_t       verdict;
};

struct state {
	struct flow side[2];
};

/* The first bytes of a body, and its length. */
struct body {
	const uint8_t *p;
	size_t         n, len;
};

static enum verdict
has(const struct body *b, size_t n)
{
	return b->len >= n ? GOOD : BAD;
}

/* Checks bytes that follow their counter at `at`. */
static enum verdict
counted(const struct body *b, size_t at)
{
	return has(b, at + 1) == GOOD ? has(b, at + 1 + b->p[at]) : BAD;
}

/* Does the same for registers of two bytes each. */
static enum verdict
registers(const struct body *b, size_t at)
{
	const enum verdict v = counted(b, at);

	return v == GOOD && b->p[at] & 1 ? ODD : v;
}

/* Does the same for requests, which also have the number of registers right before the counter. */
static enum verdict
written(const struct body *b, size_t at)
{
	const enum verdict v = registers(b, at);

	return v != BAD && 2u * load_be16(b->p + at - 2) > b->p[at] ? BAD : v;
}

/* Checks items that fill the length in the first byte: each has `fixed` bytes and as many more as these say. */
static enum verdict
items(const struct body *b, size_t fixed, size_t (*more)(const uint8_t *item))
{
	if (counted(b, 0) == BAD)
		return BAD;
	struct bytes in = { b->p + 1, b->p[0] };
	while (in.n) {
		const uint8_t *item = bytes_at(in, 0, fixed);
		if (!item || more(item) > in.n - fixed)
			return BAD;
		in = bytes_skip(in, fixed + more(item));
	}
	return GOOD;
}

static size_t
nothing_more(const uint8_t *item)
{
	(void)item;
	return 0;
}

static size_t
record_read(const uint8_t *item)
{
	return item[0];
}

static size_t
record_written(const uint8_t *item)
{
	return 2u * load_be16(item + 5);
}

static enum verdict
fifo(const struct body *b)
{
	if (b->len < 4)
		return BAD;
	if (b->len - 4 < 2u * load_be16(b->p + 2))
		return BAD;
	return load_be16(b->p) & 1 ? ODD : GOOD;
}

static enum verdict
request(unsigned function, const struct body *b)
{
	switch (function) {
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
	case 6:
		return has(b, 4);
	case 8:
	case 24:
		return has(b, 2);
	case 15:
		return counted(b, 4);
	case 16:
		return written(b, 4);
	case 20:
		return items(b, 7, nothing_more);
	case 21:
		return items(b, 7, record_written);
	case 22:
		return has(b, 6);
	case 23:
		return written(b, 8);
	case 43:
		return has(b, 1);
	default:
		return GOOD;
	}
}

static enum verdict
response(unsigned function, const struct body *b)
{
	if (function & 0x80)
		return has(b, 1);
	switch (function) {
	case 1:
	case 2:
		return counted(b, 0);
	case 3:
	case 4:
	case 23:
		return registers(b, 0);
	case 5:
	case 6:
	case 15:
	case 16:
		return has(b, 4);
	case 8:
		return has(b, 2);
	case 20:
		return items(b, 2, record_read);
	case 21:
		return items(b, 7, record_written);
	case 22:
		return has(b, 6);
	case 24:
		return fifo(b);
	case 43:
		return has(b, 1);
	default:
		return GOOD;
	}
}

/* Judges a complete PDU. Returns false if Zeek's parser throws. */
static bool
judge(struct talk *t, enum verdict v)
{
	if (v != GOOD)
		talk_violate(t);
	if (v == BAD)
		return false;
	talk_confirm(t);
	talk_settled(t);
	return true;
}

/* Reads a PDU's beginning. Returns false if it is not complete. */
static bool
open_pdu(struct talk *t, struct flow *f, int side, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, HEADER);

	if (!p)
		return false;
	const uint32_t total = 6u + load_be16(p + 4);
	if (load_be16(p + 2) != 0 || total < HEADER) {
		gather_clear(&f->g);
		*in = bytes_skip(*in, in->n);
		talk_violate(t);
		return false;
	}
	const uint32_t seen = total < HEADER + BODY_SEEN ? total : HEADER + BODY_SEEN;
	p = gather_need(&f->g, in, seen);
	if (!p)
		return false;
	const struct body b = { p + HEADER, seen - HEADER, total - HEADER };
	f->verdict = (uint8_t)(side == TALK_ORIG ? request(p[7], &b) : response(p[7], &b));
	f->rest = total - seen;
	gather_take(&f->g, in, seen);
	return true;
}

static void
modbus_feed(struct talk *t, int side, struct bytes in)
{
	struct flow *f = &((struct state *)talk_state(t))->side[side];

	while (in.n) {
		if (!f->rest && !open_pdu(t, f, side, &in))
			return;
		const uint32_t n = f->rest < in.n ? f->rest : (uint32_t)in.n;
		in = bytes_skip(in, n);
		f->rest -= n;
		if (f->rest)
			return;
		if (!judge(t, (enum verdict)f->verdict))
			return;
	}
}

static void
modbus_end(struct talk *t)
{
	struct state *s = talk_state(t);

	gather_clear(&s->side[0].g);
	gather_clear(&s->side[1].g);
}

static const uint16_t modbus_ports[] = { 502, 0 };

const struct recogniser recogniser_modbus = {
	.service = SERVICE_MODBUS,
	.tcp_ports = modbus_ports,
	.state_size = sizeof(struct state),
	.feed = modbus_feed,
	.end = modbus_end,
};
