/* ldap_bind.c - LDAP's bind operation, which decides how later messages are wrapped (RFC 4513, RFC 4178; Zeek: ldap/ldap.spicy).
 */
#include "service/directory/ldap_bind.h"

#include "service/decoding.h"
#include "service/text.h"

static const uint32_t oid_spnego[] = { 1, 3, 6, 1, 5, 5, 2 };
static const uint32_t oid_ms_krb5[] = { 1, 2, 840, 48018, 1, 2, 2 };
#define ARCS(oid) (oid), sizeof(oid) / sizeof *(oid)

/* The first token for GSS-SPNEGO, in an OCTET STRING: NegTokenInit, a continuation, or NTLM. */
static enum ber_fit
spnego_init(struct ber *b)
{
	struct ber_head h;
	const uint8_t  *p;
	uint64_t        len;

	TRY(ber_header(b, &h));
	if (h.type != BER_OCTETS)
		return BER_BAD;
	const struct bytes token = { b->p + b->at, (size_t)(b->have - b->at) };
	if (text_begins(token, "NTLMSSP"))
		return BER_OK;
	if (!text_begins(token, "\x60") && !text_begins(token, "\xa1"))
		return BER_BAD;
	TRY(ber_take(b, 1, &p));
	TRY(ber_length(b, &len));
	if (token.p[0] == 0xa1)
		return BER_OK;
	TRY(ber_header(b, &h));
	if (h.cls != BER_UNIVERSAL || h.type != BER_OID)
		return BER_BAD;
	TRY(ber_take(b, h.len, &p));
	return ber_oid_is((struct bytes){ p, (size_t)h.len }, ARCS(oid_spnego)) ? BER_OK : BER_BAD;
}

static enum ber_fit
sasl_credentials(struct bytes data, struct ldap_context *c)
{
	struct ber         b = ber_over(data);
	struct ber_element name;

	TRY(ber_next(&b, false, &name));
	if (!ber_is_string(&name.head))
		return BER_BAD;
	c->mechanism = name.body.n == 0 ? LDAP_NO_SASL : LDAP_SASL;
	if (name.head.type != BER_OID && text_begins(name.body, "GSS"))
		c->mechanism = text_is(name.body, "GSS-SPNEGO") ? LDAP_SPNEGO : LDAP_GSS;
	return c->mechanism == LDAP_SPNEGO ? spnego_init(&b) : BER_OK;
}

enum ber_fit
ldap_bind_request(struct ber *b, struct ldap_context *c)
{
	struct ber_element name, auth;
	int64_t            version;

	TRY(ber_number(b, &version));
	TRY(ber_string(b, &name));
	TRY(ber_next(b, true, &auth));
	if (auth.head.cls == BER_UNIVERSAL)
		return BER_BAD;
	if (auth.body.n == 0)
		return BER_OK;
	switch (auth.head.type) {
	case 0: /* a password */
		return is_decodable(auth.body) ? BER_OK : BER_BAD;
	case 3:
		return sasl_credentials(auth.body, c);
	case 10: /* Sicily */
	case 11:
		return text_begins(auth.body, "NTLMSSP") ? BER_OK : BER_BAD;
	default:
		return BER_OK;
	}
}

/* NegTokenResp's items: the relevant ones, and whether the mechanism is Microsoft's Kerberos. */
struct answer {
	bool         accepted, token, has_mechanism;
	struct bytes mechanism;
};

static enum ber_fit
answer_items(struct bytes items, struct answer *a)
{
	static const uint8_t accepted[] = { 0x0a, 0x01, 0x00 };

	for (struct ber b = ber_over(items); b.at < b.end;) {
		struct ber_element e;
		TRY(ber_next(&b, true, &e));
		if (e.head.cls == BER_UNIVERSAL || e.head.type > 3)
			return BER_BAD;
		if (e.head.type == 0)
			a->accepted = e.body.n == sizeof accepted && memcmp(e.body.p, accepted, sizeof accepted) == 0;
		else if (e.head.type == 1) {
			a->has_mechanism = true;
			a->mechanism = e.body;
		} else if (e.head.type == 2)
			a->token = true;
	}
	return BER_OK;
}

static enum ber_fit
spnego_answer(struct bytes payload, struct ldap_context *c)
{
	struct ber         b = ber_over(payload);
	struct ber_element e;
	struct answer      a = { 0 };
	const uint8_t     *p;
	uint64_t           len;

	if (text_begins(payload, "NTLMSSP"))
		return BER_OK;
	if (!text_begins(payload, "\xa1"))
		return BER_BAD;
	TRY(ber_take(&b, 1, &p));
	TRY(ber_length(&b, &len));
	TRY(ber_next(&b, true, &e));
	if (e.head.cls != BER_UNIVERSAL || (e.head.type != BER_SEQUENCE && e.head.type != BER_SET))
		return BER_BAD;
	TRY(answer_items(e.body, &a));
	if (!a.has_mechanism) /* it is read anyway */
		return BER_BAD;
	b = ber_over(a.mechanism);
	TRY(ber_next(&b, false, &e));
	if (!ber_is_string(&e.head))
		return BER_BAD;
	const bool krb5 =
		e.head.type == BER_OID ? ber_oid_is(e.body, ARCS(oid_ms_krb5)) : text_is(e.body, "1.2.840.48018.1.2.2");
	if (a.accepted && a.token && krb5)
		c->mode = LDAP_MS_KRB5;
	return BER_OK;
}

/* The result takes effect as soon as it has arrived, since the other side may speak then. */
enum ber_fit
ldap_bind_result(struct ber *b, struct ldap_context *c, struct ldap_progress *p)
{
	int64_t code;

	TRY(ldap_result(b, &code));
	if (c->mechanism != LDAP_NO_SASL && code == 0 && !p->result)
		c->mode = LDAP_MAYBE;
	p->result = true;
	return BER_OK;
}

enum ber_fit
ldap_bind_response(struct ber *b, struct ldap_context *c)
{
	struct bytes first = { 0 };
	bool         any = false;

	while (b->at < b->end) { /* serverSaslCreds */
		struct ber_head h;
		const uint8_t  *p;
		TRY(ber_header(b, &h));
		if (h.cls != BER_CONTEXT || h.type != 7)
			return BER_BAD;
		TRY(ber_take(b, h.len, &p));
		if (!any)
			first = (struct bytes){ p, (size_t)h.len };
		any = true;
	}
	return any && c->mechanism == LDAP_SPNEGO ? spnego_answer(first, c) : BER_OK;
}
