/* smb.c - SMB 1 to 3 over TCP, with or without NetBIOS (MS-SMB, MS-SMB2, RFC 1002 4.3); Zeek's smb/SMB.cc and smb.pac.
 *
 * Inspection starts when a chunk begins with the headers of a frame and of an SMB message; from then on both directions are split
 * into frames (four bytes: type, 24 bits of length).  The third chunk without an error confirms, whatever it completes.  A frame
 * that does not parse violates: the buffer and the rest of the chunk are lost, and the search for a header starts again, as it
 * does after a gap.  Authentication and DCE-RPC in the frames are passed to objects outside the connection's tree
 * (smb_pipes.c).
 *
 * Zeek discards its buffer but not the parser that waits for the rest: that parser finds no byte in the next chunk of its side,
 * which is therefore an error, too.  Only the side on which the error occurred starts with a new parser.  Since a parser waits for
 * the next frame after the first one, each side of a connection loses a chunk to every gap.
 *
 * Buffers a frame of each side, up to the size of binpac's buffer (gather.h).  Of SMB2 reads and writes that are not on a pipe,
 * of encrypted data and of anything but SMB, only the first 1024 bytes are buffered and the rest is counted, as it is when out
 * of memory: nothing there is read.
 */
#include "service/file/smb.h"

enum { PREFIX = 4, PART = 1024, PEEK = PREFIX + 4 + 64 };
enum { CONFIRMING_CHUNKS = 3 };

static const uint32_t smb1 = 0xff534d42, smb2 = 0xfe534d42, smb3 = 0xfd534d42;

static uint32_t
held(const struct smb_side *d)
{
	return (uint32_t)gather_held(&d->held).n;
}

static void
resync(struct smb *s)
{
	for (int i = 0; i < 2; i++) {
		struct smb_side *d = &s->side[i];
		gather_clear(&d->held);
		flow_buffer_next(&d->room);
		d->total = d->seen = 0;
		d->stale = d->begun;
	}
	s->synced = false;
}

static void
fail(struct talk *t, int side)
{
	struct smb *s = talk_state(t);

	talk_violate(t);
	s->side[side].begun = false;
	resync(s);
}

/* SMB_Protocol_Identifier.  Returns true if another follows. */
static bool
message(struct talk *t, int side, struct reader *c, uint32_t length)
{
	const struct bytes b = read_take(c, 4);
	const uint32_t     id = b.n ? load_be32(b.p) : 0;

	if (id == smb2)
		return smb2_message(t, side, c);
	if (id == smb1)
		smb1_message(t, side, c, length);
	else if (id == smb3)
		read_skip(c, 48); /* the rest is encrypted */
	return false;
}

/* Parses a frame of `total` bytes, of which `held` are at `p`.  Returns false if it does not parse. */
static bool
frame(struct talk *t, int side, const uint8_t *p, uint32_t held, uint32_t total)
{
	struct reader c = { .p = p, .n = total, .held = held, .at = PREFIX };

	if (p[0] != 0) /* a message of NetBIOS */
		return true;
	while (read_more(&c) && message(t, side, &c, total - PREFIX))
		;
	return !c.bad || c.lost;
}

/* Continues with a frame of which only the beginning is buffered. Returns false on an error. */
static bool
long_frame(struct talk *t, int side, struct bytes *in)
{
	struct smb      *s = talk_state(t);
	struct smb_side *d = &s->side[side];
	const uint32_t   rest = d->total - d->seen, total = d->total;
	const uint32_t   n = in->n < rest ? (uint32_t)in->n : rest;
	const bool       in_one = n == total;

	if (d->seen < PART) {
		/* Asking for one more byte than there can be buffers everything. */
		struct bytes part = bytes_head(*in, PART - d->seen);
		(void)gather_need_from(&d->held, talk_budget(t), &part, PART + 1);
	}
	d->seen += n;
	*in = bytes_skip(*in, n);
	if (d->seen < total)
		return true;
	d->total = d->seen = 0;
	/* Fewer bytes are buffered when out of memory. */
	const struct bytes b = gather_held(&d->held);
	const bool         ok =
		(in_one || flow_buffer_fits(&d->room, total)) && (b.n < PART || frame(t, side, b.p, (uint32_t)b.n, total));
	gather_clear(&d->held);
	flow_buffer_next(&d->room);
	return ok;
}

static uint32_t
length_of(const uint8_t *p)
{
	return load_be32(p) & 0xffffff;
}

/* Returns whether all fields that are read are at the beginning of the frame, of which `n` bytes are at `p`. */
static bool
ends_early(const struct smb *s, int side, const uint8_t *p, uint32_t n)
{
	const uint32_t id = load_be32(p + PREFIX);

	return p[0] != 0 || (id != smb1 && id != smb2) || smb2_is_bulk(s, side, (struct bytes){ p + PREFIX, n - PREFIX });
}

/* Handles the available part of a frame of `total` bytes that is buffered as a whole. Returns false on an error. */
static bool
whole_frame(struct talk *t, int side, struct bytes *in, uint32_t total)
{
	struct smb      *s = talk_state(t);
	struct smb_side *d = &s->side[side];
	const uint32_t   had = held(d);
	struct bytes     part = bytes_head(*in, total - had);
	const size_t     n = part.n;
	const uint8_t   *p = gather_need_from(&d->held, talk_budget(t), &part, total);

	*in = bytes_skip(*in, n - part.n);
	if (!p && held(d) == 0) { /* out of memory: it is counted from here on */
		d->total = total;
		d->seen = had + (uint32_t)n;
	}
	if (!p)
		return true;
	const bool ok = flow_buffer_fits(&d->room, held(d)) && frame(t, side, p, total, total);
	gather_take(&d->held, in, total);
	flow_buffer_next(&d->room);
	return ok;
}

/* Handles the available part of the next frame. Returns false on an error. */
static bool
next_frame(struct talk *t, int side, struct bytes *in)
{
	struct smb      *s = talk_state(t);
	struct smb_side *d = &s->side[side];
	const uint8_t   *p = gather_need_from(&d->held, talk_budget(t), in, PREFIX);

	if (!p)
		return true;
	const uint32_t total = PREFIX + length_of(p);
	const uint32_t peek = total < PEEK ? total : PEEK;
	p = gather_need_from(&d->held, talk_budget(t), in, peek);
	if (!p)
		return true;
	if (total <= PART || !ends_early(s, side, p, peek))
		return whole_frame(t, side, in, total);
	d->total = total;
	d->seen = held(d);
	return true;
}

static bool
has_header(struct bytes b)
{
	const uint8_t *p = bytes_at(b, 4, 4);

	return p && (load_be32(p) == smb1 || load_be32(p) == smb2);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct smb      *s = talk_state(t);
	struct smb_side *d = &s->side[side];

	if (!s->synced && !has_header(b))
		return;
	s->synced = true;
	d->begun = true;
	bool ok = !d->stale;
	while (ok && b.n != 0)
		ok = d->total ? long_frame(t, side, &b) : next_frame(t, side, &b);
	if (!ok || !flow_buffer_fits(&d->room, d->total ? d->seen : held(d))) {
		fail(t, side);
		return;
	}
	if (s->chunks < CONFIRMING_CHUNKS && ++s->chunks == CONFIRMING_CHUNKS)
		talk_confirm(t);
}

static void
gap(struct talk *t, int side, uint64_t len)
{
	(void)side;
	(void)len;
	resync(talk_state(t));
}

static void
end(struct talk *t)
{
	resync(talk_state(t));
	smb_pipes_end(talk_state(t));
}

static const uint16_t ports[] = { 139, 445, 0 };

const struct recogniser recogniser_smb = {
	.service = SERVICE_SMB,
	.tcp_ports = ports,
	.state_size = sizeof(struct smb),
	.feed = feed,
	.gap = gap,
	.end = end,
};
