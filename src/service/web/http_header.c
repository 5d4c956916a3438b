/* http_header.c - the effect of an HTTP header on where its message ends.
 *
 * Zeek's HTTP_Entity::SubmitHeader and HTTP_Message (analyzer/protocol/http/HTTP.cc), MIME_Entity (mime/MIME.cc).
 */
#include <stdlib.h>

#include "service/web/http.h"
#include "service/mail/mime.h"

#define BOUNDARY_MAX 65536u

bool
http_number(struct bytes b, unsigned base, int64_t *out)
{
	const bool     minus = b.n > 0 && b.p[0] == '-';
	const uint64_t limit = minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	uint64_t       v = 0;
	size_t         i = minus;

	for (; i < b.n; i++) {
		const uint8_t  c = b.p[i], low = c | 0x20;
		const unsigned digit = c >= '0' && c <= '9' ? c - 48u : low >= 'a' && low <= 'f' ? low - 'a' + 10u : 99;
		if (digit >= base)
			break;
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit, &v) || v > limit)
			return false;
	}
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return i > minus;
}

static bool
is_digit(struct bytes b)
{
	return b.n > 0 && b.p[0] >= '0' && b.p[0] <= '9';
}

static void
content_length(struct http_entity *e, struct bytes value)
{
	struct bytes word = value, rest;
	int64_t      n;

	if (!is_digit(value) && !mime_token(value, &word, &rest)) /* digits are a token, or begin one */
		return;
	if (!http_number(word, 10, &n) || n < 0)
		e->content_length = 0;
	else
		e->content_length = e->partial_content && e->range_length > n ? e->range_length : n;
}

/* Splits off what is before `end`, and drops `end`. Returns false if `end` is not found. */
static bool
take_to(struct bytes *b, uint8_t end, struct bytes *out)
{
	const uint8_t *at = b->n > 0 ? memchr(b->p, end, b->n) : NULL;

	if (!at)
		return false;
	*out = bytes_head(*b, (size_t)(at - b->p));
	*b = bytes_skip(*b, out->n + 1);
	return true;
}

/* Parses "bytes first-last/length"; spaces are ignored. */
static void
content_range(struct http_entity *e, struct bytes value)
{
	struct bytes unit, rest, spec, first_text;
	uint8_t     *range;
	size_t       n = 0;
	int64_t      first, last;
	bool         good;

	if (!mime_token(value, &unit, &rest) || unit.n != 5 || memcmp(unit.p, "bytes", 5) != 0 ||
	    !take_to(&rest, '/', &spec) || spec.n == 0 || !(range = malloc(spec.n)))
		return;
	for (size_t i = 0; i < spec.n; i++)
		if (spec.p[i] != ' ')
			range[n++] = spec.p[i];
	spec = (struct bytes){ range, n };
	good = take_to(&spec, '-', &first_text) && http_number(first_text, 10, &first) && http_number(spec, 10, &last);
	free(range);
	if (!good || first < 0 || last < first || last - first == INT64_MAX)
		return;
	e->partial_content = true;
	e->range_length = last - first + 1;
	if (e->content_length <= 0 || e->range_length > e->content_length)
		e->content_length = e->range_length;
}

/* Returns whether the type certainly has no parts, because of its first letter. */
static bool
has_no_parts(struct bytes value)
{
	return value.n > 0 && mime_is_token_char(value.p[0]) && (value.p[0] | 0x20) != 'm';
}

static void
content_type(struct http_entity *e, struct bytes value)
{
	struct bytes type, rest;

	if (e->type == TYPE_OTHER && has_no_parts(value))
		return;
	if (!mime_type(value, &type, &rest))
		return;
	e->type = mime_is(type, "multipart") ? TYPE_MULTIPART : mime_is(type, "message") ? TYPE_MESSAGE : TYPE_OTHER;
	if (e->type != TYPE_MULTIPART)
		return;
	const size_t room = rest.n < BOUNDARY_MAX ? rest.n : BOUNDARY_MAX;
	uint8_t     *boundary = malloc(room + 1);
	const int    n = boundary ? mime_boundary(rest, boundary, room) : -1;
	if (n >= 0) {
		free(e->boundary);
		e->boundary = boundary;
		e->boundary_n = (uint32_t)n;
	} else {
		free(boundary);
	}
	if (!e->boundary)
		e->type = TYPE_OTHER;
}

static void
connection_header(struct http *h, int side, struct bytes word)
{
	if (side == TALK_ORIG) {
		if (mime_is(word, "keep-alive"))
			h->d.keep_alive = true;
	} else if (mime_is(word, "close")) {
		h->d.connection_close = true;
	} else if (mime_is(word, "upgrade")) {
		h->d.upgrade_connection = true;
	}
}

/* Headers with an effect, and one whose name is not at the beginning. */
enum header_name {
	HEADER_OTHER = HTTP_HEADER_IDLE,
	LENGTH,
	TYPE,
	RANGE,
	ENCODING,
	TRANSFER_ENCODING,
	CONNECTION,
	UPGRADE,
	HEADER_UNNAMED
};

static const struct {
	const char *text;
	size_t      n;
} names[] = {
	[LENGTH] = { "content-length", 14 },
	[TYPE] = { "content-type", 12 },
	[RANGE] = { "content-range", 13 },
	[ENCODING] = { "content-encoding", 16 },
	[TRANSFER_ENCODING] = { "transfer-encoding", 17 },
	[CONNECTION] = { "connection", 10 },
	[UPGRADE] = { "upgrade", 7 },
};

/* Returns the only one of these headers that a line can begin with, according to its first and ninth letters. */
static enum header_name
candidate(struct bytes line)
{
	if (line.n == 0)
		return HEADER_OTHER;
	switch (line.p[0] | 0x20) {
	case 'u':
		return UPGRADE;
	case 't':
		return TRANSFER_ENCODING;
	case 'c':
		break;
	default:
		return HEADER_OTHER;
	}
	switch (line.n > 8 ? line.p[8] | 0x20 : 0) {
	case 'o':
		return CONNECTION;
	case 'e':
		return ENCODING;
	case 'l':
		return LENGTH;
	case 'r':
		return RANGE;
	case 't':
		return TYPE;
	default:
		return HEADER_OTHER;
	}
}

/* Returns the header that a line begins with, provided that only its name precedes the colon. */
static enum header_name
header_name(struct bytes line)
{
	const enum header_name it = candidate(line);
	const size_t           n = names[it].n;

	if (it == HEADER_OTHER || line.n < n || (line.p[1] | 0x20) != (uint8_t)names[it].text[1] ||
	    !mime_same(line.p, names[it].text, n) || (line.n > n && mime_is_name_char(line.p[n])))
		return HEADER_OTHER;
	return it;
}

static void
transfer_encoding(struct http *h, struct http_entity *e, struct bytes word)
{
	const int version_of = h->side[TALK_ORIG].ongoing ? TALK_ORIG : TALK_RESP;

	if (e->depth == 0 && mime_is(word, "chunked") && h->d.version[version_of] == 0x0101)
		e->chunk = CHUNK_BEFORE;
}

/* Applies a complete header that has an effect (SubmitHeader, HTTP_Header). */
static void
header_value(struct http *h, int side, struct http_entity *e, enum header_name which, struct bytes value)
{
	struct bytes word, rest;

	if (which == LENGTH) {
		content_length(e, value);
		return;
	}
	if (which == TYPE) {
		content_type(e, value);
		return;
	}
	mime_token(value, &word, &rest);
	switch (which) {
	case RANGE:
		if (h->d.reply_code == 206)
			content_range(e, value);
		break;
	case ENCODING:
		if (mime_is(word, "gzip") || mime_is(word, "x-gzip") || mime_is(word, "deflate"))
			e->compressed = true;
		break;
	case TRANSFER_ENCODING:
		transfer_encoding(h, e, word);
		break;
	case CONNECTION:
		connection_header(h, side, word);
		break;
	case UPGRADE:
		if (side == TALK_RESP)
			h->d.upgrade = word.n == 0 ? UPGRADE_NONE : mime_is(word, "websocket") ? UPGRADE_WEBSOCKET : UPGRADE_OTHER;
		break;
	default:
		break;
	}
}

uint8_t
http_header_of(struct bytes line)
{
	const bool is_named = line.n > 0 && line.p[0] != '(' && mime_is_name_char(line.p[0]);

	return is_named ? header_name(line) : HEADER_UNNAMED;
}

bool
http_header_is_usual(int side, uint8_t which, struct bytes b, int64_t *length, bool *keep_alive)
{
	const size_t n = which < HEADER_UNNAMED ? names[which].n : 0;
	struct bytes word, rest;

	if (n == 0 || n >= b.n || b.p[n] != ':')
		return false;
	const struct bytes value = mime_value(bytes_skip(b, n + 1));
	switch (which) {
	case LENGTH:
		if (is_digit(value) && !http_number(value, 10, length))
			*length = 0;
		return is_digit(value);
	case TYPE:
		return has_no_parts(value);
	case CONNECTION:
		mime_token(value, &word, &rest);
		*keep_alive |= side == TALK_ORIG && mime_is(word, "keep-alive");
		return side == TALK_ORIG || !(mime_is(word, "close") || mime_is(word, "upgrade"));
	default:
		return false;
	}
}

void
http_header(struct http *h, int side, struct http_entity *e, uint8_t which, struct bytes b)
{
	const size_t n = which < HEADER_UNNAMED ? names[which].n : 0;
	struct bytes name, value;

	if (n > 0 && n < b.n && b.p[n] == ':') /* the usual case */
		header_value(h, side, e, which, mime_value(bytes_skip(b, n + 1)));
	else if (mime_header(b, &name, &value))
		header_value(h, side, e, header_name(name), value);
}
