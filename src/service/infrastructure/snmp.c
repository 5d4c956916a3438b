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
#include "service/asn1.h"

enum {
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_OID = 0x06,
	TAG_SEQUENCE = 0x30,
	TAG_ADDRESS = 0x40,
	TAG_TICKS = 0x43
};

#define INTEGER_MAX 9u /* an unsigned 64-bit number can take this many */

/* Reads a value, which must have that tag. */
static struct bytes
value(struct reader *r, uint8_t wanted)
{
	const struct asn1_meta m = asn1_meta(r);
	const struct bytes     b = read_string(r, m.length);

	if (m.tag != wanted || (wanted == TAG_INTEGER && b.n > INTEGER_MAX))
		read_fail(r);
	return b;
}

/* Skips values with the tags in `wanted`, which ends with 0. */
static void
values(struct reader *r, const uint8_t *wanted)
{
	for (; *wanted; wanted++)
		(void)value(r, *wanted);
}

static void
sequence(struct reader *r)
{
	if (asn1_meta(r).tag != TAG_SEQUENCE)
		read_fail(r);
}

/* ---- version 3 */

/* Parses the user-based security model's parameters, which are enclosed in a byte string. */
static bool
is_user_security(struct bytes b)
{
	static const uint8_t all[] = { TAG_OCTETS, TAG_INTEGER, TAG_INTEGER, TAG_OCTETS, TAG_OCTETS, TAG_OCTETS, 0 };
	struct reader        r = reader_of(b);

	sequence(&r);
	values(&r, all);
	return !r.bad;
}

/* Parses the header. Returns whether a PDU that can be read follows. */
static bool
v3_header(struct talk *t, struct reader *r)
{
	static const uint8_t id_and_size[] = { TAG_INTEGER, TAG_INTEGER, 0 };
	static const uint8_t engine_and_name[] = { TAG_OCTETS, TAG_OCTETS, 0 };

	sequence(r);
	values(r, id_and_size);
	const struct bytes flags = value(r, TAG_OCTETS), model = value(r, TAG_INTEGER);
	if (!r->bad && flags.n != 1)
		talk_violate(t);
	const struct bytes security = value(r, TAG_OCTETS);
	const bool         plain = asn1_meta(r).tag == TAG_SEQUENCE;
	if (plain)
		values(r, engine_and_name);
	if (asn1_number(model) == 3 && !is_user_security(security))
		read_fail(r);
	return plain;
}

/* ---- all versions */

/* Parses the header. Returns whether a PDU that can be read follows. */
static bool
header(struct talk *t, struct reader *r)
{
	sequence(r);
	switch (asn1_number(value(r, TAG_INTEGER))) {
	case 0:
	case 1:
		(void)value(r, TAG_OCTETS); /* the community */
		return true;
	case 3:
		return v3_header(t, r);
	default:
		return false;
	}
}

/* Parses a PDU and its variable bindings, which extend to the end of the datagram. */
static void
pdu(struct reader *r)
{
	static const uint8_t common[] = { TAG_INTEGER, TAG_INTEGER, TAG_INTEGER, 0 };
	static const uint8_t trap[] = { TAG_OID, TAG_ADDRESS, TAG_INTEGER, TAG_INTEGER, TAG_TICKS, 0 };
	const uint8_t        tag = asn1_meta(r).tag;

	if (tag < 0xa0 || tag > 0xa8)
		return;
	values(r, tag == 0xa4 ? trap : common);
	sequence(r);
	while (read_more(r)) {
		sequence(r);
		(void)value(r, TAG_OID);
		(void)asn1_value(r);
	}
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct reader r = reader_of(b);
	const bool    plain = header(t, &r);

	if (r.bad) {
		talk_violate(t);
		return;
	}
	if (side == TALK_RESP) {
		talk_confirm(t);
		talk_settled(t);
	}
	if (plain)
		pdu(&r);
	if (r.bad)
		talk_violate(t);
}

static const uint16_t udp_ports[] = { 161, 162, 0 };

const struct recogniser recogniser_snmp = {
	.service = SERVICE_SNMP,
	.udp_ports = udp_ports,
	.feed = feed,
};
