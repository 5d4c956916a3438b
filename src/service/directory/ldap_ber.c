/* ldap_ber.c - see ldap_ber.h.
 *
 * Implements only part of BER: tags are one byte, whose "constructed" bit is ignored; lengths have at most 8 bytes and
 * are never indefinite. Most strings are decoded (decoding.h), except those treated as ASCII, for which decoding never
 * fails.
 */
#include "service/directory/ldap_ber.h"

#include "service/decoding.h"

#define DEEPEST 32 /* MAX_ASN1_DEPTH */

struct ber
ber_over(struct bytes b)
{
	return (struct ber){ b.p, 0, b.n, b.n, NULL };
}

/* As in Spicy, exceeding the end is an error only once the end has arrived. */
static enum ber_fit
reach(const struct ber *b, uint64_t n)
{
	if (n <= b->have - b->at)
		return BER_OK;
	if (b->have == b->end)
		return BER_BAD;
	if (b->need)
		*b->need = n < b->end - b->at ? b->at + n : b->end;
	return BER_MORE;
}

enum ber_fit
ber_take(struct ber *b, uint64_t n, const uint8_t **p)
{
	const enum ber_fit fit = reach(b, n);

	if (fit == BER_OK) {
		*p = b->p + b->at;
		b->at += n;
	}
	return fit;
}

enum ber_fit
ber_length(struct ber *b, uint64_t *len)
{
	struct ber     c = *b;
	const uint8_t *p;
	enum ber_fit   fit = ber_take(&c, 1, &p);

	if (fit != BER_OK)
		return fit;
	if (p[0] < 0x80) {
		*len = p[0];
		*b = c;
		return BER_OK;
	}
	const unsigned n = p[0] & 0x7f;
	if (n == 0)
		return BER_BAD;
	fit = ber_take(&c, n, &p);
	if (fit != BER_OK)
		return fit;
	if (n > 8)
		return BER_BAD;
	*len = load_be((struct bytes){ p, n });
	*b = c;
	return BER_OK;
}

enum ber_fit
ber_header(struct ber *b, struct ber_head *h)
{
	struct ber     c = *b;
	const uint8_t *p;
	enum ber_fit   fit = ber_take(&c, 1, &p);

	if (fit != BER_OK)
		return fit;
	h->cls = p[0] >> 6;
	h->type = p[0] & 0x1f;
	fit = ber_length(&c, &h->len);
	if (fit == BER_OK)
		*b = c;
	return fit;
}

static enum ber_fit element_at(struct ber *b, bool descend, unsigned depth, struct ber_element *e);

/* Reads elements that fill `len` bytes. Exceeding the end is an error only after the elements that are there. */
static enum ber_fit
descend_into(struct ber *b, uint64_t len, unsigned depth)
{
	const bool beyond = len > b->end - b->at;
	struct ber inner = { b->p, b->at, b->have, beyond ? b->end : b->at + len, b->need };

	if (inner.have > inner.end)
		inner.have = inner.end;
	while (inner.at < inner.end) {
		struct ber_element e;
		const enum ber_fit fit = element_at(&inner, true, depth + 1, &e);
		if (fit != BER_OK)
			return fit;
	}
	if (beyond)
		return BER_BAD;
	b->at = inner.at;
	return BER_OK;
}

/* Returns whether the type is a string of UTF-8. */
static bool
is_utf8(unsigned type)
{
	return type == 12 || (type >= 18 && type <= 30 && type != 19 && type != 23 && type != 24);
}

/* Returns whether the body is valid for a universal type. */
static bool
body_good(unsigned type, struct bytes body)
{
	switch (type) {
	case BER_INTEGER:
	case BER_ENUMERATED:
		return body.n >= 1 && body.n <= 8;
	case 3: /* a bit string begins with the number of unused bits */
	case BER_OID:
		return body.n >= 1;
	default:
		return !is_utf8(type) || is_decodable(body);
	}
}

static enum ber_fit
universal_body(struct ber *b, bool descend, unsigned depth, const struct ber_head *h)
{
	const uint8_t *p;

	switch (h->type) {
	case BER_BOOLEAN:
		return h->len == 1 || reach(b, 1) != BER_OK ? ber_take(b, 1, &p) : BER_BAD;
	case 5: /* NULL */
		return h->len == 0 ? BER_OK : BER_BAD;
	case BER_SEQUENCE:
	case BER_SET:
		return descend ? descend_into(b, h->len, depth) : BER_OK;
	default: {
		const enum ber_fit fit = ber_take(b, h->len, &p);
		return fit == BER_OK && !body_good(h->type, (struct bytes){ p, (size_t)h->len }) ? BER_BAD : fit;
	}
	}
}

static enum ber_fit
element_at(struct ber *b, bool descend, unsigned depth, struct ber_element *e)
{
	struct ber     c = *b;
	const uint8_t *p;
	enum ber_fit   fit;

	if (depth > DEEPEST)
		return BER_BAD;
	fit = ber_header(&c, &e->head);
	if (fit != BER_OK)
		return fit;
	const uint64_t start = c.at;
	if (e->head.cls == BER_UNIVERSAL)
		fit = universal_body(&c, descend, depth, &e->head);
	else
		fit = ber_take(&c, e->head.len, &p);
	if (fit != BER_OK)
		return fit;
	e->body = (struct bytes){ c.p + start, (size_t)(c.at - start) };
	*b = c;
	return BER_OK;
}

enum ber_fit
ber_next(struct ber *b, bool descend, struct ber_element *e)
{
	return element_at(b, descend, 0, e);
}

bool
ber_value(const struct ber_element *e, int64_t *n)
{
	if (e->head.cls != BER_UNIVERSAL || (e->head.type != BER_INTEGER && e->head.type != BER_ENUMERATED) || !e->body.n)
		return false;
	uint64_t v = e->body.p[0] & 0x80 ? UINT64_MAX : 0;
	for (size_t i = 0; i < e->body.n; i++)
		v = v << 8 | e->body.p[i];
	*n = (int64_t)v;
	return true;
}

bool
ber_is_string(const struct ber_head *h)
{
	return h->cls == BER_UNIVERSAL &&
	       (h->type == BER_OCTETS || h->type == BER_OID || h->type == 12 || (h->type >= 18 && h->type <= 30));
}

enum ber_fit
ber_number(struct ber *b, int64_t *n)
{
	struct ber_element e;
	const enum ber_fit fit = ber_next(b, true, &e);

	return fit == BER_OK && !ber_value(&e, n) ? BER_BAD : fit;
}

enum ber_fit
ber_string(struct ber *b, struct ber_element *e)
{
	const enum ber_fit fit = ber_next(b, true, e);

	return fit == BER_OK && !ber_is_string(&e->head) ? BER_BAD : fit;
}

bool
ber_oid_is(struct bytes oid, const uint32_t *arcs, size_t n)
{
	size_t   seen = 2;
	uint64_t arc = 0;

	if (!oid.n || n < 2 || oid.p[0] / 40 != arcs[0] || oid.p[0] % 40 != arcs[1])
		return false;
	for (size_t i = 1; i < oid.n; i++) {
		arc = arc << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] & 0x80)
			continue;
		if (seen == n || arcs[seen++] != arc)
			return false;
		arc = 0;
	}
	return seen == n;
}
