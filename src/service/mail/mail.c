/* mail.c - see mail.h. */
#include "service/mail/mail.h"

#include <stdlib.h>
#include <strings.h>

#include "service/mail/mime.h"

#define MAX_DEPTH    100u   /* MIME::max_depth */
#define MAX_HEADER   65536u /* MIME::max_header_bytes */
#define HEADER_HOLD  131072u
#define BOUNDARY_MAX 65536u

enum content { CONTENT_OTHER, CONTENT_MULTIPART, CONTENT_MESSAGE };

struct entity {
	struct entity *child;
	uint8_t       *boundary; /* NULL: none */
	uint64_t       header;   /* bytes of the current header field */
	uint32_t       boundary_n;
	uint8_t        depth;
	uint8_t        content;
	bool           in_body;
	bool           has_header; /* a header field is open */
	bool           ended;      /* its closing boundary was seen */
};

struct mail {
	struct entity *top;
	/* The beginning of the open header field.  There is only one, since an entity with a child is past its header. */
	uint8_t *header;
	uint32_t n, room;
	bool     want; /* it may be Content-Type */
};

/* ---- tokens of a header field; each returns how far it got, as the functions of the same names in MIME.cc do */

static bool
is_lws(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static size_t
skip_comment(struct bytes b)
{
	unsigned open = 0;

	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] == '\\')
			i++;
		else if (b.p[i] == '(')
			open++;
		else if (b.p[i] == ')' && --open == 0)
			return i + 1;
	}
	return b.n;
}

static size_t
skip_space(struct bytes b)
{
	size_t i = 0;

	while (i < b.n) {
		if (is_lws(b.p[i]))
			i++;
		else if (b.p[i] == '(')
			i += skip_comment(bytes_skip(b, i));
		else
			break;
	}
	return i;
}

enum run { RUN_NAME, RUN_TOKEN, RUN_BOUNDARY };

static bool
in_run(uint8_t c, enum run kind)
{
	switch (kind) {
	case RUN_NAME:
		return mime_is_name_char(c);
	case RUN_BOUNDARY:
		return mime_is_boundary_char(c);
	default:
		return mime_is_token_char(c);
	}
}

/* Consumes `*b` through the next run of such characters.  Returns false, leaving `*b`, if there is none. */
static bool
take_run(struct bytes *b, enum run kind, struct bytes *out)
{
	size_t i = kind == RUN_BOUNDARY ? 0 : skip_space(*b);

	while (i < b->n && !in_run(b->p[i], kind)) {
		const size_t j = skip_space(bytes_skip(*b, i));
		i += j ? j : 1;
	}
	if (i >= b->n)
		return false;
	size_t end = i;
	while (end < b->n && in_run(b->p[end], kind))
		end++;
	*out = (struct bytes){ b->p + i, end - i };
	*b = bytes_skip(*b, end);
	return true;
}

/* Consumes `c` after blanks and comments.  Returns false, leaving `*b`, if it is not there. */
static bool
take_char(struct bytes *b, uint8_t c)
{
	const size_t i = skip_space(*b);

	if (i >= b->n || b->p[i] != c)
		return false;
	*b = bytes_skip(*b, i + 1);
	return true;
}

/* Returns what is between two quotes, including backslashes. */
static bool
take_quoted(struct bytes *b, struct bytes *out)
{
	for (size_t i = 1; i < b->n; i++) {
		if (b->p[i] == '\\')
			i++;
		else if (b->p[i] == '"') {
			*out = (struct bytes){ b->p + 1, i - 1 };
			*b = bytes_skip(*b, i + 1);
			return true;
		}
	}
	return false;
}

static bool
is_word(struct bytes b, const char *word)
{
	return b.n == strlen(word) && strncasecmp((const char *)b.p, word, b.n) == 0;
}

/* ---- Content-Type */

static void
set_boundary(struct entity *e, struct bytes value, bool quoted)
{
	uint8_t *copy;
	size_t   n = 0;

	if (value.n > BOUNDARY_MAX)
		value.n = BOUNDARY_MAX;
	if (!(copy = malloc(value.n + 1)))
		return;
	for (size_t i = 0; i < value.n; i++) {
		if (quoted && value.p[i] == '\\' && ++i >= value.n)
			break;
		copy[n++] = value.p[i];
	}
	free(e->boundary);
	e->boundary = copy;
	e->boundary_n = (uint32_t)n;
}

static void
parameters(struct entity *e, struct bytes b)
{
	struct bytes name, value;

	while (take_char(&b, ';')) {
		if (!take_run(&b, RUN_TOKEN, &name))
			return;
		if (!take_char(&b, '='))
			continue;
		const bool   is_boundary = e->content == CONTENT_MULTIPART && is_word(name, "boundary");
		struct bytes rest = is_boundary ? b : bytes_skip(b, skip_space(b));
		const bool   quoted = rest.n > 0 && rest.p[0] == '"';
		if (quoted ? !take_quoted(&rest, &value) : !take_run(&rest, is_boundary ? RUN_BOUNDARY : RUN_TOKEN, &value))
			continue;
		b = rest;
		if (is_boundary)
			set_boundary(e, value, quoted);
	}
}

static void
content_type(struct entity *e, struct bytes value)
{
	struct bytes type, subtype;

	if (!take_run(&value, RUN_TOKEN, &type) || !take_char(&value, '/') || !take_run(&value, RUN_TOKEN, &subtype))
		return;
	e->content = is_word(type, "MULTIPART") ? CONTENT_MULTIPART
	             : is_word(type, "MESSAGE") ? CONTENT_MESSAGE
	                                        : CONTENT_OTHER;
	if (e->content != CONTENT_OTHER)
		parameters(e, value);
	if (e->content == CONTENT_MULTIPART && !e->boundary)
		e->content = CONTENT_OTHER;
}

/* ---- header fields */

static void
hold(struct mail *m, struct bytes b)
{
	if (!m->want || b.n == 0)
		return;
	if (b.n > HEADER_HOLD - m->n)
		b.n = HEADER_HOLD - m->n;
	if (m->n + b.n > m->room) {
		uint32_t room = m->room ? m->room : 256;
		while (room < m->n + b.n)
			room *= 2;
		uint8_t *grown = realloc(m->header, room);
		if (!grown)
			return;
		m->header = grown;
		m->room = room;
	}
	memcpy(m->header + m->n, b.p, b.n);
	m->n += (uint32_t)b.n;
}

static void
finish_header(struct mail *m, struct entity *e)
{
	struct bytes b = { m->header, m->n }, name;

	if (e->has_header && m->want && take_run(&b, RUN_NAME, &name) && is_word(name, "content-type") &&
	    take_char(&b, ':')) {
		while (b.n > 0 && (b.p[0] == ' ' || (b.p[0] >= '\t' && b.p[0] <= '\r')))
			b = bytes_skip(b, 1);
		content_type(e, b);
	}
	e->has_header = false;
}

static void
new_header(struct mail *m, struct entity *e, struct bytes line, uint64_t full)
{
	struct bytes b = line, name;

	finish_header(m, e);
	if (full == 0)
		return;
	e->has_header = true;
	e->header = full;
	m->n = 0;
	/* A name may be truncated at the end of the line: only if something follows it is it certainly a different one. */
	m->want = !take_run(&b, RUN_NAME, &name) || b.n == 0 || is_word(name, "content-type");
	hold(m, line);
}

/* Returns whether X is due. */
static bool
folded(struct mail *m, struct entity *e, struct bytes line, uint64_t full)
{
	if (!e->has_header) {
		size_t blanks = 0;
		while (blanks < line.n && is_lws(line.p[blanks]))
			blanks++;
		new_header(m, e, bytes_skip(line, blanks), full - blanks);
		return false;
	}
	if (e->header >= MAX_HEADER)
		return true;
	e->header += full;
	hold(m, line);
	return false;
}

/* ---- entities */

static void
free_children(struct entity *e)
{
	while (e->child) {
		struct entity *gone = e->child;
		e->child = gone->child;
		free(gone->boundary);
		free(gone);
	}
}

static void
begin_child(struct entity *e)
{
	if (e->depth >= MAX_DEPTH)
		return;
	e->child = calloc(1, sizeof *e->child);
	if (e->child)
		e->child->depth = (uint8_t)(e->depth + 1);
}

/* Takes a line of a multipart's body.  Returns whether it is one of its boundaries. */
static bool
boundary(struct entity *e, struct bytes line)
{
	if (line.n < 2u + e->boundary_n || line.p[0] != '-' || line.p[1] != '-' ||
	    memcmp(line.p + 2, e->boundary, e->boundary_n) != 0)
		return false;
	const uint8_t *closing = bytes_at(line, 2u + e->boundary_n, 2);
	free_children(e);
	if (closing && closing[0] == '-' && closing[1] == '-')
		e->ended = true;
	else if (!e->ended)
		begin_child(e);
	return true;
}

bool
mail_line(struct mail *m, struct bytes line, uint64_t full)
{
	struct entity *e = m->top;

	while (e && e->in_body) {
		if (e->content == CONTENT_OTHER || (e->content == CONTENT_MULTIPART && boundary(e, line)))
			return false;
		e = e->child;
	}
	if (!e)
		return false;
	if (full == 0 || (line.n > 0 && line.p[0] == 0)) {
		finish_header(m, e);
		e->in_body = true;
		if (e->content == CONTENT_MESSAGE)
			begin_child(e);
		return false;
	}
	if (line.n > 0 && is_lws(line.p[0]))
		return folded(m, e, line, full);
	new_header(m, e, line, full);
	return false;
}

struct mail *
mail_new(void)
{
	struct mail *m = calloc(1, sizeof *m);

	if (m && !(m->top = calloc(1, sizeof *m->top))) {
		free(m);
		return NULL;
	}
	return m;
}

void
mail_free(struct mail *m)
{
	if (!m)
		return;
	free_children(m->top);
	free(m->top->boundary);
	free(m->top);
	free(m->header);
	free(m);
}
