/* http.h - HTTP/1.1 as far as a client that posts needs it: parses a response as its bytes arrive (RFC 9112).
 *
 * Whatever the server sends, memory and effort are bounded: lines of HTTP_LINE_MAX bytes, HTTP_HEAD_MAX in total, and
 * only the beginning of the body is kept.
 */
#ifndef CONNLOG_SHIP_HTTP_H
#define CONNLOG_SHIP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_LINE_MAX = 4096, HTTP_HEAD_MAX = 64 << 10, HTTP_TEXT_MAX = 300, HTTP_BODY_MAX = 16 << 20 };

enum http_state {
	HTTP_STATUS,     /* the status line is expected */
	HTTP_FIELDS,     /* header fields */
	HTTP_BODY,       /* `left` bytes of the body, or of a chunk */
	HTTP_CHUNK_SIZE, /* a line with the size of a chunk */
	HTTP_CHUNK_END,  /* the end of line after a chunk */
	HTTP_TRAILER,    /* fields after the last chunk */
	HTTP_TO_THE_END, /* a body that ends with the connection */
	HTTP_DONE,
	HTTP_BAD, /* not HTTP, or too much of it */
};

struct http_answer {
	enum http_state state;
	int             status;                 /* 100 to 599 */
	bool            closes;                 /* the connection cannot be used again */
	bool            chunked, sized, failed; /* failed: ClickHouse reports this in a field */
	uint64_t        left, body;             /* bytes */
	size_t          head_n;                 /* bytes of all lines */
	char            line[HTTP_LINE_MAX];
	size_t          line_n;
	char            text[HTTP_TEXT_MAX]; /* beginning of the body, printable, NUL-terminated */
	size_t          text_n;
};

void http_answer_init(struct http_answer *a);
/* Parses bytes of a response. Returns how many were consumed; any others follow its end. */
size_t http_answer_take(struct http_answer *a, const char *p, size_t n);
/* Handles the end of the connection. Returns whether the response is complete. */
bool http_answer_end(struct http_answer *a);

#endif
