/* smb1.c - a message of SMB 1 (MS-CIFS, MS-SMB); Zeek's smb/smb1-protocol.pac and smb1-com-*.pac.
 *
 * A message is a record for its command, which another record can follow (AndX). Zeek reads that one where the first
 * ends, not at the given offset; the offset only says how much is skipped. Positions inside a record count from its
 * beginning (the 32 bytes of the header precede the first). A chain of 10, or one whose offset does not advance, adds
 * an X to the history.
 */
#include "service/file/smb.h"

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

enum { HEADER = 28, HEADER_LENGTH = 32, NO_MESSAGE = 35, MAX_DEPTH = 10 };

struct message {
	struct talk   *t;
	struct reader *c;
	uint16_t       tree, id;
	bool           unicode, is_pipe;
};

/* A record, possibly a chained one. */
struct record {
	struct message *m;
	size_t          start; /* in the frame */
	uint16_t        base;  /* the offset that Zeek assumes for it */
	uint8_t         command, depth;
	bool            request;
};

static void record(struct record r);

/* Returns the next `n` bytes, or NULL. */
static const uint8_t *
fixed(const struct record *r, size_t n)
{
	const struct bytes b = read_take(r->m->c, n);

	return b.n ? b.p : NULL;
}

/* Skips to an offset from the header. */
static void
to(const struct record *r, uint16_t offset)
{
	smb_pad(r->m->c, r->start, (int64_t)offset - HEADER_LENGTH);
}

static size_t
position(const struct record *r)
{
	return r->m->c->at - r->start;
}

/* SMB_string.  Returns it including its end; in UTF-16 padded to an even `position`.  It may also end with the frame. */
static struct bytes
string(struct reader *c, bool unicode, size_t position)
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

static void
strings(const struct record *r, unsigned n)
{
	while (n--)
		(void)string(r->m->c, r->m->unicode, position(r));
}

/* Strings that are arrays of one element in Zeek: they do not begin at the end of the frame. */
static void
optional_strings(const struct record *r, unsigned n)
{
	while (n-- && !r->m->c->bad) {
		if (!read_more(r->m->c))
			read_fail(r->m->c);
		strings(r, 1);
	}
}

/* Ends a record that another can follow: its AndX fields are at `a`. */
static void
andx(const struct record *r, const uint8_t *a, bool request, unsigned base)
{
	struct reader *c = r->m->c;
	const uint8_t  command = a[0];
	const unsigned offset = load_le16(a + 2);
	const unsigned at = r->base + (unsigned)position(r);
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
		record((struct record){ .m = r->m,
		                        .start = c->at,
		                        .base = (uint16_t)(at + skip),
		                        .command = command,
		                        .depth = (uint8_t)(r->depth + 1),
		                        .request = request });
	if (!c->bad && (r->depth >= MAX_DEPTH || offset <= base))
		talk_note_x(r->m->t);
}

/* Follows the AndX of a record that ends here; `p` is the record. */
static void
chain(const struct record *r, const uint8_t *p)
{
	if (!r->m->c->bad)
		andx(r, p + 1, r->request, r->base);
}

/* ---- files */

/* Reads a request that names a path, or a response of `response` bytes. */
static void
path(const struct record *r, size_t response)
{
	if (!r->request)
		read_skip(r->m->c, response);
	else if (fixed(r, 4))
		strings(r, 1);
}

static void
read_request(const struct record *r)
{
	const uint8_t *p = fixed(r, 21);

	if (!p)
		return;
	read_skip(r->m->c, p[0] == 0x0c ? 6 : 2);
	chain(r, p);
}

static void
read_response(const struct record *r)
{
	const uint8_t *p = fixed(r, 27);

	if (!p)
		return;
	to(r, load_le16(p + 13));
	const struct bytes data = read_string(r->m->c, (uint32_t)load_le16(p + 15) << 16 | load_le16(p + 11));
	chain(r, p);
	if (!r->m->c->bad && r->m->is_pipe)
		smb_pipe_data(r->m->t, 0, TALK_RESP, data);
}

static void
write_request(const struct record *r)
{
	const uint8_t *p = fixed(r, 25);

	if (!p)
		return;
	read_skip(r->m->c, p[0] == 0x0e ? 6 : 2);
	to(r, load_le16(p + 23));
	const struct bytes data = read_string(r->m->c, (uint32_t)load_le16(p + 19) << 16 | load_le16(p + 21));
	chain(r, p);
	if (!r->m->c->bad && r->m->is_pipe)
		smb_pipe_data(r->m->t, 0, TALK_ORIG, data);
}

static void
write_response(const struct record *r)
{
	const uint8_t *p = fixed(r, 15);

	if (p)
		chain(r, p);
}

static void
nt_create(const struct record *r)
{
	struct message *m = r->m;
	const uint8_t  *p = fixed(r, r->request ? 51 : 71);
	struct bytes    name = { 0 };

	if (!p)
		return;
	if (r->request)
		name = string(m->c, m->unicode, position(r));
	chain(r, p);
	if (r->request && !m->c->bad && !m->is_pipe && smb_is_pipe_name(name, m->unicode))
		smb_tree_set_pipe(talk_state(m->t), m->tree);
}

/* ---- transactions */

/* Returns whether the wide or narrow `name` has `text` at its `at`th character. */
static bool
has(struct bytes name, bool wide, size_t at, const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		const uint8_t *p = bytes_at(name, (at + i) << wide, 1);
		if (!p || *p != (uint8_t)text[i])
			return false;
	}
	return true;
}

/* Skips the parameters, whose length and offset are given, to the offset of the data. */
static void
to_data(const struct record *r, const uint8_t *parameters, const uint8_t *data)
{
	to(r, load_le16(parameters + 2));
	read_skip(r->m->c, load_le16(parameters));
	to(r, load_le16(data));
}

static void
transaction_request(const struct record *r)
{
	struct message *m = r->m;
	struct reader  *c = m->c;
	const uint8_t  *p = fixed(r, 29);

	if (!p)
		return;
	read_skip(c, 2u * p[27] + 2);
	const struct bytes name = string(c, m->unicode, position(r));
	to_data(r, p + 19, p + 25);
	if (c->bad)
		return;
	const bool in_pipes = has(name, m->unicode, 0, "\\PIPE\\");
	const bool lanman = in_pipes && has(name, m->unicode, 6, "LANMAN");
	if (in_pipes && !lanman)
		smb_pipe_data(m->t, 0, TALK_ORIG, read_take(c, read_left(c)));
	smb_transaction_set(talk_state(m->t), m->id, in_pipes ? !lanman : smb_tree_is_pipe(talk_state(m->t), m->tree));
}

static void
transaction_response(const struct record *r)
{
	struct message *m = r->m;
	struct reader  *c = m->c;
	const uint8_t  *p = fixed(r, 21);

	if (!p)
		return;
	read_skip(c, 2u * p[19] + 2);
	to_data(r, p + 7, p + 15);
	if (c->bad || load_le16(p + 13) == 0)
		return;
	if (!read_more(c))
		read_fail(c);
	else if (smb_transaction_take(talk_state(m->t), m->id))
		smb_pipe_data(m->t, 0, TALK_RESP, read_take(c, read_left(c)));
}

static void
transaction_secondary(const struct record *r, bool second)
{
	const uint8_t *p = fixed(r, second ? 21 : 19);

	if (!r->request || !p)
		return;
	to_data(r, p + 5, p + 13);
	if (second)
		read_skip(r->m->c, load_le16(p + 11));
}

static void
transaction2_request(const struct record *r)
{
	struct reader *c = r->m->c;
	const uint8_t *p = fixed(r, 33);

	if (!p)
		return;
	to(r, load_le16(p + 21));
	switch (load_le16(p + 29)) {
	case 0x01: /* find first; its name, like that of the others, is relative to the sub-command */
		read_skip(c, 12);
		(void)string(c, r->m->unicode, 12);
		break;
	case 0x05: /* query path */
		read_skip(c, 6);
		(void)string(c, r->m->unicode, 6);
		break;
	case 0x07: /* query file */
		read_skip(c, 4);
		break;
	case 0x10: /* DFS referral */
		read_skip(c, 2);
		(void)string(c, r->m->unicode, 2);
		break;
	default:
		break;
	}
}

static void
transaction2_response(const struct record *r)
{
	const uint8_t *p = fixed(r, 23);

	read_skip(r->m->c, p ? load_le16(p + 21) : 0);
}

/* ---- sessions and trees */

static void
negotiate_request(const struct record *r)
{
	struct reader *c = r->m->c;
	const uint8_t *p = fixed(r, 3);
	const size_t   outer = read_enter(c, p ? load_le16(p + 1) : 0);

	while (read_more(c)) {
		read_skip(c, 1);
		(void)string(c, false, 0);
	}
	read_leave(c, outer);
}

/* The strings in these are relative to the end of the dialect. */
static void
negotiate_nt_response(const struct record *r, size_t start)
{
	struct message *m = r->m;
	struct reader  *c = m->c;
	const uint8_t  *p = fixed(r, 34);

	if (!p)
		return;
	if (p[20] & 0x80) { /* extended security: the capabilities' bit 31 */
		read_skip(c, 16);
		const struct bytes blob = read_string(c, load_le16(p + 32) - 16u);
		if (!c->bad)
			smb_blob(m->t, TALK_RESP, blob);
	} else {
		read_skip(c, p[31]);
		(void)string(c, m->unicode, c->at - start);
	}
}

static void
negotiate_response(const struct record *r)
{
	struct reader *c = r->m->c;
	const uint8_t *p = fixed(r, 3);
	const size_t   start = c->at;

	if (!p)
		return;
	if (p[0] == 0x01) {
		read_skip(c, 2);
	} else if (p[0] == 0x0d) {
		const uint8_t *q = fixed(r, 26);
		read_skip(c, q ? load_le16(q + 20) : 0);
		(void)string(c, r->m->unicode, c->at - start);
	} else if (p[0] == 0x11) {
		negotiate_nt_response(r, start);
	} else {
		read_fail(c);
	}
}

/* The fixed part of a session setup, by its number of words. Returns it, and stores its security blob. */
static const uint8_t *
setup_request(const struct record *r, uint8_t words, struct bytes *blob)
{
	struct reader *c = r->m->c;
	const size_t   n = words == 0x0a ? 22 : words == 0x0c ? 26 : 28;

	if (words < 0x0a || words == 0x0b || words > 0x0d) {
		read_fail(c);
		return NULL;
	}
	const uint8_t *p = fixed(r, n);
	if (words == 0x0a)
		read_skip(c, p ? load_le16(p + 14) : 0);
	else if (words == 0x0c)
		*blob = read_take(c, p ? load_le16(p + 14) : 0);
	else
		read_skip(c, p ? (uint32_t)load_le16(p + 14) + load_le16(p + 16) : 0);
	strings(r, words == 0x0c ? 2 : 4);
	return p;
}

static const uint8_t *
setup_response(const struct record *r, uint8_t words, struct bytes *blob)
{
	const uint8_t *p = NULL;

	if (words == 3) {
		p = fixed(r, 8);
		optional_strings(r, p && load_le16(p + 6) ? 3 : 0);
	} else if (words == 4) {
		p = fixed(r, 10);
		*blob = read_take(r->m->c, p ? load_le16(p + 6) : 0);
		strings(r, 2);
	} else {
		read_skip(r->m->c, 2);
	}
	return p;
}

static void
session_setup(const struct record *r)
{
	const struct reader *c = r->m->c;
	const uint8_t       *words = fixed(r, 1);
	struct bytes         blob = { 0 };

	if (!words)
		return;
	const uint8_t *p = (r->request ? setup_request : setup_response)(r, *words, &blob);
	if (!c->bad && p)
		andx(r, p, r->request, r->base + 1u);
	if (!c->bad)
		smb_blob(r->m->t, r->request ? TALK_ORIG : TALK_RESP, blob);
}

static void
logoff(const struct record *r)
{
	const uint8_t *p = fixed(r, 7);

	if (p)
		andx(r, p + 1, true, r->base); /* a request, whichever side sends it */
}

static void
tree_connect_request(const struct record *r)
{
	const uint8_t *p = fixed(r, 11);

	if (!p)
		return;
	read_skip(r->m->c, load_le16(p + 7));
	strings(r, 1);
	(void)string(r->m->c, false, 0);
	chain(r, p);
}

static void
tree_connect_response(const struct record *r)
{
	struct message *m = r->m;
	struct reader  *c = m->c;
	const uint8_t  *p = fixed(r, 5);

	if (!p)
		return;
	read_skip(c, p[0] >= 3 ? 2 + 2u * (p[0] - 3u) : 0);
	const uint16_t     size = read_le16(c);
	const struct bytes service = string(c, false, 0);
	optional_strings(r, size > service.n ? 1 : 0);
	chain(r, p);
	if (!c->bad && service.n >= 3 && memcmp(service.p, "IPC", 3) == 0)
		smb_tree_set_pipe(talk_state(m->t), m->tree);
}

/* ---- */

static void
echo(const struct record *r)
{
	const uint8_t *p = fixed(r, 5);

	read_skip(r->m->c, p ? load_le16(p + 3) : 0);
}

/* The remaining commands, which have no variable parts. */
static void
plain(const struct record *r)
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
record(struct record r)
{
	switch (r.command) {
	case QUERY_INFORMATION:
		path(&r, 23);
		break;
	case CHECK_DIRECTORY:
		path(&r, 3);
		break;
	case TRANSACTION:
		(r.request ? transaction_request : transaction_response)(&r);
		break;
	case TRANSACTION_SECONDARY:
	case TRANSACTION2_SECONDARY:
		if (r.request)
			transaction_secondary(&r, r.command == TRANSACTION2_SECONDARY);
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
		(r.request ? transaction2_request : transaction2_response)(&r);
		break;
	case NEGOTIATE:
		(r.request ? negotiate_request : negotiate_response)(&r);
		break;
	case SESSION_SETUP_ANDX:
		session_setup(&r);
		break;
	case LOGOFF_ANDX:
		logoff(&r);
		break;
	case TREE_CONNECT_ANDX:
		(r.request ? tree_connect_request : tree_connect_response)(&r);
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
	struct message m = {
		.t = t, .c = c, .unicode = load_le16(b.p + 6) >> 15, .tree = load_le16(b.p + 20), .id = load_le16(b.p + 26)
	};
	m.is_pipe = smb_tree_is_pipe(talk_state(t), m.tree);
	if (frame_length == NO_MESSAGE)
		read_skip(c, 3);
	else
		record((struct record){
			.m = &m, .start = c->at, .base = HEADER_LENGTH, .command = b.p[0], .request = side == TALK_ORIG });
}
