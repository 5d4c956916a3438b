/* dns_rr.c - see dns_rr.h. */
#include "service/infrastructure/dns_rr.h"

#define NAME_ROOM      512 /* bytes for a name's text in Zeek */
#define TSIG_NAME_ROOM 1023

#define CLASS_NONE 254
#define CLASS_ANY  255

/* ---- fields; an incomplete one is 0 and takes no bytes */

static uint8_t
take_u8(struct bytes *in)
{
	const uint8_t v = in->n >= 1 ? in->p[0] : 0;

	*in = bytes_skip(*in, 1);
	return v;
}

static uint16_t
take_u16(struct bytes *in)
{
	if (in->n < 2)
		return 0;
	const uint16_t v = load_be16(in->p);
	*in = bytes_skip(*in, 2);
	return v;
}

static uint32_t
take_u32(struct bytes *in)
{
	if (in->n < 4)
		return 0;
	const uint32_t v = load_be32(in->p);
	*in = bytes_skip(*in, 4);
	return v;
}

/* Skips `n` bytes, or as many as there are; none if `n` is negative. */
static void
skip(struct bytes *in, ptrdiff_t n)
{
	if (n > 0)
		*in = bytes_skip(*in, (size_t)n);
}

/* ---- names */

/* Skips a name; this never fails. A pointer ends the name; what Zeek finds at its target makes no difference here. */
static void
take_name(struct bytes *in, size_t room, bool netbios)
{
	const uint8_t *p = in->p;
	size_t         n = in->n;

	while (n > 0) {
		const uint8_t length = *p++;
		n--;
		if (n == 0 || length == 0)
			break;
		if ((length & 0xc0) == 0xc0) {
			p++;
			n--;
			break;
		}
		if (length > n) { /* a label takes the remaining bytes */
			p += n;
			n = 0;
			break;
		}
		if ((length > 63 && !netbios) || length >= room)
			break;
		room -= length + 1u;
		p += length;
		n -= length;
	}
	*in = (struct bytes){ p, n };
}

bool
dns_take_head(struct bytes *in, bool netbios, struct dns_head *out)
{
	take_name(in, NAME_ROOM, netbios);
	if (in->n < 4)
		return false;
	*out = (struct dns_head){ load_be16(in->p), load_be16(in->p + 2) };
	*in = (struct bytes){ in->p + 4, in->n - 4 };
	return true;
}

/* ---- record data */

/* The data of a record; `*in` extends to the end of the message, and each type takes what it needs. */
struct rdata {
	struct bytes *in;
	ptrdiff_t     length; /* the record's rdlength; it was not more than there is */
	size_t        before; /* in->n at the start */
	bool          netbios;
};

static ptrdiff_t
taken(const struct rdata *r)
{
	return (ptrdiff_t)(r->before - r->in->n);
}

static void
take_rdata_name(struct rdata *r)
{
	take_name(r->in, NAME_ROOM, r->netbios);
}

/* Skips a character string. Returns false if it does not fit into `*left` bytes; its length byte is consumed
 * nevertheless, if there is one. */
static bool
take_string(struct bytes *in, ptrdiff_t *left)
{
	if (*left <= 0)
		return false;
	const uint8_t n = take_u8(in);
	--*left;
	if (n > *left)
		return false;
	*left -= n;
	skip(in, n);
	return true;
}

static bool
take_strings(struct rdata *r)
{
	while (take_string(r->in, &r->length))
		;
	return r->length == 0;
}

/* Skips the bit windows of NSEC and NSEC3, until the record's data are used up or a window is empty. */
static void
take_type_bitmaps(struct rdata *r)
{
	ptrdiff_t left = r->length - taken(r);

	while (left > 0 && r->in->n > 0) {
		const unsigned n = take_u16(r->in) & 0xff;

		if (n == 0)
			return;
		skip(r->in, (ptrdiff_t)n);
		left -= 2 + (ptrdiff_t)n;
	}
}

static bool
take_aaaa(struct rdata *r)
{
	for (int i = 0; i < 4; i++)
		take_u32(r->in);
	return true;
}

static bool
take_soa(struct rdata *r)
{
	take_rdata_name(r);
	take_rdata_name(r);
	if (r->in->n < 20)
		return false;
	skip(r->in, 20);
	return true;
}

static bool
take_mx(struct rdata *r)
{
	take_u16(r->in);
	take_rdata_name(r);
	return true;
}

static bool
take_srv(struct rdata *r)
{
	if (r->netbios) /* NBSTAT: Zeek leaves the data where they are */
		return true;
	for (int i = 0; i < 3; i++)
		take_u16(r->in);
	take_rdata_name(r);
	return true;
}

/* Returns false on a violation. */
static bool
take_naptr(struct rdata *r)
{
	bool all = true;

	take_u16(r->in);
	take_u16(r->in);
	r->length -= 4;
	if (r->in->n == 0 || r->length <= 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (!take_string(r->in, &r->length))
			all = false;
	take_rdata_name(r);
	return all;
}

/* Skips OPT's options, which extend to the end of the message. */
static bool
take_opt(struct rdata *r)
{
	while (r->in->n >= 4) {
		skip(r->in, 2);
		const uint16_t n = take_u16(r->in);
		if (n > r->in->n)
			break;
		skip(r->in, n);
	}
	return r->in->n == 0;
}

static bool
take_tsig(struct rdata *r)
{
	take_name(r->in, TSIG_NAME_ROOM, r->netbios);
	take_u32(r->in);
	take_u16(r->in);
	take_u16(r->in);
	skip(r->in, take_u16(r->in)); /* the MAC */
	take_u16(r->in);
	take_u16(r->in);
	skip(r->in, take_u16(r->in)); /* other data */
	return true;
}

static bool
take_rrsig(struct rdata *r)
{
	if (r->in->n < 18)
		return false;
	skip(r->in, 18);
	take_rdata_name(r);
	skip(r->in, r->length - taken(r));
	return true;
}

static bool
take_nsec(struct rdata *r)
{
	take_rdata_name(r);
	take_type_bitmaps(r);
	return true;
}

static bool
take_nsec3(struct rdata *r)
{
	if (r->in->n < 6)
		return false;
	skip(r->in, 4);
	skip(r->in, take_u8(r->in)); /* salt */
	skip(r->in, take_u8(r->in)); /* hash */
	take_type_bitmaps(r);
	return true;
}

static bool
take_nsec3param(struct rdata *r)
{
	if (r->in->n < 5)
		return false;
	skip(r->in, 4);
	skip(r->in, take_u8(r->in));
	return true;
}

/* Skips `fixed` bytes, which must be there, and the rest of the record's data. */
static bool
take_fixed_and_rest(struct rdata *r, ptrdiff_t fixed)
{
	if (r->in->n < (size_t)fixed)
		return false;
	skip(r->in, fixed);
	skip(r->in, r->length - fixed);
	return true;
}

static bool
take_loc(struct rdata *r)
{
	if (r->in->n < 15)
		return false;
	skip(r->in, 12);
	take_u32(r->in); /* the altitude; of 15 bytes 3 remain */
	return true;
}

static bool
take_svcb(struct rdata *r)
{
	if (r->in->n < 3)
		return false;
	take_u16(r->in);
	take_rdata_name(r);

	ptrdiff_t left = r->length - taken(r);
	while (left >= 4) {
		take_u16(r->in);
		ptrdiff_t n = take_u16(r->in);
		left -= 4;
		if (n > left)
			n = left;
		skip(r->in, n);
		left -= n;
	}
	return true;
}

/* Handles the types of DNSSEC and later ones. */
static bool
take_later(struct rdata *r, uint16_t type)
{
	switch (type) {
	case 43: /* DS */
	case 48: /* DNSKEY */
		return take_fixed_and_rest(r, 4);
	case 44: /* SSHFP */
		return take_fixed_and_rest(r, 2);
	case 46: /* RRSIG */
		return take_rrsig(r);
	case 47: /* NSEC */
		return take_nsec(r);
	case 50: /* NSEC3 */
		return take_nsec3(r);
	case 51: /* NSEC3PARAM */
		return take_nsec3param(r);
	case 64: /* SVCB */
	case 65: /* HTTPS */
		return take_svcb(r);
	case 250: /* TSIG */
		return take_tsig(r);
	case 65534: /* BIND's signing state; not bounded by rdlength */
		if (r->in->n < 5)
			return false;
		skip(r->in, 5);
		return true;
	default: /* also HINFO, NB, TKEY and CAA, which no base script of Zeek handles */
		skip(r->in, r->length);
		return true;
	}
}

static enum dns_answer
take_data(struct rdata *r, uint16_t type)
{
	bool ok = true;

	switch (type) {
	case 1: /* A */
		ok = r->length == 4;
		if (ok)
			take_u32(r->in);
		break;
	case 2:  /* NS */
	case 5:  /* CNAME */
	case 12: /* PTR */
		take_rdata_name(r);
		break;
	case 6: /* SOA */
		ok = take_soa(r);
		break;
	case 11: /* WKS: Zeek's event has a handler, and then no bytes are taken */
		break;
	case 15: /* MX */
		ok = take_mx(r);
		break;
	case 16: /* TXT */
	case 99: /* SPF */
		ok = take_strings(r);
		break;
	case 28: /* AAAA */
	case 38: /* A6 */
		ok = take_aaaa(r);
		break;
	case 29: /* LOC */
		ok = take_loc(r);
		break;
	case 33: /* SRV */
		ok = take_srv(r);
		break;
	case 35: /* NAPTR */
		return take_naptr(r) ? DNS_OK : DNS_VIOLATED;
	case 41: /* OPT */
		ok = take_opt(r);
		break;
	default:
		ok = take_later(r, type);
		break;
	}
	return ok ? DNS_OK : DNS_FAILED;
}

/* Returns whether the data of an update's record are not consumed, so that Zeek takes them for the next record. */
static bool
leaves_data(const struct dns_context *c, const struct dns_head *head, uint32_t ttl, uint16_t rdlength)
{
	if (c->section == DNS_PREREQUISITES)
		return true;
	if (c->section == DNS_ANSWERS)
		return false;
	if (rdlength == 0 && head->class == CLASS_ANY && ttl == 0)
		return true;
	return !((head->class == CLASS_NONE && ttl == 0) || head->class == c->zone_class);
}

enum dns_answer
dns_take_record(struct bytes *in, const struct dns_context *c)
{
	struct dns_head head;

	if (!dns_take_head(in, c->netbios, &head))
		return DNS_FAILED;
	const uint32_t ttl = take_u32(in);
	const uint16_t rdlength = take_u16(in);
	if (rdlength > in->n)
		return DNS_FAILED;
	if (leaves_data(c, &head, ttl, rdlength))
		return DNS_OK;
	if (rdlength == 0 && in->n > 0)
		return c->section == DNS_ANSWERS ? DNS_FAILED : DNS_OK;

	struct rdata r = { in, rdlength, in->n, c->netbios };
	return take_data(&r, head.type);
}
