/* ldap.c - LDAP (RFC 4511) over TCP and UDP; Zeek: ldap/ldap.spicy.
 *
 * Confirms: a complete message, including controls, whose operation has the form of Zeek's grammar.  Violates: anything else,
 * and a stream or datagram that ends inside a message; after that nothing more is read.
 * After StartTLS both sides are passed to TLS.  After a SASL bind messages can be wrapped; of encrypted ones only the length is
 * read.  Gaps are allowed in skipped bytes; otherwise everything ends there without a violation, as Zeek's parser does.
 * Buffers an incomplete operation of each side, up to OP_HELD bytes.  What follows these counts as good, since violations no
 * longer count there.  Headers are less than 400 bytes.
 */
#include "service/directory/ldap_flow.h"

#define OP_HELD  10240u
#define OP_EAGER 512u                        /* up to this size it is parsed again whenever more arrives */
#define FARTHEST (UINT64_MAX - (1ull << 40)) /* an operation of this length ends beyond any stream */
#define HEAD_MIN 7u                          /* three headers of two bytes, and an identifier of one */

struct state {
	struct ldap_flow    side[2];
	struct ldap_context context;
};

static bool
between_messages(const struct ldap_flow *f)
{
	return f->phase == FLOW_START && f->skip == 0 && ldap_held(f) == 0;
}

/* Skips bytes, buffered or not.  Returns whether all of it was there. */
static bool
pass_over(struct ldap_flow *f, struct bytes *in)
{
	while (f->skip && ldap_held(f) + in->n) {
		const uint64_t there = ldap_held(f) ? ldap_held(f) : in->n;
		const size_t   n = (size_t)(f->skip < there ? f->skip : there);
		gather_take(&f->g, in, n);
		f->skip -= n;
	}
	return f->skip == 0;
}

/* ---- a message */

static void
begin_op(struct ldap_flow *f, const struct ber_head *op)
{
	f->op = op->len;
	f->opcode = op->type;
	f->tried = 0;
	f->progress = (struct ldap_progress){ 0 };
	f->phase = FLOW_OP;
	if (ldap_op_skipped(op->type)) {
		f->skip = op->len;
		f->phase = FLOW_OP_PASSED;
	}
}

/* Reads the headers of the message, of its identifier and of its operation. */
static enum ber_fit
read_head(struct ldap_flow *f, struct ber *b)
{
	struct ber_head h;
	const uint8_t  *p;
	enum ber_fit    fit = ber_header(b, &h);

	if (fit != BER_OK)
		return fit;
	if (h.cls != BER_UNIVERSAL || h.type != BER_SEQUENCE)
		return BER_BAD;
	f->message = h.len;
	const uint64_t start = b->at;
	fit = ber_header(b, &h);
	if (fit != BER_OK)
		return fit;
	if (h.cls != BER_UNIVERSAL || h.type != BER_INTEGER)
		return BER_BAD;
	if (h.len == 0 || h.len > 8) { /* not a number: an error, but only once it is complete */
		f->skip = h.len;
		f->phase = FLOW_DOOMED;
		return BER_OK;
	}
	fit = ber_take(b, h.len, &p);
	if (fit == BER_OK)
		fit = ber_header(b, &h);
	if (fit != BER_OK)
		return fit;
	if (h.cls != BER_APPLICATION || h.len > FARTHEST)
		return BER_BAD;
	f->before = b->at - start;
	begin_op(f, &h);
	return BER_OK;
}

static bool
message_head(struct talk *t, struct ldap_flow *f, struct bytes *in)
{
	const size_t there = ldap_held(f) + in->n;

	/* Exactly the headers are consumed: what follows may be passed on as it is. */
	for (size_t want = there < HEAD_MIN ? there : HEAD_MIN; want && want <= there; want++) {
		struct ber   b = { gather_need(&f->g, in, want), 0, want, UINT64_MAX, &f->progress.need };
		enum ber_fit fit = b.p ? read_head(f, &b) : BER_MORE;
		if (fit == BER_BAD)
			return ldap_fail(t, f);
		if (fit == BER_OK) {
			gather_take(&f->g, in, (size_t)b.at);
			return true;
		}
	}
	gather_need(&f->g, in, there + 1); /* buffers everything */
	return false;
}

static bool
after_op(struct talk *t, struct ldap_flow *f)
{
	if (f->op > f->message || f->before > f->message - f->op)
		return ldap_fail(t, f);
	f->skip = f->message - f->op - f->before;
	f->phase = FLOW_TAIL;
	return true;
}

/* Returns whether to parse the buffer: not if nothing new would be seen, nor for every few bytes of a long operation. */
static bool
worth_trying(const struct ldap_flow *f)
{
	return ldap_held(f) >= f->progress.need && (ldap_held(f) <= OP_EAGER || ldap_held(f) > f->tried + f->tried / 16);
}

static bool
operation(struct talk *t, struct ldap_flow *f, struct ldap_context *c, struct bytes *in)
{
	const size_t   want = f->op < OP_HELD ? (size_t)f->op : OP_HELD;
	const uint8_t *all = gather_need(&f->g, in, want);
	struct bytes   have = { all, want };

	if (!all) {
		if (!worth_trying(f))
			return false;
		f->tried = ldap_held(f);
		have = gather_held(&f->g);
	}
	switch (ldap_op(f->opcode, have, f->op, c, &f->progress)) {
	case BER_OK:
		gather_take(&f->g, in, want);
		return after_op(t, f);
	case BER_MORE:
		if (!all)
			return false;
		gather_take(&f->g, in, want);
		f->skip = f->op - want;
		f->phase = FLOW_OP_PASSED;
		return true;
	default:
		return ldap_fail(t, f);
	}
}

/* ---- streams */

/* Runs one step. Returns false if nothing more can be done with the available bytes. */
static bool
step(struct talk *t, int side, struct ldap_flow *f, struct bytes *in)
{
	struct state *s = talk_state(t);

	if (!pass_over(f, in))
		return false;
	switch ((enum ldap_phase)f->phase) {
	case FLOW_START:
		return ldap_start(t, f, &s->context, in);
	case FLOW_HEAD:
		return message_head(t, f, in);
	case FLOW_OP:
		return operation(t, f, &s->context, in);
	case FLOW_OP_PASSED:
		return after_op(t, f);
	case FLOW_TAIL:
		f->phase = FLOW_START;
		talk_confirm(t);
		return true;
	case FLOW_DECIDE:
		return ldap_decide(t, f, &s->context, in);
	case FLOW_SEALED:
		return ldap_sealed(f, in);
	case FLOW_KRB5:
		return ldap_krb5(t, f, in);
	case FLOW_TOKEN:
		f->limited = true;
		f->phase = FLOW_START;
		return false;
	case FLOW_DOOMED:
		return ldap_fail(t, f);
	case FLOW_LOST:
		f->phase = FLOW_DEAD;
		talk_skip(t);
		return false;
	case FLOW_TLS:
		if (in->n)
			talk_pass(t, side, *in);
		*in = bytes_skip(*in, in->n);
		return false;
	case FLOW_DEAD:
		break;
	}
	return false;
}

/* Parses all of the input, or stops at an error. */
static void
run(struct talk *t, int side, struct ldap_flow *f, struct bytes in)
{
	for (;;) {
		if (f->limited && f->limit == 0) {
			if (!between_messages(f)) {
				ldap_fail(t, f);
				return;
			}
			f->limited = false;
			f->skip = f->trailer;
		}
		const bool   limited = f->limited;
		struct bytes part = limited && f->limit < in.n ? bytes_head(in, (size_t)f->limit) : in;
		const size_t before = part.n;
		while (step(t, side, f, &part))
			;
		in = bytes_skip(in, before - part.n);
		if (limited)
			f->limit -= before - part.n;
		if (f->phase == FLOW_DEAD || (!in.n && !(f->limited && f->limit == 0)))
			return;
	}
}

static void
forget(struct ldap_flow *f)
{
	gather_clear(&f->g);
	*f = (struct ldap_flow){ 0 };
}

static void
tcp_feed(struct talk *t, int side, struct bytes b)
{
	run(t, side, &((struct state *)talk_state(t))->side[side], b);
}

/* Every datagram is parsed independently, and must end with a message. */
static void
udp_feed(struct talk *t, int side, struct bytes b)
{
	struct ldap_flow *f = &((struct state *)talk_state(t))->side[side];

	if (!b.n)
		return;
	run(t, side, f, b);
	if (f->phase == FLOW_DEAD)
		return;
	if (f->phase != FLOW_TLS && (f->limited || !between_messages(f)))
		ldap_fail(t, f);
	else
		forget(f);
}

/* Returns how many bytes, including buffered ones, are needed before parsing continues. */
static uint64_t
needed(const struct ldap_flow *f, const struct ldap_context *c)
{
	static const uint8_t fields[] = { 4, 6, 7, 8, 10, 12, 20 };
	const bool           plain = f->limited || c->mode == LDAP_PLAIN;

	switch (f->phase) {
	case FLOW_HEAD:
	case FLOW_OP:
		return f->progress.need;
	case FLOW_START:
		return !plain && (c->mode == LDAP_MS_KRB5 || c->mode == LDAP_ENCRYPTED) ? 4 : 1;
	case FLOW_SEALED:
		return 4;
	case FLOW_DECIDE:
		return ldap_held(f) < 4 ? ldap_held(f) + 1 : 6;
	case FLOW_KRB5:
		for (size_t i = 0; i < sizeof fields; i++)
			if (ldap_held(f) < fields[i])
				return fields[i];
		break;
	default:
		break;
	}
	return 0;
}

/* Zeek's parser notices missing bytes when it reads them: never in skipped bytes; in a string, only when all of it
 * should be there. */
static void
ldap_gap(struct talk *t, int side, uint64_t len)
{
	struct state     *s = talk_state(t);
	struct ldap_flow *f = &s->side[side];
	const uint64_t    passed = len < f->skip ? len : f->skip;

	if (f->limited && len > f->limit) {
		talk_skip(t);
		return;
	}
	f->skip -= passed;
	if (f->limited)
		f->limit -= len;
	run(t, side, f, (struct bytes){ 0 });
	len -= passed;
	if (len == 0 || f->phase == FLOW_DEAD)
		return;
	const uint64_t need = needed(f, &s->context), there = ldap_held(f) + len;
	if (there >= need) {
		talk_skip(t);
		return;
	}
	gather_clear(&f->g);
	f->skip = need - there;
	f->phase = FLOW_LOST;
}

static void
ldap_eof(struct talk *t, int side)
{
	struct ldap_flow *f = &((struct state *)talk_state(t))->side[side];

	if (f->phase == FLOW_DEAD || f->phase == FLOW_TLS || (!f->limited && between_messages(f)))
		return;
	f->phase = FLOW_DEAD; /* the other side continues */
	talk_violate(t);
}

static void
ldap_flipped(struct talk *t)
{
	struct state          *s = talk_state(t);
	const struct ldap_flow f = s->side[0];

	s->side[0] = s->side[1];
	s->side[1] = f;
}

static void
ldap_end(struct talk *t)
{
	struct state *s = talk_state(t);

	forget(&s->side[0]);
	forget(&s->side[1]);
}

static const uint16_t tcp_ports[] = { 389, 3268, 0 }, udp_ports[] = { 389, 0 };

const struct recogniser recogniser_ldap_tcp = {
	.service = SERVICE_LDAP_TCP,
	.tcp_ports = tcp_ports,
	.state_size = sizeof(struct state),
	.feed = tcp_feed,
	.gap = ldap_gap,
	.eof = ldap_eof,
	.flipped = ldap_flipped,
	.end = ldap_end,
};

const struct recogniser recogniser_ldap_udp = {
	.service = SERVICE_LDAP_UDP,
	.udp_ports = udp_ports,
	.state_size = sizeof(struct state),
	.feed = udp_feed,
	.flipped = ldap_flipped,
	.end = ldap_end,
};
