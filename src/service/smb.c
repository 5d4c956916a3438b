/* smb.c - SMB 1 to 3 over TCP, with or without NetBIOS (MS-SMB, MS-SMB2, RFC 1002 4.3); Zeek's smb/SMB.cc and smb.pac.
 *
 * Nothing is looked at until a chunk begins with the header of a frame and that of an SMB message; from then on both
 * directions are cut into frames (four bytes: type, 24 bits of length).  The third chunk that causes no error confirms,
 * whatever it completes.  A frame that does not parse violates: what is held and the rest of the chunk is lost, and the search
 * for a header begins again, as it does after a gap.  What the frames hold of authentication and of DCE-RPC goes to
 * objects outside the connection's tree (smb_pipes.c).
 *
 * Zeek throws away what it holds but not the parser that waits for the rest of it: this one finds no byte in the next chunk of its
 * side, which so is an error, too.  Only the side on which an error was found begins with a new parser.  As one waits for the
 * next frame as soon as there was a first one, each side of a connection loses a chunk to every gap.
 *
 * Held are frames up to 66,000 bytes, of each side one.  Of longer ones, and of SMB2 reads and writes that are no pipe's
 * where data makes most of the frame, the first 1024 are held and the rest is counted; an error in what is not held goes
 * unnoticed.
 */
#include "service/smb.h"

enum { PREFIX = 4, WHOLE = 66000, PART = 1024, PEEK = PREFIX + 4 + 64 };
enum { TOO_LONG = 10 * 1024 * 1024 }; /* what Zeek holds of a frame at most */
enum { CONFIRMING_CHUNKS = 3 };

static const uint32_t smb1 = 0xff534d42, smb2 = 0xfe534d42, smb3 = 0xfd534d42;

static void
resync(struct smb *s)
{
	for (int i = 0; i < 2; i++) {
		struct smb_side *d = &s->side[i];
		gather_clear(&d->held);
		d->total = d->seen = 0;
		d->stale = d->begun;
	}
	s->synced = false;
}

static void
fail(struct talk *t, int side)
{
	struct smb *s = t->state;

	talk_violate(t);
	s->side[side].begun = false;
	resync(s);
}

/* SMB_Protocol_Identifier. => True where another follows. */
static bool
message(struct talk *t, int side, struct cursor *c, uint32_t length)
{
	const struct bytes b = cur_take(c, 4);
	const uint32_t     id = b.n ? load_be32(b.p) : 0;

	if (id == smb2)
		return smb2_message(t, side, c);
	if (id == smb1)
		smb1_message(t, side, c, length);
	else if (id == smb3)
		cur_skip(c, 48); /* what follows is encrypted */
	return false;
}

/* A frame of `total` bytes, of which `held` are at `p`. => False where it does not parse. */
static bool
frame(struct talk *t, int side, const uint8_t *p, uint32_t held, uint32_t total)
{
	struct cursor c = { .p = p, .n = total, .held = held, .at = PREFIX };

	if (p[0] != 0) /* a message of NetBIOS */
		return true;
	while (cur_more(&c) && message(t, side, &c, total - PREFIX))
		;
	return !c.bad || c.lost;
}

/* Goes on with a frame of which only the beginning is held. => False on an error. */
static bool
long_frame(struct talk *t, int side, struct bytes *in)
{
	struct smb      *s = t->state;
	struct smb_side *d = &s->side[side];
	const uint32_t   rest = d->total - d->seen;
	const uint32_t   n = in->n < rest ? (uint32_t)in->n : rest;

	if (d->seen < PART) {
		/* One more than there can be is asked for, so that all is held. */
		struct bytes part = bytes_head(*in, PART - d->seen);
		(void)gather_need(&d->held, &part, PART + 1);
	}
	d->seen += n;
	*in = bytes_skip(*in, n);
	if (d->seen > TOO_LONG)
		return false;
	if (d->seen < d->total)
		return true;
	const uint32_t total = d->total;
	struct gather  held = d->held;
	d->held = (struct gather){ 0 };
	d->total = d->seen = 0;
	/* Fewer bytes are held where there was no memory. */
	const struct bytes b = gather_held(&held);
	const bool         ok = b.n < PART || frame(t, side, b.p, b.n, total);
	gather_clear(&held);
	return ok;
}

static uint32_t
length_of(const uint8_t *p)
{
	return load_be32(p) & 0xffffff;
}

/* => False on an error. */
static bool
next_frame(struct talk *t, int side, struct bytes *in)
{
	struct smb      *s = t->state;
	struct smb_side *d = &s->side[side];
	const uint8_t   *p = gather_need(&d->held, in, PREFIX);

	if (!p)
		return true;
	const uint32_t total = PREFIX + length_of(p);
	const uint32_t peek = total < PEEK ? total : PEEK;
	p = gather_need(&d->held, in, peek);
	if (!p)
		return true;
	if (total > WHOLE ||
	    (total > PART && (p[0] != 0 || smb2_is_bulk(s, side, (struct bytes){ p + PREFIX, peek - PREFIX })))) {
		d->total = total;
		d->seen = (uint32_t)gather_held(&d->held).n;
		return true;
	}
	p = gather_need(&d->held, in, total);
	if (!p)
		return true;
	const bool ok = frame(t, side, p, total, total);
	gather_take(&d->held, in, total);
	return ok;
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
	struct smb      *s = t->state;
	struct smb_side *d = &s->side[side];

	if (!s->synced && !has_header(b))
		return;
	s->synced = true;
	d->begun = true;
	bool ok = !d->stale;
	while (ok && b.n != 0)
		ok = d->total ? long_frame(t, side, &b) : next_frame(t, side, &b);
	if (!ok) {
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
	resync(t->state);
}

static void
end(struct talk *t)
{
	resync(t->state);
	smb_pipes_end(t->state);
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
