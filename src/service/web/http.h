/* http.h - shared by http.c (lines and states of the two sides), http_message.c and http_header.c (headers and bodies)
 * and http_talk.c (the state kept between chunks). */
#ifndef CONNLOG_SERVICE_HTTP_H
#define CONNLOG_SERVICE_HTTP_H

#include "service/lines.h"
#include "dpd/talk.h"
#include "service/unzip.h"

enum http_expect { HTTP_LINE, HTTP_MESSAGE, HTTP_NOTHING, HTTP_RAW }; /* RAW: an HTTP/0.9 reply */
enum http_body { HTTP_NO_BODY, HTTP_BODY, HTTP_MAYBE_BODY };
enum http_chunk { CHUNK_NONE, CHUNK_BEFORE, CHUNK_SIZE, CHUNK_DATA, CHUNK_CRLF, CHUNK_TRAILER, CHUNK_OVER };
enum { HTTP_HEADER_IDLE };
enum http_type { TYPE_MULTIPART, TYPE_MESSAGE, TYPE_OTHER };
enum http_upgrade { UPGRADE_NONE, UPGRADE_OTHER, UPGRADE_WEBSOCKET };

/* The headers and body of a message, or of a part of it (HTTP_Entity). */
struct http_entity {
	struct http_entity *parent, *child;
	uint8_t            *boundary;                     /* of a multipart entity */
	struct unzip       *zip;                          /* of an entity that is compressed as a whole, or of a message */
	int64_t             content_length, range_length; /* -1: unknown */
	int64_t             left;                         /* of the body or chunk (expect_data_length) */
	uint64_t            header_bytes;                 /* of the header in progress; 0: none */
	uint32_t            boundary_n;
	uint8_t             depth, body, chunk, type;
	bool                in_header, ended, compressed, partial_content, seen_body;
};

/* A message, while it can still have an effect. */
struct http_message {
	struct http_entity  top;
	struct http_entity *current;
	struct bytes
			header; /* a header that may continue: in the chunk being split, or buffered; p is NULL if there is none */
	bool    held;
	uint8_t which; /* http_header_of() */
};

struct http_side {
	struct lines         lines;
	int64_t              delivery;  /* an unfinished line ends when this many bytes have come; -1: no limit */
	struct http_message *message;   /* allocated; NULL if there is none, or when out of memory */
	uint32_t             remaining; /* bytes of its chunk after its last line */
	bool                 in_place;  /* the line is inside the chunk being split */
	union {
		uint8_t stage; /* all of the above */
		struct {
			uint8_t expect      : 2;
			bool    has_message : 1, finished : 1;
			bool    ongoing : 1; /* request_ongoing, reply_ongoing */
			bool    dead    : 1; /* after a gap: nothing is delivered any more */
		};
	};
};

/* The state of the dialogue between messages. */
struct http_dialogue {
	uint64_t heads;      /* bit n: the n-th unanswered request is a HEAD */
	uint32_t unanswered; /* number of requests */
	uint16_t reply_code;
	uint16_t version[2];             /* major << 8 | minor */
	bool     asked : 1, replied : 1; /* a request, a reply has been seen */
	bool     keep_alive : 1, connection_close : 1, connect : 1;
	bool     upgrade_connection : 1;
	bool     handed_over        : 1; /* CONNECT or Upgrade: everything goes to the child */
	bool     swallowing         : 1; /* a reply that lasts until the end of the stream */
	bool     raw                : 1; /* an HTTP/0.9 reply: no lines */
	bool     confirmed          : 1;
	bool     partial            : 1; /* joined midway, as the input tells (talk_partial) */
	uint8_t  upgrade            : 2;
};

struct http {
	struct talk         *t;
	struct http_side     side[2];
	struct http_dialogue d;
};

/* The state of a talk. Between messages, where most chunks end, this is complete; otherwise the rest is in `whole`. */
struct http_rest {
	struct http         *whole; /* allocated; NULL between messages */
	struct http_dialogue d;
	struct {
		uint8_t stage;
		uint8_t last, flags; /* of its lines */
		bool    line_first;
	} side[2];
	bool busy : 1, handed_over : 1; /* it is being fed; copied from `whole` */
};

/* ---- http_message.c */

void http_message_begin(struct http *h, int side, enum http_body body);
/* Handles a line (whose length was `full`) or, without `crlf`, plain bytes. */
void http_message_deliver(struct http *h, int side, struct bytes b, uint64_t full, bool crlf);
/* Handles header lines in `*in` as long as nothing is unusual in how they are split: all but the final empty one. */
void http_message_headers(struct http *h, int side, struct bytes *in);
/* Handles a gap. Returns true if it lies in a body. */
bool http_message_gap(struct http *h, int side, int64_t len);
void http_message_done(struct http *h, int side);
void http_message_free(struct http *h, int side);
/* Called at the end of the chunk: an unfinished header in it is buffered. */
void http_message_keep(struct http *h, int side);
/* Called when the input is used up and the message over: frees it. */
void http_message_tidy(struct http *h, int side);

/* ---- http_header.c */

/* Parses a number as std::from_chars does: `-`, then digits as far as they go. Returns false if there are none or too
 * many. */
bool http_number(struct bytes b, unsigned base, int64_t *out);
/* Returns the header that a line begins; HTTP_HEADER_IDLE for one that has no effect. */
uint8_t http_header_of(struct bytes line);
/* Returns whether a header that begins with this letter has no effect: the names of those with effect begin with C, T
 * and U. */
static inline bool
http_header_idles(uint8_t letter)
{
	const uint8_t c = letter | 0x20;

	return c >= 'a' && c <= 'z' && c != 'c' && c != 't' && c != 'u';
}
/* Returns whether a header of the message, which http_header_of() classified as `which`, has no effect besides what is
 * stored in the other two: the length of the body, and that a client keeps the connection. */
bool http_header_is_usual(int side, uint8_t which, struct bytes b, int64_t *length, bool *keep_alive);
/* Handles a complete header, including its name, of the message or of a part of it; `which` is the result of
 * http_header_of(). */
void http_header(struct http *h, int side, struct http_entity *e, uint8_t which, struct bytes b);

/* ---- http_straight.c */

/* Handles a chunk that is one usual message and nothing else. Returns false if it is not, having changed nothing. */
bool http_straight(struct talk *t, int side, struct bytes in);

/* ---- http_talk.c */

/* Handles any chunk. */
void http_feed(struct talk *t, int side, struct bytes in);

/* ---- http.c */

/* HTTP_RequestLine. Returns false if the line is not one; `*method` is its first word. */
bool http_request_line(struct http_dialogue *d, struct bytes line, struct bytes *method);
/* Notes a request, and whether it asks for a tunnel. */
void http_ask(struct http_dialogue *d, struct bytes method);
bool http_connects(struct bytes method);
/* HTTP_ReplyLine. Returns false if the line is not one. */
bool http_reply_line(struct http_dialogue *d, struct bytes line);
/* Returns whether the reply to the oldest unanswered request has a body, and marks that request as answered. */
enum http_body http_reply_body(const struct http_dialogue *d);
void           http_answer(struct http_dialogue *d);

/* Ends the message of that side (HTTP_MessageDone). */
void http_message_over(struct http *h, int side);
/* Handle a chunk; a gap; the end of a stream; a RST or the end of the connection. */
void http_take(struct http *h, int side, struct bytes in);
void http_miss(struct http *h, int side, uint64_t len);
void http_stream_over(struct http *h, int side);
void http_cut(struct http *h);

#endif
