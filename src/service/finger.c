/* finger.c - Finger (RFC 1288), as Zeek's Spicy parser follows it (analyzer/protocol/finger/finger.spicy).
 *
 * Confirms: a request that is not empty, or has /W; a line of the reply of more than ten characters.  Violates: more than
 * 1024 bytes without the end of a line, a CR in the reply without its LF, a reply that ends within a line; after any of
 * these, and after a gap, nothing is looked at any more.  Held: the first
 * 40 bytes of a line of the reply, of which more are more than ten characters.
 */
#include "service/talk.h"

static const uint16_t ports[] = { 79, 0 };

#define MAX_LINE  1024u /* Finger::max_line_length */
#define LONG_LINE 10u   /* characters; more than this is an answer */
#define MAX_CHAR  4u    /* bytes */

enum { REQUEST_START, REQUEST_SLASH, REQUEST_AFTER_W, REQUEST_ARGUMENT, REQUEST_OVER };

struct finger {
	uint8_t  request;
	bool     whois;
	bool     decided, user; /* the argument's first byte that is no white space was there; it is not '@' */
	uint16_t argument;      /* bytes of it */
	bool     cr;            /* the reply's last byte */
	uint16_t line;          /* bytes of the reply's line */
	uint8_t  start[LONG_LINE * MAX_CHAR];
	bool     replied; /* the responder has sent something */
	bool     requested;
};

static void
confirm(struct talk *t)
{
	talk_confirm(t);
	talk_settled(t);
}

static void
fail(struct talk *t)
{
	talk_violate(t);
	talk_skip(t);
}

/* ---- the request */

static void
request_over(struct talk *t, struct finger *f)
{
	f->request = REQUEST_OVER;
	if (f->user || f->whois)
		confirm(t);
}

/* => False where the argument is too long. */
static bool
argument(struct finger *f, uint8_t c)
{
	f->request = REQUEST_ARGUMENT;
	if (!f->decided && c != ' ' && (c < '\t' || c > '\r')) {
		f->decided = true;
		f->user = c != '@';
	}
	return ++f->argument <= MAX_LINE;
}

static bool
request_byte(struct talk *t, struct finger *f, uint8_t c)
{
	const bool blank = c == ' ' || c == '\t';

	if (f->request == REQUEST_SLASH) {
		if (c == 'W') {
			f->whois = true;
			f->request = REQUEST_AFTER_W;
			return true;
		}
		argument(f, '/');
	}
	if (blank && (f->request == REQUEST_START || f->request == REQUEST_AFTER_W))
		return true;
	if (c == '/' && f->request == REQUEST_START) {
		f->request = REQUEST_SLASH;
		return true;
	}
	if (c == '\r' || c == '\n') {
		request_over(t, f);
		return true;
	}
	return argument(f, c);
}

static void
request(struct talk *t, struct finger *f, struct bytes b)
{
	f->requested = true;
	for (size_t i = 0; i < b.n && f->request != REQUEST_OVER; i++) {
		if (!request_byte(t, f, b.p[i])) {
			fail(t);
			return;
		}
	}
}

/* ---- the reply */

/* => The length of the character at `b`, 1 where it is none: a bad byte counts as a character. */
static size_t
char_length(struct bytes b)
{
	const uint8_t c = b.p[0];
	const size_t  n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (n < 2 || n > b.n)
		return 1;
	for (size_t i = 1; i < n; i++)
		if ((b.p[i] & 0xc0) != 0x80)
			return 1;
	const uint8_t second = b.p[1]; /* overlong, surrogate, too large */
	if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) || (c == 0xf0 && second < 0x90) ||
	    (c == 0xf4 && second > 0x8f))
		return 1;
	return n;
}

static bool
is_long(const struct finger *f)
{
	if (f->line > sizeof f->start)
		return true;
	unsigned chars = 0;
	for (struct bytes b = { f->start, f->line }; b.n > 0; b = bytes_skip(b, char_length(b)))
		chars++;
	return chars > LONG_LINE;
}

static void
line_over(struct talk *t, struct finger *f)
{
	if (is_long(f))
		confirm(t);
	f->line = 0;
	f->cr = false;
}

static void
reply(struct talk *t, struct finger *f, struct bytes b)
{
	f->replied = true;
	for (size_t i = 0; i < b.n; i++) {
		const uint8_t c = b.p[i];
		if (c == '\n') {
			line_over(t, f);
		} else if (f->cr || (c != '\r' && f->line == MAX_LINE)) {
			fail(t);
			return;
		} else if (c == '\r') {
			f->cr = true;
		} else {
			if (f->line < sizeof f->start)
				f->start[f->line] = c;
			f->line++;
		}
	}
}

/* ---- input */

static void
feed(struct talk *t, int side, struct bytes b)
{
	if (side == TALK_ORIG)
		request(t, t->state, b);
	else
		reply(t, t->state, b);
}

/* The parser stops where bytes are missing, unless it has what it wants. */
static void
gap(struct talk *t, int side, uint64_t len)
{
	const struct finger *f = t->state;

	(void)len;
	if (side == TALK_RESP || f->request != REQUEST_OVER)
		talk_skip(t);
}

static void
eof(struct talk *t, int side)
{
	struct finger *f = t->state;

	if (side == TALK_RESP && f->replied && (f->line > 0 || f->cr))
		fail(t);
	if (side == TALK_ORIG && f->requested && f->request != REQUEST_OVER) {
		if (f->request == REQUEST_SLASH)
			argument(f, '/');
		request_over(t, f);
	}
}

const struct recogniser recogniser_finger = {
	.service = SERVICE_FINGER,
	.tcp_ports = ports,
	.state_size = sizeof(struct finger),
	.feed = feed,
	.gap = gap,
	.eof = eof,
};
