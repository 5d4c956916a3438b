/* smb_pipes.c - the state that SMB keeps to know which data is DCE-RPC, and passing that data on (smb/smb-pipe.pac,
 * smb-gssapi.pac).
 *
 * The tables are allocated separately, since most connections need few entries and the limits are high: at most 64
 * pipes, 64 trees and 64 transactions, about 1.4 KB. Zeek has limits of 1000 or none; exceeding them has the same
 * effect as there: the pipes known so far are forgotten. Of trees and transactions the oldest is replaced. smb_asked.c
 * keeps what requests referred to.
 */
#include "service/file/smb.h"

#include <stdlib.h>

enum { MAX_PIPES = 64, MAX_TREES = 64, MAX_TRANSACTIONS = 64 };

/* Returns `p` with room for one more than `n`; NULL, and `p` as it was, when out of memory. */
static void *
with_room(void *p, uint16_t n, uint16_t *room, size_t size)
{
	if (n < *room)
		return p;
	const uint16_t more = *room ? (uint16_t)(*room * 2) : 4;
	void          *q = realloc(p, more * size);
	if (q)
		*room = more;
	return q;
}

void
smb_pad(struct reader *c, size_t start, int64_t x)
{
	const int64_t at = (int64_t)(c->at - start);

	if (x > at)
		read_skip(c, (uint64_t)(x - at));
}

/* ---- security blobs */

void
smb_blob(struct talk *t, int side, struct bytes blob)
{
	struct smb *s = talk_state(t);

	if (blob.n < 8)
		return;
	const bool    ntlm = memcmp(blob.p, "NTLMSSP", 7) == 0;
	struct talk **to = ntlm ? &s->ntlm : &s->gssapi;
	if (!*to)
		*to = talk_outside(t, ntlm ? SERVICE_NTLM : SERVICE_GSSAPI);
	if (*to)
		talk_feed(*to, side, blob);
}

/* ---- trees */

static uint32_t *
find_tree(const struct smb *s, uint32_t tree)
{
	for (unsigned i = 0; i < s->pipes.trees; i++)
		if (s->pipes.tree[i] == tree)
			return &s->pipes.tree[i];
	return NULL;
}

bool
smb_tree_is_pipe(const struct smb *s, uint32_t tree)
{
	return find_tree(s, tree);
}

void
smb_tree_unset_pipe(struct smb *s, uint32_t tree)
{
	struct smb_pipes *p = &s->pipes;
	uint32_t         *at = find_tree(s, tree);

	if (at) {
		memmove(at, at + 1, (size_t)(p->tree + p->trees - at - 1) * sizeof *at);
		p->trees--;
	}
}

void
smb_tree_set_pipe(struct smb *s, uint32_t tree)
{
	struct smb_pipes *p = &s->pipes;

	if (find_tree(s, tree))
		return;
	if (p->trees == MAX_TREES)
		smb_tree_unset_pipe(s, p->tree[0]);
	uint32_t *to = with_room(p->tree, p->trees, &p->room_trees, sizeof *to);
	if (!to)
		return;
	p->tree = to;
	to[p->trees++] = tree;
}

bool
smb_is_pipe_name(struct bytes name, bool wide)
{
	static const char *const names[] = {
		"spoolss", "winreg", "samr", "srvsvc", "netdfs", "lsarpc", "wkssvc", "MsFteWds"
	};
	char   text[16];
	size_t n = 0;

	for (size_t i = 0; i < name.n; i += 1 + wide) {
		if (wide && i + 1 < name.n && name.p[i + 1] != 0) /* half a character counts as one */
			return false;
		if (name.p[i] == 0)
			break; /* Zeek's string ends here */
		if (n == sizeof text - 1)
			return false;
		text[n++] = (char)name.p[i];
	}
	text[n] = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0)
			return true;
	return false;
}

/* ---- pipes */

static struct smb_pipe *
find_pipe(const struct smb *s, uint64_t fid)
{
	for (unsigned i = 0; i < s->pipes.pipes; i++)
		if (s->pipes.pipe[i].fid == fid)
			return &s->pipes.pipe[i];
	return NULL;
}

static struct smb_pipe *
open_pipe(struct talk *t, uint64_t fid)
{
	struct smb       *s = talk_state(t);
	struct smb_pipes *p = &s->pipes;

	if (p->pipes == MAX_PIPES)
		while (p->pipes > 0)
			talk_release(p->pipe[--p->pipes].dce_rpc);
	struct smb_pipe *to = with_room(p->pipe, p->pipes, &p->room_pipes, sizeof *to);
	if (!to)
		return NULL;
	p->pipe = to;
	to[p->pipes] = (struct smb_pipe){ fid, talk_outside(t, SERVICE_DCE_RPC) };
	return to[p->pipes].dce_rpc ? &to[p->pipes++] : NULL;
}

void
smb_pipe_data(struct talk *t, uint64_t fid, int side, struct bytes data)
{
	struct smb_pipe *pipe = find_pipe(talk_state(t), fid);

	if (!pipe)
		pipe = open_pipe(t, fid);
	if (pipe)
		talk_feed(pipe->dce_rpc, side, data);
}

void
smb_pipe_close(struct smb *s, uint64_t fid)
{
	struct smb_pipe *pipe = find_pipe(s, fid);

	if (pipe) {
		talk_release(pipe->dce_rpc);
		*pipe = s->pipes.pipe[--s->pipes.pipes];
	}
}

/* ---- transactions */

bool
smb_transaction_take(struct smb *s, uint16_t message)
{
	struct smb_pipes *p = &s->pipes;

	for (unsigned i = 0; i < p->transactions; i++)
		if (p->transaction[i] == message) {
			p->transactions--;
			memmove(p->transaction + i, p->transaction + i + 1, (p->transactions - i) * sizeof *p->transaction);
			return true;
		}
	return false;
}

void
smb_transaction_set(struct smb *s, uint16_t message, bool pipe)
{
	struct smb_pipes *p = &s->pipes;

	(void)smb_transaction_take(s, message);
	if (!pipe)
		return;
	if (p->transactions == MAX_TRANSACTIONS)
		(void)smb_transaction_take(s, p->transaction[0]);
	uint16_t *to = with_room(p->transaction, p->transactions, &p->room_transactions, sizeof *to);
	if (!to)
		return;
	p->transaction = to;
	to[p->transactions++] = message;
}

void
smb_pipes_end(struct smb *s)
{
	free(s->pipes.pipe);
	smb_asked_end(&s->pipes.tree_of);
	smb_asked_end(&s->pipes.read);
	smb_asked_end(&s->pipes.ioctl);
	free(s->pipes.tree);
	free(s->pipes.transaction);
	s->pipes = (struct smb_pipes){ 0 };
}
