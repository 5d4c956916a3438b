/* smb2_response.c - what the server sends: see smb2.c. */
#include "service/file/smb2.h"

enum { SHARE_PIPE = 2, DIALECT_311 = 0x0311 };

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
negotiate_response(struct smb2 *m)
{
	struct reader *c = m->c;
	const uint8_t *r = smb2_fixed(m, 64);

	if (!r)
		return;
	const struct bytes blob = read_take(c, load_le16(r + 58));
	if (load_le16(r + 4) == DIALECT_311) {
		smb2_to32(m, load_le32(r + 60));
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
read_response(struct smb2 *m)
{
	const uint8_t *r = smb2_fixed(m, 16);

	if (!r)
		return;
	smb2_to16(m, r[2]);
	const uint32_t     length = load_le32(r + 4);
	const struct bytes data = m->is_pipe ? read_take(m->c, length) : (struct bytes){ r, 0 };
	if (!m->is_pipe)
		read_skip(m->c, length);
	if (m->c->bad)
		return;
	const uint64_t fid = smb_asked(&smb2_pipes(m)->read, m->id, 0);
	smb_asked_forget(&smb2_pipes(m)->read, m->id);
	if (m->is_pipe)
		smb_pipe_data(m->t, fid, TALK_RESP, data);
}

static void
ioctl_response(struct smb2 *m)
{
	const uint8_t *r = smb2_fixed(m, 48);
	struct bytes   buffer[2];

	if (!r)
		return;
	smb2_ioctl_buffers(m, r + 24, r + 32, buffer);
	if (m->c->bad)
		return;
	const uint64_t fid = smb_asked(&smb2_pipes(m)->ioctl, m->id, 0);
	smb_asked_forget(&smb2_pipes(m)->ioctl, m->id);
	if (load_le32(r + 4) == SMB2_FSCTL_PIPE_TRANSCEIVE)
		smb_pipe_data(m->t, fid, TALK_RESP, buffer[1]);
}

static void
change_notify_response(struct smb2 *m)
{
	struct reader *c = m->c;
	const uint8_t *r = smb2_fixed(m, 8);

	if (!r)
		return;
	smb2_to16(m, load_le16(r + 2));
	const size_t outer = read_enter(c, load_le32(r + 4));
	while (read_more(c)) {
		read_skip(c, 8);
		read_skip(c, read_le32(c));
	}
	read_leave(c, outer);
}

void
smb2_response(struct smb2 *m)
{
	struct reader *c = m->c;
	const uint8_t *r;

	switch (m->command) {
	case SMB2_NEGOTIATE:
		negotiate_response(m);
		break;
	case SMB2_SESSION_SETUP: {
		const struct bytes blob = smb2_buffer(m, 8, 4, 6, false);
		if (!c->bad)
			smb_blob(m->t, TALK_RESP, blob);
		break;
	}
	case SMB2_TREE_CONNECT:
		r = smb2_fixed(m, 16);
		if (r && r[2] == SHARE_PIPE)
			smb_tree_set_pipe(talk_state(m->t), m->tree);
		break;
	case SMB2_CREATE:
		r = smb2_fixed(m, 88);
		if (r && load_le32(r + 80) != 0)
			smb2_to32(m, load_le32(r + 80));
		read_skip(c, r ? load_le32(r + 84) : 0);
		break;
	case SMB2_CLOSE:
		read_skip(c, 60);
		break;
	case SMB2_READ:
		read_response(m);
		break;
	case SMB2_WRITE:
		read_skip(c, 16);
		break;
	case SMB2_IOCTL:
		ioctl_response(m);
		break;
	case SMB2_TREE_DISCONNECT:
	case SMB2_FLUSH:
	case SMB2_LOCK:
	case SMB2_ECHO:
		read_skip(c, 4);
		break;
	case SMB2_QUERY_DIRECTORY:
	case SMB2_QUERY_INFO:
		(void)smb2_buffer(m, 8, 2, 4, true);
		break;
	case SMB2_CHANGE_NOTIFY:
		change_notify_response(m);
		break;
	case SMB2_SET_INFO:
		read_skip(c, 2);
		break;
	case SMB2_OPLOCK_BREAK:
		read_skip(c, 24);
		break;
	default:
		break;
	}
}
