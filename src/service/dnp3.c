/* dnp3.c - DNP3 (IEEE 1815) over TCP and UDP; Zeek: dnp3/DNP3.cc.
 *
 * Confirms: a link header with its start bytes and a good checksum; with the byte that follows it.
 * Violates: a bad checksum of the header; a fragment whose objects do not fit.  After these, and after bytes that are no
 * frame, nothing more is read.  A gap is not noticed.  Frames go on over datagrams too.
 * Holds: on each side a frame (at most 292 bytes) and the fragment that is put together from frames, at most HELD bytes;
 * of a longer one nothing more is read.
 */
#include "service/dnp3_objects.h"
#include "service/gather.h"
#include "service/talk.h"

#define HEADER 11u /* the transport's byte is read with the link's header */
#define HELD   16384u

struct flow {
	struct gather frame, fragment;
	bool          first_seen, in_frame; /* the header was looked at */
};

struct state {
	struct flow side[2];
	bool        replayed; /* UDP: a datagram was seen */
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

static void
forget(struct flow *f)
{
	gather_clear(&f->frame);
	gather_clear(&f->fragment);
	*f = (struct flow){ 0 };
}

static bool
stop(struct talk *t)
{
	talk_skip(t);
	return false;
}

/* => The bytes of a frame as the length says, with a checksum for each 16; 0 where that is none. */
static size_t
frame_size(unsigned length)
{
	if (length < 5) /* where Zeek's numbers come out below the header's size, but for 4 */
		return length == 4 ? 11 : 0;
	const unsigned user = length - 5;
	return 10 + user + user / 16 * 2 + (user % 16 ? 2 : 0);
}

/* The header. => False where nothing more is to be read of this delivery. */
static bool
link_header(struct talk *t, struct flow *f, struct bytes *in)
{
	const uint8_t *h = gather_need(&f->frame, in, HEADER);

	if (!h)
		return false;
	if (h[0] != 0x05 || h[1] != 0x64)
		return stop(t);
	if (!checks(h, 8)) {
		talk_violate(t);
		return stop(t);
	}
	talk_confirm(t);
	talk_settled(t);
	if (h[2] == 5) { /* a link's frame alone: Zeek forgets what else there is */
		forget(f);
		return false;
	}
	f->in_frame = true;
	return frame_size(h[2]) >= HEADER || stop(t);
}

/* The frame's data, without checksums, go to the fragment. => False where one of them is bad. */
static bool
unpack(struct flow *f, const uint8_t *frame)
{
	unsigned       left = frame[2] - 5u, transport = 1;
	const uint8_t *p = frame + 10;

	for (; frame[2] > 5 && left; transport = 0) {
		const unsigned n = left < 16 ? left : 16;
		if (!checks(p, n))
			return false;
		struct bytes data = { p + transport, n - transport };
		if (data.n)
			gather_need(&f->fragment, &data, f->fragment.n + data.n + 1);
		p += n + 2;
		left -= n;
	}
	return true;
}

/* A whole frame. => False where nothing more is to be read. */
static bool
link_frame(struct talk *t, struct flow *f, int side, struct bytes *in)
{
	const uint8_t *header = gather_need(&f->frame, in, HEADER);
	const size_t   size = header ? frame_size(header[2]) : 0;
	const uint8_t *frame = header ? gather_need(&f->frame, in, size) : NULL;

	if (!frame)
		return false;
	const unsigned transport = frame[10];
	if (!unpack(f, frame) || f->fragment.n > HELD)
		return stop(t);
	gather_take(&f->frame, in, size);
	f->in_frame = false;
	f->first_seen |= (transport & 0x40) != 0;
	if (!f->first_seen)
		return stop(t);
	if (!(transport & 0x80))
		return true;
	const struct bytes all = { f->fragment.p, f->fragment.n };
	if (!(side == TALK_ORIG ? dnp3_request_fits(all) : dnp3_response_fits(all))) {
		/* What is replayed from before the signature matched is charged to somebody else. */
		if (!talk_udp(t) || ((struct state *)t->state)->replayed)
			talk_violate(t);
		return stop(t);
	}
	forget(f);
	return true;
}

static void
deliver(struct talk *t, int side, struct bytes in)
{
	struct flow *f = &((struct state *)t->state)->side[side];

	while (in.n || f->in_frame)
		if (f->in_frame ? !link_frame(t, f, side, &in) : !link_header(t, f, &in))
			return;
}

static void
tcp_feed(struct talk *t, int side, struct bytes b)
{
	if (!talk_udp(t)) /* the port is claimed for UDP as well, where Zeek's analyzer does nothing */
		deliver(t, side, b);
}

static void
udp_feed(struct talk *t, int side, struct bytes b)
{
	deliver(t, side, b);
	((struct state *)t->state)->replayed = true;
}

static void
dnp3_end(struct talk *t)
{
	struct state *s = t->state;

	forget(&s->side[0]);
	forget(&s->side[1]);
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
	.feed = udp_feed,
	.end = dnp3_end,
};
