/* snmp.c - SNMP versions 1, 2c and 3 (RFC 1157, 3416, 3412, 3414), as in Zeek's analyzer/protocol/snmp/snmp-*.pac and
 * asn1/asn1.pac.
 *
 * Confirms: a responder's datagram whose header parses; its PDU may then still violate. Violates: anything that does
 * not parse (a wrong tag, a length beyond the end of the datagram, an integer of more than 9 bytes), and version 3
 * flags that are not 1 byte. Lengths of sequences are ignored.
 *
 * Buffers nothing.
 */
#include "dpd/talk.h"

enum {
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_OID = 0x06,
	TAG_SEQUENCE = 0x30,
	TAG_ADDRESS = 0x40,
	TAG_TICKS = 0x43
};

#define INTEGER_MAX 9u /* an unsigned 64-bit number can take this many */

/* Returns the number, or 0 if it takes more than 8 bytes. */
static uint64_t
number(struct bytes b)
{
	uint64_t v = 0;

	if (b.n > 8)
		return 0;
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

/* Reads a tag and a length. */
static bool
take_meta(struct bytes *in, uint8_t *tag, uint64_t *length)
{
	if (in->n < 2)
		return false;
	const uint8_t first = in->p[1];
	const size_t  more = first & 0x80 ? first & 0x7f : 0;

	*tag = in->p[0];
	*in = bytes_skip(*in, 2);
	if (more > in->n)
		return false;
	*length = first & 0x80 ? number(bytes_head(*in, more)) : first;
	*in = bytes_skip(*in, more);
	return true;
}

/* Reads a value with its tag. Zeek stores the length in 32 signed bits, and loses the upper ones. */
static bool
take_any(struct bytes *in, uint8_t *tag, struct bytes *content)
{
	uint64_t length;

	if (!take_meta(in, tag, &length))
		return false;
	length &= UINT32_MAX;
	if (length > INT32_MAX || length > in->n)
		return false;
	*content = bytes_head(*in, (size_t)length);
	*in = bytes_skip(*in, (size_t)length);
	return true;
}

static bool
take(struct bytes *in, uint8_t wanted, struct bytes *content)
{
	uint8_t tag;

	return take_any(in, &tag, content) && tag == wanted && (tag != TAG_INTEGER || content->n <= INTEGER_MAX);
}

/* Skips a sequence of values with the tags in `wanted`, which ends with 0. */
static bool
take_run(struct bytes *in, const uint8_t *wanted)
{
	struct bytes content;

	for (; *wanted; wanted++)
		if (!take(in, *wanted, &content))
			return false;
	return true;
}

static bool
take_sequence(struct bytes *in)
{
	uint8_t  tag;
	uint64_t length;

	return take_meta(in, &tag, &length) && tag == TAG_SEQUENCE;
}

/* ---- version 3 */

/* Parses the user-based security model's parameters, which are enclosed in a byte string. */
static bool
is_user_security(struct bytes b)
{
	static const uint8_t all[] = { TAG_OCTETS, TAG_INTEGER, TAG_INTEGER, TAG_OCTETS, TAG_OCTETS, TAG_OCTETS, 0 };

	return take_sequence(&b) && take_run(&b, all);
}

/* Parses the header; `*plain`: a PDU that can be read follows. */
static bool
take_v3_header(struct talk *t, struct bytes *in, bool *plain)
{
	static const uint8_t id_and_size[] = { TAG_INTEGER, TAG_INTEGER, 0 };
	static const uint8_t engine_and_name[] = { TAG_OCTETS, TAG_OCTETS, 0 };
	struct bytes         flags, model, security;
	uint8_t              tag;
	uint64_t             length;

	if (!take_sequence(in) || !take_run(in, id_and_size) || !take(in, TAG_OCTETS, &flags) ||
	    !take(in, TAG_INTEGER, &model))
		return false;
	if (flags.n != 1)
		talk_violate(t);
	if (!take(in, TAG_OCTETS, &security) || !take_meta(in, &tag, &length))
		return false;
	*plain = tag == TAG_SEQUENCE;
	if (*plain && !take_run(in, engine_and_name))
		return false;
	return number(model) != 3 || is_user_security(security);
}

/* ---- all versions */

static bool
take_header(struct talk *t, struct bytes *in, bool *plain)
{
	struct bytes version, community;

	*plain = false;
	if (!take_sequence(in) || !take(in, TAG_INTEGER, &version))
		return false;
	switch (number(version)) {
	case 0:
	case 1:
		*plain = true;
		return take(in, TAG_OCTETS, &community);
	case 3:
		return take_v3_header(t, in, plain);
	default:
		return true;
	}
}

/* Parses the variable bindings, which extend to the end of the datagram. */
static bool
take_bindings(struct bytes *in)
{
	uint8_t      tag;
	struct bytes content;

	if (!take_sequence(in))
		return false;
	while (in->n > 0)
		if (!take_sequence(in) || !take(in, TAG_OID, &content) || !take_any(in, &tag, &content))
			return false;
	return true;
}

static bool
take_pdu(struct bytes in)
{
	static const uint8_t common[] = { TAG_INTEGER, TAG_INTEGER, TAG_INTEGER, 0 };
	static const uint8_t trap[] = { TAG_OID, TAG_ADDRESS, TAG_INTEGER, TAG_INTEGER, TAG_TICKS, 0 };
	uint8_t              tag;
	uint64_t             length;

	if (!take_meta(&in, &tag, &length))
		return false;
	if (tag < 0xa0 || tag > 0xa8)
		return true;
	return take_run(&in, tag == 0xa4 ? trap : common) && take_bindings(&in);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	bool plain;

	if (!take_header(t, &b, &plain)) {
		talk_violate(t);
		return;
	}
	if (side == TALK_RESP) {
		talk_confirm(t);
		talk_settled(t);
	}
	if (plain && !take_pdu(b))
		talk_violate(t);
}

static const uint16_t udp_ports[] = { 161, 162, 0 };

const struct recogniser recogniser_snmp = {
	.service = SERVICE_SNMP,
	.udp_ports = udp_ports,
	.feed = feed,
};
