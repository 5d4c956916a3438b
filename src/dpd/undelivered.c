/* undelivered.c - what TCP matches when a connection ends with bytes waiting above a hole (Zeek: TCP_Reassembler.cc,
 * MatchUndelivered; called by its Done()).
 *
 * Zeek means to match the bytes above the hole, but feeds the bytes below it that were delivered and never
 * acknowledged, a second time. By then the signature matcher has ended. The new one that begins with these bytes has
 * seen no header, so only rules without a transport condition apply, and of these only the two that need nothing from
 * the other side: DCE-RPC and MQTT. Nothing can be attached any more, so a match shows only in speculative_service, and
 * only if matching was still going on.
 *
 * For this, the places of segments that begin as these two protocols do are kept while they are not acknowledged: the
 * oldest HEADS per side. A pattern that extends beyond its segment is missed.
 */
#include "dpd/inspect.h"

#include "track/tcp.h"

#define HEADS 8

struct head {
	uint64_t     lo, hi; /* of the segment, relative numbers */
	enum service service;
};

struct heads {
	struct head at[2][HEADS]; /* indexed by the endpoint, which a flip does not change */
	uint8_t     n[2];
};

/* Matches dpd_dce_rpc and dpd_mqtt. */
static enum service
begins_like(struct bytes b)
{
	if (b.n >= 3 && b.p[0] == 5 && b.p[1] <= 1 && b.p[2] <= 0x13)
		return SERVICE_DCE_RPC;
	for (size_t i = 4; i <= 7 && i + 1 < b.n; i++)
		if (b.p[i] == 'M' && b.p[i + 1] == 'Q')
			return SERVICE_MQTT;
	return SERVICE_NONE;
}

static struct heads *
heads_of(struct inspect *in)
{
	if (!in->heads)
		(void)pool_alloc(&in->by->pool, sizeof(struct heads), &in->heads);
	return in->heads ? pool_at(&in->by->pool, in->heads) : NULL;
}

static void
forget_acked(struct heads *h, unsigned e, uint64_t trimmed)
{
	unsigned gone = 0;

	while (gone < h->n[e] && h->at[e][gone].hi <= trimmed)
		gone++;
	memmove(h->at[e], h->at[e] + gone, (h->n[e] - gone) * sizeof(struct head));
	h->n[e] = (uint8_t)(h->n[e] - gone);
}

static struct tcp_ctx
tcp_ctx_of(const struct inspect *in)
{
	struct conn_store *s = in->by->s;
	struct conn       *c = inspect_conn(in);

	return (struct tcp_ctx){ s, in->handle, c, tcp_at(s, c), s->now };
}

void
undelivered_note(struct inspect *in, int side, struct bytes b)
{
	const enum service s = begins_like(b);
	struct heads      *h = s != SERVICE_NONE ? heads_of(in) : NULL;

	if (!h)
		return;
	const struct tcp_ctx x = tcp_ctx_of(in);
	const struct tcp_ep *ep = tcp_side(x.t, side);
	const unsigned       e = ep == &x.t->ep[1];
	const uint64_t       hi = tcp_delivered(&x, ep);

	forget_acked(h, e, tcp_trimmed(&x, ep));
	if (h->n[e] < HEADS)
		h->at[e][h->n[e]++] = (struct head){ hi - b.n, hi, s };
}

void
undelivered_forget(struct inspect *in)
{
	if (in->heads)
		pool_release(&in->by->pool, pool_at(&in->by->pool, in->heads), in->heads);
	in->heads = 0;
}

/* Returns the service that a side's oldest unacknowledged segment begins like; SERVICE_NONE if nothing is to be
 * matched. */
static enum service
oldest(const struct inspect *in, const struct tcp_ctx *x, int side)
{
	const struct tcp_ep      *ep = tcp_side(x->t, side);
	const struct tcp_ep_rare *r = tcp_rare_at(x->s, x->t, ep);
	const struct heads       *h = pool_at(&in->by->pool, in->heads);
	const unsigned            e = ep == &x->t->ep[1];
	const uint64_t            trimmed = tcp_trimmed(x, ep);

	if (!r || r->above.n == 0)
		return SERVICE_NONE;
	for (unsigned i = 0; i < h->n[e]; i++)
		if (h->at[e][i].lo <= trimmed && h->at[e][i].hi > trimmed)
			return h->at[e][i].service;
	return SERVICE_NONE;
}

void
undelivered_match(struct inspect *in)
{
	const struct tcp_ctx x = tcp_ctx_of(in);

	for (int side = ORIG; in->heads && side <= RESP; side++) {
		const enum service s = oldest(in, &x, side);
		if (s == SERVICE_NONE)
			continue;
		found_add(&in->found, &in->by->verdicts, VERDICT_SPECULATIVE, s);
		return; /* dpd_late_match_stop */
	}
}
