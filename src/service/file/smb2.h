/* smb2.h - a message of SMB 2 or 3, shared by smb2.c, smb2_request.c and smb2_response.c. */
#ifndef CONNLOG_SERVICE_SMB2_H
#define CONNLOG_SERVICE_SMB2_H

#include "service/file/smb.h"

enum smb2_command {
	SMB2_NEGOTIATE,
	SMB2_SESSION_SETUP,
	SMB2_LOGOFF,
	SMB2_TREE_CONNECT,
	SMB2_TREE_DISCONNECT,
	SMB2_CREATE,
	SMB2_CLOSE,
	SMB2_FLUSH,
	SMB2_READ,
	SMB2_WRITE,
	SMB2_LOCK,
	SMB2_IOCTL,
	SMB2_CANCEL,
	SMB2_ECHO,
	SMB2_QUERY_DIRECTORY,
	SMB2_CHANGE_NOTIFY,
	SMB2_QUERY_INFO,
	SMB2_SET_INFO,
	SMB2_OPLOCK_BREAK,
};

enum { SMB2_FSCTL_PIPE_TRANSCEIVE = 0x0011c017 };

struct smb2 {
	struct talk   *t;
	struct reader *c;
	size_t         start; /* where the part after the header begins */
	uint16_t       head_length, command;
	uint32_t       status, next, tree;
	uint64_t       id;
	bool           is_pipe;
};

static inline struct smb_pipes *
smb2_pipes(const struct smb2 *m)
{
	return &((struct smb *)talk_state(m->t))->pipes;
}

/* Combines the two parts of a file's number. */
static inline uint64_t
load_fid(const uint8_t *p)
{
	return load_le64(p) + load_le64(p + 8);
}

/* Skips to a 16-bit offset. */
static inline void
smb2_to16(struct smb2 *m, uint16_t offset)
{
	smb_pad(m->c, m->start, (int64_t)offset - m->head_length);
}

/* Skips to a 32-bit offset. */
static inline void
smb2_to32(struct smb2 *m, uint32_t offset)
{
	smb_pad(m->c, m->start, (uint32_t)(offset - m->head_length));
}

/* Returns the record's `n` fixed bytes, or NULL. */
static inline const uint8_t *
smb2_fixed(struct smb2 *m, size_t n)
{
	const struct bytes b = read_take(m->c, n);

	return b.n ? b.p : NULL;
}

/* The part after the header. */
void smb2_request(struct smb2 *m);
void smb2_response(struct smb2 *m);

/* ---- smb2.c */

/* Reads a record of `n` bytes with a 16-bit offset at `at` and a length of `wide` ? 32 : 16 bits at `length_at`.  Returns what is
 * there. */
struct bytes smb2_buffer(struct smb2 *m, size_t n, unsigned at, unsigned length_at, bool wide);
/* IOCTL has two buffers; each is given by an offset and a size. */
void smb2_ioctl_buffers(struct smb2 *m, const uint8_t *in, const uint8_t *out, struct bytes buffer[2]);

#endif
