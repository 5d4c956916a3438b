/* sip.c - SIP over UDP (RFC 3261), as Zeek's analyzer/protocol/sip/ with binpac's FlowBuffer beneath.
 *
 * Confirms: a reply's status line.  Violates: a first line that is neither a request's nor a reply's, a header line without
 * a name and a colon, a negative Content-Length.
 * Zeek treats datagrams as a stream: unfinished data continues in the next datagram of the same flow.  Data that starts with
 * "SIP/" belongs to the flow of replies, everything else to that of requests, whichever side sends it.
 *
 * Buffers nothing; lines are parsed byte by byte.
 */
#include "dpd/talk.h"

enum stage { STAGE_FIRST, STAGE_HEADERS, STAGE_BODY };

/* The next part of a line.  Parts are matched greedily, so that no byte is examined twice. */
enum part {
	PART_JUNK, /* a request's: anything but a token */
	PART_METHOD,
	PART_METHOD_BLANK,
	PART_URI,
	PART_URI_BLANK,
	PART_S, /* both: SIP/ */
	PART_I,
	PART_P,
	PART_SLASH,
	PART_MAJOR_1, /* the first digit */
	PART_MAJOR,
	PART_MINOR_1,
	PART_MINOR,
	PART_STATUS_BLANK, /* a reply's */
	PART_STATUS_2,
	PART_STATUS_3,
	PART_NAME_1, /* a header's */
	PART_NAME,
	PART_NAME_BLANK,
	PART_VALUE_BLANK,
	PART_NUMBER,
	PART_REST, /* valid whatever follows */
	PART_BAD,
};

struct flow {
	int64_t  number;         /* the header's value as strtol() parses it, in 64 bits */
	int32_t  content_length; /* the last value seen */
	uint32_t body_left;
	uint8_t  stage, part;
	uint8_t  length_name; /* how many bytes of "Content-Length" the name matches so far; NAME_OTHER: it is another */
	bool     short_name;  /* the name is "L" */
	bool     empty;       /* the line is */
	bool     reply;       /* the flow of replies */
	bool     negative;
	bool
		cr; /* a line has ended in CR: LF is swallowed where lines or bodies begin, also in a datagram's middle of a line */
};

#define NAME_OTHER UINT8_MAX

struct state {
	struct flow flow[2]; /* requests, replies */
};

/* ---- bytes */

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
is_token(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || (c != 0 && strchr("_.!%*+`'~-", c));
}

static bool
is_uri(uint8_t c)
{
	return c > ' ' && c < 0x7f;
}

/* ---- first lines */

/* Returns the part after `c`, from a part that only requests have. */
static enum part
step_request(enum part p, uint8_t c)
{
	switch (p) {
	case PART_JUNK:
		return is_token(c) ? PART_METHOD : PART_JUNK;
	case PART_METHOD:
		if (is_token(c))
			return PART_METHOD;
		/* fall through */
	case PART_METHOD_BLANK:
		if (is_blank(c))
			return PART_METHOD_BLANK;
		return is_uri(c) ? PART_URI : PART_BAD;
	case PART_URI:
		if (is_uri(c))
			return PART_URI;
		return is_blank(c) ? PART_URI_BLANK : PART_BAD;
	default: /* PART_URI_BLANK */
		if (is_blank(c))
			return PART_URI_BLANK;
		return c == 'S' ? PART_I : PART_BAD;
	}
}

static enum part
step_version(enum part p, uint8_t c, bool reply)
{
	static const char name[] = "SIP/";

	switch (p) {
	case PART_MAJOR_1:
		return is_digit(c) ? PART_MAJOR : PART_BAD;
	case PART_MAJOR:
		if (c == '.')
			return PART_MINOR_1;
		return is_digit(c) ? PART_MAJOR : PART_BAD;
	case PART_MINOR_1:
		if (!is_digit(c))
			return PART_BAD;
		return reply ? PART_MINOR : PART_REST;
	default: /* PART_S to PART_SLASH */
		return c == (uint8_t)name[p - PART_S] ? p + 1 : PART_BAD;
	}
}

/* Returns the part after `c`, from the last digits of a reply's version on. */
static enum part
step_status(enum part p, uint8_t c)
{
	switch (p) {
	case PART_MINOR:
		if (is_digit(c)) /* the version takes all digits, so a blank must precede the status */
			return PART_MINOR;
		return is_blank(c) ? PART_STATUS_BLANK : PART_BAD;
	case PART_STATUS_BLANK:
		if (is_blank(c))
			return PART_STATUS_BLANK;
		return is_digit(c) ? PART_STATUS_2 : PART_BAD;
	case PART_STATUS_2:
		return is_digit(c) ? PART_STATUS_3 : PART_BAD;
	default: /* PART_STATUS_3 */
		return is_digit(c) ? PART_REST : PART_BAD;
	}
}

/* ---- headers */

static void
step_name(struct flow *f, uint8_t c)
{
	static const char wanted[] = "Content-Length";

	f->short_name = f->part == PART_NAME_1 && c == 'L';
	if (f->length_name < sizeof wanted - 1 && c == (uint8_t)wanted[f->length_name])
		f->length_name++;
	else
		f->length_name = NAME_OTHER;
}

static bool
names_length(const struct flow *f)
{
	return f->short_name || f->length_name == sizeof "Content-Length" - 1;
}

/* Parses the value as strtol() does: blanks, a sign, digits, saturating.  Returns the next part. */
static enum part
step_number(struct flow *f, uint8_t c)
{
	if (f->part == PART_VALUE_BLANK) {
		if (c == ' ' || (c >= '\t' && c <= '\r'))
			return PART_VALUE_BLANK;
		if (c == '-' || c == '+') {
			f->negative = c == '-';
			return PART_NUMBER;
		}
	}
	if (!is_digit(c))
		return PART_REST;
	const int digit = c - '0';
	if (f->negative)
		f->number = f->number < (INT64_MIN + digit) / 10 ? INT64_MIN : f->number * 10 - digit;
	else
		f->number = f->number > (INT64_MAX - digit) / 10 ? INT64_MAX : f->number * 10 + digit;
	return PART_NUMBER;
}

static enum part
step_header(struct flow *f, uint8_t c)
{
	switch (f->part) {
	case PART_NAME_1:
	case PART_NAME:
		if (c != ':' && !is_blank(c)) {
			step_name(f, c);
			return PART_NAME;
		}
		if (f->part == PART_NAME_1)
			return PART_BAD;
		/* fall through */
	case PART_NAME_BLANK:
		if (is_blank(c))
			return PART_NAME_BLANK;
		return c == ':' ? PART_VALUE_BLANK : PART_BAD;
	default: /* PART_VALUE_BLANK, PART_NUMBER */
		return step_number(f, c);
	}
}

/* ---- lines */

static void
start_line(struct flow *f, enum stage stage)
{
	f->stage = (uint8_t)stage;
	f->part = stage == STAGE_HEADERS ? PART_NAME_1 : f->reply ? PART_S : PART_JUNK;
	f->empty = true;
	f->number = 0;
	f->negative = f->short_name = false;
	f->length_name = 0;
}

static void
step(struct flow *f, uint8_t c)
{
	f->empty = false;
	if (f->part <= PART_URI_BLANK)
		f->part = (uint8_t)step_request(f->part, c);
	else if (f->part <= PART_MINOR_1)
		f->part = (uint8_t)step_version(f->part, c, f->reply);
	else if (f->part <= PART_STATUS_3)
		f->part = (uint8_t)step_status(f->part, c);
	else if (f->part <= PART_NUMBER)
		f->part = (uint8_t)step_header(f, c);
}

/* Consumes bytes up to the end of the line.  Returns whether it was reached. */
static bool
take_line(struct flow *f, struct bytes *in)
{
	size_t i = 0;

	while (i < in->n && in->p[i] != '\r' && in->p[i] != '\n')
		step(f, in->p[i++]);
	const bool complete = i < in->n;
	if (complete && in->p[i] == '\r')
		f->cr = true;
	*in = bytes_skip(*in, i + complete);
	return complete;
}

static void
swallow_lf(struct flow *f, struct bytes *in)
{
	if (f->cr && in->n > 0 && in->p[0] == '\n') {
		f->cr = false;
		*in = bytes_skip(*in, 1);
	}
}

/* A CR before the first bytes of the body is done with, whether LF follows or not. */
static void
enter_body(struct flow *f, struct bytes *in)
{
	swallow_lf(f, in);
	if (in->n > 0)
		f->cr = false;
}

/* The line is complete.  Returns false if it violates. */
static bool
end_line(struct talk *t, struct flow *f, struct bytes *in)
{
	if (f->stage == STAGE_FIRST) {
		if (f->part != PART_REST)
			return false;
		if (f->reply) {
			talk_confirm(t);
			talk_settled(t);
		}
		start_line(f, STAGE_HEADERS);
		return true;
	}
	if (f->empty) {
		enter_body(f, in);
		if (f->content_length < 0)
			return false;
		f->body_left = (uint32_t)f->content_length;
		start_line(f, f->body_left > 0 ? STAGE_BODY : STAGE_FIRST);
		return true;
	}
	if (f->part < PART_VALUE_BLANK || f->part == PART_BAD)
		return false;
	if (names_length(f))
		f->content_length = (int32_t)(uint32_t)f->number; /* a long converted to int */
	start_line(f, STAGE_HEADERS);
	return true;
}

static void
take_body(struct flow *f, struct bytes *in)
{
	const size_t n = in->n < f->body_left ? in->n : f->body_left;

	*in = bytes_skip(*in, n);
	f->body_left -= (uint32_t)n;
	if (f->body_left == 0)
		start_line(f, STAGE_FIRST);
}

static void
feed(struct talk *t, int side, struct bytes b)
{
	struct state *s = talk_state(t);
	const bool    reply = b.n > 6 && memcmp(b.p, "SIP/", 4) == 0;
	struct flow  *f = &s->flow[reply];

	(void)side;
	if (b.n == 2 && b.p[0] == '\r')
		return;
	while (b.n > 0) {
		if (f->stage == STAGE_BODY) {
			enter_body(f, &b);
			take_body(f, &b);
			continue;
		}
		swallow_lf(f, &b);
		if (take_line(f, &b) && !end_line(t, f, &b)) {
			start_line(f, STAGE_FIRST);
			talk_violate(t);
			return;
		}
	}
}

static void
begin(struct talk *t)
{
	struct state *s = talk_state(t);

	s->flow[1].reply = true;
	start_line(&s->flow[0], STAGE_FIRST);
	start_line(&s->flow[1], STAGE_FIRST);
}

static const uint16_t udp_ports[] = { 5060, 0 };

const struct recogniser recogniser_sip = {
	.service = SERVICE_SIP,
	.udp_ports = udp_ports,
	.state_size = sizeof(struct state),
	.feed = feed,
	.begin = begin,
};
