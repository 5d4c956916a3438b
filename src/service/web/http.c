/* http.c - HTTP/0.9 to 1.1 (RFC 9112), as Zeek's HTTP_Analyzer (analyzer/protocol/http/HTTP.cc) follows it.
 *
 * Confirms: a request line (a method, blanks, and either a version or, for HTTP/0.9, a method of three letters and
 * anything else); a reply, while a request is unanswered. Violates: an invalid line where a request line is expected
 * (unless it is empty, or follows a request that did not keep the connection); an invalid line that is not empty where
 * a reply line is expected. http_message.c decides where such a line is expected. After CONNECT answered with 200 a
 * signature matcher is attached as a child, and likewise after 101 with `Upgrade`, except that WebSocket has a
 * recogniser of its own.
 *
 * Buffers, for each side: an unfinished line (lines.h), an unfinished header (128 KiB), and the parts of a multipart
 * message; bodies are only counted. Of the unanswered requests, 64 are known to be HEAD or not.
 */
#include "service/web/http.h"

#include "base/ascii.h"
#include "service/mail/mime.h"

#define VERSION(major, minor) ((uint16_t)((major) << 8 | (minor)))
#define CONFIRMING_METHOD     3 /* letters of a method without a version that confirms */

static void request_made(struct http *h, bool interrupted);
static void reply_made(struct http *h, bool interrupted);

static void
confirm(struct http *h)
{
	h->d.confirmed = true;
	talk_confirm(h->t);
}

/* ---- words of a line */

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool
starts_with_http(struct bytes b)
{
	return b.n >= 5 && (memcmp(b.p, "HTTP/", 5) == 0 || mime_same(b.p, "http/", 5));
}

static struct bytes
skip_blanks(struct bytes b)
{
	while (b.n > 0 && is_blank(b.p[0]))
		b = bytes_skip(b, 1);
	return b;
}

/* Returns whether the word is a prefix of `of`, which is in lower case. */
static bool
begins(struct bytes word, const char *of)
{
	for (size_t i = 0; i < word.n; i++)
		if (!of[i] || lower(word.p[i]) != (uint8_t)of[i])
			return false;
	return true;
}

static bool
is_method_char(uint8_t c)
{
	return mime_is_token_char(c) && c != '{' && c != '}';
}

/* Returns the length of the URI at the beginning of `b`: letters, digits, the reserved and unreserved characters of RFC
 * 3986 and %. Zeek looks for them with strchr(), which finds the NUL as well. */
static size_t
uri_length(struct bytes b)
{
	static const struct ascii_set in_uri = { { 0xb9, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0x7c,
		                                       0x54, 0x7c, 0xd4, 0x7c } };

	return ascii_span(&in_uri, b.p, b.n);
}

static uint16_t
version_of(struct bytes b)
{
	if (b.n < 3 || b.p[0] < '0' || b.p[0] > '9' || b.p[1] != '.' || b.p[2] < '0' || b.p[2] > '9')
		return 0;
	return VERSION(b.p[0] - '0', b.p[2] - '0');
}

static void
set_version(struct http_dialogue *d, int side, uint16_t version)
{
	d->version[side] = version;
	if (version > VERSION(1, 0))
		d->keep_alive = true;
}

/* ---- what follows HTTP */

static bool
websocket(const struct http *h)
{
	return h->d.upgrade == UPGRADE_WEBSOCKET;
}

/* Passes everything from now on to a child, at the end also a line that is unfinished now. The rest of the server's
 * chunk in Zeek's terms, which may be empty, is passed as plain bytes. */
static void
hand_over(struct http *h, bool to_websocket)
{
	struct http_side *s = &h->side[TALK_RESP];

	h->d.handed_over = true;
	if (s->remaining > 0)
		s->lines.plain = s->remaining;
	if (!to_websocket) {
		talk_guess(h->t);
	} else {
		talk_hand_over(h->t, SERVICE_WEBSOCKET);
		talk_drain(h->t);
	}
}

/* ---- ends of messages */

void
http_message_over(struct http *h, int side)
{
	if (side == TALK_ORIG)
		request_made(h, false);
	else
		reply_made(h, false);
}

static void
request_made(struct http *h, bool interrupted)
{
	struct http_side *s = &h->side[TALK_ORIG];

	if (!s->ongoing)
		return;
	s->ongoing = false;
	http_message_done(h, TALK_ORIG);
	s->expect = interrupted ? HTTP_NOTHING : HTTP_LINE;
}

void
http_answer(struct http_dialogue *d)
{
	if (d->unanswered == 0)
		return;
	d->unanswered--;
	d->heads >>= 1;
}

/* Makes lines count again. */
static void
stop_swallowing(struct http *h)
{
	if (h->d.swallowing)
		h->side[TALK_RESP].lines.plain = 0;
	h->d.swallowing = false;
}

static void
reply_made(struct http *h, bool interrupted)
{
	struct http_side *s = &h->side[TALK_RESP];

	if (!s->ongoing)
		return;
	s->ongoing = false;
	http_message_done(h, TALK_RESP);
	stop_swallowing(h);
	if (h->d.reply_code < 100 || h->d.reply_code >= 200)
		http_answer(&h->d);
	if (h->d.reply_code == 101 && h->d.unanswered == 1 && h->d.upgrade_connection && h->d.upgrade != UPGRADE_NONE)
		hand_over(h, websocket(h));
	h->d.reply_code = 0;
	h->d.upgrade_connection = false;
	h->d.upgrade = UPGRADE_NONE;
	s->expect = interrupted || h->d.handed_over ? HTTP_NOTHING : HTTP_LINE;
}

/* ---- requests */

/* Looks for the version after the URI and stores it. Returns true if there is a URI. */
static bool
request_target(struct http_dialogue *d, struct bytes rest)
{
	size_t uri = uri_length(rest), at;

	if (uri == rest.n && starts_with_http(rest))
		uri = 0;
	struct bytes version = { NULL, 0 };
	for (at = uri; at < rest.n && version.n == 0; at++) {
		uri = at;
		while (at < rest.n && is_blank(rest.p[at]))
			at++;
		if (starts_with_http(bytes_skip(rest, at)))
			version = bytes_skip(rest, at);
	}
	if (version.n == 0)
		set_version(d, TALK_ORIG, VERSION(0, 9));
	else if (version.n >= 8)
		set_version(d, TALK_ORIG, version_of(bytes_skip(version, 5)));
	return uri > 0;
}

bool
http_request_line(struct http_dialogue *d, struct bytes line, struct bytes *method)
{
	size_t n = 0;

	while (n < line.n && is_method_char(line.p[n]))
		n++;
	if (n == 0 || n == line.n || !is_blank(line.p[n]))
		return false;
	*method = bytes_head(line, n);
	const bool uri = request_target(d, skip_blanks(bytes_skip(line, n)));
	return d->version[TALK_ORIG] != VERSION(0, 9) || (n >= CONFIRMING_METHOD && uri);
}

static void
raw_reply_follows(struct http *h)
{
	struct http_side *s = &h->side[TALK_RESP];

	if (s->has_message) {
		http_message_done(h, TALK_RESP);
		http_message_free(h, TALK_RESP);
	}
	s->expect = HTTP_RAW;
	stop_swallowing(h);
	h->d.raw = true;
}

void
http_ask(struct http_dialogue *d, struct bytes method)
{
	d->asked = true;
	if (d->unanswered < 64 && begins(method, "head"))
		d->heads |= UINT64_C(1) << d->unanswered;
	d->unanswered += d->unanswered < UINT32_MAX;
}

bool
http_connects(struct bytes method)
{
	return begins(method, "connect");
}

static void
request(struct http *h, struct bytes method)
{
	h->side[TALK_ORIG].expect = HTTP_MESSAGE;
	h->side[TALK_ORIG].ongoing = true;
	http_ask(&h->d, method);
	confirm(h);
	if (http_connects(method)) {
		h->d.connect = true;
		stop_swallowing(h); /* an empty line matters */
	}
	http_message_begin(h, TALK_ORIG, HTTP_MAYBE_BODY);
	if (h->d.version[TALK_ORIG] == VERSION(0, 9))
		raw_reply_follows(h);
}

static void
orig_line(struct http *h, struct bytes b, uint64_t full)
{
	struct http_side *s = &h->side[TALK_ORIG];
	struct bytes      method;

	if (s->expect == HTTP_MESSAGE) {
		http_message_deliver(h, TALK_ORIG, b, full, true);
	} else if (s->expect == HTTP_LINE) {
		if (http_request_line(&h->d, b, &method)) {
			request(h, method);
		} else if ((!h->d.asked || h->d.keep_alive) && full > 0) {
			talk_violate(h->t);
			s->expect = HTTP_NOTHING;
		}
	}
}

/* ---- replies */

static uint16_t
code_of(const uint8_t *p)
{
	for (int i = 0; i < 3; i++)
		if (p[i] < '0' || p[i] > '9')
			return 0;
	return (uint16_t)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
}

bool
http_reply_line(struct http_dialogue *d, struct bytes line)
{
	if (!starts_with_http(line))
		return false;
	struct bytes rest = bytes_skip(line, 5);
	set_version(d, TALK_RESP, version_of(rest));
	while (rest.n > 0 && !is_blank(rest.p[0]))
		rest = bytes_skip(rest, 1);
	rest = skip_blanks(rest);
	if (rest.n < 3)
		return false;
	d->reply_code = code_of(rest.p);
	return true;
}

enum http_body
http_reply_body(const struct http_dialogue *d)
{
	const uint16_t code = d->reply_code;

	if (d->unanswered > 0 && (d->heads & 1))
		return HTTP_NO_BODY;
	return (code >= 100 && code < 200) || code == 204 || code == 304 ? HTTP_NO_BODY : HTTP_BODY;
}

static void
reply(struct http *h)
{
	struct http_side *s = &h->side[TALK_RESP];

	h->d.replied = true;
	if (h->d.unanswered > 0)
		confirm(h);
	s->expect = HTTP_MESSAGE;
	s->ongoing = true;
	if (h->d.reply_code != 200)
		h->d.connect = false;
	http_message_begin(h, TALK_RESP, http_reply_body(&h->d));
}

static void
resp_line(struct http *h, struct bytes b, uint64_t full)
{
	struct http_side *s = &h->side[TALK_RESP];

	if (s->expect == HTTP_MESSAGE) {
		http_message_deliver(h, TALK_RESP, b, full, true);
		if (h->d.connect && full == 0 && !h->d.handed_over)
			hand_over(h, false);
	} else if (s->expect == HTTP_LINE) {
		if (http_reply_line(&h->d, b)) {
			reply(h);
		} else if (full > 0) {
			talk_violate(h->t);
			s->expect = HTTP_NOTHING;
		}
	}
}

/* An HTTP/0.9 reply: data until the end. */
static void
raw_reply(struct http *h, struct bytes b)
{
	struct http_side *s = &h->side[TALK_RESP];

	if (!s->has_message) {
		set_version(&h->d, TALK_RESP, VERSION(0, 9));
		if (h->d.unanswered > 0) {
			confirm(h);
			http_answer(&h->d);
		}
		h->d.connection_close = true;
		s->ongoing = true;
		http_message_begin(h, TALK_RESP, http_reply_body(&h->d));
		http_message_deliver(h, TALK_RESP, (struct bytes){ NULL, 0 }, 0, true);
	}
	http_message_deliver(h, TALK_RESP, b, b.n, false);
}

/* Handles the server's data after an HTTP/0.9 request, which is no longer split into lines. If the reply has already
 * ended (to a HEAD), a chunk counts as a line. */
static void
raw_input(struct http *h, struct bytes b, uint64_t full)
{
	if (h->d.partial)
		return;
	h->side[TALK_RESP].in_place = false; /* a header that continues is buffered */
	if (h->side[TALK_RESP].expect == HTTP_RAW)
		raw_reply(h, b);
	else
		resp_line(h, b, full);
}

/* ---- input */

/* Reports what can still follow, so that the inspection may end. */
static void
settle(struct http *h)
{
	const struct http_side *orig = &h->side[TALK_ORIG], *resp = &h->side[TALK_RESP];
	const bool              orig_over = orig->expect == HTTP_NOTHING || orig->dead;
	const bool              resp_over = resp->expect == HTTP_NOTHING || (resp->dead && !h->d.raw);

	if (h->d.handed_over)
		return;
	for (int side = 0; side < 2; side++)
		if (h->side[side].finished && h->side[side].message)
			http_message_tidy(h, side);
	if (orig_over && resp_over)
		talk_skip(h->t);
	else if ((h->d.confirmed && (resp_over || resp->expect == HTTP_RAW)) ||
	         (orig_over && h->d.unanswered == 0 && !h->d.connect))
		talk_settled(h->t);
}

static void
deliver(struct http *h, int side, enum lines_answer a, struct bytes b, uint64_t full)
{
	struct http_side *s = &h->side[side];

	if (h->d.partial)
		return;
	if (h->d.handed_over)
		talk_pass(h->t, side, b);
	else if (side == TALK_RESP && h->d.raw)
		raw_input(h, b, full);
	else if (a == LINES_LINE && side == TALK_ORIG)
		orig_line(h, b, full);
	else if (a == LINES_LINE)
		resp_line(h, b, full);
	else if (s->has_message)
		http_message_deliver(h, side, b, full, false);
}

static void
cut(struct http *h, int side, struct bytes in)
{
	struct http_side *s = &h->side[side];
	struct bytes      b;
	uint64_t          full;
	enum lines_answer a;

	while ((a = lines_next(&s->lines, talk_budget(h->t), &in, &b, &full)) != LINES_MORE) {
		s->in_place = b.p != s->lines.held.p;
		s->remaining = (uint32_t)in.n;
		deliver(h, side, a, b, full);
		if (s->expect == HTTP_MESSAGE && !h->d.partial && !h->d.handed_over && !h->d.raw)
			http_message_headers(h, side, &in);
	}
	if (s->message)
		http_message_keep(h, side);
}

/* ContentLine's DeliverStream: an unfinished line ends where a Content-Length says so. */
static void
stream(struct http *h, int side, struct bytes in)
{
	static const struct bytes crlf = { (const uint8_t *)"\r\n", 2 };
	struct http_side         *s = &h->side[side];

	if (s->dead || (side == TALK_RESP && h->d.partial))
		return;
	if (s->delivery > 0)
		s->delivery -= (int64_t)in.n;
	cut(h, side, in);
	if (s->delivery == 0) {
		if (lines_unfinished(&s->lines))
			cut(h, side, crlf);
		s->delivery = -1;
	}
}

/* ---- functions for http_talk.c */

void
http_take(struct http *h, int side, struct bytes in)
{
	h->d.partial = talk_partial(h->t);
	if (h->d.handed_over) {
		if (!h->d.partial)
			talk_pass(h->t, side, in);
		return;
	}
	if (side == TALK_RESP && h->d.raw)
		raw_input(h, in, in.n);
	else if (in.n > 0)
		stream(h, side, in);
	if (!h->d.handed_over)
		settle(h);
}

void
http_miss(struct http *h, int side, uint64_t len)
{
	if (http_message_gap(h, side, len < INT32_MAX ? (int64_t)len : INT32_MAX))
		return;
	if (side == TALK_ORIG)
		request_made(h, true);
	reply_made(h, true);
	h->side[side].dead = true;
	settle(h);
}

void
http_stream_over(struct http *h, int side)
{
	h->d.partial = talk_partial(h->t);
	if (lines_unfinished(&h->side[side].lines))
		stream(h, side, lines_lf);
	if (side == TALK_ORIG)
		request_made(h, false);
	else
		reply_made(h, false);
}

void
http_cut(struct http *h)
{
	request_made(h, true);
	reply_made(h, true);
	settle(h);
}
