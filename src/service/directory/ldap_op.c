/* ldap_op.c - see ldap_op.h (RFC 4511; Zeek: ldap/ldap.spicy, including its oddities). */
#include "service/directory/ldap_bind.h"

#include "service/decoding.h"
#include "service/text.h"

#define DEEPEST_FILTER 20

static enum ber_fit
small_number(struct ber *b, int64_t *n)
{
	TRY(ber_number(b, n));
	return *n >= 0 && *n <= 255 ? BER_OK : BER_BAD;
}

/* LDAPResult without its referral. */
enum ber_fit
ldap_result(struct ber *b, int64_t *code)
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

	return ldap_result(b, &code);
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

	TRY(ldap_result(b, &code));
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
		return ldap_bind_request(b, c);
	case 1:
		return ldap_bind_response(b, c); /* except for its result */
	case 2:                              /* unbind */
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
		TRY(ldap_bind_result(&b, c, p));
	struct ldap_context after = *c;
	TRY(content(opcode, &b, &after));
	if (b.at != b.end)
		return BER_BAD;
	*c = after;
	return BER_OK;
}
