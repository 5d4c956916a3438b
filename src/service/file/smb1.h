/* smb1.h - a message of SMB 1, shared by smb1.c, smb1_transaction.c and smb1_session.c. */
#ifndef CONNLOG_SERVICE_SMB1_H
#define CONNLOG_SERVICE_SMB1_H

#include "service/file/smb.h"

enum { SMB1_HEADER_LENGTH = 32 };

struct smb1 {
	struct talk   *t;
	struct reader *c;
	uint16_t       tree, id;
	bool           unicode, is_pipe;
};

/* A record, possibly a chained one. */
struct smb1_record {
	struct smb1 *m;
	size_t       start; /* in the frame */
	uint16_t     base;  /* the offset that Zeek assumes for it */
	uint8_t      command, depth;
	bool         request;
};

/* Returns the next `n` bytes, or NULL. */
static inline const uint8_t *
smb1_fixed(const struct smb1_record *r, size_t n)
{
	const struct bytes b = read_take(r->m->c, n);

	return b.n ? b.p : NULL;
}

/* Skips to an offset from the header. */
static inline void
smb1_to(const struct smb1_record *r, uint16_t offset)
{
	smb_pad(r->m->c, r->start, (int64_t)offset - SMB1_HEADER_LENGTH);
}

static inline size_t
smb1_position(const struct smb1_record *r)
{
	return r->m->c->at - r->start;
}

/* ---- smb1.c */

/* SMB_string.  Returns it including its end; in UTF-16 padded to an even `position`.  It may also end with the frame. */
struct bytes smb1_string(struct reader *c, bool unicode, size_t position);
/* Skip `n` strings. */
void smb1_strings(const struct smb1_record *r, unsigned n);
/* Strings that are arrays of one element in Zeek: they do not begin at the end of the frame. */
void smb1_optional_strings(const struct smb1_record *r, unsigned n);
/* Ends a record that another can follow: its AndX fields are at `a`. */
void smb1_andx(const struct smb1_record *r, const uint8_t *a, bool request, unsigned base);
/* Follows the AndX of a record that ends here; `p` is the record. */
void smb1_chain(const struct smb1_record *r, const uint8_t *p);

/* ---- smb1_transaction.c, smb1_session.c: the records of these commands */

void smb1_transaction_request(const struct smb1_record *r);
void smb1_transaction_response(const struct smb1_record *r);
void smb1_transaction_secondary(const struct smb1_record *r, bool second);
void smb1_transaction2_request(const struct smb1_record *r);
void smb1_transaction2_response(const struct smb1_record *r);

void smb1_negotiate_request(const struct smb1_record *r);
void smb1_negotiate_response(const struct smb1_record *r);
void smb1_session_setup(const struct smb1_record *r);
void smb1_logoff(const struct smb1_record *r);
void smb1_tree_connect_request(const struct smb1_record *r);
void smb1_tree_connect_response(const struct smb1_record *r);

#endif
