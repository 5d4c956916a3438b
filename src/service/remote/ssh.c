/* ssh.c - SSH, versions 1 and 2 (RFC 4253; Zeek: analyzer/protocol/ssh).
 *
 * Confirms: NEWKEYS of either side (version 2), the client's SESSION_KEY (version 1).  Violates: the client's first line is
 * not a version, a packet arrives before the versions are known to agree, or a packet of the key exchange does not have the form
 * that the negotiated method requires (ssh_kex.c).  An X in the history: lengths and lists above Zeek's limits.
 * A direction after NEWKEYS is encrypted and ignored, and so is everything once both are.
 *
 * Buffers for each side the first 8 bytes of the version line and an incomplete packet of the key exchange, up to the size of
 * binpac's buffer (gather.h); for the connection the first side's list of methods, at most NAMES_HOLD.
 */
#include "service/gather.h"
#include "service/remote/ssh_kex.h"
#include "dpd/talk.h"

extern const struct recogniser recogniser_ssh;

#define PACKET_MAX       (8u << 20) /* SSH::max_packet_length: a longer one is treated as this long */
#define MSG_NEWKEYS      21
#define MSG1_PUBLIC_KEY  2
#define MSG1_SESSION_KEY 3

enum version { UNKNOWN, SSH1, SSH2, SSH199 };

struct half {
	enum ssh_state state;
	enum version   version;
	bool           after_cr; /* an LF that follows belongs to the previous line */
	bool           ciphered; /* an encrypted byte is expected, and consumed even if it no longer is one */
	uint8_t        line[8];  /* the version line's beginning */
	uint64_t       length;   /* of the unfinished line */
	uint32_t       room;     /* flow_buffer_fits() */
	struct gather  packet;
};

struct ssh {
	struct half       half[2];
	struct ssh_choice choice;
};

/* RFC 4253 5.1: 1.99 supports both. */
static enum version
agreed(enum version a, enum version b)
{
	if (a == b)
		return a == SSH199 ? SSH2 : a;
	if (a == SSH199 && b != UNKNOWN)
		return b;
	return b == SSH199 ? a : UNKNOWN;
}

static enum version
version_of(const struct half *h)
{
	if (h->length < 5 || (h->line[4] != '1' && h->line[4] != '2'))
		return UNKNOWN;
	if (h->line[4] == '2')
		return SSH2;
	return h->length >= 8 && h->line[6] == '9' && h->line[7] == '9' ? SSH199 : SSH1;
}

/* Handles a complete line.  Returns false if it must be a version but is not. */
static bool
version_line(struct half *h, int side)
{
	const bool is = h->length >= 4 && memcmp(h->line, "SSH-", 4) == 0;

	if (is) {
		h->version = version_of(h);
		h->state = SSH_KEXINIT;
	}
	h->length = 0;
	return is || side == TALK_RESP; /* a server may send other lines first */
}

static void
swallow_lf(struct half *h, struct bytes *in)
{
	if (h->after_cr && in->n > 0 && in->p[0] == '\n') {
		*in = bytes_skip(*in, 1);
		h->after_cr = false;
	}
}

/* Takes a line, or the available part of it.  Returns false on a violation. */
static bool
take_line(struct half *h, int side, struct bytes *in)
{
	swallow_lf(h, in);
	while (in->n > 0) {
		const uint8_t c = in->p[0];
		*in = bytes_skip(*in, 1);
		if (c == '\r')
			h->after_cr = true;
		if (c == '\r' || c == '\n')
			return version_line(h, side);
		if (h->length < sizeof h->line)
			h->line[h->length] = c;
		h->length++;
	}
	return true;
}

/* The version 1 packet [p, p+n), whose length field is `len`.  Returns false on a violation. */
static bool
packet1(struct talk *t, struct half *h, const uint8_t *p, size_t n, uint32_t len)
{
	struct reader r = reader_of((struct bytes){ p, n });

	read_skip(&r, 4 + 8 - len % 8);
	const uint8_t type = read_u8(&r);
	if (r.bad || len < 5 || (type != MSG1_PUBLIC_KEY && type != MSG1_SESSION_KEY))
		return false;
	r = reader_of(bytes_head(read_rest(&r), len - 5));
	if (!(type == MSG1_PUBLIC_KEY ? ssh1_public_key(&r) : ssh1_session_key(&r)))
		return false;
	h->state = SSH_ENCRYPTED;
	if (type == MSG1_SESSION_KEY)
		talk_confirm(t);
	return true;
}

/* The version 2 packet: `n` bytes after the length field.  Returns false on a violation. */
static bool
packet2(struct talk *t, int side, const uint8_t *p, size_t n)
{
	struct ssh   *s = talk_state(t);
	struct half  *h = &s->half[side];
	struct reader r = reader_of((struct bytes){ p, n });
	const uint8_t pad = read_u8(&r), type = read_u8(&r);
	bool          x = false;

	if (r.bad)
		return false;
	if (type == MSG_NEWKEYS)
		h->state = SSH_ENCRYPTED; /* even if the rest is malformed */
	const bool padded = n >= (size_t)pad + 2;
	if (type == MSG_NEWKEYS && padded)
		talk_confirm(t);
	if (type == MSG_NEWKEYS)
		return h->ciphered = padded;
	enum ssh_state method = SSH_VERSION;
	bool           fits;
	if (h->state == SSH_KEXINIT)
		fits = padded && ssh_kexinit(&s->choice, side, bytes_head(read_rest(&r), n - pad - 2), &method, &x);
	else
		fits = ssh_kex_message(h->state, type, read_rest(&r), pad, &x);
	if (method != SSH_VERSION)
		s->half[TALK_ORIG].state = s->half[TALK_RESP].state = method; /* even of one that is encrypted */
	if (x)
		talk_note_x(t);
	return fits;
}

/* Takes a packet, or the available part of it.  Returns false on a violation. */
static bool
take_packet(struct talk *t, int side, enum version v, struct bytes *in)
{
	struct half   *h = &((struct ssh *)talk_state(t))->half[side];
	const uint8_t *p;

	if (in->n > 0)
		swallow_lf(h, in);
	if (in->n > 0)
		h->after_cr = false;
	if (!(p = gather_need_from(&h->packet, talk_budget(t), in, 4)))
		return true;
	uint32_t len = load_be32(p);
	if (len > PACKET_MAX) {
		talk_note_x(t);
		len = PACKET_MAX;
	}
	if (v != SSH1 && v != SSH2)
		return false;
	const uint32_t whole = v == SSH1 ? len + 4 + 8 - len % 8 : len + 4;
	p = gather_need_from(&h->packet, talk_budget(t), in, whole);
	if (!flow_buffer_fits(&h->room, gather_held(&h->packet).n))
		return false;
	if (!p)
		return true;
	const bool fits = v == SSH1 ? packet1(t, h, p, whole, len) : packet2(t, side, p + 4, whole - 4);
	gather_take(&h->packet, in, whole);
	flow_buffer_next(&h->room);
	return fits;
}

static bool
take_one(struct talk *t, int side, struct bytes *in)
{
	struct ssh  *s = talk_state(t);
	struct half *h = &s->half[side];

	if (h->ciphered) {
		h->ciphered = false;
		*in = bytes_skip(*in, 1);
		return true;
	}
	if (h->state == SSH_VERSION)
		return take_line(h, side, in);
	return take_packet(t, side, agreed(s->half[TALK_ORIG].version, s->half[TALK_RESP].version), in);
}

static void
ssh_feed(struct talk *t, int side, struct bytes in)
{
	struct ssh  *s = talk_state(t);
	struct half *h = &s->half[side];

	if (talk_partial(t))
		return;
	while (in.n > 0 && h->state != SSH_ENCRYPTED)
		if (!take_one(t, side, &in)) { /* the next chunk starts over */
			talk_violate(t);
			gather_clear(&h->packet);
			flow_buffer_next(&h->room);
			h->length = 0;
			return;
		}
	if (s->half[TALK_ORIG].state == SSH_ENCRYPTED && s->half[TALK_RESP].state == SSH_ENCRYPTED)
		talk_skip(t);
}

static void
ssh_gap(struct talk *t, int side, uint64_t len)
{
	(void)side, (void)len;
	talk_skip(t);
}

static void
ssh_end(struct talk *t)
{
	struct ssh *s = talk_state(t);

	gather_clear(&s->half[TALK_ORIG].packet);
	gather_clear(&s->half[TALK_RESP].packet);
	gather_clear(&s->choice.names);
}

static const uint16_t ports[] = { 22, 0 };

const struct recogniser recogniser_ssh = {
	.service = SERVICE_SSH,
	.tcp_ports = ports,
	.state_size = sizeof(struct ssh),
	.feed = ssh_feed,
	.gap = ssh_gap,
	.end = ssh_end,
};
