/* smb2.c - a message of SMB 2 or 3 (MS-SMB2); Zeek's smb/smb2-protocol.pac and smb2-com-*.pac.
 *
 * A message is read as far as those grammars do, which determines how long its parts are, and so whether it parses.
 * Offsets count from its header; lengths are computed from them as in Zeek, with 16 bits that do not wrap around and 32
 * bits that do.
 */
#include "service/file/smb.h"

enum command {
	NEGOTIATE,
	SESSION_SETUP,
	LOGOFF,
	TREE_CONNECT,
	TREE_DISCONNECT,
	CREATE,
	CLOSE,
	FLUSH,
	READ,
	WRITE,
	LOCK,
	IOCTL,
	CANCEL,
	ECHO,
	QUERY_DIRECTORY,
	CHANGE_NOTIFY,
	QUERY_INFO,
	SET_INFO,
	OPLOCK_BREAK,
};

enum { HEADER = 60, SHARE_PIPE = 2, DIALECT_311 = 0x0311, FSCTL_PIPE_TRANSCEIVE = 0x0011c017 };

static const uint32_t pending = 0x00000103, notify_enum_dir = 0x0000010c, buffer_overflow = 0x80000005,
					  invalid_parameter = 0xc000000d, more_processing_required = 0xc0000016;

struct message {
	struct talk   *t;
	struct reader *c;
	size_t         start; /* where the part after the header begins */
	uint16_t       head_length, command;
	uint32_t       status, next, tree;
	uint64_t       id;
	bool           is_pipe;
};

static struct smb_pipes *
pipes(const struct message *m)
{
	return &((struct smb *)talk_state(m->t))->pipes;
}

/* Combines the two parts of a file's number. */
static uint64_t
load_fid(const uint8_t *p)
{
	return load_le64(p) + load_le64(p + 8);
}

/* Skips to a 16-bit offset. */
static void
to16(struct message *m, uint16_t offset)
{
	smb_pad(m->c, m->start, (int64_t)offset - m->head_length);
}

/* Skips to a 32-bit offset. */
static void
to32(struct message *m, uint32_t offset)
{
	smb_pad(m->c, m->start, (uint32_t)(offset - m->head_length));
}

/* Returns the record's `n` fixed bytes, or NULL. */
static const uint8_t *
fixed(struct message *m, size_t n)
{
	const struct bytes b = read_take(m->c, n);

	return b.n ? b.p : NULL;
}

/* ---- both directions */

/* IOCTL: two buffers.  Returns those as bytes. */
static void
ioctl_buffers(struct message *m, const uint8_t *in, const uint8_t *out, struct bytes buffer[2])
{
	struct reader *c = m->c;
	const uint32_t in_offset = load_le32(in), out_offset = load_le32(out);
	const uint32_t in_size = load_le32(in + 4), out_size = load_le32(out + 4);

	/* Zeek reverses the sign of the distance to an offset: only an offset that has been passed can be reached. */
	if (in_offset != 0)
		(void)read_string(c, (uint32_t)(c->at - m->start + m->head_length - in_offset));
	buffer[0] = read_string(c, in_size);
	if (out_offset != 0 && out_offset != in_offset)
		(void)read_string(c, (uint32_t)(c->at - m->start + m->head_length - out_offset));
	buffer[1] = read_string(c, out_size);
}

/* ---- requests */

static void
create_request(struct message *m)
{
	const uint8_t *r = fixed(m, 56);

	if (!r)
		return;
	to16(m, load_le16(r + 44));
	const struct bytes name = read_take(m->c, load_le16(r + 46));
	if (load_le32(r + 48) != 0)
		to32(m, load_le32(r + 48));
	read_skip(m->c, load_le32(r + 52));
	if (!m->c->bad && !m->is_pipe && smb_is_pipe_name(name, true))
		smb_tree_set_pipe(talk_state(m->t), m->tree);
}

static void
read_request(struct message *m)
{
	const uint8_t *r = fixed(m, 48);

	if (!r)
		return;
	to16(m, load_le16(r + 44));
	read_skip(m->c, load_le16(r + 46));
	if (!m->c->bad)
		smb_ask(&pipes(m)->read, m->id, load_fid(r + 16));
}

static void
write_request(struct message *m)
{
	const uint8_t *r = fixed(m, 48);

	if (!r)
		return;
	to16(m, load_le16(r + 2));
	const uint32_t length = load_le32(r + 4);
	if (!m->is_pipe) {
		read_skip(m->c, length);
		return;
	}
	const struct bytes data = read_take(m->c, length);
	if (!m->c->bad)
		smb_pipe_data(m->t, load_fid(r + 16), TALK_ORIG, data);
}

static void
ioctl_request(struct message *m)
{
	const uint8_t *r = fixed(m, 56);
	struct bytes   buffer[2];

	if (!r)
		return;
	ioctl_buffers(m, r + 24, r + 36, buffer);
	if (m->c->bad)
		return;
	if (load_le32(r + 4) == FSCTL_PIPE_TRANSCEIVE)
		smb_pipe_data(m->t, load_fid(r + 8), TALK_ORIG, buffer[0]);
	smb_ask(&pipes(m)->ioctl, m->id, load_fid(r + 8));
}

static void
close_request(struct message *m)
{
	const uint8_t *r = fixed(m, 24);

	if (r)
		smb_pipe_close(talk_state(m->t), load_fid(r + 8));
}

/* SMB2_file_fullea_info: a list; each element says where the next one begins. */
static void
extended_attributes(struct reader *c)
{
	while (read_more(c)) {
		const size_t   start = c->at;
		const uint32_t next = read_le32(c);
		read_skip(c, 1);
		const uint8_t  name = read_u8(c);
		const uint16_t value = read_le16(c);
		read_skip(c, (uint64_t)name + value);
		smb_pad(c, start, next);
		if (next == 0)
			break;
	}
}

static void
file_info(struct reader *c, uint8_t level)
{
	switch (level) {
	case 0x04: /* basic */
		read_skip(c, 36);
		break;
	case 0x0a: /* rename */
	case 0x0b: /* link */
		read_skip(c, 16);
		read_skip(c, read_le32(c));
		break;
	case 0x0d: /* disposition */
		read_skip(c, 1);
		break;
	case 0x0e: /* position */
	case 0x13: /* allocation */
	case 0x14: /* end of file */
	case 0x18: /* pipe */
	case 0x27: /* valid data length */
		read_skip(c, 8);
		break;
	case 0x0f:
		extended_attributes(c);
		break;
	case 0x10: /* mode */
		read_skip(c, 4);
		break;
	case 0x28: /* short name */
		read_skip(c, read_le32(c));
		break;
	default:
		break;
	}
}

static void
set_info_request(struct message *m)
{
	const uint8_t *r = fixed(m, 32);

	if (!r)
		return;
	to16(m, load_le16(r + 8));
	if (r[2] == 1)
		file_info(m->c, r[3]);
	else if (r[2] == 2 && r[3] == 0x06) /* a file system's control */
		read_skip(m->c, 48);
	else if (r[2] == 2 && r[3] == 0x08) /* its object number */
		read_skip(m->c, 64);
}

/* Reads a record of `n` bytes with a 16-bit offset at `at` and a length of `wide` ? 32 : 16 bits at `length_at`.
 * Returns the bytes that these give. */
static struct bytes
with_buffer(struct message *m, size_t n, unsigned at, unsigned length_at, bool wide)
{
	const uint8_t *r = fixed(m, n);

	if (!r)
		return (struct bytes){ m->c->p, 0 };
	to16(m, load_le16(r + at));
	return read_string(m->c, wide ? load_le32(r + length_at) : load_le16(r + length_at));
}

/* Skips requests of which only the length matters. */
static void
request_to_skip(struct message *m)
{
	switch (m->command) {
	case CANCEL:
	case ECHO:
		read_skip(m->c, 4);
		break;
	case QUERY_DIRECTORY:
		(void)with_buffer(m, 32, 24, 26, false);
		break;
	case CHANGE_NOTIFY:
		read_skip(m->c, 32);
		break;
	case QUERY_INFO:
		(void)with_buffer(m, 40, 8, 12, true);
		break;
	case SET_INFO:
		set_info_request(m);
		break;
	case FLUSH:
	case OPLOCK_BREAK:
		read_skip(m->c, 24);
		break;
	default:
		break;
	}
}

static void
request(struct message *m)
{
	struct reader *c = m->c;
	const uint8_t *r;

	switch (m->command) {
	case NEGOTIATE:
		r = fixed(m, 36);
		read_skip(c, r ? 2u * load_le16(r + 2) : 0);
		break;
	case SESSION_SETUP: {
		const struct bytes blob = with_buffer(m, 16, 12, 14, false);
		if (!c->bad)
			smb_blob(m->t, TALK_ORIG, blob);
		break;
	}
	case TREE_CONNECT:
		(void)with_buffer(m, 8, 4, 6, false);
		break;
	case TREE_DISCONNECT:
		if (fixed(m, 4))
			smb_tree_unset_pipe(talk_state(m->t), m->tree);
		break;
	case CREATE:
		create_request(m);
		break;
	case CLOSE:
		close_request(m);
		break;
	case READ:
		read_request(m);
		break;
	case WRITE:
		write_request(m);
		break;
	case LOCK:
		r = fixed(m, 24);
		read_skip(c, r ? 20u * load_le16(r + 2) : 0);
		break;
	case IOCTL:
		ioctl_request(m);
		break;
	default:
		request_to_skip(m);
		break;
	}
}

/* ---- responses */

static void
negotiate_context(struct reader *c)
{
	const uint16_t type = read_le16(c), length = read_le16(c);
	uint16_t       n;

	read_skip(c, 4);
	switch (type) {
	case 1: /* integrity */
		n = read_le16(c);
		read_skip(c, read_le16(c) + 2u * n);
		break;
	case 2: /* encryption */
		read_skip(c, 2u * read_le16(c));
		break;
	case 3: /* compression */
		n = read_le16(c);
		read_skip(c, 6 + 2u * n);
		break;
	default:
		read_skip(c, length);
		break;
	}
}

static void
negotiate_response(struct message *m)
{
	struct reader *c = m->c;
	const uint8_t *r = fixed(m, 64);

	if (!r)
		return;
	const struct bytes blob = read_take(c, load_le16(r + 58));
	if (load_le16(r + 4) == DIALECT_311) {
		to32(m, load_le32(r + 60));
		for (unsigned n = load_le16(r + 6); n > 0 && !c->bad; n--) {
			const size_t start = c->at;
			negotiate_context(c);
			if (n > 1)
				read_skip(c, -(c->at - start) & 7);
		}
	}
	if (!c->bad)
		smb_blob(m->t, TALK_RESP, blob);
}

static void
read_response(struct message *m)
{
	const uint8_t *r = fixed(m, 16);

	if (!r)
		return;
	to16(m, r[2]);
	const uint32_t     length = load_le32(r + 4);
	const struct bytes data = m->is_pipe ? read_take(m->c, length) : (struct bytes){ r, 0 };
	if (!m->is_pipe)
		read_skip(m->c, length);
	if (m->c->bad)
		return;
	const uint64_t fid = smb_asked(&pipes(m)->read, m->id, 0);
	smb_asked_forget(&pipes(m)->read, m->id);
	if (m->is_pipe)
		smb_pipe_data(m->t, fid, TALK_RESP, data);
}

static void
ioctl_response(struct message *m)
{
	const uint8_t *r = fixed(m, 48);
	struct bytes   buffer[2];

	if (!r)
		return;
	ioctl_buffers(m, r + 24, r + 32, buffer);
	if (m->c->bad)
		return;
	const uint64_t fid = smb_asked(&pipes(m)->ioctl, m->id, 0);
	smb_asked_forget(&pipes(m)->ioctl, m->id);
	if (load_le32(r + 4) == FSCTL_PIPE_TRANSCEIVE)
		smb_pipe_data(m->t, fid, TALK_RESP, buffer[1]);
}

static void
change_notify_response(struct message *m)
{
	struct reader *c = m->c;
	const uint8_t *r = fixed(m, 8);

	if (!r)
		return;
	to16(m, load_le16(r + 2));
	const size_t outer = read_enter(c, load_le32(r + 4));
	while (read_more(c)) {
		read_skip(c, 8);
		read_skip(c, read_le32(c));
	}
	read_leave(c, outer);
}

static void
response(struct message *m)
{
	struct reader *c = m->c;
	const uint8_t *r;

	switch (m->command) {
	case NEGOTIATE:
		negotiate_response(m);
		break;
	case SESSION_SETUP: {
		const struct bytes blob = with_buffer(m, 8, 4, 6, false);
		if (!c->bad)
			smb_blob(m->t, TALK_RESP, blob);
		break;
	}
	case TREE_CONNECT:
		r = fixed(m, 16);
		if (r && r[2] == SHARE_PIPE)
			smb_tree_set_pipe(talk_state(m->t), m->tree);
		break;
	case CREATE:
		r = fixed(m, 88);
		if (r && load_le32(r + 80) != 0)
			to32(m, load_le32(r + 80));
		read_skip(c, r ? load_le32(r + 84) : 0);
		break;
	case CLOSE:
		read_skip(c, 60);
		break;
	case READ:
		read_response(m);
		break;
	case WRITE:
		read_skip(c, 16);
		break;
	case IOCTL:
		ioctl_response(m);
		break;
	case TREE_DISCONNECT:
	case FLUSH:
	case LOCK:
	case ECHO:
		read_skip(c, 4);
		break;
	case QUERY_DIRECTORY:
	case QUERY_INFO:
		(void)with_buffer(m, 8, 2, 4, true);
		break;
	case CHANGE_NOTIFY:
		change_notify_response(m);
		break;
	case SET_INFO:
		read_skip(c, 2);
		break;
	case OPLOCK_BREAK:
		read_skip(c, 24);
		break;
	default:
		break;
	}
}

/* is_error_response(): only these are not errors if the status is not 0. */
static bool
is_error(uint32_t status, uint16_t command)
{
	if (status == 0)
		return false;
	if (status == buffer_overflow)
		return command != IOCTL && command != QUERY_INFO && command != READ;
	if (status == invalid_parameter)
		return command != IOCTL;
	if (status == more_processing_required)
		return command != SESSION_SETUP;
	if (status == notify_enum_dir)
		return command != CHANGE_NOTIFY;
	return true;
}

/* ---- */

static struct message
header(const uint8_t *p)
{
	return (struct message){ .head_length = load_le16(p),
		                     .status = load_le32(p + 4),
		                     .command = load_le16(p + 8),
		                     .next = load_le32(p + 16),
		                     .id = load_le64(p + 20),
		                     .tree = load_le32(p + 32) };
}

/* Returns whether the message is about a pipe. A response may lack a tree, so the request's is used. */
static bool
is_pipe(const struct smb *s, int side, const struct message *m)
{
	if (side == TALK_ORIG)
		return smb_tree_is_pipe(s, m->tree);
	return smb_tree_is_pipe(s, (uint32_t)smb_asked(&s->pipes.tree_of, m->id, 0));
}

bool
smb2_is_bulk(const struct smb *s, int side, struct bytes b)
{
	const uint8_t *p = bytes_at(b, 4, HEADER);

	if (!p || load_be32(b.p) != 0xfe534d42)
		return false;
	const struct message m = header(p);
	return m.command == (side == TALK_ORIG ? WRITE : READ) && m.next == 0 && !is_pipe(s, side, &m);
}

bool
smb2_message(struct talk *t, int side, struct reader *c)
{
	const struct bytes b = read_take(c, HEADER);

	if (!b.n)
		return false;
	struct message m = header(b.p);
	m.t = t;
	m.c = c;
	m.start = c->at;
	m.is_pipe = is_pipe(talk_state(t), side, &m);
	if (side == TALK_ORIG) {
		smb_ask(&pipes(&m)->tree_of, m.id, m.tree);
		request(&m);
	} else {
		if (m.status != pending)
			smb_asked_forget(&pipes(&m)->tree_of, m.id);
		if (is_error(m.status, m.command)) {
			read_skip(c, 4);
			read_skip(c, read_le32(c));
		} else {
			response(&m);
		}
	}
	if (m.next != 0)
		(void)read_string(c, (uint32_t)(m.next - m.head_length - (c->at - m.start)));
	return m.next != 0;
}
