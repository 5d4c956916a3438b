/* http_message.c - an HTTP message: where its headers begin and end, a body that is counted, and the parts of a
 * multipart body. http_header.c interprets headers.
 *
 * Zeek's HTTP_Entity, HTTP_Message (analyzer/protocol/http/HTTP.cc) and MIME_Entity (mime/MIME.cc), as far as they
 * decide where the message ends. Bodies are not kept, and compressed ones are decompressed only if they are expected to
 * have parts. A header takes effect once another line has shown that it is complete. Until then it stays in the chunk;
 * if the chunk ends or the header has several lines, up to HEADER_HOLD bytes of it are copied to allocated memory
 * (`struct lines` does not join lines), but only if its name is one that has an effect. A message costs one allocation
 * while it lasts, which for most is within one packet; a part costs another, and so does its boundary. Parts are nested
 * at most MAX_DEPTH deep.
 */
#include "service/web/http.h"

#include <stdlib.h>

#include "service/mail/mime.h"

#define HEADER_HOLD      131072u
#define MAX_HEADER_BYTES 65536u /* MIME::max_header_bytes */
#define MAX_DEPTH        100    /* MIME::max_depth */
#define UNTIL_CLOSE      INT32_MAX

static void entity_deliver(struct http *h, int side, struct http_entity *e, struct bytes b, uint64_t full, bool crlf);
static void entity_end(struct http *h, int side, struct http_entity *e);

/* ---- entities */

static void
entity_begin(struct http_entity *e, struct http_entity *parent, enum http_body body)
{
	*e = (struct http_entity){
		.parent = parent,
		.content_length = -1,
		.range_length = -1,
		.depth = parent ? (uint8_t)(parent->depth + 1) : 0,
		.body = (uint8_t)body,
		.type = TYPE_OTHER,
		.in_header = true,
	};
}

/* Frees what an entity owns; parts are nested at most MAX_DEPTH deep. */
static void
entity_free(struct http *h, struct http_entity *e)
{
	for (struct http_entity *c = e->child, *next; c; c = next) {
		next = c->child;
		unzip_free(c->zip, talk_budget(h->t));
		free(c->boundary);
		free(c);
	}
	if (e->zip)
		unzip_free(e->zip, talk_budget(h->t));
	free(e->boundary);
	e->child = NULL;
	e->boundary = NULL;
	e->zip = NULL;
}

static void
child_begin(struct http *h, int side, struct http_entity *e)
{
	if (e->depth >= MAX_DEPTH || e->child)
		return;
	e->child = malloc(sizeof *e->child);
	if (!e->child)
		return;
	entity_begin(e->child, e, HTTP_BODY);
	h->side[side].message->current = e->child;
}

static void
child_end(struct http *h, int side, struct http_entity *e)
{
	entity_end(h, side, e->child);
	entity_free(h, e->child);
	free(e->child);
	e->child = NULL;
}

/* ---- headers */

static void
drop_header(struct http_message *m)
{
	if (m->held) /* rarely true */
		free((void *)(uintptr_t)m->header.p);
	m->header = (struct bytes){ NULL, 0 };
	m->held = false;
}

static inline void
finish_header(struct http *h, int side, struct http_entity *e)
{
	struct http_message *m = h->side[side].message;

	e->header_bytes = 0;
	if (!m->header.p)
		return;
	http_header(h, side, e, m->which, m->header);
	drop_header(m);
}

/* Appends the available part of the header, and `more`, to the buffer. */
static void
hold(struct http_message *m, struct bytes more)
{
	const size_t n = m->header.n < HEADER_HOLD ? m->header.n : HEADER_HOLD;
	uint8_t     *p;

	more = bytes_head(more, HEADER_HOLD - n);
	p = m->held ? realloc((void *)(uintptr_t)m->header.p, n + more.n + 1) : malloc(n + more.n + 1);
	if (!p)
		return;
	if (!m->held && n > 0)
		memcpy(p, m->header.p, n);
	if (more.n > 0)
		memcpy(p + n, more.p, more.n);
	m->header = (struct bytes){ p, n + more.n };
	m->held = true;
}

void
http_message_keep(struct http *h, int side)
{
	struct http_message *m = h->side[side].message;

	if (m->header.p && !m->held)
		hold(m, (struct bytes){ NULL, 0 });
	if (!m->held)
		m->header.p = NULL;
}

static void
new_header(struct http *h, int side, struct http_entity *e, struct bytes b, uint64_t full)
{
	struct http_message *m = h->side[side].message;

	finish_header(h, side, e);
	if (full == 0)
		return;
	e->header_bytes = full;
	m->which = http_header_of(b);
	if (m->which == HTTP_HEADER_IDLE)
		return;
	if (h->side[side].in_place)
		m->header = b;
	else
		hold(m, b);
}

static void
header_line(struct http *h, int side, struct http_entity *e, struct bytes b, uint64_t full)
{
	if (!is_blank(b.p[0])) {
		new_header(h, side, e, b, full);
	} else if (e->header_bytes == 0) { /* continues nothing: treated as a header of its own */
		size_t n = 0;
		while (n < b.n && is_blank(b.p[n]))
			n++;
		new_header(h, side, e, bytes_skip(b, n), full - n);
	} else if (e->header_bytes >= MAX_HEADER_BYTES) {
		talk_note_x(h->t);
	} else {
		e->header_bytes += full;
		if (h->side[side].message->header.p)
			hold(h->side[side].message, b);
	}
}

/* ---- bodies */

static void
set_plain(struct http *h, int side, int64_t n)
{
	h->side[side].lines.plain = (uint64_t)n;
}

/* Handles the body after headers that do not say how long it is. */
static void
body_until_close(struct http *h, int side, struct http_entity *e)
{
	if (h->d.connection_close || e->compressed) {
		e->left = UNTIL_CLOSE;
		set_plain(h, side, UNTIL_CLOSE);
	} else if (e->body != HTTP_BODY) {
		entity_end(h, side, e);
	} else if (e->depth == 0 && side == TALK_RESP && !h->d.connect) {
		/* Zeek delivers line by line until the end, but none has any effect: counting is enough. */
		h->d.swallowing = true;
		h->side[side].lines.plain = UINT64_MAX;
	}
}

/* SubmitAllHeaders */
static void
headers_over(struct http *h, int side, struct http_entity *e)
{
	const bool is_plain = e->type == TYPE_OTHER && e->chunk == CHUNK_NONE;

	if (e->parent && e->parent->type == TYPE_MULTIPART)
		h->side[side].lines.flags = 0;
	if (e->content_length >= 0)
		h->side[side].delivery = e->content_length;
	if (e->chunk == CHUNK_TRAILER) {
		e->chunk = CHUNK_OVER;
		entity_end(h, side, e);
	} else if (e->body == HTTP_NO_BODY || (is_plain && e->content_length == 0)) {
		entity_end(h, side, e);
	} else if (e->type != TYPE_OTHER) {
		if (e->depth == 0 && e->content_length > 0)
			e->left = e->content_length;
		else if (e->depth == 0 && e->content_length == 0)
			entity_end(h, side, e);
	} else if (e->chunk != CHUNK_NONE) {
		e->chunk = CHUNK_SIZE;
	} else if (e->content_length > 0) {
		e->left = e->content_length;
		set_plain(h, side, e->content_length);
	} else {
		body_until_close(h, side, e);
	}
}

static bool
is_boundary(const struct http_entity *e, struct bytes b, bool *closing)
{
	if (!e->boundary || b.n < 2 || b.p[0] != '-' || b.p[1] != '-')
		return false;
	b = bytes_skip(b, 2);
	if (b.n < e->boundary_n || memcmp(b.p, e->boundary, e->boundary_n) != 0)
		return false;
	b = bytes_skip(b, e->boundary_n);
	*closing = b.n >= 2 && b.p[0] == '-' && b.p[1] == '-';
	return true;
}

/* DeliverBodyClear and NewDataLine */
static void
clear_data(struct http *h, int side, struct http_entity *e, struct bytes b, uint64_t full, bool crlf)
{
	bool closing = false;

	if (full > 0 || crlf)
		e->seen_body = true;
	if (e->type == TYPE_OTHER)
		return;
	if (e->type == TYPE_MULTIPART && is_boundary(e, b, &closing)) {
		if (e->child)
			child_end(h, side, e);
		if (closing)
			entity_end(h, side, e);
		else if (!e->ended)
			child_begin(h, side, e);
	} else if (e->child) {
		entity_deliver(h, side, e->child, b, full, crlf);
	}
}

/* Destination of decompressed bytes. */
struct unpacked {
	struct http        *h;
	struct http_entity *e;
	int                 side;
};

static void
take_unpacked(void *arg, struct bytes b)
{
	const struct unpacked *to = arg;

	if (!to->e->ended)
		clear_data(to->h, to->side, to->e, b, b.n, false);
}

/* DeliverBody. Compressed bodies without parts are not decompressed: they are assumed not to be empty. */
static void
body_data(struct http *h, int side, struct http_entity *e, struct bytes b, uint64_t full, bool crlf)
{
	struct unpacked to = { h, e, side };

	if (!e->compressed || e->type == TYPE_OTHER) {
		clear_data(h, side, e, b, full, crlf);
		return;
	}
	h->side[side].in_place = false;
	unzip_feed(&e->zip, talk_budget(h->t), b, take_unpacked, &to);
}

static void
chunk_line(struct http *h, int side, struct http_entity *e, struct bytes b, uint64_t full, bool crlf)
{
	switch (e->chunk) {
	case CHUNK_SIZE:
		if (!http_number(b, 16, &e->left))
			e->left = 0;
		e->chunk = e->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
		if (e->left > 0)
			set_plain(h, side, e->left);
		else
			e->in_header = true;
		break;
	case CHUNK_DATA:
		e->left -= (int64_t)full;
		if (e->left <= 0) {
			set_plain(h, side, 0);
			e->chunk = CHUNK_CRLF;
		}
		body_data(h, side, e, b, full, crlf);
		break;
	case CHUNK_CRLF:
		e->chunk = CHUNK_SIZE;
		break;
	default:
		break;
	}
}

static void
entity_deliver(struct http *h, int side, struct http_entity *e, struct bytes b, uint64_t full, bool crlf)
{
	if (e->ended)
		return;
	if (e->in_header) {
		if (b.n > 0 && b.p[0] != 0) {
			header_line(h, side, e, b, full);
			return;
		}
		finish_header(h, side, e);
		e->in_header = false;
		headers_over(h, side, e);
		if (!e->ended && e->type == TYPE_MESSAGE)
			child_begin(h, side, e);
	} else if (e->type != TYPE_OTHER) {
		body_data(h, side, e, b, full, crlf);
		if (e->depth > 0 || e->content_length <= 0)
			return;
		e->left -= (int64_t)full + (crlf ? 2 : 0);
		if (e->left <= 0) {
			set_plain(h, side, 0);
			entity_end(h, side, e);
		}
	} else if (e->chunk != CHUNK_NONE) {
		chunk_line(h, side, e, b, full, crlf);
	} else if (e->content_length >= 0) {
		body_data(h, side, e, b, full, false);
		e->left -= (int64_t)full;
		if (e->left <= 0) {
			set_plain(h, side, 0);
			h->side[side].delivery = -1;
			entity_end(h, side, e);
		}
	} else {
		body_data(h, side, e, b, full, crlf);
	}
}

/* EndOfData and EndEntity */
static void
entity_end(struct http *h, int side, struct http_entity *e)
{
	if (e->ended)
		return;
	e->ended = true;
	if (e->in_header) {
		finish_header(h, side, e);
		e->in_header = false;
		headers_over(h, side, e);
	} else if (e->child) {
		child_end(h, side, e);
	}
	h->side[side].message->current = e->parent;
	if (e->parent && e->parent->type == TYPE_MULTIPART)
		h->side[side].lines.flags = LINES_CR | LINES_LF;
	if (!e->parent)
		http_message_done(h, side);
}

/* ---- messages */

void
http_message_begin(struct http *h, int side, enum http_body body)
{
	struct http_side *s = &h->side[side];

	http_message_free(h, side);
	s->has_message = true;
	s->finished = false;
	struct http_message *m = s->message = malloc(sizeof *m);
	if (!m)
		return;
	entity_begin(&m->top, NULL, body);
	m->current = &m->top;
	m->header = (struct bytes){ NULL, 0 };
	m->held = false;
}

void
http_message_deliver(struct http *h, int side, struct bytes b, uint64_t full, bool crlf)
{
	struct http_message *m = h->side[side].message;

	if (m)
		entity_deliver(h, side, &m->top, b, full, crlf);
}

void
http_message_headers(struct http *h, int side, struct bytes *in)
{
	struct http_side    *s = &h->side[side];
	struct http_message *m = s->message;
	struct bytes         line;

	if (!m || !m->top.in_header || m->top.ended || !lines_are_plain(&s->lines))
		return;
	s->in_place = true;
	while (in->n > 0 && in->p[0] != 0 && in->p[0] != '\r' && lines_take(&s->lines, in, &line)) {
		if (!m->header.p && http_header_idles(line.p[0]))
			m->top.header_bytes = line.n;
		else
			header_line(h, side, &m->top, line, line.n);
	}
}

bool
http_message_gap(struct http *h, int side, int64_t len)
{
	struct http_message *m = h->side[side].message;
	struct http_entity  *e = m && m->current ? m->current : m ? &m->top : NULL;

	if (!e || !e->seen_body)
		return false;
	if (e->chunk != CHUNK_NONE ? e->chunk != CHUNK_DATA : e->content_length < 0)
		return false;
	if (e->left < len)
		return false;
	e->left -= len;
	set_plain(h, side, e->left);
	if (e->left == 0) {
		if (e->chunk != CHUNK_NONE)
			e->chunk = CHUNK_CRLF;
		else
			entity_end(h, side, e);
	}
	return true;
}

void
http_message_done(struct http *h, int side)
{
	struct http_side *s = &h->side[side];

	if (s->finished || !s->has_message)
		return;
	s->finished = true;
	if (s->message)
		entity_end(h, side, &s->message->top);
	http_message_over(h, side);
}

void
http_message_free(struct http *h, int side)
{
	struct http_side    *s = &h->side[side];
	struct http_message *m = s->message;

	s->has_message = false;
	s->message = NULL;
	if (!m)
		return;
	entity_free(h, &m->top);
	drop_header(m);
	free(m);
}

/* A message that was cut short may still have a gap in its body. */
void
http_message_tidy(struct http *h, int side)
{
	struct http_side *s = &h->side[side];

	if (s->message->top.left > 0)
		return;
	http_message_free(h, side);
	s->has_message = true;
}
