/* smb2_request.c - what the client sends: see smb2.c. */
#include "service/file/smb2.h"

static void
create_request(struct smb2 *m)
{
	const uint8_t *r = smb2_fixed(m, 56);

	if (!r)
		return;
	smb2_to16(m, load_le16(r + 44));
	const struct bytes name = read_take(m->c, load_le16(r + 46));
	if (load_le32(r + 48) != 0)
		smb2_to32(m, load_le32(r + 48));
	read_skip(m->c, load_le32(r + 52));
	if (!m->c->bad && !m->is_pipe && smb_is_pipe_name(name, true))
		smb_tree_set_pipe(talk_state(m->t), m->tree);
}

static void
read_request(struct smb2 *m)
{
	const uint8_t *r = smb2_fixed(m, 48);

	if (!r)
		return;
	smb2_to16(m, load_le16(r + 44));
	read_skip(m->c, load_le16(r + 46));
	if (!m->c->bad)
		smb_ask(&smb2_pipes(m)->read, m->id, load_fid(r + 16));
}

static void
write_request(struct smb2 *m)
{
	const uint8_t *r = smb2_fixed(m, 48);

	if (!r)
		return;
	smb2_to16(m, load_le16(r + 2));
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
ioctl_request(struct smb2 *m)
{
	const uint8_t *r = smb2_fixed(m, 56);
	struct bytes   buffer[2];

	if (!r)
		return;
	smb2_ioctl_buffers(m, r + 24, r + 36, buffer);
	if (m->c->bad)
		return;
	if (load_le32(r + 4) == SMB2_FSCTL_PIPE_TRANSCEIVE)
		smb_pipe_data(m->t, load_fid(r + 8), TALK_ORIG, buffer[0]);
	smb_ask(&smb2_pipes(m)->ioctl, m->id, load_fid(r + 8));
}

static void
close_request(struct smb2 *m)
{
	const uint8_t *r = smb2_fixed(m, 24);

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
set_info_request(struct smb2 *m)
{
	const uint8_t *r = smb2_fixed(m, 32);

	if (!r)
		return;
	smb2_to16(m, load_le16(r + 8));
	if (r[2] == 1)
		file_info(m->c, r[3]);
	else if (r[2] == 2 && r[3] == 0x06) /* a file system's control */
		read_skip(m->c, 48);
	else if (r[2] == 2 && r[3] == 0x08) /* its object number */
		read_skip(m->c, 64);
}

/* Skips requests of which only the length matters. */
static void
request_to_skip(struct smb2 *m)
{
	switch (m->command) {
	case SMB2_CANCEL:
	case SMB2_ECHO:
		read_skip(m->c, 4);
		break;
	case SMB2_QUERY_DIRECTORY:
		(void)smb2_buffer(m, 32, 24, 26, false);
		break;
	case SMB2_CHANGE_NOTIFY:
		read_skip(m->c, 32);
		break;
	case SMB2_QUERY_INFO:
		(void)smb2_buffer(m, 40, 8, 12, true);
		break;
	case SMB2_SET_INFO:
		set_info_request(m);
		break;
	case SMB2_FLUSH:
	case SMB2_OPLOCK_BREAK:
		read_skip(m->c, 24);
		break;
	default:
		break;
	}
}

void
smb2_request(struct smb2 *m)
{
	struct reader *c = m->c;
	const uint8_t *r;

	switch (m->command) {
	case SMB2_NEGOTIATE:
		r = smb2_fixed(m, 36);
		read_skip(c, r ? 2u * load_le16(r + 2) : 0);
		break;
	case SMB2_SESSION_SETUP: {
		const struct bytes blob = smb2_buffer(m, 16, 12, 14, false);
		if (!c->bad)
			smb_blob(m->t, TALK_ORIG, blob);
		break;
	}
	case SMB2_TREE_CONNECT:
		(void)smb2_buffer(m, 8, 4, 6, false);
		break;
	case SMB2_TREE_DISCONNECT:
		if (smb2_fixed(m, 4))
			smb_tree_unset_pipe(talk_state(m->t), m->tree);
		break;
	case SMB2_CREATE:
		create_request(m);
		break;
	case SMB2_CLOSE:
		close_request(m);
		break;
	case SMB2_READ:
		read_request(m);
		break;
	case SMB2_WRITE:
		write_request(m);
		break;
	case SMB2_LOCK:
		r = smb2_fixed(m, 24);
		read_skip(c, r ? 20u * load_le16(r + 2) : 0);
		break;
	case SMB2_IOCTL:
		ioctl_request(m);
		break;
	default:
		request_to_skip(m);
		break;
	}
}
