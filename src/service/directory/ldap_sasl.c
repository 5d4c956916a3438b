/* ldap_sasl.c - how messages of LDAP are wrapped after a bind with SASL (RFC 4513, RFC 4121; Zeek: ldap/ldap.spicy). */
#include "service/directory/ldap_flow.h"

/* Handles encrypted data: a length, and that many bytes. */
bool
ldap_sealed(struct ldap_flow *f, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, 4);

	if (!p)
		return false;
	f->skip = load_be32(p);
	f->phase = FLOW_START;
	gather_take(&f->g, in, 4);
	return true;
}

/* Handles a wrap token (RFC 4121 section 4.2.6.2): 4 bytes of length, then 16 of its own. */
static bool
wrap_token(struct talk *t, struct ldap_flow *f, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, 8);

	if (p && p[7] != 0xff)
		return ldap_fail(t, f);
	p = p ? gather_need(&f->g, in, 12) : NULL;
	if (!p)
		return false;
	const uint32_t extra = load_be16(p + 8), rotated = load_be16(p + 10);
	const bool     sealed = p[6] & 0x02;
	if (rotated != extra && rotated != 0 && !sealed)
		return ldap_fail(t, f);
	p = gather_need(&f->g, in, 20);
	if (!p)
		return false;
	const uint32_t len = load_be32(p), head = rotated == extra ? extra : 0, tail = rotated == 0 ? extra : 0;
	gather_take(&f->g, in, 20);
	f->skip = head;
	f->phase = FLOW_DOOMED;
	if (len < 16 + head || len - 16 - head < tail)
		return true;
	f->limit = len - 16 - head - tail;
	f->trailer = (uint16_t)tail;
	f->phase = FLOW_TOKEN;
	if (sealed) {
		f->skip = len - 16;
		f->phase = FLOW_START;
	}
	return true;
}

bool
ldap_krb5(struct talk *t, struct ldap_flow *f, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, 6);

	if (!p)
		return false;
	if (load_be16(p + 4) == 0x0504)
		return wrap_token(t, f, in);
	if (load_be32(p) < 2)
		return ldap_fail(t, f);
	f->skip = load_be32(p) - 2;
	f->phase = FLOW_START;
	gather_take(&f->g, in, 6);
	return true;
}

/* Continues once the mode is known. */
static void
dispatch(struct talk *t, struct ldap_flow *f, unsigned mode)
{
	switch (mode) {
	case LDAP_TLS:
		f->phase = FLOW_TLS;
		talk_hand_over(t, SERVICE_SSL);
		break;
	case LDAP_MS_KRB5:
		talk_settled(t);
		f->phase = FLOW_KRB5;
		break;
	case LDAP_ENCRYPTED:
		talk_settled(t);
		f->phase = FLOW_SEALED;
		break;
	default:
		f->phase = FLOW_HEAD;
	}
}

/* Determines the mode after a SASL bind: a first byte of 0x30 means a message, anything else the length of a token; the
 * result then applies to the other side as well. With GSS, or without a name, the token itself can tell. */
static void
find_mode(struct talk *t, struct ldap_flow *f, struct ldap_context *c, uint8_t first)
{
	c->mode = first == 0x30 ? LDAP_PLAIN : LDAP_ENCRYPTED;
	if (c->mode == LDAP_ENCRYPTED && c->mechanism != LDAP_SASL)
		f->phase = FLOW_DECIDE;
	else
		dispatch(t, f, c->mode);
}

bool
ldap_decide(struct talk *t, struct ldap_flow *f, struct ldap_context *c, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, 4);

	if (p && load_be32(p) >= 2)
		p = gather_need(&f->g, in, 6);
	if (!p)
		return false;
	if (load_be32(p) >= 2 && load_be16(p + 4) == 0x0504)
		c->mode = LDAP_MS_KRB5;
	if (c->mode == LDAP_MAYBE) /* meanwhile another bind has succeeded */
		return ldap_fail(t, f);
	dispatch(t, f, c->mode);
	return true;
}

bool
ldap_start(struct talk *t, struct ldap_flow *f, struct ldap_context *c, struct bytes *in)
{
	const uint8_t *first = gather_need(&f->g, in, 1);

	if (!first)
		return false;
	if (!f->limited && c->mode == LDAP_MAYBE)
		find_mode(t, f, c, first[0]);
	else
		dispatch(t, f, f->limited ? LDAP_PLAIN : c->mode);
	return true;
}
