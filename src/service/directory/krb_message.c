/* krb_message.c - see krb_message.h.  RFC 4120; Zeek's krb/krb-protocol.pac, krb-types.pac and krb-padata.pac.
 *
 * As in Zeek, only the number of a tag matters, where a choice depends on it.  Nothing is buffered.
 */
#include "service/directory/krb_message.h"

#include "service/asn1.h"

enum message {
	AS_REQ = 10,
	AS_REP = 11,
	TGS_REQ = 12,
	TGS_REP = 13,
	AP_REQ = 14,
	AP_REP = 15,
	SAFE = 20,
	PRIV = 21,
	CRED = 22,
	ERROR = 30,
};

enum { PREAUTH_REQUIRED = 25 }; /* an error's code: its data is pre-authentication data */

static void
metas(struct reader *c, unsigned n)
{
	while (n--)
		(void)asn1_meta(c);
}

static void
values(struct reader *c, unsigned n)
{
	while (n--)
		(void)asn1_value(c);
}

/* Skips to the end of the enclosing element. */
static void
all_values(struct reader *c)
{
	while (read_more(c))
		(void)asn1_value(c);
}

static void
principal(struct reader *c)
{
	metas(c, 2);
	values(c, 1);
	metas(c, 2);
	all_values(c);
}

static void
host_address(struct reader *c)
{
	metas(c, 2);
	values(c, 1);
	(void)asn1_element(c);
}

/* KRB_Encrypted_Data of `length` bytes. */
static void
encrypted_data(struct reader *c, uint64_t length)
{
	const size_t outer = read_enter(c, length);

	metas(c, 1);
	(void)asn1_element(c);
	struct asn1_meta m = asn1_meta(c);
	if (m.index == 1) { /* the optional key version comes first */
		values(c, 1);
		m = asn1_meta(c);
	}
	const size_t inner = read_enter(c, m.length);
	values(c, 1);
	read_leave(c, inner);
	read_leave(c, outer);
}

static void
encrypted(struct reader *c)
{
	encrypted_data(c, asn1_meta(c).length);
}

static void
ticket(struct reader *c, bool in_sequence)
{
	metas(c, in_sequence ? 3 : 2);
	(void)asn1_element(c);
	(void)asn1_element(c);
	const size_t outer = read_enter(c, asn1_meta(c).length);
	principal(c);
	read_leave(c, outer);
	encrypted(c);
}

static void
tickets(struct reader *c)
{
	const size_t outer = read_enter(c, asn1_meta(c).length);

	while (read_more(c))
		ticket(c, false);
	read_leave(c, outer);
}

static void
ap_req(struct talk *t, struct reader *c)
{
	metas(c, 1);
	(void)asn1_element(c);
	(void)asn1_element(c);
	metas(c, 2);
	read_skip(c, 5); /* unused bits, options */
	ticket(c, true);
	encrypted(c);
	if (!c->bad)
		talk_confirm(t); /* also inside a TGS-REQ */
}

/* KRB_PA_PK_AS_Req, _Rep: a certificate after `n` lengths. */
static void
certificate(struct reader *c, unsigned n)
{
	metas(c, n);
	values(c, 1);
	metas(c, 2);
	values(c, 3);
	(void)read_string(c, asn1_meta(c).length);
}

static void
encryption_info(struct reader *c)
{
	metas(c, 1);
	const bool salted = asn1_meta(c).length > 7;
	metas(c, 1);
	values(c, 1);
	if (salted) {
		metas(c, 1);
		(void)read_string(c, asn1_meta(c).length);
	}
}

/* KRB_PA_Data_Element */
static void
padata_element(struct talk *t, struct reader *c, uint64_t type, uint64_t length)
{
	/* These two are not limited to their length. */
	if (type == 1) {
		metas(c, 2);
		ap_req(t, c);
		return;
	}
	if (type == 3) {
		values(c, 1);
		return;
	}
	if (type == 2) {
		encrypted_data(c, length);
		return;
	}
	const size_t outer = read_enter(c, length);
	if (type == 16)
		certificate(c, 4);
	else if (type == 17)
		certificate(c, 5);
	else if (type == 11 || type == 19)
		encryption_info(c);
	else
		values(c, 1);
	read_leave(c, outer);
}

/* KRB_PA_Data_Sequence, to the end of the enclosing element. */
static void
padata_sequence(struct talk *t, struct reader *c, bool in_error)
{
	const struct asn1_meta m = asn1_meta(c);

	if (m.tag != 0x30) {
		(void)read_string(c, m.length);
		return;
	}
	while (read_more(c)) {
		metas(c, 1);
		const uint64_t type = asn1_number(asn1_element(c));
		const uint64_t length = asn1_meta(c).length;
		if (in_error)
			(void)read_string(c, length);
		else
			padata_element(t, c, type, length);
	}
}

/* KRB_PA_Data_Optional.  Returns the length of the element that follows. */
static uint64_t
padata(struct talk *t, struct reader *c, uint8_t index)
{
	const struct asn1_meta m = asn1_meta(c);

	if (m.index != index)
		return m.length; /* there is none: this is the beginning of the next element */
	const size_t outer = read_enter(c, m.length);
	padata_sequence(t, c, false);
	read_leave(c, outer);
	return asn1_meta(c).length;
}

/* KRB_REQ_Arg_Data */
static void
request_argument(struct reader *c, uint8_t index)
{
	switch (index) {
	case 0:
		metas(c, 1);
		read_skip(c, 5);
		break;
	case 1:
	case 3:
		principal(c);
		break;
	case 2:
	case 7:
	case 10:
		values(c, 1);
		break;
	case 4:
	case 5:
	case 6:
		metas(c, 1);
		break;
	case 8:
		metas(c, 1);
		all_values(c);
		break;
	case 9:
		metas(c, 1);
		while (read_more(c))
			host_address(c);
		break;
	case 11:
		tickets(c);
		break;
	default:
		break;
	}
}

static void
kdc_req(struct talk *t, struct reader *c)
{
	metas(c, 1);
	(void)asn1_element(c);
	(void)asn1_element(c);
	(void)padata(t, c, 3);
	metas(c, 1);
	while (read_more(c)) {
		const struct asn1_meta m = asn1_meta(c);
		const size_t           outer = read_enter(c, m.length);
		request_argument(c, m.index);
		read_leave(c, outer);
	}
}

static void
kdc_rep(struct talk *t, struct reader *c)
{
	metas(c, 1);
	(void)asn1_element(c);
	(void)asn1_element(c);
	size_t outer = read_enter(c, padata(t, c, 2));
	values(c, 1);
	read_leave(c, outer);
	outer = read_enter(c, asn1_meta(c).length);
	principal(c);
	read_leave(c, outer);
	ticket(c, true);
	encrypted(c);
}

/* KRB_ERROR_Arg.  Returns false at the element that ends the first list; the caller reads its data, the code. */
static bool
error_argument(struct talk *t, struct reader *c, uint64_t code)
{
	const struct asn1_meta m = asn1_meta(c);

	if (m.index == 6)
		return false;
	const size_t outer = read_enter(c, m.length);
	if (m.index == 2 || m.index == 4)
		metas(c, 1);
	else if (m.index == 8 || m.index == 10)
		principal(c);
	else if (m.index == 12 && code == PREAUTH_REQUIRED)
		padata_sequence(t, c, true);
	else if (m.index > 12)
		read_fail(c);
	else if (m.index < 12)
		values(c, 1);
	read_leave(c, outer);
	return true;
}

static void
error(struct talk *t, struct reader *c)
{
	metas(c, 1);
	while (read_more(c) && error_argument(t, c, 0))
		;
	const uint64_t code = asn1_number(asn1_value(c));
	while (read_more(c))
		(void)error_argument(t, c, code);
}

/* KRB_SAFE_MSG: its arguments take everything, so the checksum after them never fits and it cannot confirm. */
static void
safe(struct reader *c)
{
	read_fail(c);
}

static void
body(struct talk *t, struct reader *c, unsigned type)
{
	switch (type) {
	case AS_REQ:
	case TGS_REQ:
		kdc_req(t, c);
		break;
	case AS_REP:
	case TGS_REP:
		kdc_rep(t, c);
		break;
	case AP_REQ:
		ap_req(t, c);
		break;
	case AP_REP:
	case PRIV:
		(void)asn1_element(c);
		(void)asn1_element(c);
		encrypted(c);
		break;
	case SAFE:
		safe(c);
		break;
	case CRED:
		(void)asn1_element(c);
		(void)asn1_element(c);
		metas(c, 2);
		tickets(c);
		encrypted(c);
		break;
	case ERROR:
		error(t, c);
		break;
	default:
		read_fail(c);
		break;
	}
}

bool
krb_message(struct talk *t, struct bytes b)
{
	struct reader c = reader_of(b);

	body(t, &c, asn1_meta(&c).tag & 0x1f);
	if (c.bad)
		return false;
	talk_confirm(t);
	talk_settled(t); /* nothing is inside */
	return true;
}
