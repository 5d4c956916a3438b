/* mqtt.c - MQTT 3.1.1 (OASIS; Zeek: mqtt/mqtt-protocol.pac, mqtt/commands/).
 *
 * Zeek treats each chunk of the stream as one packet, whatever follows it in the chunk, and joins nothing across
 * chunks. Confirms: a CONNECT or a PUBLISH that has all its fields. Violates: a remaining length of four bytes or more,
 * or beyond the chunk; a packet that is too short for its fields. Gaps and datagrams are ignored. Buffers nothing.
 */
#include "dpd/talk.h"

/* Skips `n` bytes. Returns false if there are fewer. */
static bool
take(struct bytes *b, size_t n)
{
	if (b->n < n)
		return false;
	*b = bytes_skip(*b, n);
	return true;
}

/* Skips a string: its length in two bytes, and the text. */
static bool
take_string(struct bytes *b)
{
	const uint8_t *len = bytes_at(*b, 0, 2);

	return len && take(b, 2u + load_be16(len));
}

static bool
connect_fits(struct bytes b)
{
	if (!take_string(&b)) /* the protocol's name */
		return false;
	const uint8_t *fixed = bytes_at(b, 0, 4); /* version, flags, keep alive */
	if (!fixed)
		return false;
	const unsigned flags = fixed[1];
	b = bytes_skip(b, 4);
	/* The client's identifier; a will's topic and message; user name; password. */
	int strings = 1 + (flags & 0x04 ? 2 : 0) + (flags & 0x80 ? 1 : 0) + (flags & 0x40 ? 1 : 0);
	while (strings > 0 && take_string(&b))
		strings--;
	return strings == 0;
}

static bool
publish_fits(struct bytes b, unsigned flags)
{
	return take_string(&b) && (!(flags & 0x06) || take(&b, 2)); /* with QoS there is an identifier */
}

/* SUBSCRIBE and UNSUBSCRIBE: topics, each followed by `tail` bytes. */
static bool
topics_fit(struct bytes b, size_t tail)
{
	if (!take(&b, 2))
		return false;
	while (b.n)
		if (!take_string(&b) || !take(&b, tail))
			return false;
	return true;
}

/* `first`: the packet's first byte.  Returns whether `b` contains all of its fields. */
static bool
packet_fits(unsigned first, struct bytes b)
{
	switch (first >> 4) {
	case 1:
		return connect_fits(b);
	case 3:
		return publish_fits(b, first);
	case 8:
		return topics_fit(b, 1);
	case 10:
		return topics_fit(b, 0);
	case 9: /* SUBACK: an identifier and one code */
		return b.n >= 3;
	case 2: /* CONNACK, and packets that consist of an identifier */
	case 4:
	case 5:
	case 6:
	case 7:
	case 11:
		return b.n >= 2;
	default:
		return true;
	}
}

/* Reads the remaining length, seven bits per byte. One of four bytes or more violates, and counts as 0. */
static uint32_t
take_length(struct talk *t, struct bytes *b)
{
	uint32_t length = 0;
	size_t   n = 0;
	bool     more = true;

	while (more && n < b->n) {
		more = b->p[n] & 0x80;
		if (n < 3)
			length |= (b->p[n] & 0x7fu) << (7 * n);
		n++;
	}
	*b = bytes_skip(*b, n);
	if (n < 4)
		return length;
	talk_violate(t);
	return 0;
}

static void
mqtt_feed(struct talk *t, int side, struct bytes b)
{
	(void)side;
	if (talk_udp(t) || !b.n)
		return;
	const unsigned first = b.p[0];
	b = bytes_skip(b, 1);
	const uint32_t length = take_length(t, &b);
	if (length > b.n || !packet_fits(first, bytes_head(b, length))) {
		talk_violate(t);
		return;
	}
	if (first >> 4 == 1 || first >> 4 == 3) {
		talk_confirm(t);
		talk_settled(t);
	}
}

static const uint16_t mqtt_ports[] = { 1883, 0 };

const struct recogniser recogniser_mqtt = {
	.service = SERVICE_MQTT,
	.tcp_ports = mqtt_ports,
	.feed = mqtt_feed,
};
