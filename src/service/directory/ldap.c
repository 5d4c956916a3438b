/* ldap.c - LDAP (RFC 4511) over TCP and UDP; Zeek: ldap/ldap.spicy.
 *
 * Confirms: a complete message, including controls, whose operation has the form of Zeek's grammar.  Violates: anything else,
 * and a stream or datagram that ends inside a message; after that nothing more is read.
 * After StartTLS both sides are passed to TLS.  After a SASL bind messages can be wrapped; of encrypted ones only the length is
 * read.  Gaps are allowed in skipped bytes; otherwise everything ends there without a violation, as Zeek's parser does.
 * Buffers an incomplete operation of each side, up to OP_HELD bytes.  What follows these counts as good, since violations no
 * longer count there.  Headers are less than 400 bytes.
 */
#include "service/gather.h"
#include "service/directory/ldap_op.h"
#include "dpd/talk.h"

#define OP_HELD  10240u
#define OP_EAGER 512u                        /* up to this size it is parsed again whenever more arrives */
#define FARTHEST (UINT64_MAX - (1ull << 40)) /* an operation of this length ends beyond any stream */
#define HEAD_MIN 7u                          /* three headers of two bytes, and an identifier of one */

/* The kind of bytes expected next. */
enum phase { START, HEAD, OP, OP_PASSED, TAIL, DECIDE, SEALED, KRB5, TOKEN, DOOMED, LOST, TLS, DEAD };

struct flow {
	struct gather        g;
	struct ldap_progress progress; /* of the operation; and how many bytes of the headers are needed next */
	uint64_t             skip;     /* bytes to skip */
	uint64_t message, before, op;  /* lengths: of a message, of what precedes its operation, of the operation */
	uint64_t limit;                /* of a plaintext token: bytes left */
	uint32_t tried;                /* bytes of the operation without an error */
	uint16_t trailer;              /* of the token */
	uint8_t  phase, opcode;
	bool     limited;
};

struct state {
	struct flow         side[2];
	struct ldap_context context;
};

/* Returns how many bytes are buffered from earlier chunks. */
static size_t
held(const struct flow *f)
{
	return gather_held(&f->g).n;
}

static bool
between_messages(const struct flow *f)
{
	return f->phase == START && f->skip == 0 && held(f) == 0;
}

/* Reports a parse error, which ends both sides. */
static bool
fail(struct talk *t, struct flow *f)
{
	f->phase = DEAD;
	talk_violate(t);
	talk_skip(t);
	return false;
}

/* Skips bytes, buffered or not.  Returns whether all of it was there. */
static bool
pass_over(struct flow *f, struct bytes *in)
{
	while (f->skip && held(f) + in->n) {
		const uint64_t there = held(f) ? held(f) : in->n;
		const size_t   n = (size_t)(f->skip < there ? f->skip : there);
		gather_take(&f->g, in, n);
		f->skip -= n;
	}
	return f->skip == 0;
}

/* ---- a message */

static void
begin_op(struct flow *f, const struct ber_head *op)
{
	f->op = op->len;
	f->opcode = op->type;
	f->tried = 0;
	f->progress = (struct ldap_progress){ 0 };
	f->phase = OP;
	if (ldap_op_skipped(op->type)) {
		f->skip = op->len;
		f->phase = OP_PASSED;
	}
}

/* Reads the headers of the message, of its identifier and of its operation. */
static enum ber_fit
read_head(struct flow *f, struct ber *b)
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
		f->phase = DOOMED;
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
message_head(struct talk *t, struct flow *f, struct bytes *in)
{
	const size_t there = held(f) + in->n;

	/* Exactly the headers are consumed: what follows may be passed on as it is. */
	for (size_t want = there < HEAD_MIN ? there : HEAD_MIN; want && want <= there; want++) {
		struct ber   b = { gather_need(&f->g, in, want), 0, want, UINT64_MAX, &f->progress.need };
		enum ber_fit fit = b.p ? read_head(f, &b) : BER_MORE;
		if (fit == BER_BAD)
			return fail(t, f);
		if (fit == BER_OK) {
			gather_take(&f->g, in, (size_t)b.at);
			return true;
		}
	}
	gather_need(&f->g, in, there + 1); /* buffers everything */
	return false;
}

static bool
after_op(struct talk *t, struct flow *f)
{
	if (f->op > f->message || f->before > f->message - f->op)
		return fail(t, f);
	f->skip = f->message - f->op - f->before;
	f->phase = TAIL;
	return true;
}

/* Returns whether to parse the buffer: not if nothing new would be seen, nor for every few bytes of a long operation. */
static bool
worth_trying(const struct flow *f)
{
	return held(f) >= f->progress.need && (held(f) <= OP_EAGER || held(f) > f->tried + f->tried / 16);
}

static bool
operation(struct talk *t, struct flow *f, struct ldap_context *c, struct bytes *in)
{
	const size_t   want = f->op < OP_HELD ? (size_t)f->op : OP_HELD;
	const uint8_t *all = gather_need(&f->g, in, want);
	struct bytes   have = { all, want };

	if (!all) {
		if (!worth_trying(f))
			return false;
		f->tried = held(f);
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
		f->phase = OP_PASSED;
		return true;
	default:
		return fail(t, f);
	}
}

/* ---- SASL wrapping */

/* Handles encrypted data: a length, and that many bytes. */
static bool
sealed_message(struct flow *f, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, 4);

	if (!p)
		return false;
	f->skip = load_be32(p);
	f->phase = START;
	gather_take(&f->g, in, 4);
	return true;
}

/* Handles a wrap token (RFC 4121 section 4.2.6.2): 4 bytes of length, then 16 of its own. */
static bool
wrap_token(struct talk *t, struct flow *f, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, 8);

	if (p && p[7] != 0xff)
		return fail(t, f);
	p = p ? gather_need(&f->g, in, 12) : NULL;
	if (!p)
		return false;
	const uint32_t extra = load_be16(p + 8), rotated = load_be16(p + 10);
	const bool     sealed = p[6] & 0x02;
	if (rotated != extra && rotated != 0 && !sealed)
		return fail(t, f);
	p = gather_need(&f->g, in, 20);
	if (!p)
		return false;
	const uint32_t len = load_be32(p), head = rotated == extra ? extra : 0, tail = rotated == 0 ? extra : 0;
	gather_take(&f->g, in, 20);
	f->skip = head;
	f->phase = DOOMED;
	if (len < 16 + head || len - 16 - head < tail)
		return true;
	f->limit = len - 16 - head - tail;
	f->trailer = (uint16_t)tail;
	f->phase = TOKEN;
	if (sealed) {
		f->skip = len - 16;
		f->phase = START;
	}
	return true;
}

static bool
krb5(struct talk *t, struct flow *f, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, 6);

	if (!p)
		return false;
	if (load_be16(p + 4) == 0x0504)
		return wrap_token(t, f, in);
	if (load_be32(p) < 2)
		return fail(t, f);
	f->skip = load_be32(p) - 2;
	f->phase = START;
	gather_take(&f->g, in, 6);
	return true;
}

/* Continues once the mode is known. */
static void
dispatch(struct talk *t, struct flow *f, unsigned mode)
{
	switch (mode) {
	case LDAP_TLS:
		f->phase = TLS;
		talk_hand_over(t, SERVICE_SSL);
		break;
	case LDAP_MS_KRB5:
		talk_settled(t);
		f->phase = KRB5;
		break;
	case LDAP_ENCRYPTED:
		talk_settled(t);
		f->phase = SEALED;
		break;
	default:
		f->phase = HEAD;
	}
}

/* Determines the mode after a SASL bind: a first byte of 0x30 means a message, anything else the length of a token; the
 * result then applies to the other side as well. With GSS, or without a name, the token itself can tell. */
static void
find_mode(struct talk *t, struct flow *f, struct ldap_context *c, uint8_t first)
{
	c->mode = first == 0x30 ? LDAP_PLAIN : LDAP_ENCRYPTED;
	if (c->mode == LDAP_ENCRYPTED && c->mechanism != LDAP_SASL)
		f->phase = DECIDE;
	else
		dispatch(t, f, c->mode);
}

static bool
decide(struct talk *t, struct flow *f, struct ldap_context *c, struct bytes *in)
{
	const uint8_t *p = gather_need(&f->g, in, 4);

	if (p && load_be32(p) >= 2)
		p = gather_need(&f->g, in, 6);
	if (!p)
		return false;
	if (load_be32(p) >= 2 && load_be16(p + 4) == 0x0504)
		c->mode = LDAP_MS_KRB5;
	if (c->mode == LDAP_MAYBE) /* meanwhile another bind has succeeded */
		return fail(t, f);
	dispatch(t, f, c->mode);
	return true;
}

static bool
start(struct talk *t, struct flow *f, struct ldap_context *c, struct bytes *in)
{
	const uint8_t *first = gather_need(&f->g, in, 1);

	if (!first)
		return false;
	if (!f->limited && c->mode == LDAP_MAYBE)
		find_mode(t, f, c, first[0]);
	else
		dispatch(t, f, f->limited ? LDAP_PLAIN : c->mode);
	return true;
}

/* ---- streams */

/* Runs one step. Returns false if nothing more can be done with the available bytes. */
static bool
step(struct talk *t, int side, struct flow *f, struct bytes *in)
{
	struct state *s = talk_state(t);

	if (!pass_over(f, in))
		return false;
	switch ((enum phase)f->phase) {
	case START:
		return start(t, f, &s->context, in);
	case HEAD:
		return message_head(t, f, in);
	case OP:
		return operation(t, f, &s->context, in);
	case OP_PASSED:
		return after_op(t, f);
	case TAIL:
		f->phase = START;
		talk_confirm(t);
		return true;
	case DECIDE:
		return decide(t, f, &s->context, in);
	case SEALED:
		return sealed_message(f, in);
	case KRB5:
		return krb5(t, f, in);
	case TOKEN:
		f->limited = true;
		f->phase = START;
		return false;
	case DOOMED:
		return fail(t, f);
	case LOST:
		f->phase = DEAD;
		talk_skip(t);
		return false;
	case TLS:
		if (in->n)
			talk_pass(t, side, *in);
		*in = bytes_skip(*in, in->n);
		return false;
	case DEAD:
		break;
	}
	return false;
}

/* Parses all of the input, or stops at an error. */
static void
run(struct talk *t, int side, struct flow *f, struct bytes in)
{
	for (;;) {
		if (f->limited && f->limit == 0) {
			if (!between_messages(f)) {
				fail(t, f);
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
		if (f->phase == DEAD || (!in.n && !(f->limited && f->limit == 0)))
			return;
	}
}

static void
forget(struct flow *f)
{
	gather_clear(&f->g);
	*f = (struct flow){ 0 };
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
	struct flow *f = &((struct state *)talk_state(t))->side[side];

	if (!b.n)
		return;
	run(t, side, f, b);
	if (f->phase == DEAD)
		return;
	if (f->phase != TLS && (f->limited || !between_messages(f)))
		fail(t, f);
	else
		forget(f);
}

/* Returns how many bytes, including buffered ones, are needed before parsing continues. */
static uint64_t
needed(const struct flow *f, const struct ldap_context *c)
{
	static const uint8_t fields[] = { 4, 6, 7, 8, 10, 12, 20 };
	const bool           plain = f->limited || c->mode == LDAP_PLAIN;

	switch (f->phase) {
	case HEAD:
	case OP:
		return f->progress.need;
	case START:
		return !plain && (c->mode == LDAP_MS_KRB5 || c->mode == LDAP_ENCRYPTED) ? 4 : 1;
	case SEALED:
		return 4;
	case DECIDE:
		return held(f) < 4 ? held(f) + 1 : 6;
	case KRB5:
		for (size_t i = 0; i < sizeof fields; i++)
			if (held(f) < fields[i])
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
	struct state  *s = talk_state(t);
	struct flow   *f = &s->side[side];
	const uint64_t passed = len < f->skip ? len : f->skip;

	if (f->limited && len > f->limit) {
		talk_skip(t);
		return;
	}
	f->skip -= passed;
	if (f->limited)
		f->limit -= len;
	run(t, side, f, (struct bytes){ 0 });
	len -= passed;
	if (len == 0 || f->phase == DEAD)
		return;
	const uint64_t need = needed(f, &s->context), there = held(f) + len;
	if (there >= need) {
		talk_skip(t);
		return;
	}
	gather_clear(&f->g);
	f->skip = need - there;
	f->phase = LOST;
}

static void
ldap_eof(struct talk *t, int side)
{
	struct flow *f = &((struct state *)talk_state(t))->side[side];

	if (f->phase == DEAD || f->phase == TLS || (!f->limited && between_messages(f)))
		return;
	f->phase = DEAD; /* the other side continues */
	talk_violate(t);
}

static void
ldap_flipped(struct talk *t)
{
	struct state     *s = talk_state(t);
	const struct flow f = s->side[0];

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
