/* ldap_op.c - see ldap_op.h (RFC 4511; Zeek: ldap/ldap.spicy, including its oddities). */
#include "service/directory/ldap_op.h"

#include "service/decoding.h"
#include "service/text.h"

#define DEEPEST_FILTER 20

#define TRY(call)                                                                                                      \
	do {                                                                                                               \
		const enum ber_fit fit_ = (call);                                                                              \
		if (fit_ != BER_OK)                                                                                            \
			return fit_;                                                                                               \
	} while (0)

static enum ber_fit
small_number(struct ber *b, int64_t *n)
{
	TRY(ber_number(b, n));
	return *n >= 0 && *n <= 255 ? BER_OK : BER_BAD;
}

/* LDAPResult without its referral. */
static enum ber_fit
result(struct ber *b, int64_t *code)
{
	struct ber_element e;

	TRY(small_number(b, code));
	TRY(ber_string(b, &e));
	return ber_string(b, &e);
}

static enum ber_fit
only_result(struct ber *b)
{
	int64_t code;

	return result(b, &code);
}

/* ---- bind */

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

static enum ber_fit
bind_request(struct ber *b, struct ldap_context *c)
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
static enum ber_fit
bind_result(struct ber *b, struct ldap_context *c, struct ldap_progress *p)
{
	int64_t code;

	TRY(result(b, &code));
	if (c->mechanism != LDAP_NO_SASL && code == 0 && !p->result)
		c->mode = LDAP_MAYBE;
	p->result = true;
	return BER_OK;
}

static enum ber_fit
bind_response(struct ber *b, struct ldap_context *c)
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

/* ---- search */

/* Reads a byte, a length of one byte, and that many bytes. */
static enum ber_fit
short_string(struct ber *b, struct bytes *text)
{
	const uint8_t *p;

	TRY(ber_take(b, 2, &p));
	text->n = p[1];
	return ber_take(b, text->n, &text->p);
}

/* Reads an attribute's description, which is decoded at its end. */
static enum ber_fit
description(struct ber *b)
{
	struct bytes text;

	TRY(short_string(b, &text));
	return is_decodable(text) ? BER_OK : BER_BAD;
}

static enum ber_fit
substrings(struct ber *b)
{
	struct ber_head h;
	const uint8_t  *p;

	TRY(description(b));
	TRY(ber_header(b, &h));
	TRY(ber_take(b, h.len, &p));
	for (struct ber parts = ber_over((struct bytes){ p, (size_t)h.len }); parts.at < parts.end;) {
		struct ber_element e;
		TRY(ber_next(&parts, false, &e));
		if (e.head.cls == BER_UNIVERSAL || e.head.type > 2)
			return BER_BAD;
	}
	return BER_OK;
}

static enum ber_fit filter(struct ber *b, unsigned depth);

/* Inside a filter all bytes are available, and surplus ones do not matter. */
static enum ber_fit
filter_body(unsigned type, struct bytes data, unsigned depth)
{
	struct ber   b = ber_over(data);
	struct bytes text;

	switch (type) {
	case 0: /* and, or */
	case 1:
		while (b.at < b.end)
			TRY(filter(&b, depth + 1));
		return BER_OK;
	case 2: /* not */
		return filter(&b, depth + 1);
	case 4:
		return substrings(&b);
	case 7: /* present */
		return BER_OK;
	case 3:
	case 5:
	case 6:
	case 8:
		TRY(description(&b));
		return short_string(&b, &text);
	case 9: /* extensible */
		TRY(description(&b));
		TRY(short_string(&b, &text));
		return short_string(&b, &text);
	default:
		return BER_BAD;
	}
}

static enum ber_fit
filter(struct ber *b, unsigned depth)
{
	struct ber_element e;

	if (depth > DEEPEST_FILTER)
		return BER_BAD;
	TRY(ber_next(b, true, &e));
	return e.head.cls == BER_UNIVERSAL ? BER_BAD : filter_body(e.head.type, e.body, depth);
}

/* AttributeSelection: a list whose elements must have a body. */
static enum ber_fit
selection(struct ber *b)
{
	struct ber_element list, e;

	TRY(ber_next(b, true, &list));
	if (list.head.type != BER_SEQUENCE)
		return BER_OK;
	if (list.head.cls != BER_UNIVERSAL)
		return BER_BAD;
	for (struct ber items = ber_over(list.body); items.at < items.end;) {
		TRY(ber_next(&items, true, &e));
		if (e.head.cls != BER_UNIVERSAL)
			return BER_BAD;
	}
	return BER_OK;
}

static enum ber_fit
search_request(struct ber *b)
{
	struct ber_element e;
	int64_t            n;

	TRY(ber_string(b, &e));
	TRY(small_number(b, &n)); /* scope */
	TRY(small_number(b, &n)); /* aliases */
	TRY(ber_number(b, &n));   /* limits of size and time */
	TRY(ber_number(b, &n));
	TRY(ber_next(b, true, &e));
	if (e.head.cls != BER_UNIVERSAL || e.head.type != BER_BOOLEAN)
		return BER_BAD;
	TRY(filter(b, 0));
	return selection(b);
}

static enum ber_fit
search_entry(struct ber *b)
{
	struct ber_element e;

	TRY(ber_string(b, &e));
	return ber_next(b, true, &e);
}

/* ---- modify */

static bool
is_list(const struct ber_element *e)
{
	return e->head.cls == BER_UNIVERSAL && (e->head.type == BER_SEQUENCE || e->head.type == BER_SET);
}

/* PartialAttribute: a string, and a set of strings, which may be missing. */
static enum ber_fit
attribute(const struct ber_element *list)
{
	struct ber_element e;

	if (!is_list(list))
		return BER_BAD;
	struct ber b = ber_over(list->body);
	TRY(ber_string(&b, &e));
	if (b.at == b.end)
		return BER_OK;
	TRY(ber_next(&b, true, &e));
	if (e.head.cls != BER_UNIVERSAL || e.head.type != BER_SET)
		return BER_BAD;
	for (b = ber_over(e.body); b.at < b.end;) {
		struct ber_element value;
		TRY(ber_string(&b, &value));
	}
	return BER_OK;
}

static enum ber_fit
change(const struct ber_element *list)
{
	struct ber_element e;
	int64_t            n;

	if (!is_list(list))
		return BER_BAD;
	struct ber b = ber_over(list->body);
	TRY(ber_number(&b, &n));
	TRY(ber_next(&b, true, &e));
	if (b.at != b.end || n < 0 || n > 2)
		return BER_BAD;
	return attribute(&e);
}

static enum ber_fit
modify_request(struct ber *b)
{
	struct ber_element e;

	TRY(ber_string(b, &e));
	TRY(ber_next(b, true, &e));
	if (e.head.cls != BER_UNIVERSAL || e.head.type != BER_SEQUENCE)
		return BER_BAD;
	for (struct ber changes = ber_over(e.body); changes.at < changes.end;) {
		struct ber_element one;
		TRY(ber_next(&changes, true, &one));
		TRY(change(&one));
	}
	return BER_OK;
}

/* ---- delete, abandon: parsed as elements of their own, which they hardly ever are */

static enum ber_fit
delete_request(struct ber *b)
{
	struct ber_element e;

	return ber_string(b, &e);
}

static enum ber_fit
abandon_request(struct ber *b)
{
	int64_t n;

	return ber_number(b, &n);
}

/* ---- extended */

static enum ber_fit
extended_request(struct ber *b, struct ldap_context *c)
{
	struct ber_head h;
	const uint8_t  *name;

	TRY(ber_header(b, &h));
	if (h.cls != BER_CONTEXT)
		return BER_BAD;
	TRY(ber_take(b, h.len, &name));
	if (b->at < b->end) {
		struct ber_element e;
		TRY(ber_next(b, false, &e));
		if (e.head.cls != BER_CONTEXT)
			return BER_BAD;
	}
	if (text_is((struct bytes){ name, (size_t)h.len }, "1.3.6.1.4.1.1466.20037"))
		c->starttls = true;
	return BER_OK;
}

static enum ber_fit
extended_response(struct ber *b, struct ldap_context *c)
{
	int64_t code;

	TRY(result(b, &code));
	for (int i = 0; i < 2 && b->at < b->end; i++) { /* the name and the value */
		struct ber_element e;
		TRY(ber_next(b, false, &e));
		if (e.head.cls != BER_CONTEXT || (e.head.type != 10 && e.head.type != 11))
			return BER_BAD;
	}
	if (c->starttls && code == 0)
		c->mode = LDAP_TLS;
	return BER_OK;
}

/* ---- all operations */

bool
ldap_op_skipped(unsigned opcode)
{
	return opcode == 8 || opcode == 12 || opcode == 14 || opcode == 19 || opcode == 25;
}

static enum ber_fit
content(unsigned opcode, struct ber *b, struct ldap_context *c)
{
	switch (opcode) {
	case 0:
		return bind_request(b, c);
	case 1:
		return bind_response(b, c); /* except for its result */
	case 2:                         /* unbind */
		return BER_OK;
	case 3:
		return search_request(b);
	case 4:
		return search_entry(b);
	case 6:
		return modify_request(b);
	case 10:
		return delete_request(b);
	case 5: /* the results of a search, and of changes */
	case 7:
	case 9:
	case 11:
	case 13:
	case 15:
		return only_result(b);
	case 16:
		return abandon_request(b);
	case 23:
		return extended_request(b, c);
	case 24:
		return extended_response(b, c);
	default:
		return BER_BAD;
	}
}

enum ber_fit
ldap_op(unsigned opcode, struct bytes have, uint64_t length, struct ldap_context *c, struct ldap_progress *p)
{
	struct ber b = { have.p, 0, have.n, length, &p->need };

	if (opcode == 1)
		TRY(bind_result(&b, c, p));
	struct ldap_context after = *c;
	TRY(content(opcode, &b, &after));
	if (b.at != b.end)
		return BER_BAD;
	*c = after;
	return BER_OK;
}
