/* http_straight.c - the short path for HTTP: a chunk that is exactly one message, as most messages that fit into a
 * packet are.
 *
 * The message has a valid first line; headers that say no more than how long the body is, that its type has no parts,
 * and whether the connection is kept; an empty line; and exactly as many bytes as announced. Nothing is changed until
 * all of this is known. Everything else is left to http.c, which remains the definition of every rule; the state
 * afterwards is the same as after http.c.
 */
#include "service/web/http.h"

#include "service/mail/mime.h"

#define HTTP_1_0 0x0100

/* What the headers say. */
struct headers {
	int64_t length; /* of the body; -1: no header says */
	bool    keep_alive;
};

/* Returns whether a side is between messages, so that its next bytes are a line. */
static bool
awaits_line(const struct http_rest *r, int side)
{
	const struct http_side s = { .stage = r->side[side].stage };

	return s.expect == HTTP_LINE && !s.dead;
}

static bool
is_between(const struct talk *t, const struct http_rest *r, int side)
{
	const struct http_dialogue *d = &r->d;

	return !r->whole && !r->busy && awaits_line(r, TALK_ORIG) && awaits_line(r, TALK_RESP) &&
	       r->side[side].last != '\r' && !r->side[side].line_first &&
	       !(d->handed_over || d->raw || d->connect || d->swallowing || d->connection_close) && !talk_partial(t);
}

/* Skips headers up to and including the empty line. */
static bool
take_headers(struct lines *l, int side, struct bytes *in, struct headers *out)
{
	struct bytes line;

	*out = (struct headers){ .length = -1 };
	while (in->n > 0 && in->p[0] != 0 && in->p[0] != '\r' && lines_take(l, in, &line)) {
		if (http_header_idles(line.p[0]))
			continue;
		const uint8_t which = http_header_of(line);
		if (which != HTTP_HEADER_IDLE && !http_header_is_usual(side, which, line, &out->length, &out->keep_alive))
			return false;
	}
	if (in->n < 2 || in->p[0] != '\r' || in->p[1] != '\n')
		return false;
	*in = bytes_skip(*in, 2);
	return true;
}

static bool
request(struct http_dialogue *d, struct bytes line, const struct headers *said, struct bytes body)
{
	struct bytes method;

	if (!http_request_line(d, line, &method) || d->version[TALK_ORIG] < HTTP_1_0 || http_connects(method))
		return false;
	http_ask(d, method);
	d->keep_alive |= said->keep_alive;
	return body.n == (said->length < 0 ? 0 : (uint64_t)said->length);
}

static bool
reply(struct http_dialogue *d, struct bytes line, const struct headers *said, struct bytes body)
{
	if (!http_reply_line(d, line) || http_reply_body(d) != HTTP_BODY || said->length < 0)
		return false;
	d->replied = true;
	http_answer(d);
	d->reply_code = 0;
	d->upgrade_connection = false;
	d->upgrade = UPGRADE_NONE;
	return body.n == (uint64_t)said->length;
}

bool
http_straight(struct talk *t, int side, struct bytes in)
{
	struct http_rest *r = talk_state(t);
	struct lines      l = { .flags = 0 };
	struct headers    said;
	struct bytes      line;

	if (!is_between(t, r, side) || !lines_take(&l, &in, &line) || !take_headers(&l, side, &in, &said))
		return false;
	struct http_dialogue d = r->d;
	d.partial = false;
	const bool answers = d.unanswered > 0;
	if (!(side == TALK_ORIG ? request(&d, line, &said, in) : reply(&d, line, &said, in)))
		return false;
	if (side == TALK_ORIG || answers) {
		d.confirmed = true;
		talk_confirm(t);
	}
	r->d = d;
	const struct http_side now = { .expect = HTTP_LINE, .has_message = true, .finished = true };
	r->side[side].stage = now.stage;
	r->side[side].last = in.n > 0 ? 0 : '\n'; /* as lines.c leaves it after plain bytes, or after a line */
	return true;
}
