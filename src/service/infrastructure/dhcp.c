/* dhcp.c - DHCP for IPv4 (RFC 2131, options RFC 2132 and others), as in Zeek's analyzer/protocol/dhcp/dhcp-*.pac.
 *
 * Confirms: a datagram with a BOOTP header, the right cookie and options that parse up to the end or option 255.
 * Violates: anything else, and a message without a type (option 53), which confirms nevertheless. Options whose values
 * Zeek knows take as many bytes as the value, whatever their length field says.
 *
 * Buffers nothing.
 */
#include "dpd/talk.h"

#define HEADER    240u /* including the cookie */
#define COOKIE_AT 236u
#define COOKIE    0x63825363u

enum { OPTION_PAD = 0, OPTION_MESSAGE_TYPE = 53, OPTION_RELAY_AGENT = 82, OPTION_END = 255 };

struct state {
	/* The sum of the lengths of all sub-options of all options 82 of a side: Zeek clears it only when a datagram does not
	 * fit. */
	uint8_t relayed[2];
};

/* How the value of an option is parsed. */
enum form {
	FORM_LENGTH,
	FORM_BYTE,
	FORM_SHORT,
	FORM_WORD,
	FORM_WORDS,     /* as many as fit into the length */
	FORM_CLIENT_ID, /* 1 byte or more */
	FORM_FQDN,      /* 3 bytes or more */
};

static enum form
form_of(uint8_t code)
{
	switch (code) {
	case 19:
	case OPTION_MESSAGE_TYPE:
	case 116:
		return FORM_BYTE;
	case 57:
		return FORM_SHORT;
	case 1:
	case 2:
	case 28:
	case 50:
	case 51:
	case 54:
	case 58:
	case 59:
		return FORM_WORD;
	case 3:
	case 4:
	case 5:
	case 6:
	case 42:
	case 44:
		return FORM_WORDS;
	case 61:
		return FORM_CLIENT_ID;
	case 81:
		return FORM_FQDN;
	default:
		return FORM_LENGTH;
	}
}

/* Stores the size of an option's value. Returns false if the option cannot have that length. */
static bool
value_size(uint8_t code, uint8_t length, size_t *size)
{
	*size = length;
	switch (form_of(code)) {
	case FORM_BYTE:
		*size = 1;
		return true;
	case FORM_SHORT:
		*size = 2;
		return true;
	case FORM_WORD:
		*size = 4;
		return true;
	case FORM_WORDS:
		*size = length / 4 * 4u;
		return true;
	case FORM_CLIENT_ID:
		return length >= 1;
	case FORM_FQDN:
		return length >= 3;
	case FORM_LENGTH:
		break;
	}
	return true;
}

/* Parses sub-options until their sum, which continues across options and datagrams, reaches the option's length, or to
 * the end of the datagram. */
static bool
take_relay_agent(struct bytes *in, uint8_t length, uint8_t *sum)
{
	while (in->n > 0) {
		if (in->n < 2 || in->p[1] > in->n - 2)
			return false;
		*sum = (uint8_t)(*sum + in->p[1] + 2);
		*in = bytes_skip(*in, 2u + in->p[1]);
		if (*sum == length)
			break;
	}
	return true;
}

/* Parses all options. Returns false if one does not fit; `*type`: the first message type, 0 if there is none. */
static bool
take_options(struct bytes in, uint8_t *sum, uint8_t *type)
{
	bool typed = false;

	*type = 0;
	while (in.n > 0) {
		const uint8_t code = in.p[0];
		if (code == OPTION_END)
			break;
		if (code == OPTION_PAD) {
			in = bytes_skip(in, 1);
			continue;
		}
		if (in.n < 2)
			return false;
		const uint8_t length = in.p[1];
		in = bytes_skip(in, 2);
		if (code == OPTION_RELAY_AGENT) {
			if (!take_relay_agent(&in, length, sum))
				return false;
			continue;
		}
		size_t size;
		if (!value_size(code, length, &size) || size > in.n)
			return false;
		if (code == OPTION_MESSAGE_TYPE && !typed) {
			typed = true;
			*type = in.p[0];
		}
		in = bytes_skip(in, size);
	}
	return true;
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct state *s = talk_state(t);
	uint8_t       type;

	if (b.n < HEADER || !take_options(bytes_skip(b, HEADER), &s->relayed[side], &type)) {
		s->relayed[side] = 0;
		talk_violate(t);
		return;
	}
	if (type == 0)
		talk_violate(t);
	if (load_be32(b.p + COOKIE_AT) != COOKIE) {
		talk_violate(t);
		return;
	}
	talk_confirm(t);
	talk_settled(t);
}

static const uint16_t udp_ports[] = { 67, 68, 4011, 0 };

const struct recogniser recogniser_dhcp = {
	.service = SERVICE_DHCP,
	.udp_ports = udp_ports,
	.state_size = sizeof(struct state),
	.feed = feed,
};
