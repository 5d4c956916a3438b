/* redis.c - Redis' RESP2 and RESP3 (redis.io/docs/reference/protocol-spec; Zeek: redis/resp.spicy, redis/redis.spicy).
 *
 * Confirms: each complete value of the server, at the top.
 * Violates, and ends it all: a server that speaks first, a command of bad form, an empty one, a bad expiry of SET.
 * A server's bad value does not violate at once: the next CR LF behind the value's first byte is looked for and reading
 * goes on behind it.  The end of its stream then violates, as does one within a value or a command.
 * A gap ends it on the client's side, and is a bad value on the server's.
 * Holds: of the server's unfinished value HELD bytes, to go back to; of the client an inline command of 1024.
 */
#include "service/gather.h"
#include "service/talk.h"

#define HELD         10240u /* beyond, a bad value is followed by the CR LF behind the place where it is bad */
#define MAX_SIZE     1048576
#define MAX_ELEMENTS 20000u
#define MAX_DEPTH    20u
#define MAX_INLINE   1024u
#define MAX_REPLAYS  64u

enum phase { TYPE, TYPE_AGAIN, BOOL, LINE, NUMBER, CONTENT, TAIL, ELEMENT, INLINE };
enum answer { MORE, DONE, BAD };

/* A line with a number, byte by byte. */
struct number {
	uint64_t value;
	uint8_t  n;
	bool     minus, bad;
};

struct value {
	struct number number;
	uint32_t      left; /* of a string; of a line: bytes seen */
	uint32_t      elements;
	uint32_t      rest[MAX_DEPTH]; /* elements to come, of the lists around */
	bool          attribute[MAX_DEPTH];
	uint8_t       depth, phase, type;
	bool          cr;
};

/* What SET has to know of an argument: its beginning, and whether it is a number. */
struct argument {
	char    text[6];
	uint8_t n, digits;
	bool    other;
};

struct command {
	struct gather   line; /* inline */
	struct number   number;
	struct argument arg;
	uint32_t        left, elements, seen;
	uint8_t         phase;
	bool            cr, unset, set, expiry, bad;
};

struct state {
	struct command client;
	struct value   server;
	struct gather  held;     /* the server's unfinished value */
	bool           overflow; /* more than is held */
	bool           searching, last_cr, failed, client_seen;
	uint8_t        replays;
};

/* ---- pieces of both sides */

/* => Whether the byte ends a line. */
static bool
line_end(bool *cr, uint8_t c)
{
	const bool end = *cr && c == '\n';

	*cr = c == '\r';
	return end;
}

/* A byte of a number's line, the CR LF excluded: a CR can only be seen to be part of it when it is too late. */
static void
number_byte(struct number *x, uint8_t c)
{
	if (c >= '0' && c <= '9') {
		if (x->value > (UINT64_MAX >> 1) / 10 - 1)
			x->bad = true;
		x->value = x->value * 10 + (c - '0');
		if (x->n < 64)
			x->n++;
	} else if ((c == '-' || c == '+') && x->n == 0 && !x->minus) {
		x->minus = c == '-';
	} else {
		x->bad = true;
	}
}

/* As line_end(), for the line of a number. */
static bool
number_end(struct number *x, bool *cr, uint8_t c)
{
	if (*cr && c != '\n')
		x->bad = true;
	if (line_end(cr, c))
		return true;
	if (c != '\r')
		number_byte(x, c);
	return false;
}

static bool
number_is(const struct number *x, int64_t *v)
{
	*v = x->minus ? -(int64_t)x->value : (int64_t)x->value;
	return !x->bad && x->n > 0;
}

/* ---- the server's values */

/* A value has ended, and with it maybe lists around it. */
static enum answer
value_end(struct value *v)
{
	v->phase = TYPE;
	while (v->depth) {
		const unsigned top = v->depth - 1u;
		if (v->rest[top] && --v->rest[top])
			return MORE;
		v->depth--;
		if (v->attribute[top]) {
			v->phase = TYPE_AGAIN;
			return MORE;
		}
	}
	return DONE;
}

static enum answer
list_begin(struct value *v, uint64_t n)
{
	if (v->elements > MAX_ELEMENTS || n > MAX_ELEMENTS - v->elements)
		return BAD;
	v->elements += (uint32_t)n;
	if (n && v->depth == MAX_DEPTH - 1)
		return BAD;
	v->attribute[v->depth] = v->type == '|';
	v->rest[v->depth++] = (uint32_t)(v->type == '%' || v->type == '|' ? 2 * n : n);
	v->phase = TYPE;
	return n ? MORE : value_end(v);
}

static enum answer
after_number(struct value *v)
{
	int64_t n;

	if (!number_is(&v->number, &n))
		return BAD;
	switch (v->type) {
	case '$':
	case '!':
	case '=':
		if (n > MAX_SIZE)
			return BAD;
		if (n < 0)
			return value_end(v);
		v->left = (uint32_t)n;
		v->phase = n ? CONTENT : TAIL;
		return MORE;
	case '*':
	case '>':
		return n < -1 ? BAD : list_begin(v, n < 0 ? 0 : (uint64_t)n);
	default:
		return v->number.minus ? BAD : list_begin(v, (uint64_t)n);
	}
}

static enum answer
value_type(struct value *v, uint8_t c)
{
	const bool again = v->phase == TYPE_AGAIN;

	v->type = c;
	v->cr = false;
	v->left = 0;
	v->number = (struct number){ 0 };
	switch (c) {
	case '+':
	case '-':
	case ':':
	case ',':
	case '(':
	case '_':
		v->phase = LINE;
		return MORE;
	case '#':
		v->phase = BOOL;
		return MORE;
	case '|':
		v->phase = NUMBER;
		return again ? BAD : MORE;
	case '$':
	case '!':
	case '=':
	case '*':
	case '>':
	case '%':
	case '~':
		v->phase = NUMBER;
		return MORE;
	default:
		return BAD;
	}
}

/* Takes one byte, or several of a string. */
static enum answer
value_step(struct value *v, struct bytes in, size_t *n)
{
	const uint8_t c = in.p[0];

	*n = 1;
	switch (v->phase) {
	case TYPE:
	case TYPE_AGAIN:
		return value_type(v, c);
	case BOOL:
		v->phase = LINE;
		return MORE;
	case NUMBER:
		if (++v->left > MAX_SIZE)
			return BAD;
		return number_end(&v->number, &v->cr, c) ? after_number(v) : MORE;
	case CONTENT:
		*n = v->left < in.n ? v->left : in.n;
		v->left -= (uint32_t)*n;
		if (v->left == 0)
			v->phase = TAIL;
		return MORE;
	default: /* LINE, TAIL */
		if (++v->left > MAX_SIZE)
			return BAD;
		return line_end(&v->cr, c) ? value_end(v) : MORE;
	}
}

static void
hold(struct state *s, struct bytes b)
{
	if (s->overflow || !b.n)
		return;
	if (s->held.n + b.n > HELD) {
		gather_clear(&s->held);
		s->overflow = true;
		return;
	}
	gather_need(&s->held, &b, s->held.n + b.n + 1);
}

static void
begin_value(struct state *s)
{
	gather_clear(&s->held);
	s->overflow = false;
	s->server = (struct value){ 0 };
}

static void server_bytes(struct talk *t, struct state *s, struct bytes in);

/* The value that is held is bad: on behind its first CR LF. */
static void
go_back(struct talk *t, struct state *s)
{
	struct gather old = s->held;
	size_t        i = 1;

	s->failed = true;
	s->held = (struct gather){ 0 };
	s->last_cr = old.n > 1 && old.p[old.n - 1] == '\r';
	const bool lost = s->overflow || s->replays == MAX_REPLAYS;
	begin_value(s);
	while (i + 1 < old.n && !(old.p[i] == '\r' && old.p[i + 1] == '\n'))
		i++;
	s->searching = lost || i + 1 >= old.n;
	if (!s->searching) {
		s->replays++;
		server_bytes(t, s, (struct bytes){ old.p + i + 2, old.n - i - 2 });
		s->replays--;
	}
	gather_clear(&old);
}

/* => What follows the CR LF that is looked for. */
static struct bytes
search(struct state *s, struct bytes in)
{
	while (in.n && s->searching) {
		s->searching = !line_end(&s->last_cr, in.p[0]);
		in = bytes_skip(in, 1);
	}
	return in;
}

static void
server_bytes(struct talk *t, struct state *s, struct bytes in)
{
	struct bytes value = in; /* begins where the value does, or the chunk */

	while (in.n) {
		size_t n;
		if (s->searching) {
			value = in = search(s, in);
			continue;
		}
		const enum answer a = value_step(&s->server, in, &n);
		in = bytes_skip(in, n);
		if (a == MORE)
			continue;
		if (a == DONE) {
			talk_confirm(t);
			talk_settled(t);
			begin_value(s);
		} else {
			hold(s, bytes_head(value, value.n - in.n));
			go_back(t, s);
		}
		value = in;
	}
	if (!s->searching)
		hold(s, value);
}

static bool
within_value(const struct state *s)
{
	return s->held.n || s->overflow;
}

/* ---- the client's commands */

static bool
argument_is(const struct argument *a, const char *word)
{
	if (a->n != strlen(word))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if ((a->text[i] >= 'A' && a->text[i] <= 'Z' ? a->text[i] + 32 : a->text[i]) != word[i])
			return false;
	return true;
}

static void
argument_bytes(struct argument *a, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		if (a->n < sizeof a->text)
			a->text[a->n++] = (char)b.p[i];
		if (b.p[i] < '0' || b.p[i] > '9' || a->digits == 20)
			a->other = true;
		else
			a->digits++;
	}
}

/* The next argument is complete. SET's times have to be numbers. */
static void
argument_end(struct command *c)
{
	const struct argument a = c->arg;

	c->arg = (struct argument){ 0 };
	if (c->seen++ == 0)
		c->set = argument_is(&a, "set");
	if (!c->set || c->seen < 4)
		return;
	if (c->expiry) {
		c->bad |= a.other || a.digits == 0;
		c->expiry = false;
	} else {
		c->expiry =
			argument_is(&a, "ex") || argument_is(&a, "px") || argument_is(&a, "exat") || argument_is(&a, "pxat");
	}
}

static enum answer
command_end(const struct command *c)
{
	return c->seen == 0 || c->unset || c->bad ? BAD : DONE;
}

static bool
blank(uint8_t c)
{
	return c == 0 || c == '\t' || c == '\n' || c == '\r' || c == ' ';
}

/* => The length of the token at the beginning; quotes are part of it. */
static size_t
token(struct bytes b)
{
	uint8_t quote = 0;
	size_t  i = 0;

	for (; i < b.n && (quote || !blank(b.p[i])); i++) {
		const uint8_t c = b.p[i];
		if (!quote && (c == '"' || c == '\''))
			quote = c;
		else if (quote && c == '\\' && i + 1 < b.n && b.p[i + 1] == quote)
			i++;
		else if (quote && c == quote)
			quote = 0;
	}
	return i;
}

static enum answer
inline_end(struct command *c)
{
	struct bytes b = { c->line.p, c->line.n >= 2 ? c->line.n - 2 : 0 }; /* without CR LF */

	for (;;) {
		while (b.n && blank(b.p[0]))
			b = bytes_skip(b, 1);
		if (!b.n)
			return command_end(c);
		const size_t n = token(b);
		argument_bytes(&c->arg, bytes_head(b, n));
		argument_end(c);
		b = bytes_skip(b, n);
	}
}

static enum answer
inline_byte(struct command *c, uint8_t byte)
{
	const uint8_t one[1] = { byte };
	struct bytes  b = { one, 1 };

	gather_need(&c->line, &b, c->line.n + 2);
	if (line_end(&c->cr, byte))
		return inline_end(c);
	return c->line.n >= MAX_INLINE + 1 ? BAD : MORE;
}

/* The number of elements, or the length of one. */
static enum answer
command_number(struct command *c)
{
	int64_t n;

	if (!number_is(&c->number, &n))
		return BAD;
	if (c->phase == NUMBER) {
		if (n <= 0 || n > MAX_ELEMENTS)
			return BAD;
		c->elements = (uint32_t)n;
		c->phase = TYPE_AGAIN;
		return MORE;
	}
	if (n > MAX_SIZE)
		return BAD;
	c->unset |= n < 0;
	c->left = n < 0 ? 0 : (uint32_t)n;
	c->phase = c->left ? CONTENT : TAIL;
	return MORE;
}

static enum answer
command_step(struct command *c, struct bytes in, size_t *n)
{
	const uint8_t byte = in.p[0];

	*n = 1;
	switch (c->phase) {
	case TYPE:
		c->phase = byte == '*' ? NUMBER : INLINE;
		return byte == '*' ? MORE : inline_byte(c, byte);
	case INLINE:
		return inline_byte(c, byte);
	case TYPE_AGAIN: /* of an element */
		c->phase = ELEMENT;
		c->number = (struct number){ 0 };
		c->cr = false;
		return byte == '$' ? MORE : BAD;
	case CONTENT:
		*n = c->left < in.n ? c->left : in.n;
		argument_bytes(&c->arg, bytes_head(in, *n));
		c->left -= (uint32_t)*n;
		if (c->left == 0)
			c->phase = TAIL;
		return MORE;
	case TAIL:
		if (!line_end(&c->cr, byte))
			return MORE;
		argument_end(c);
		c->phase = TYPE_AGAIN;
		return c->seen == c->elements ? command_end(c) : MORE;
	default: /* NUMBER, ELEMENT */
		if (!number_end(&c->number, &c->cr, byte))
			return MORE;
		c->cr = false;
		return command_number(c);
	}
}

static void
client_bytes(struct talk *t, struct state *s, struct bytes in)
{
	while (in.n) {
		size_t            n;
		const enum answer a = command_step(&s->client, in, &n);
		in = bytes_skip(in, n);
		if (a == MORE)
			continue;
		gather_clear(&s->client.line);
		s->client = (struct command){ 0 };
		if (a == BAD) {
			talk_violate(t);
			talk_skip(t);
			return;
		}
	}
}

/* ---- the whole */

static void
redis_feed(struct talk *t, int side, struct bytes b)
{
	struct state *s = t->state;

	if (side == TALK_ORIG) {
		s->client_seen = true;
		client_bytes(t, s, b);
	} else if (!s->client_seen) {
		talk_violate(t);
		talk_skip(t);
	} else {
		server_bytes(t, s, b);
	}
}

static void
redis_gap(struct talk *t, int side, uint64_t len)
{
	struct state *s = t->state;

	(void)len;
	if (side == TALK_ORIG || !s->client_seen) {
		talk_skip(t);
		return;
	}
	while (!s->searching && within_value(s))
		go_back(t, s);
	s->searching = true;
	s->failed = true;
	s->last_cr = false;
}

static void
redis_eof(struct talk *t, int side)
{
	struct state *s = t->state;

	if (side == TALK_ORIG ? s->client.phase != TYPE : s->failed || within_value(s))
		talk_violate(t);
}

static void
redis_end(struct talk *t)
{
	struct state *s = t->state;

	gather_clear(&s->client.line);
	gather_clear(&s->held);
}

static const uint16_t redis_ports[] = { 6379, 0 };

const struct recogniser recogniser_redis = {
	.service = SERVICE_REDIS,
	.tcp_ports = redis_ports,
	.state_size = sizeof(struct state),
	.feed = redis_feed,
	.gap = redis_gap,
	.eof = redis_eof,
	.end = redis_end,
};
