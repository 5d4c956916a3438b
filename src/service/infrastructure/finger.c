/* finger.c - Finger (RFC 1288), as Zeek's Spicy parser follows it (analyzer/protocol/finger/finger.spicy).
 *
 * Confirms: a request that is not empty, or has /W; a line of the reply of more than ten characters.  Violates: an argument
 * of more than 1024 bytes, immediately; a line of the reply of more than 1024 bytes, at its end; text that cannot be decoded; a
 * CR in the reply without LF; a request that ends before its argument.  After any of these, and after a gap,
 * inspection ends; after a violation at the end of a side, only for that side.
 *
 * Lines are found by looking ahead to their end, so a last line of the reply without one is not read at all.  Nothing is
 * buffered.
 */
#include "service/decoding.h"
#include "dpd/talk.h"

static const uint16_t ports[] = { 79, 0 };

#define MAX_LINE  1024u /* Finger::max_line_length */
#define LONG_LINE 10u   /* characters; a longer line confirms */

enum { REQUEST_START, REQUEST_SLASH, REQUEST_AFTER_W, REQUEST_ARGUMENT, REQUEST_OVER };

/* The argument without surrounding blanks, split at the first '@'. */
struct argument {
	struct decoding part;
	uint16_t        size;    /* bytes, with blanks */
	bool            user;    /* there is text before the '@' */
	bool            host;    /* the '@' was seen */
	bool            started; /* the first non-blank byte was seen */
	bool            cut;     /* a part ended within a character, possibly after stripping blanks */
	bool            bad;     /* the part before the '@' is not valid text */
};

struct finger {
	uint8_t         request;
	bool            whois;
	bool            seen[2]; /* the side has sent something */
	bool            deaf[2]; /* its end violated */
	struct argument argument;
	/* the reply's line */
	struct decoding text;
	uint16_t        line; /* bytes, one more than MAX_LINE at most */
	bool            cr;
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
argument_byte(struct argument *a, uint8_t c)
{
	a->size++;
	if (c == ' ' || (c >= '\t' && c <= '\r')) {
		a->cut |= a->part.size > 0;
		if (a->started)
			decoding_byte(&a->part, c);
		return;
	}
	a->started = true;
	a->cut = false;
	if (c == '@' && !a->host) {
		a->host = true;
		a->bad = !decoding_good(&a->part);
		a->part = (struct decoding){ 0 };
		return;
	}
	a->user |= !a->host;
	decoding_byte(&a->part, c);
}

/* Ends the request. Returns false if it cannot be decoded. */
static bool
request_over(struct talk *t, struct finger *f)
{
	const struct argument *a = &f->argument;

	f->request = REQUEST_OVER;
	if (a->bad || a->cut || !decoding_good(&a->part))
		return false;
	if (a->user || f->whois)
		confirm(t);
	return true;
}

/* Returns false on a violation. */
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
		f->request = REQUEST_ARGUMENT;
		argument_byte(&f->argument, '/');
	}
	if (blank && (f->request == REQUEST_START || f->request == REQUEST_AFTER_W))
		return true;
	if (c == '/' && f->request == REQUEST_START) {
		f->request = REQUEST_SLASH;
		return true;
	}
	if (c == '\r' || c == '\n')
		return request_over(t, f);
	f->request = REQUEST_ARGUMENT;
	argument_byte(&f->argument, c);
	return f->argument.size <= MAX_LINE;
}

static void
request(struct talk *t, struct finger *f, struct bytes b)
{
	for (size_t i = 0; i < b.n && f->request != REQUEST_OVER; i++) {
		if (!request_byte(t, f, b.p[i])) {
			fail(t);
			return;
		}
	}
}

/* Returns false on a violation: whether /W is present must be known. */
static bool
request_eof(struct talk *t, struct finger *f)
{
	switch (f->request) {
	case REQUEST_START:
	case REQUEST_SLASH:
		return false;
	case REQUEST_OVER:
		return true;
	default:
		return request_over(t, f);
	}
}

/* ---- the reply */

/* Ends the line's text.  Returns false if it is invalid. */
static bool
line_text_over(const struct finger *f)
{
	return f->line <= MAX_LINE && decoding_good(&f->text);
}

/* Returns false on a violation. */
static bool
reply_byte(struct talk *t, struct finger *f, uint8_t c)
{
	if (f->cr && c != '\n')
		return false;
	if (c == '\r') {
		f->cr = true;
		return line_text_over(f);
	}
	if (c != '\n') {
		decoding_byte(&f->text, c);
		f->line += f->line <= MAX_LINE;
		return true;
	}
	if (!f->cr && !line_text_over(f))
		return false;
	if (f->text.chars > LONG_LINE)
		confirm(t);
	f->text = (struct decoding){ 0 };
	f->line = 0;
	f->cr = false;
	return true;
}

static void
reply(struct talk *t, struct finger *f, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		if (!reply_byte(t, f, b.p[i])) {
			fail(t);
			return;
		}
	}
}

/* ---- input */

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct finger *f = talk_state(t);

	if (b.n == 0 || f->deaf[side])
		return;
	f->seen[side] = true;
	if (side == TALK_ORIG)
		request(t, f, b);
	else
		reply(t, f, b);
}

/* The parser stops if bytes are missing, unless it already has what it needs. */
static void
gap(struct talk *t, int side, uint64_t len)
{
	const struct finger *f = talk_state(t);

	(void)len;
	if (!f->deaf[side] && (side == TALK_RESP || f->request != REQUEST_OVER))
		talk_skip(t);
}

static void
eof(struct talk *t, int side)
{
	struct finger *f = talk_state(t);

	if (!f->seen[side] || f->deaf[side] || (side == TALK_ORIG ? request_eof(t, f) : !f->cr))
		return;
	f->deaf[side] = true;
	talk_violate(t);
}

const struct recogniser recogniser_finger = {
	.service = SERVICE_FINGER,
	.tcp_ports = ports,
	.state_size = sizeof(struct finger),
	.feed = feed,
	.gap = gap,
	.eof = eof,
};
