/* smb1.c - a message of SMB 1 (MS-CIFS, MS-SMB); Zeek's smb/smb1-protocol.pac and smb1-com-*.pac.
 *
 * A message is a record for its command, which another record can follow (AndX). Zeek reads that one where the first
 * ends, not at the given offset; the offset only says how much is skipped. Positions inside a record count from its
 * beginning (the 32 bytes of the header precede the first). A chain of 10, or one whose offset does not advance, adds
 * an X to the history.
 */
#include "service/file/smb1.h"

enum command {
	CLOSE = 0x04,
	QUERY_INFORMATION = 0x08,
	CHECK_DIRECTORY = 0x10,
	LOCKING_ANDX = 0x24,
	TRANSACTION = 0x25,
	TRANSACTION_SECONDARY = 0x26,
	ECHO = 0x2b,
	READ_ANDX = 0x2e,
	WRITE_ANDX = 0x2f,
	TRANSACTION2 = 0x32,
	TRANSACTION2_SECONDARY = 0x33,
	TREE_DISCONNECT = 0x71,
	NEGOTIATE = 0x72,
	SESSION_SETUP_ANDX = 0x73,
	LOGOFF_ANDX = 0x74,
	TREE_CONNECT_ANDX = 0x75,
	NT_TRANSACT = 0xa0,
	NT_CREATE_ANDX = 0xa2,
	NT_CANCEL = 0xa4,
	NONE = 0xff,
};

enum { HEADER = 28, NO_MESSAGE = 35, MAX_DEPTH = 10 };

static void record(struct smb1_record r);

struct bytes
smb1_string(struct reader *c, bool unicode, size_t position)
{
	const size_t width = unicode ? 2 : 1;

	if (unicode && position & 1)
		read_skip(c, 1);
	for (size_t n = 0; !c->bad; n += width) {
		if (read_left(c) < n + width)
			return read_take(c, read_left(c));
		if (c->at + n + width > c->held) {
			c->lost = true;
			read_fail(c);
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): so many bytes are held */
		} else if (c->p[c->at + n] == 0 && c->p[c->at + n + width - 1] == 0) {
			return read_take(c, n + width);
		}
	}
	return (struct bytes){ c->p, 0 };
}

void
smb1_strings(const struct smb1_record *r, unsigned n)
{
	while (n--)
		(void)smb1_string(r->m->c, r->m->unicode, smb1_position(r));
}

void
smb1_optional_strings(const struct smb1_record *r, unsigned n)
{
	while (n-- && !r->m->c->bad) {
		if (!read_more(r->m->c))
			read_fail(r->m->c);
		smb1_strings(r, 1);
	}
}

void
smb1_andx(const struct smb1_record *r, const uint8_t *a, bool request, unsigned base)
{
	struct reader *c = r->m->c;
	const uint8_t  command = a[0];
	const unsigned offset = load_le16(a + 2);
	const unsigned at = r->base + (unsigned)smb1_position(r);
	unsigned       skip = 0;

	if (offset != 0 && offset < at + 2) {
		if (offset < at)
			read_fail(c);
		else
			skip = offset - at;
	}
	read_skip(c, skip);
	if (c->bad || command == NONE)
		return;
	if (r->depth <= MAX_DEPTH && offset > base)
		record((struct smb1_record){ .m = r->m,
		                             .start = c->at,
		                             .base = (uint16_t)(at + skip),
		                             .command = command,
		                             .depth = (uint8_t)(r->depth + 1),
		                             .request = request });
	if (!c->bad && (r->depth >= MAX_DEPTH || offset <= base))
		talk_note_x(r->m->t);
}

void
smb1_chain(const struct smb1_record *r, const uint8_t *p)
{
	if (!r->m->c->bad)
		smb1_andx(r, p + 1, r->request, r->base);
}

/* ---- files */

/* Reads a request that names a path, or a response of `response` bytes. */
static void
path(const struct smb1_record *r, size_t response)
{
	if (!r->request)
		read_skip(r->m->c, response);
	else if (smb1_fixed(r, 4))
		smb1_strings(r, 1);
}

static void
read_request(const struct smb1_record *r)
{
	const uint8_t *p = smb1_fixed(r, 21);

	if (!p)
		return;
	read_skip(r->m->c, p[0] == 0x0c ? 6 : 2);
	smb1_chain(r, p);
}

static void
read_response(const struct smb1_record *r)
{
	const uint8_t *p = smb1_fixed(r, 27);

	if (!p)
		return;
	smb1_to(r, load_le16(p + 13));
	const struct bytes data = read_string(r->m->c, (uint32_t)load_le16(p + 15) << 16 | load_le16(p + 11));
	smb1_chain(r, p);
	if (!r->m->c->bad && r->m->is_pipe)
		smb_pipe_data(r->m->t, 0, TALK_RESP, data);
}

static void
write_request(const struct smb1_record *r)
{
	const uint8_t *p = smb1_fixed(r, 25);

	if (!p)
		return;
	read_skip(r->m->c, p[0] == 0x0e ? 6 : 2);
	smb1_to(r, load_le16(p + 23));
	const struct bytes data = read_string(r->m->c, (uint32_t)load_le16(p + 19) << 16 | load_le16(p + 21));
	smb1_chain(r, p);
	if (!r->m->c->bad && r->m->is_pipe)
		smb_pipe_data(r->m->t, 0, TALK_ORIG, data);
}

static void
write_response(const struct smb1_record *r)
{
	const uint8_t *p = smb1_fixed(r, 15);

	if (p)
		smb1_chain(r, p);
}

static void
nt_create(const struct smb1_record *r)
{
	struct smb1   *m = r->m;
	const uint8_t *p = smb1_fixed(r, r->request ? 51 : 71);
	struct bytes   name = { 0 };

	if (!p)
		return;
	if (r->request)
		name = smb1_string(m->c, m->unicode, smb1_position(r));
	smb1_chain(r, p);
	if (r->request && !m->c->bad && !m->is_pipe && smb_is_pipe_name(name, m->unicode))
		smb_tree_set_pipe(talk_state(m->t), m->tree);
}

/* ---- all commands */

static void
echo(const struct smb1_record *r)
{
	const uint8_t *p = smb1_fixed(r, 5);

	read_skip(r->m->c, p ? load_le16(p + 3) : 0);
}

/* The remaining commands, which have no variable parts. */
static void
plain(const struct smb1_record *r)
{
	size_t n = 0;

	if (r->command == CLOSE)
		n = r->request ? 9 : 3;
	else if (r->command == TREE_DISCONNECT)
		n = 3;
	else if (r->command == NT_TRANSACT)
		n = 1;
	else if (r->command == NT_CANCEL)
		n = r->request ? 3 : 0;
	read_skip(r->m->c, n);
	/* Zeek selects by a number here that it never sets, and finds no matching case. */
	if (r->command == LOCKING_ANDX && r->request)
		read_fail(r->m->c);
}

static void
record(struct smb1_record r)
{
	switch (r.command) {
	case QUERY_INFORMATION:
		path(&r, 23);
		break;
	case CHECK_DIRECTORY:
		path(&r, 3);
		break;
	case TRANSACTION:
		(r.request ? smb1_transaction_request : smb1_transaction_response)(&r);
		break;
	case TRANSACTION_SECONDARY:
	case TRANSACTION2_SECONDARY:
		if (r.request)
			smb1_transaction_secondary(&r, r.command == TRANSACTION2_SECONDARY);
		break;
	case ECHO:
		echo(&r);
		break;
	case READ_ANDX:
		(r.request ? read_request : read_response)(&r);
		break;
	case WRITE_ANDX:
		(r.request ? write_request : write_response)(&r);
		break;
	case TRANSACTION2:
		(r.request ? smb1_transaction2_request : smb1_transaction2_response)(&r);
		break;
	case NEGOTIATE:
		(r.request ? smb1_negotiate_request : smb1_negotiate_response)(&r);
		break;
	case SESSION_SETUP_ANDX:
		smb1_session_setup(&r);
		break;
	case LOGOFF_ANDX:
		smb1_logoff(&r);
		break;
	case TREE_CONNECT_ANDX:
		(r.request ? smb1_tree_connect_request : smb1_tree_connect_response)(&r);
		break;
	case NT_CREATE_ANDX:
		nt_create(&r);
		break;
	default:
		plain(&r);
		break;
	}
}

void
smb1_message(struct talk *t, int side, struct reader *c, uint32_t frame_length)
{
	const struct bytes b = read_take(c, HEADER);

	if (!b.n)
		return;
	struct smb1 m = {
		.t = t, .c = c, .unicode = load_le16(b.p + 6) >> 15, .tree = load_le16(b.p + 20), .id = load_le16(b.p + 26)
	};
	m.is_pipe = smb_tree_is_pipe(talk_state(t), m.tree);
	if (frame_length == NO_MESSAGE)
		read_skip(c, 3);
	else
		record((struct smb1_record){
			.m = &m, .start = c->at, .base = SMB1_HEADER_LENGTH, .command = b.p[0], .request = side == TALK_ORIG });
}
