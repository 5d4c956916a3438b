/* smb.h - shared by the parts of the SMB recogniser. */
#ifndef CONNLOG_SERVICE_SMB_H
#define CONNLOG_SERVICE_SMB_H

#include "service/reader.h"
#include "service/gather.h"
#include "dpd/talk.h"

/* A pipe: an open file over which DCE-RPC is spoken. */
struct smb_pipe {
	uint64_t     fid;
	struct talk *dce_rpc;
};

/* What requests referred to, by message number, since responses do not repeat it. */
struct smb_asked {
	struct smb_about {
		uint64_t message, value;
	} * about;     /* in order of arrival */
	uint64_t most; /* the highest message number */
	uint16_t n, room;
};

/* These grow as needed, up to the limits in smb_pipes.c. */
struct smb_pipes {
	struct smb_pipe *pipe;
	uint32_t        *tree;                 /* those that are pipes */
	uint16_t        *transaction;          /* message numbers of transactions on pipes (SMB1) */
	struct smb_asked tree_of, read, ioctl; /* SMB2: the tree of any request, the file of a READ and of an IOCTL */
	uint16_t         pipes, trees, transactions;
	uint16_t         room_pipes, room_trees, room_transactions;
};

struct smb_side {
	struct gather held;
	uint32_t      total, seen; /* of a frame of which only the beginning is buffered; 0: none */
	uint32_t      room;        /* flow_buffer_fits() */
	bool          begun;       /* a parser waits for a frame */
	bool          stale;       /* the frame it waits for will not come, since its buffer was discarded */
};

struct smb {
	struct smb_side  side[2];
	struct talk     *gssapi, *ntlm;
	struct smb_pipes pipes;
	uint8_t          chunks; /* chunks without error, up to the one that confirms */
	bool             synced;
};

/* ---- smb1.c, smb2.c: one message, after its protocol identifier.  The cursor becomes bad if it does not parse. */

void smb1_message(struct talk *t, int side, struct reader *c, uint32_t frame_length);
/* Returns true if another message follows. */
bool smb2_message(struct talk *t, int side, struct reader *c);
/* Returns true if the record that begins with `b` contains data that is not needed. */
bool smb2_is_bulk(const struct smb *s, int side, struct bytes b);

/* padding to `x`: skips to `x` bytes after `start`, unless the cursor is already past it. */
void smb_pad(struct reader *c, size_t start, int64_t x);

/* ---- smb_pipes.c */

/* Passes on a security blob (forward_gssapi). */
void smb_blob(struct talk *t, int side, struct bytes blob);

bool smb_tree_is_pipe(const struct smb *s, uint32_t tree);
void smb_tree_set_pipe(struct smb *s, uint32_t tree);
void smb_tree_unset_pipe(struct smb *s, uint32_t tree);
/* Returns whether a file of that name, in UTF-16 or as bytes, is a pipe (SMB::pipe_filenames). */
bool smb_is_pipe_name(struct bytes name, bool wide);

void smb_pipe_data(struct talk *t, uint64_t fid, int side, struct bytes data);
void smb_pipe_close(struct smb *s, uint64_t fid);

void smb_transaction_set(struct smb *s, uint16_t message, bool pipe);
/* Returns whether the transaction was on a pipe, and forgets it. */
bool smb_transaction_take(struct smb *s, uint16_t message);

void smb_pipes_end(struct smb *s); /* frees the tables; the objects in them end with `t` */

/* ---- smb_asked.c */

void smb_ask(struct smb_asked *a, uint64_t message, uint64_t value);
/* Returns what the request referred to, or `otherwise`. */
uint64_t smb_asked(const struct smb_asked *a, uint64_t message, uint64_t otherwise);
void     smb_asked_forget(struct smb_asked *a, uint64_t message);
void     smb_asked_end(struct smb_asked *a); /* frees it */

#endif
