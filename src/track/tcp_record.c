/* tcp_record.c - records a side's stream to a file (TCP_Reassembler.cc: SetContentsFile, RecordBlock, RecordToSeq, Done).
 *
 * Bytes are recorded as they are delivered.  As in Zeek, a hole is marked only if something above it is known; what still
 * waits above holes when the connection ends is recorded then.  Unlike in Zeek, bytes that were delivered but not acknowledged
 * before recording began (data in a SYN) are gone.
 */
#include <stdlib.h>

#include "track/tcp.h"

void
tcp_record_begin(struct conn_store *s, uint32_t handle, int side, uint32_t file)
{
	const struct tcp_ctx x = { s, handle, conn_at(s, handle), tcp_at(s, conn_at(s, handle)), s->now };
	struct tcp_ep       *ep = tcp_side(x.t, side);

	tcp_rare_need(&x, ep);
	if (!x.t->rare) {
		s->recorder->close(s->recorder->arg, file);
		return;
	}
	ep->flags |= EP_RECORD;
	tcp_rare_at(s, x.t, ep)->file = file;
}

void
tcp_record_bytes(const struct tcp_ctx *x, const struct tcp_ep *ep, const uint8_t *p, size_t n)
{
	const struct conn_recorder *r = x->s->recorder;
	r->bytes(r->arg, x->handle, tcp_rare_at(x->s, x->t, ep)->file, tcp_is_orig(x->t, ep), p, n);
}

void
tcp_record_gap(const struct tcp_ctx *x, const struct tcp_ep *ep, uint64_t len)
{
	const struct conn_recorder *r = x->s->recorder;
	r->gap(r->arg, x->handle, tcp_rare_at(x->s, x->t, ep)->file, tcp_is_orig(x->t, ep), len);
}

/* Records what waits above holes. */
static void
record_rest(const struct tcp_ctx *x, const struct tcp_ep *ep)
{
	uint64_t at = tcp_delivered(x, ep);

	for (const struct block *b = tcp_rare_at(x->s, x->t, ep)->blocks; b; b = b->next) {
		if (b->lo > at)
			tcp_record_gap(x, ep, b->lo - at);
		tcp_record_bytes(x, ep, b->data, (size_t)(b->hi - b->lo));
		at = b->hi;
	}
}

void
tcp_record_end(struct conn_store *s, uint32_t handle)
{
	struct conn *c = conn_at(s, handle);

	if (!tcp_is_open(c))
		return;
	const struct tcp_ctx x = { s, handle, c, tcp_at(s, c), s->now };
	for (int side = ORIG; side <= RESP; side++)
		if (tcp_side(x.t, side)->flags & EP_RECORD)
			record_rest(&x, tcp_side(x.t, side));
}
