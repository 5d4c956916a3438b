/* ntlm.c - an NTLMSSP message in SMB, DCE-RPC or GSSAPI (MS-NLMP); Zeek's ntlm/ntlm-protocol.pac.
 *
 * It is fed one complete message at a time.  A message that contains its header and the
 * strings it points to confirms, as does one of unknown type; any other violates.  Nothing is buffered.
 */
#include "service/reader.h"
#include "dpd/talk.h"

enum { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };

enum flag {
	REQUEST_TARGET = 0x4,
	OEM_DOMAIN = 0x1000,
	OEM_WORKSTATION = 0x2000,
	TARGET_INFO = 0x00800000,
	VERSION = 0x02000000,
};

/* The position of a string, from the beginning of the message. */
struct field {
	uint16_t length;
	uint32_t offset;
};

/* The part after the fixed fields. */
struct payload {
	struct bytes b;
	uint32_t     at; /* its offset in the message */
};

static struct field
field(struct reader *c)
{
	struct field f = { .length = read_le16(c) };

	read_skip(c, 2);
	f.offset = read_le32(c);
	return f;
}

static struct payload
payload(struct reader *c)
{
	const uint32_t at = (uint32_t)c->at;

	return (struct payload){ read_take(c, read_left(c)), at };
}

static bool
has_string(struct payload p, struct field f)
{
	return f.offset >= p.at && bytes_at(p.b, f.offset - p.at, f.length);
}

/* Returns whether the payload begins with the version: it does unless a string is there. */
static bool
has_version(struct payload p, uint32_t flags, const struct field *f, unsigned n)
{
	if (!(flags & VERSION))
		return true;
	for (unsigned i = 0; i < n; i++)
		if (f[i].offset <= p.at)
			return true;
	return p.b.n >= 8;
}

static bool
negotiate(struct reader *c)
{
	const uint32_t       flags = read_le32(c);
	const struct field   domain = field(c), workstation = field(c);
	const struct field   f[] = { domain, workstation };
	const struct payload p = payload(c);

	return !c->bad && has_version(p, flags, f, 2) && (!(flags & OEM_DOMAIN) || has_string(p, domain)) &&
	       (!(flags & OEM_WORKSTATION) || has_string(p, workstation));
}

/* NTLM_AV_Pair. Returns false after the last one. */
static bool
pair(struct reader *c)
{
	const uint16_t id = read_le16(c), length = read_le16(c);

	switch (id) {
	case 0:
		return false;
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
	case 9:
		read_skip(c, length);
		break;
	case 6:
		read_skip(c, 4);
		break;
	case 7:
		read_skip(c, 8);
		break;
	case 8:
		read_skip(c, 8);
		read_skip(c, read_le32(c) & 1 ? 8 : 4);
		break;
	case 10:
		read_skip(c, 2);
		break;
	default:
		read_fail(c);
		break;
	}
	return true;
}

static bool
has_pairs(struct payload p, struct field f)
{
	struct reader c = reader_of(p.b);

	read_skip(&c, (uint16_t)(f.offset - p.at));
	while (read_more(&c) && pair(&c))
		;
	return !c.bad;
}

static bool
challenge(struct reader *c)
{
	const struct field name = field(c);
	const uint32_t     flags = read_le32(c);

	read_skip(c, 16); /* the challenge, reserved */
	const struct field   info = field(c);
	const struct field   f[] = { name, info };
	const struct payload p = payload(c);
	return !c->bad && has_version(p, flags, f, 2) && (!(flags & REQUEST_TARGET) || has_string(p, name)) &&
	       (!(flags & TARGET_INFO) || has_pairs(p, info));
}

static bool
authenticate(struct reader *c)
{
	enum { LM, NT, DOMAIN, USER, WORKSTATION, KEY, N };
	struct field f[N];

	for (unsigned i = 0; i < N; i++)
		f[i] = field(c);
	const uint32_t       flags = read_le32(c);
	const struct payload p = payload(c);
	if (c->bad || !has_version(p, flags, f + DOMAIN, N - DOMAIN))
		return false;
	for (unsigned i = NT; i < N; i++)
		if (f[i].length > 0 && !has_string(p, f[i]))
			return false;
	return true;
}

static bool
message(struct reader *c)
{
	read_skip(c, 8); /* the signature, which is not examined */
	switch (read_le32(c)) {
	case NEGOTIATE:
		return negotiate(c);
	case CHALLENGE:
		return challenge(c);
	case AUTHENTICATE:
		return authenticate(c);
	default:
		return !c->bad;
	}
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct reader c = reader_of(b);

	(void)side;
	if (message(&c))
		talk_confirm(t);
	else
		talk_violate(t);
}

const struct recogniser recogniser_ntlm = {
	.service = SERVICE_NTLM,
	.feed = feed,
};
