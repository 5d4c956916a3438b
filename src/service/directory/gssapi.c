/* gssapi.c - a GSSAPI token in SMB or DCE-RPC (RFC 4178, SPNEGO); Zeek's gssapi/gssapi-protocol.pac and -analyzer.pac.
 *
 * It is fed one complete token at a time.  A token that parses confirms, any other violates.  The contents of a mechanism
 * are passed to NTLM or Kerberos objects that belong to this object alone.  Nothing is buffered.
 */
#include "service/asn1.h"
#include "dpd/talk.h"

struct gssapi {
	struct talk *ntlm, *krb;
};

static void
forward(struct talk *t, struct talk **to, enum service service, int side, struct bytes token)
{
	if (!*to)
		*to = talk_outside(t, service);
	if (*to)
		talk_feed(*to, side, token);
}

/* GSSAPI_NEG_TOKEN_MECH_TOKEN: the first byte tells the mechanism. */
static void
mechanism_token(struct talk *t, struct reader *c, int side)
{
	struct gssapi     *g = talk_state(t);
	const struct bytes token = asn1_value(c);
	const uint8_t      first = token.n ? token.p[0] : 0;

	if (first == 'N') {
		if (token.n >= 7 && memcmp(token.p, "NTLMSSP", 7) == 0)
			forward(t, &g->ntlm, SERVICE_NTLM, side, token);
	} else if (first == 0x60) { /* with the mechanism's name around it */
		struct reader k = reader_of(token);
		(void)asn1_meta(&k);
		(void)asn1_value(&k);
		read_skip(&k, 2);
		if (k.bad)
			read_fail(c);
		else
			forward(t, &g->krb, SERVICE_KRB, side, read_take(&k, read_left(&k)));
	} else if (first == 0x6e || first == 0x6f) {
		forward(t, &g->krb, SERVICE_KRB, side, token);
	}
}

/* Reads the elements of a NegTokenInit or NegTokenResp, to the end of the blob. */
static void
negotiation(struct talk *t, struct reader *c, int side)
{
	(void)asn1_meta(c);
	while (read_more(c)) {
		const struct asn1_meta m = asn1_meta(c);
		const size_t           outer = read_enter(c, m.length);
		if (m.index == 2)
			mechanism_token(t, c, side);
		else if (m.index <= 3)
			(void)asn1_value(c);
		else
			read_fail(c);
		read_leave(c, outer);
	}
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct reader          c = reader_of(b);
	const struct asn1_meta wrapper = asn1_meta(&c);
	const unsigned         id = (unsigned)wrapper.tag << 8 | wrapper.len;

	(void)side;                         /* the kind of the token tells which side speaks */
	if (id == 0x0404 || id == 0x0504) { /* MIC and Wrap tokens (RFC 4121) */
	} else if (wrapper.tag == 0x60) {
		(void)asn1_value(&c);
		(void)asn1_meta(&c);
		negotiation(t, &c, TALK_ORIG);
	} else {
		negotiation(t, &c, TALK_RESP);
	}
	if (c.bad)
		talk_violate(t);
	else
		talk_confirm(t);
}

const struct recogniser recogniser_gssapi = {
	.service = SERVICE_GSSAPI,
	.state_size = sizeof(struct gssapi),
	.feed = feed,
};
