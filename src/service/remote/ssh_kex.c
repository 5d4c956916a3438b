/* ssh_kex.c - see ssh_kex.h. */
#include "service/remote/ssh_kex.h"

#define STRING_MAX (2u << 20) /* SSH::max_string_length */
#define NAMES_MAX  100        /* SSH::max_kexinit_..._algorithms: later names are ignored */
#define NAMES_HOLD 8192u      /* of the first side's list */

/* Reads a string and returns it. */
static struct bytes
string(struct reader *r, bool *x)
{
	uint32_t len = read_be32(r);

	if (len > STRING_MAX) {
		*x = true;
		len = STRING_MAX;
	}
	const uint8_t *p = read_fixed(r, len);
	return p ? (struct bytes){ p, len } : (struct bytes){ NULL, 0 };
}

static void
strings(struct reader *r, unsigned n, bool *x)
{
	while (n-- > 0)
		(void)string(r, x);
}

/* ---- the choice of a method */

/* Consumes the next name of a list; an empty list has one, the empty name.  Returns false at the end. */
static bool
next_name(struct bytes *list, struct bytes *name)
{
	if (!list->p)
		return false;
	const uint8_t *comma = list->n ? memchr(list->p, ',', list->n) : NULL;
	*name = bytes_head(*list, comma ? (size_t)(comma - list->p) : list->n);
	*list = comma ? bytes_skip(*list, name->n + 1) : (struct bytes){ NULL, 0 };
	return true;
}

static bool
too_many(struct bytes list)
{
	struct bytes name;

	for (unsigned n = 0; next_name(&list, &name); n++)
		if (n == NAMES_MAX)
			return true;
	return false;
}

static bool
has_name(struct bytes list, struct bytes wanted)
{
	struct bytes name;

	for (unsigned n = 0; n < NAMES_MAX && next_name(&list, &name); n++)
		if (name.n == wanted.n && (name.n == 0 || memcmp(name.p, wanted.p, name.n) == 0))
			return true;
	return false;
}

static enum ssh_state
method_of(struct bytes name)
{
	static const struct {
		const char    *name;
		bool           whole; /* or only its beginning */
		enum ssh_state state;
	} known[] = {
		{ "rsa1024-sha1", true, SSH_RSA },
		{ "rsa2048-sha256", true, SSH_RSA },
		{ "diffie-hellman-group1-sha1", true, SSH_DH },
		{ "diffie-hellman-group14-sha1", true, SSH_DH },
		{ "diffie-hellman-group14-sha256", true, SSH_DH },
		{ "diffie-hellman-group16-sha512", true, SSH_DH },
		{ "diffie-hellman-group-exchange-sha1", true, SSH_GEX },
		{ "diffie-hellman-group-exchange-sha256", true, SSH_GEX },
		{ "gss-", false, SSH_GSS },
		{ "ecdh-sha2-", false, SSH_ECC },
		{ "ecmqv-sha2", true, SSH_ECC },
		{ "curve25519-sha256", false, SSH_ECC },
		{ "sntrup761x25519-sha512", false, SSH_ECC },
		{ "mlkem", false, SSH_ECC },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const size_t n = strlen(known[i].name);
		if ((known[i].whole ? name.n == n : name.n >= n) && memcmp(name.p, known[i].name, n) == 0)
			return known[i].state;
	}
	return SSH_VERSION;
}

/* Returns the client's first name that the server has, too; SSH_VERSION: none, or an unknown one. */
static enum ssh_state
common(struct bytes client, struct bytes server)
{
	struct bytes name;

	for (unsigned n = 0; n < NAMES_MAX && next_name(&client, &name); n++)
		if (has_name(server, name))
			return method_of(name);
	return SSH_VERSION;
}

/* Stores the first NAMES_MAX names of the list, as far as they are complete. */
static void
keep(struct ssh_choice *c, struct bytes list)
{
	struct bytes rest = list, name;
	size_t       n = 0;

	for (unsigned i = 0; i < NAMES_MAX && next_name(&rest, &name); i++) {
		const size_t upto = (size_t)(name.p - list.p) + name.n;
		if (upto > NAMES_HOLD)
			break;
		n = upto;
	}
	list = bytes_head(list, n);
	(void)gather_need(&c->names, &list, n + 1); /* one more than there are: all are buffered */
}

static enum ssh_state
choose(struct ssh_choice *c, int side, struct bytes list)
{
	static const uint8_t nothing[1];

	if (!c->seen) {
		c->seen = true;
		c->side = (uint8_t)side;
		keep(c, list);
		return SSH_VERSION;
	}
	if (c->side == side)
		return SSH_VERSION;
	const struct bytes names = gather_held(&c->names), first = { names.n ? names.p : nothing, names.n };
	return side == 0 ? common(list, first) : common(first, list);
}

bool
ssh_kexinit(struct ssh_choice *c, int side, struct bytes payload, enum ssh_state *method, bool *x)
{
	struct reader r = reader_of(payload);
	struct bytes
		lists[10]; /* methods, host keys, ciphers, MACs, compressions, languages; each from client and from server */

	read_skip(&r, 16);
	for (size_t i = 0; i < 10; i++)
		lists[i] = string(&r, x);
	read_skip(&r, 1 + 4);
	if (r.bad)
		return false;
	*method = choose(c, side, lists[0]);
	for (size_t i = 0; i < 10; i++)
		*x |= too_many(lists[i]);
	return true;
}

/* ---- the methods' messages */

static void
gss(struct reader *r, uint8_t type, bool *x)
{
	switch (type) {
	case 30: /* INIT */
	case 41: /* GROUP */
		strings(r, 2, x);
		break;
	case 31: /* CONTINUE */
	case 33: /* HOSTKEY */
		strings(r, 1, x);
		break;
	case 32: /* COMPLETE */
		strings(r, 2, x);
		if (read_u8(r) != 0)
			strings(r, 1, x);
		break;
	case 34: /* ERROR */
		read_skip(r, 8);
		strings(r, 2, x);
		break;
	case 40: /* GROUPREQ */
		read_skip(r, 12);
		break;
	default:
		read_fail(r);
	}
}

static void
gex(struct reader *r, uint8_t type, bool *x)
{
	if (type == 30) /* REQUEST_OLD */
		read_skip(r, 4);
	else if (type == 34) /* REQUEST */
		read_skip(r, 12);
	else if (type >= 31 && type <= 33) /* GROUP, INIT, REPLY */
		strings(r, type == 31 ? 2 : type == 32 ? 1 : 3, x);
}

/* Returns whether the packet does not determine where the message ends: the padding must then fit after its fields. */
static bool
is_open(enum ssh_state state, uint8_t type)
{
	return state == SSH_ECC || (state == SSH_GEX && (type == 30 || type == 34)) || (state == SSH_GSS && type == 40);
}

bool
ssh_kex_message(enum ssh_state state, uint8_t type, struct bytes p, uint8_t pad, bool *x)
{
	const bool open = is_open(state, type);
	if (!open && p.n < pad)
		return false;
	struct reader r = reader_of(open ? p : bytes_head(p, p.n - pad));

	switch (state) {
	case SSH_ECC:
		if (type != 30 && type != 31)
			return false;
		strings(&r, type == 30 ? 1 : 3, x);
		break;
	case SSH_RSA:
		if (type < 30 || type > 32)
			return false;
		strings(&r, type == 30 ? 2 : 1, x);
		break;
	case SSH_DH:
		if (type == 30 || type == 31)
			strings(&r, type == 30 ? 1 : 3, x);
		break;
	case SSH_GEX:
		gex(&r, type, x);
		break;
	case SSH_GSS:
		gss(&r, type, x);
		break;
	default:
		break;
	}
	return !r.bad && (!open || read_left(&r) >= pad);
}

/* ---- version 1 */

static void
mp_int(struct reader *r)
{
	const uint16_t bits = read_be16(r);

	read_skip(r, (bits + 7u) / 8);
}

bool
ssh1_public_key(struct reader *r)
{
	read_skip(r, 8 + 4);
	mp_int(r);
	mp_int(r);
	read_skip(r, 4);
	mp_int(r);
	mp_int(r);
	read_skip(r, 12);
	return !r->bad;
}

bool
ssh1_session_key(struct reader *r)
{
	read_skip(r, 1 + 8);
	mp_int(r);
	read_skip(r, 4);
	return !r->bad;
}
