/* postgresql.c - PostgreSQL's protocol 3.0 (postgresql.org/docs/current/protocol.html; Zeek: postgresql/postgresql.spicy).
 *
 * Confirms: a complete StartupMessage of the client; the server's `S` or `N` to an SSLRequest.
 * Violates: a first message of the client that is neither, a malformed message (at the byte that shows it, or when the stream
 * ends inside it), a fifth chunk that has to wait for the other side.  The first and the last end everything; after the others
 * that side is no longer read.  A gap ends it silently.  After `S` both sides are passed to TLS, until one of them ends.
 * Buffers waiting chunks, at most KEPT bytes of each side; beyond that, unlike in Zeek, nothing more is read.
 */
#include "service/gather.h"
#include "dpd/talk.h"

#define KEPT       16384u
#define MAX_CHUNKS 4 /* MAX_BUFFERED */

enum { CLIENT, SERVER };
enum phase { TYPE, LENGTH, FIRST_LENGTH, VERSION, PARAMETERS, LAST_NUL, BODY, DEAD };
enum text { NAME_0, NAME, VALUE_0, VALUE, DONE }; /* within a parameter; errors use the first and the last */

/* Parses the messages of a side byte by byte. */
struct messages {
	uint32_t number;   /* the number being read */
	uint32_t size, at; /* size of the body, and bytes of it read */
	uint8_t  phase, digits, type, text;
};

struct flow {
	struct messages m;
	struct gather   kept;
	uint8_t         chunks;
	bool            connected; /* the buffered chunks have been read */
};

enum ssl { UNKNOWN, REQUESTED, NOT_REQUESTED, GRANTED, REFUSED };

struct state {
	struct flow side[2];
	uint32_t    head[2]; /* of the client: length and code */
	uint8_t     head_n;
	uint8_t     client, server; /* enum ssl: the answers of each side */
	bool        begun, swapped;
	bool        lost;  /* bytes of `head` were not captured */
	bool        ended; /* TLS has ended, because one of the sides has */
};

/* ---- forms of messages: each takes a byte and returns whether it is allowed */

static bool
name_char(uint8_t c)
{
	return c == '-' || c == '_' || c == '/' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* Checks a byte of name, NUL, value, NUL. */
static bool
parameter(struct messages *m, uint8_t c, bool empty_value)
{
	switch (m->text) {
	case NAME_0:
	case NAME:
		if (c == 0 && m->text == NAME)
			m->text = empty_value ? VALUE : VALUE_0;
		else
			m->text = NAME;
		return c == 0 ? m->text != NAME : name_char(c);
	case VALUE_0:
	case VALUE:
		if (c == 0 && m->text == VALUE) {
			m->text = DONE;
			return true;
		}
		m->text = VALUE;
		return c >= 0x20 && c <= 0x7e;
	default:
		return false;
	}
}

/* Checks a byte of ErrorResponse or NoticeResponse: fields of a code and a text, and a NUL. */
static bool
fields(struct messages *m, uint8_t c)
{
	switch (m->text) {
	case NAME_0:
		m->text = c ? VALUE : DONE;
		return true;
	case VALUE:
		if (c == 0)
			m->text = NAME_0;
		return true;
	default:
		return false;
	}
}

/* Checks the n-th byte of an AuthenticationRequest. */
static bool
authentication(struct messages *m, uint8_t c)
{
	if (m->at <= 4)
		m->number = m->number << 8 | c;
	return m->at != 4 || (m->number <= 12 && (m->number != 0 || m->size == 4));
}

static bool
server_byte(struct messages *m, uint8_t c)
{
	switch (m->type) {
	case 'K':
		return m->at < 8 || m->size == 8;
	case 'E':
	case 'N':
		return fields(m, c) && (m->text != DONE || m->at == m->size);
	case 'R':
		return authentication(m, c);
	case 'S':
		return parameter(m, c, true) && (m->text != DONE || m->at == m->size);
	case 'Z':
		return m->size == 1 && (c == 'I' || c == 'T' || c == 'E');
	default:
		return true;
	}
}

static bool
server_end(const struct messages *m)
{
	switch (m->type) {
	case 'K':
		return m->at == 8;
	case 'E':
	case 'N':
	case 'S':
		return m->text == DONE;
	case 'R':
		return m->at >= 4;
	case 'D':
		return m->at >= 2;
	case 'Z':
		return m->at == 1;
	default:
		return true;
	}
}

static bool
client_byte(struct messages *m, uint8_t c)
{
	if (m->type == 'Q' && c == 0) {
		m->text = DONE;
		return m->at == m->size;
	}
	return true;
}

static bool
client_end(const struct messages *m)
{
	return m->type != 'Q' || m->text == DONE;
}

/* ---- a stream of messages */

/* Returns whether the contents of a message of this type and size are ignored. */
static bool
opaque(const struct messages *m, int role)
{
	return m->type == 0 || !strchr(role == CLIENT ? "Q" : "KENRSZ", m->type);
}

static bool
end_body(struct messages *m, int role)
{
	m->phase = TYPE;
	return role == CLIENT ? client_end(m) : server_end(m);
}

static bool
begin_body(struct messages *m, int role)
{
	if (m->number < 4)
		return false;
	m->size = m->number - 4;
	m->at = m->number = 0;
	m->text = NAME_0;
	m->phase = BODY;
	if (role == CLIENT && m->type == 'X' && m->size > 0)
		return false;
	return m->size > 0 || end_body(m, role);
}

/* Reads a byte of a four-byte number. Returns whether it is complete. */
static bool
number(struct messages *m, uint8_t c)
{
	m->number = m->number << 8 | c;
	return ++m->digits == 4;
}

static bool
startup_byte(struct talk *t, struct messages *m, uint8_t c)
{
	switch (m->phase) {
	case VERSION:
		if (!number(m, c))
			return true;
		m->phase = m->size ? PARAMETERS : LAST_NUL;
		return m->number >> 16 == 3;
	case PARAMETERS:
		m->at++;
		if (!parameter(m, c, false))
			return false;
		if (m->text == DONE)
			m->text = NAME_0;
		if (m->at == m->size)
			m->phase = LAST_NUL;
		return m->at < m->size || m->text == NAME_0;
	default: /* LAST_NUL */
		m->phase = TYPE;
		if (c == 0) {
			talk_confirm(t);
			talk_settled(t);
		}
		return c == 0;
	}
}

/* Parses a byte. Returns false if it is not allowed. */
static bool
one_byte(struct talk *t, struct messages *m, int role, uint8_t c)
{
	switch (m->phase) {
	case TYPE:
		m->type = c;
		m->phase = LENGTH;
		m->digits = 0;
		m->number = 0;
		return true;
	case LENGTH:
		return number(m, c) ? begin_body(m, role) : true;
	case FIRST_LENGTH:
		if (!number(m, c))
			return true;
		m->size = m->number - 9;
		m->phase = VERSION;
		m->digits = 0;
		return m->number >= 9;
	case BODY:
		m->at++;
		if (!(role == CLIENT ? client_byte(m, c) : server_byte(m, c)))
			return false;
		return m->at < m->size || end_body(m, role);
	default:
		return startup_byte(t, m, c);
	}
}

static void
read_messages(struct talk *t, struct messages *m, int role, struct bytes in)
{
	while (in.n && m->phase != DEAD) {
		size_t n = 1;
		bool   good;
		if (m->phase == BODY && opaque(m, role)) {
			n = m->size - m->at < in.n ? m->size - m->at : in.n;
			m->at += (uint32_t)n;
			good = m->at < m->size || end_body(m, role);
		} else {
			good = one_byte(t, m, role, in.p[0]);
		}
		in = bytes_skip(in, n);
		if (!good) {
			m->phase = DEAD;
			talk_violate(t);
		}
	}
}

/* ---- waiting for the other side */

static void
fail(struct talk *t)
{
	talk_violate(t);
	talk_skip(t);
}

/* Buffers a chunk until the other side has spoken. */
static void
keep(struct talk *t, struct flow *f, struct bytes in)
{
	if (!in.n)
		return;
	if (++f->chunks > MAX_CHUNKS)
		fail(t);
	else if (gather_held(&f->kept).n + in.n > KEPT)
		talk_skip(t);
	else
		gather_need(&f->kept, &in, gather_held(&f->kept).n + in.n + 1);
}

static void
tls_in(struct talk *t, const struct state *s, int side, struct bytes in)
{
	if (in.n && !s->ended)
		talk_pass(t, side, in);
}

static void
server_in(struct talk *t, struct state *s, int side, struct bytes in)
{
	struct flow *f = &s->side[SERVER];

	if (s->client == REQUESTED && s->server == UNKNOWN && in.n && f->m.phase != DEAD) {
		if (in.p[0] != 'S' && in.p[0] != 'N') {
			f->m.phase = DEAD;
			return;
		}
		s->server = in.p[0] == 'S' ? GRANTED : REFUSED;
		talk_confirm(t);
		if (s->server == GRANTED)
			talk_hand_over(t, SERVICE_SSL);
		else
			talk_settled(t);
		in = bytes_skip(in, 1);
	}
	if (s->server != GRANTED)
		read_messages(t, &f->m, SERVER, in);
	else
		tls_in(t, s, side, in);
}

static void
client_in(struct talk *t, struct state *s, int side, struct bytes in)
{
	if (s->server != GRANTED)
		read_messages(t, &s->side[CLIENT].m, CLIENT, in);
	else
		tls_in(t, s, side, in);
}

/* Passes a chunk to a side's parser once the other side has spoken; buffered chunks come first. */
static void
flow_in(struct talk *t, struct state *s, int role, int side, struct bytes in)
{
	void (*const into)(struct talk *, struct state *, int, struct bytes) = role == CLIENT ? client_in : server_in;
	struct flow *f = &s->side[role];

	if (!f->connected && in.n) {
		const struct bytes kept = gather_held(&f->kept);
		f->connected = true;
		if (kept.n)
			into(t, s, side, kept);
		gather_clear(&f->kept);
	}
	into(t, s, side, in);
}

/* Collects the client's first eight bytes. Returns whether they are complete; `in` is what follows. */
static bool
client_head(struct talk *t, struct state *s, struct bytes *in)
{
	while (s->head_n < 8 && in->n) {
		uint32_t *word = &s->head[s->head_n / 4];
		*word = *word << 8 | in->p[0];
		*in = bytes_skip(*in, 1);
		s->head_n++;
		if (s->lost && s->head_n % 4 == 0) {
			talk_skip(t);
			return false;
		}
		if (s->head_n == 4 && s->head[0] < 8) {
			fail(t);
			return false;
		}
	}
	if (s->head_n < 8 || s->client != UNKNOWN)
		return s->head_n == 8;
	struct messages *m = &s->side[CLIENT].m;
	m->phase = FIRST_LENGTH; /* the StartupMessage has no type */
	if (s->head[0] == 8 && s->head[1] == 80877103) {
		s->client = REQUESTED;
		return true;
	}
	s->client = NOT_REQUESTED;
	s->server = REFUSED;
	if (s->head[1] >> 16 == 3)
		return true;
	fail(t);
	return false;
}

/* Without SSLRequest the eight bytes belong to the StartupMessage, which is read when more arrives. */
static void
reread_head(struct talk *t, struct state *s)
{
	uint8_t b[8];

	for (unsigned i = 0; i < 8; i++)
		b[i] = (uint8_t)(s->head[i / 4] >> (24 - 8 * (i % 4)));
	s->side[CLIENT].connected = true;
	read_messages(t, &s->side[CLIENT].m, CLIENT, (struct bytes){ b, 8 });
}

static void
postgresql_feed(struct talk *t, int side, struct bytes in)
{
	struct state *s = talk_state(t);
	const int     role = side ^ (int)s->swapped;

	s->begun = true;
	if (role == SERVER) {
		if (s->client == UNKNOWN)
			keep(t, &s->side[SERVER], in);
		else
			flow_in(t, s, role, side, in);
		return;
	}
	if (!client_head(t, s, &in) || !in.n)
		return;
	if (s->server == UNKNOWN) {
		keep(t, &s->side[CLIENT], in);
		return;
	}
	if (s->client == NOT_REQUESTED && !s->side[CLIENT].connected)
		reread_head(t, s);
	flow_in(t, s, role, side, in);
}

/* The parser notices a gap immediately, except in a number, where it does so only when all of it should be there. */
static void
postgresql_gap(struct talk *t, int side, uint64_t len)
{
	struct state *s = talk_state(t);
	const bool    client = (side ^ (int)s->swapped) == CLIENT;

	s->begun = true;
	if (client && s->head_n < 8 && len < 4u - s->head_n % 4) {
		s->head_n += (uint8_t)len;
		s->lost = true;
	} else {
		talk_skip(t);
	}
}

static void
postgresql_eof(struct talk *t, int side)
{
	struct state *s = talk_state(t);
	const int     role = side ^ (int)s->swapped;
	struct flow  *f = &s->side[role];

	if (role == CLIENT && s->head_n > 0 && s->head_n < 8)
		talk_violate(t);
	if (s->server == GRANTED) {
		s->ended = true;
		talk_drop_children(t);
		return;
	}
	if (!f->connected || f->m.phase == DEAD)
		return;
	if (f->m.phase != TYPE)
		talk_violate(t);
	f->m.phase = DEAD;
}

static void
postgresql_flipped(struct talk *t)
{
	struct state *s = talk_state(t);

	s->swapped ^= s->begun; /* parsers stay with the data that they started with */
}

static void
postgresql_end(struct talk *t)
{
	struct state *s = talk_state(t);

	gather_clear(&s->side[CLIENT].kept);
	gather_clear(&s->side[SERVER].kept);
}

static const uint16_t postgresql_ports[] = { 5432, 0 };

const struct recogniser recogniser_postgresql = {
	.service = SERVICE_POSTGRESQL,
	.tcp_ports = postgresql_ports,
	.state_size = sizeof(struct state),
	.feed = postgresql_feed,
	.gap = postgresql_gap,
	.eof = postgresql_eof,
	.flipped = postgresql_flipped,
	.end = postgresql_end,
};
