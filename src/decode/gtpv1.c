/* gtpv1.c - GTP version 1 (3GPP TS 29.060, 29.281): IP in G-PDUs.
 *
 * Zeek reads the header with a generated parser before it examines it, so a message that does not parse is a violation
 * whatever its version is, and the information elements of the control messages 16 to 21 are parsed as well. A
 * violation does not stop later packets from being parsed here; it only prevents the confirmation. Zeek:
 * src/packet_analysis/protocol/gtpv1/{gtpv1-protocol.pac,gtpv1-analyzer.pac,GTPv1.cc}.
 */
#include "decode/ip.h"
#include "decode/udp_kinds.h"

enum {
	GTP_PROTOCOL_TYPE = 0x10, /* GTP, not GTP' */
	GTP_EXTENSION = 0x04,
	GTP_OPTIONAL = 0x07, /* extension, sequence number or N-PDU number */
	GTP_G_PDU = 255,
	GTP_CREATE_REQUEST = 16,
	GTP_DELETE_RESPONSE = 21,
};

/* Returns the length of an information element without a length field, by type; 0 for unknown ones. */
static unsigned
element_len(uint8_t type)
{
	static const uint8_t len[128] = {
		[1] = 1,   /* cause */
		[2] = 8,   /* IMSI */
		[3] = 6,   /* routing area */
		[4] = 4,   /* TLLI */
		[5] = 4,   /* P-TMSI */
		[8] = 1,   /* reordering required */
		[9] = 28,  /* authentication triplet */
		[11] = 1,  /* MAP cause */
		[12] = 3,  /* P-TMSI signature */
		[13] = 1,  /* MS validated */
		[14] = 1,  /* recovery */
		[15] = 1,  /* selection mode */
		[16] = 4,  /* TEID data I */
		[17] = 4,  /* TEID control plane */
		[18] = 5,  /* TEID data II */
		[19] = 1,  /* teardown indication */
		[20] = 1,  /* NSAPI */
		[21] = 1,  /* RANAP cause */
		[22] = 9,  /* RAB context */
		[23] = 1,  /* radio priority SMS */
		[24] = 1,  /* radio priority */
		[25] = 2,  /* packet flow id */
		[26] = 2,  /* charging characteristics */
		[27] = 2,  /* trace reference */
		[28] = 2,  /* trace type */
		[29] = 1,  /* MS not reachable */
		[127] = 4, /* charging id */
	};
	return len[type];
}

/* Skips `n` bytes. Returns false if they are not all there, as do the following functions. */
static bool
take(struct bytes *b, size_t n)
{
	bool there = b->n >= n;
	*b = bytes_skip(*b, n);
	return there;
}

/* Skips a byte and as many bytes after it as it says. */
static bool
take_counted(struct bytes *b)
{
	return b->n > 0 && take(b, 1u + b->p[0]);
}

static bool
take_quintuplet(struct bytes *b)
{
	return take(b, 16) && take_counted(b) && take(b, 32) && take_counted(b);
}

static bool
take_mm_context(struct bytes *b)
{
	if (b->n < 2)
		return false;
	unsigned mode = b->p[1] >> 6, vectors = b->p[1] >> 3 & 7;
	if (!take(b, 2 + (mode & 1 ? 8 : 32)) || !take(b, mode == 1 ? vectors * 28u : 2))
		return false;
	for (unsigned i = 0; mode != 1 && i < vectors; i++) {
		if (!take_quintuplet(b))
			return false;
	}
	return take(b, 2) && take_counted(b) && b->n >= 2 && take(b, 2u + load_be16(b->p));
}

static bool
take_pdp_context(struct bytes *b)
{
	if (!take(b, 2))
		return false;
	for (int i = 0; i < 3; i++) { /* quality of service: at least one byte */
		if (b->n == 0 || b->p[0] == 0 || !take_counted(b))
			return false;
	}
	if (!take(b, 17))
		return false;
	for (int i = 0; i < 4; i++) { /* addresses, access point name */
		if (!take_counted(b))
			return false;
	}
	return take(b, 2);
}

/* Skips an element with a length field, which some types ignore. */
static bool
take_long_element(struct bytes *b, uint8_t type)
{
	if (b->n < 2)
		return false;
	unsigned len = load_be16(b->p);
	*b = bytes_skip(*b, 2);
	switch (type) {
	case 129:
		return take_mm_context(b);
	case 130:
		return take_pdp_context(b);
	case 136:
		return take_quintuplet(b);
	case 128: /* end user address */
	case 255: /* private extension */
		return len >= 2 && take(b, len);
	case 135: /* quality of service */
		return len >= 1 && take(b, len);
	case 140: /* RAB setup */
		return (len == 1 || len >= 5) && take(b, len);
	default:
		return take(b, len);
	}
}

/* Returns whether the elements up to the end parse. */
static bool
elements_parse(struct bytes b)
{
	while (b.n > 0) {
		uint8_t type = b.p[0];
		b = bytes_skip(b, 1);
		if (type & 0x80 ? !take_long_element(&b, type) : element_len(type) == 0 || !take(&b, element_len(type)))
			return false;
	}
	return true;
}

/* Skips the header, with extension headers. Returns false if it does not parse. */
static bool
strip(struct bytes *b)
{
	size_t len = 8 + (b->n > 0 && b->p[0] & GTP_OPTIONAL ? 4 : 0);
	if (b->n < len)
		return false;
	bool    extensions = b->p[0] & GTP_EXTENSION;
	uint8_t type = b->p[1];
	*b = bytes_skip(*b, len);
	while (extensions && b->n > 0) {
		len = b->p[0] * 4u; /* including this byte and the next type */
		if (len == 0 || b->n < len)
			return false;
		extensions = b->p[len - 1] != 0;
		*b = bytes_skip(*b, len);
	}
	return type < GTP_CREATE_REQUEST || type > GTP_DELETE_RESPONSE || elements_parse(*b);
}

bool
gtpv1_packet(const struct udp_view *v)
{
	struct bytes              b = v->p->data;
	const struct encap_stack *s = v->p->encap;
	uint8_t                  *valid = v->is_orig ? &v->st->valid_orig : &v->st->valid_resp;
	struct ip_header          h;

	if (!strip(&b))
		return violate(v);
	unsigned flags = v->p->data.p[0], type = v->p->data.p[1];
	*valid &= (uint8_t)~v->kind;
	if (tunnels_too_deep(v)) /* adds no X, unlike the others */
		return false;
	if (s && s->depth > 0 && s->at[s->depth - 1].type == TUNNEL_GTPV1)
		return violate(v);
	if (flags >> 5 != 1)
		return violate(v);
	if (!(flags & GTP_PROTOCOL_TYPE) || type != GTP_G_PDU)
		return false;
	if (b.n < 20 || (b.p[0] >> 4 != 4 && b.p[0] >> 4 != 6))
		return violate(v);
	if (ip_check_inner(b, b.p[0] >> 4 == 6 ? PROTO_IPV6 : PROTO_IPV4, &h) != IP_CHECK_OK)
		return violate(v);
	*valid |= v->kind;
	if (!v->opt->delay_gtp_confirmation || (v->st->valid_orig & v->st->valid_resp & v->kind))
		confirm(v);
	return inside(v, TUNNEL_GTPV1, INNER_IP, b);
}
