/* http.h - HTTP/1.1 as far as a client that posts needs it: an answer taken apart as its bytes come (RFC 9112).
 *
 * Whatever the other side sends, memory and effort are bounded: lines of HTTP_LINE_MAX bytes, HTTP_HEAD_MAX in all, and of the body only the
 * beginning is kept.
 */
#ifndef CONNLOG_SHIP_HTTP_H
#define CONNLOG_SHIP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_LINE_MAX = 4096, HTTP_HEAD_MAX = 64 << 10, HTTP_TEXT_MAX = 300, HTTP_BODY_MAX = 16 << 20 };

enum http_state {
	HTTP_STATUS,     /* its first line is expected */
	HTTP_FIELDS,     /* header fields */
	HTTP_BODY,       /* `left` bytes of the body, or of a chunk */
	HTTP_CHUNK_SIZE, /* a line with the size of a chunk */
	HTTP_CHUNK_END,  /* the end of line behind a chunk */
	HTTP_TRAILER,    /* fields behind the last chunk */
	HTTP_TO_THE_END, /* a body that ends with the connection */
	HTTP_DONE,
	HTTP_BAD, /* no HTTP, or more of it than is allowed */
};

struct http_answer {
	enum http_state state;
	int             status;                 /* 100 to 599 */
	bool            closes;                 /* the connection cannot be used again */
	bool            chunked, sized, failed; /* failed: ClickHouse says so in a field */
	uint64_t        left, body;             /* bytes */
	size_t          head_n;                 /* bytes of all lines */
	char            line[HTTP_LINE_MAX];
	size_t          line_n;
	char            text[HTTP_TEXT_MAX]; /* the beginning of the body, printable, with a zero byte */
	size_t          text_n;
};

void http_answer_init(struct http_answer *a);
/* Takes bytes of an answer.  Returns how many; the rest, if any, comes after the end. */
size_t http_answer_take(struct http_answer *a, const char *p, size_t n);
/* Notes that the connection has ended.  Returns whether the answer is complete. */
bool http_answer_end(struct http_answer *a);

#endif
