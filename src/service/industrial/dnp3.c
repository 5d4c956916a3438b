/* dnp3.c - DNP3 (IEEE 1815) over TCP and UDP; Zeek: dnp3/DNP3.cc.
 *
 * Confirms: a link header with its start bytes and a good checksum; together with the byte after it.
 * Violates: a bad checksum of the header; a fragment that begins with a length below 5, or whose objects do not fit.  After
 * these, and after bytes that are not a frame, nothing more is read.  Gaps are ignored.  Frames continue across datagrams.
 * Buffers a frame of each side (at most 292 bytes) and the fragment assembled from frames, at most HELD bytes; of a longer one
 * nothing more is read.
 */
#include "service/industrial/dnp3_objects.h"
#include "service/gather.h"
#include "dpd/talk.h"

#define HEADER 11u /* the transport's byte is read together with the link header */
#define LINK   8u  /* bytes of the link header that are kept in the fragment, before the application's bytes */
#define HELD   16384u

/* Data assembled for the parser of objects.  It waits for the size in the first link header, but is parsed when the last frame
 * has arrived. */
struct fragment {
	struct gather part;
	uint32_t      waits;  /* for this many bytes; 0: nothing has arrived */
	bool          headed; /* its link header was examined */
};

struct flow {
	struct gather   frame;
	struct fragment fragment;
	uint8_t         frames;               /* of this fragment; stops at 2 */
	bool            first_seen, in_frame; /* the header was examined */
	bool            dead;
};

struct state {
	struct flow side[2];
};

static uint16_t
checksum(const uint8_t *p, size_t n)
{
	unsigned crc = 0;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xa6bc : crc >> 1;
	}
	return (uint16_t)~crc;
}

static bool
checks(const uint8_t *p, size_t n)
{
	return load_le16(p + n) == checksum(p, n);
}

/* ClearEndpointState(): the assembled part of a fragment stays. */
static void
forget(struct flow *f)
{
	const struct fragment kept = f->fragment;

	gather_clear(&f->frame);
	*f = (struct flow){ .fragment = kept };
}

/* Ends this side: no more input is possible, not even from a replay. */
static bool
stop(struct talk *t, struct flow *f)
{
	f->dead = true;
	talk_skip(t);
	return false;
}

/* ---- fragments */

static void
fragment_clear(struct fragment *g)
{
	gather_clear(&g->part);
	*g = (struct fragment){ 0 };
}

/* Moves bytes to the fragment, at most `n`. */
static void
fragment_hold(struct fragment *g, struct bytes *b, size_t n)
{
	struct bytes part = { b->p, n < b->n ? n : b->n };

	*b = bytes_skip(*b, part.n);
	if (part.n)
		gather_need(&g->part, &part, gather_held(&g->part).n + part.n + 1);
}

/* Reads the link header at its beginning. Returns false if it is not one. */
static bool
fragment_head(struct fragment *g)
{
	const struct bytes held = gather_held(&g->part);
	const uint8_t     *p = held.p;

	if (held.n < LINK || p[0] != 0x05 || p[1] != 0x64)
		return false;
	if (p[2] + 3u > g->waits)
		g->waits = p[2] + 3u;
	g->headed = true;
	return true;
}

/* Parses the objects. Returns false if they do not fit. */
static bool
fragment_parse(struct fragment *g, int side)
{
	const struct bytes b = bytes_skip(gather_held(&g->part), LINK);
	const bool         fits = side == TALK_ORIG ? dnp3_request_fits(b) : dnp3_response_fits(b);

	fragment_clear(g);
	return fits;
}

/* Handles a frame's link header, which counts as the data that is waited for: if a link frame without data came between
 * the frames of a fragment, its header completes that fragment. Returns false if the fragment that it completes does
 * not fit. */
static bool
fragment_put(struct fragment *g, int side, struct bytes b)
{
	while (b.n) {
		if (g->waits == 0)
			g->waits = LINK;
		fragment_hold(g, &b, g->waits - gather_held(&g->part).n);
		if (gather_held(&g->part).n < g->waits)
			continue;
		if (!g->headed && !fragment_head(g))
			return false;
		if (gather_held(&g->part).n >= g->waits && !fragment_parse(g, side))
			return false;
	}
	return true;
}

/* Appends a frame's data. */
static void
fragment_add(struct fragment *g, struct bytes b)
{
	g->waits += (uint32_t)b.n;
	fragment_hold(g, &b, b.n);
}

/* Parses the fragment after its last frame. */
static bool
fragment_end(struct fragment *g, int side)
{
	const uint32_t waited = g->waits;

	if (!g->headed && !fragment_head(g))
		return false;
	if (g->waits > waited && g->waits > gather_held(&g->part).n) /* the header asks for more than there is */
		return true;
	return fragment_parse(g, side);
}

/* ---- frames */

/* Returns the number of bytes of a frame for a length, with a checksum for each 16 bytes; 0 if the length is
 * invalid. */
static size_t
frame_size(unsigned length)
{
	if (length < 5) /* Zeek's numbers are smaller than the header then, except for 4 */
		return length == 4 ? 11 : 0;
	const unsigned user = length - 5;
	return 10 + user + user / 16 * 2 + (user % 16 ? 2 : 0);
}

/* Reads the header. Returns false if nothing more is to be read of this delivery. */
static bool
link_header(struct talk *t, struct flow *f, int side, struct bytes *in)
{
	const uint8_t *h = gather_need(&f->frame, in, HEADER);

	if (!h)
		return false;
	if (h[0] != 0x05 || h[1] != 0x64)
		return stop(t, f);
	if (!checks(h, LINK)) {
		talk_violate(t);
		return stop(t, f);
	}
	talk_confirm(t);
	talk_settled(t);
	if (h[2] == 5) { /* a link-layer frame: Zeek discards everything else */
		forget(f);
		return false;
	}
	f->in_frame = true;
	f->frames += f->frames < 2;
	if (f->frames == 1 && !fragment_put(&f->fragment, side, (struct bytes){ h, LINK })) {
		talk_throw(t);
		return stop(t, f);
	}
	return frame_size(h[2]) >= HEADER || stop(t, f);
}

/* Appends the frame's data, without checksums, to the fragment.  Returns false if one of them is bad. */
static bool
unpack(struct flow *f, const uint8_t *frame)
{
	unsigned       left = frame[2] - 5u, transport = 1;
	const uint8_t *p = frame + 10;

	for (; frame[2] > 5 && left; transport = 0) {
		const unsigned n = left < 16 ? left : 16;
		if (!checks(p, n))
			return false;
		fragment_add(&f->fragment, (struct bytes){ p + transport, n - transport });
		p += n + 2;
		left -= n;
	}
	return true;
}

/* Handles a complete frame. Returns false if nothing more is to be read. */
static bool
link_frame(struct talk *t, struct flow *f, int side, struct bytes *in)
{
	const uint8_t *header = gather_need(&f->frame, in, HEADER);
	const size_t   size = header ? frame_size(header[2]) : 0;
	const uint8_t *frame = header ? gather_need(&f->frame, in, size) : NULL;

	if (!frame)
		return false;
	const unsigned transport = frame[10];
	if (!unpack(f, frame) || gather_held(&f->fragment.part).n > HELD)
		return stop(t, f);
	gather_take(&f->frame, in, size);
	f->in_frame = false;
	f->first_seen |= (transport & 0x40) != 0;
	if (!f->first_seen)
		return stop(t, f);
	if (!(transport & 0x80))
		return true;
	if (!fragment_end(&f->fragment, side)) {
		talk_throw(t);
		return stop(t, f);
	}
	forget(f);
	return true;
}

static void
deliver(struct talk *t, int side, struct bytes in)
{
	struct flow *f = &((struct state *)talk_state(t))->side[side];

	while (!f->dead && (in.n || f->in_frame))
		if (f->in_frame ? !link_frame(t, f, side, &in) : !link_header(t, f, side, &in))
			return;
}

static void
tcp_feed(struct talk *t, int side, struct bytes b)
{
	if (!talk_udp(t)) /* the port is also registered for UDP, where Zeek's analyzer does nothing */
		deliver(t, side, b);
}

static void
dnp3_end(struct talk *t)
{
	struct state *s = talk_state(t);

	for (int side = 0; side < 2; side++) {
		forget(&s->side[side]);
		fragment_clear(&s->side[side].fragment);
	}
}

static const uint16_t dnp3_ports[] = { 20000, 0 };

const struct recogniser recogniser_dnp3_tcp = {
	.service = SERVICE_DNP3_TCP,
	.tcp_ports = dnp3_ports,
	.udp_ports = dnp3_ports,
	.state_size = sizeof(struct state),
	.feed = tcp_feed,
	.end = dnp3_end,
};

const struct recogniser recogniser_dnp3_udp = {
	.service = SERVICE_DNP3_UDP,
	.state_size = sizeof(struct state),
	.feed = deliver,
	.end = dnp3_end,
	.unguarded = true,
};
