/* http.c - see http.h. */
#include "ship/http.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void
http_answer_init(struct http_answer *a)
{
	*a = (struct http_answer){ .state = HTTP_STATUS };
}

/* Returns the number in p[0..n), or -1 for anything else and if it exceeds `most`. */
static int64_t
number(const char *p, size_t n, unsigned base, int64_t most)
{
	int64_t value = n == 0 ? -1 : 0;

	for (size_t i = 0; i < n && value >= 0; i++) {
		const int c = tolower((unsigned char)p[i]);
		const int digit = isdigit(c) ? c - '0' : isxdigit(c) ? c - 'a' + 10 : 99;
		value = digit >= (int)base || value > (most - digit) / (int64_t)base ? -1 : value * (int64_t)base + digit;
	}
	return value;
}

/* Parses "HTTP/1.1 200 OK". */
static enum http_state
take_status(struct http_answer *a)
{
	static const char version[] = "HTTP/1.";
	const size_t      n = sizeof version - 1;

	if (a->line_n < n + 5 || memcmp(a->line, version, n) != 0 || !isdigit((unsigned char)a->line[n]) ||
	    a->line[n + 1] != ' ')
		return HTTP_BAD;
	if (a->line_n > n + 5 && a->line[n + 5] != ' ')
		return HTTP_BAD;
	a->status = (int)number(a->line + n + 2, 3, 10, 599);
	a->closes = a->line[n] == '0';
	return a->status >= 100 ? HTTP_FIELDS : HTTP_BAD;
}

/* Continues after the empty line that ends the fields. */
static enum http_state
begin_body(struct http_answer *a)
{
	if (a->status < 200) { /* an interim response: the final one follows */
		const size_t head_n = a->head_n;
		http_answer_init(a);
		a->head_n = head_n;
		return HTTP_STATUS;
	}
	if (a->status == 204 || a->status == 304)
		return HTTP_DONE;
	if (a->chunked)
		return HTTP_CHUNK_SIZE;
	if (a->sized)
		return a->left > 0 ? HTTP_BODY : HTTP_DONE;
	a->closes = true;
	return HTTP_TO_THE_END;
}

/* Returns the value of the field `name`, or NULL if the line is another field. */
static const char *
field(const struct http_answer *a, const char *name, size_t *n)
{
	const size_t name_n = strlen(name);

	if (a->line_n <= name_n || a->line[name_n] != ':' || strncasecmp(a->line, name, name_n) != 0)
		return NULL;
	const char *p = a->line + name_n + 1, *end = a->line + a->line_n;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*n = (size_t)(end - p);
	return p;
}

static bool
equals(const char *p, size_t n, const char *word)
{
	return n == strlen(word) && strncasecmp(p, word, n) == 0;
}

static enum http_state
take_field(struct http_answer *a)
{
	const char *value;
	size_t      n;

	if (a->line_n == 0)
		return begin_body(a);
	if ((value = field(a, "Content-Length", &n)) != NULL) {
		const int64_t length = number(value, n, 10, HTTP_BODY_MAX);
		if (length < 0 || (a->sized && a->left != (uint64_t)length))
			return HTTP_BAD;
		a->sized = true;
		a->left = (uint64_t)length;
	} else if ((value = field(a, "Transfer-Encoding", &n)) != NULL) {
		if (!equals(value, n, "chunked"))
			return HTTP_BAD;
		a->chunked = true;
	} else if ((value = field(a, "Connection", &n)) != NULL) {
		a->closes = a->closes || equals(value, n, "close");
	} else if (field(a, "X-ClickHouse-Exception-Code", &n) != NULL) {
		a->failed = true;
	}
	return HTTP_FIELDS;
}

static enum http_state
take_chunk_size(struct http_answer *a)
{
	size_t n = 0;

	while (n < a->line_n && isxdigit((unsigned char)a->line[n]))
		n++;
	const int64_t size = number(a->line, n, 16, HTTP_BODY_MAX);
	if (size < 0 || (n < a->line_n && a->line[n] != ';' && a->line[n] != ' '))
		return HTTP_BAD;
	a->left = (uint64_t)size;
	return size > 0 ? HTTP_BODY : HTTP_TRAILER;
}

/* Handles a complete line. */
static enum http_state
take_line(struct http_answer *a)
{
	switch (a->state) {
	case HTTP_STATUS:
		return take_status(a);
	case HTTP_FIELDS:
		return take_field(a);
	case HTTP_CHUNK_SIZE:
		return take_chunk_size(a);
	case HTTP_CHUNK_END:
		return a->line_n == 0 ? HTTP_CHUNK_SIZE : HTTP_BAD;
	default:
		return a->line_n == 0 ? HTTP_DONE : HTTP_TRAILER;
	}
}

/* Keeps the beginning of the body for messages. */
static void
keep_text(struct http_answer *a, const char *p, size_t n)
{
	for (size_t i = 0; i < n && a->text_n + 1 < sizeof a->text; i++) {
		const unsigned char c = (unsigned char)p[i];
		a->text[a->text_n++] = c >= ' ' && c < 127 ? (char)c : ' ';
	}
}

static size_t
take_body(struct http_answer *a, const char *p, size_t n)
{
	if (a->state == HTTP_BODY && n > a->left)
		n = (size_t)a->left;
	keep_text(a, p, n);
	a->body += n;
	if (a->body > HTTP_BODY_MAX) {
		a->state = HTTP_BAD;
	} else if (a->state == HTTP_BODY) {
		a->left -= n;
		if (a->left == 0)
			a->state = a->chunked ? HTTP_CHUNK_END : HTTP_DONE;
	}
	return n;
}

size_t
http_answer_take(struct http_answer *a, const char *p, size_t n)
{
	size_t at = 0;

	while (at < n && a->state != HTTP_DONE && a->state != HTTP_BAD) {
		if (a->state == HTTP_BODY || a->state == HTTP_TO_THE_END) {
			at += take_body(a, p + at, n - at);
			continue;
		}
		const char c = p[at++];
		if (++a->head_n > HTTP_HEAD_MAX || (c != '\n' && a->line_n == sizeof a->line)) {
			a->state = HTTP_BAD;
		} else if (c != '\n') {
			a->line[a->line_n++] = c;
		} else {
			a->line_n -= a->line_n > 0 && a->line[a->line_n - 1] == '\r';
			a->state = take_line(a);
			a->line_n = 0;
		}
	}
	return at;
}

bool
http_answer_end(struct http_answer *a)
{
	if (a->state == HTTP_TO_THE_END)
		a->state = HTTP_DONE;
	return a->state == HTTP_DONE;
}
