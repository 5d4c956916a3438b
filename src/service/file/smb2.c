/* smb2.c - a message of SMB 2 or 3 (MS-SMB2); Zeek's smb/smb2-protocol.pac and smb2-com-*.pac.
 *
 * A message is read as far as those grammars do, which determines how long its parts are, and so whether it parses.
 * Offsets count from its header; lengths are computed from them as in Zeek, with 16 bits that do not wrap around and 32
 * bits that do.
 */
#include "service/file/smb2.h"

enum { HEADER = 60 };

static const uint32_t pending = 0x00000103, notify_enum_dir = 0x0000010c, buffer_overflow = 0x80000005,
					  invalid_parameter = 0xc000000d, more_processing_required = 0xc0000016;

void
smb2_ioctl_buffers(struct smb2 *m, const uint8_t *in, const uint8_t *out, struct bytes buffer[2])
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

struct bytes
smb2_buffer(struct smb2 *m, size_t n, unsigned at, unsigned length_at, bool wide)
{
	const uint8_t *r = smb2_fixed(m, n);

	if (!r)
		return (struct bytes){ m->c->p, 0 };
	smb2_to16(m, load_le16(r + at));
	return read_string(m->c, wide ? load_le32(r + length_at) : load_le16(r + length_at));
}

/* is_error_response(): only these are not errors if the status is not 0. */
static bool
is_error(uint32_t status, uint16_t command)
{
	if (status == 0)
		return false;
	if (status == buffer_overflow)
		return command != SMB2_IOCTL && command != SMB2_QUERY_INFO && command != SMB2_READ;
	if (status == invalid_parameter)
		return command != SMB2_IOCTL;
	if (status == more_processing_required)
		return command != SMB2_SESSION_SETUP;
	if (status == notify_enum_dir)
		return command != SMB2_CHANGE_NOTIFY;
	return true;
}

static struct smb2
header(const uint8_t *p)
{
	return (struct smb2){ .head_length = load_le16(p),
		                  .status = load_le32(p + 4),
		                  .command = load_le16(p + 8),
		                  .next = load_le32(p + 16),
		                  .id = load_le64(p + 20),
		                  .tree = load_le32(p + 32) };
}

/* Returns whether the message is about a pipe. A response may lack a tree, so the request's is used. */
static bool
is_pipe(const struct smb *s, int side, const struct smb2 *m)
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
	const struct smb2 m = header(p);
	return m.command == (side == TALK_ORIG ? SMB2_WRITE : SMB2_READ) && m.next == 0 && !is_pipe(s, side, &m);
}

bool
smb2_message(struct talk *t, int side, struct reader *c)
{
	const struct bytes b = read_take(c, HEADER);

	if (!b.n)
		return false;
	struct smb2 m = header(b.p);
	m.t = t;
	m.c = c;
	m.start = c->at;
	m.is_pipe = is_pipe(talk_state(t), side, &m);
	if (side == TALK_ORIG) {
		smb_ask(&smb2_pipes(&m)->tree_of, m.id, m.tree);
		smb2_request(&m);
	} else {
		if (m.status != pending)
			smb_asked_forget(&smb2_pipes(&m)->tree_of, m.id);
		if (is_error(m.status, m.command)) {
			read_skip(c, 4);
			read_skip(c, read_le32(c));
		} else {
			smb2_response(&m);
		}
	}
	if (m.next != 0)
		(void)read_string(c, (uint32_t)(m.next - m.head_length - (c->at - m.start)));
	return m.next != 0;
}
