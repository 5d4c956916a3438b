/* mqtt.c - MQTT 3.1.1 (OASIS; Zeek: mqtt/mqtt-protocol.pac, mqtt/commands/).
 *
 * Zeek treats each chunk of the stream as one packet, whatever follows it in the chunk, and joins nothing across
 * chunks. Confirms: a CONNECT or a PUBLISH that has all its fields. Violates: a remaining length of four bytes or more,
 * or beyond the chunk; a packet that is too short for its fields. Gaps and datagrams are ignored. Buffers nothing.
 */
#include "dpd/talk.h"
#include "service/reader.h"

/* CONNECT */
static void
connect_fields(struct reader *r)
{
	(void)read_vector(r, 2); /* the protocol's name */
	read_skip(r, 1);         /* version */
	const unsigned flags = read_u8(r);
	read_skip(r, 2); /* keep alive */
	/* The client's identifier; a will's topic and message; user name; password. */
	for (int n = 1 + (flags & 0x04 ? 2 : 0) + (flags & 0x80 ? 1 : 0) + (flags & 0x40 ? 1 : 0); n > 0; n--)
		(void)read_vector(r, 2);
}

/* SUBSCRIBE and UNSUBSCRIBE: topics, each followed by `tail` bytes. */
static void
topics(struct reader *r, size_t tail)
{
	read_skip(r, 2);
	while (read_more(r)) {
		(void)read_vector(r, 2);
		read_skip(r, tail);
	}
}

/* `first`: the packet's first byte. Returns whether `b` contains all of its fields. */
static bool
packet_fits(unsigned first, struct bytes b)
{
	struct reader r = reader_of(b);

	switch (first >> 4) {
	case 1:
		connect_fields(&r);
		break;
	case 3: /* PUBLISH; with QoS there is an identifier */
		(void)read_vector(&r, 2);
		read_skip(&r, first & 0x06 ? 2 : 0);
		break;
	case 8:
		topics(&r, 1);
		break;
	case 10:
		topics(&r, 0);
		break;
	case 9: /* SUBACK: an identifier and one code */
		read_skip(&r, 3);
		break;
	case 2: /* CONNACK, and packets that consist of an identifier */
	case 4:
	case 5:
	case 6:
	case 7:
	case 11:
		read_skip(&r, 2);
		break;
	default:
		break;
	}
	return !r.bad;
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
