/* http.h - what http.c (lines and states of the two sides), http_message.c and http_header.c (headers and bodies) and http_talk.c
 * (what is kept between chunks) share. */
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

/* A message's headers and body, or those of a part of it (HTTP_Entity). */
struct http_entity {
	struct http_entity *parent, *child;
	uint8_t            *boundary;                     /* of a multipart */
	struct unzip       *zip;                          /* of one that is compressed as a whole, or of a message */
	int64_t             content_length, range_length; /* -1: not said */
	int64_t             left;                         /* of the body or chunk (expect_data_length) */
	uint64_t            header_bytes;                 /* of the header in progress; 0: none */
	uint32_t            boundary_n;
	uint8_t             depth, body, chunk, type;
	bool                in_header, ended, compressed, partial_content, seen_body;
};

/* A message as long as something can come of it. */
struct http_message {
	struct http_entity  top;
	struct http_entity *current;
	struct bytes header; /* it may go on: in the chunk that is being cut, or held; p is NULL where there is none */
	bool         held;
	uint8_t      which; /* http_header_of() */
};

struct http_side {
	struct lines         lines;
	int64_t              delivery;  /* an unfinished line ends when so many bytes came, -1: no such number */
	struct http_message *message;   /* allocated; NULL where there is none, or no memory for it */
	uint32_t             remaining; /* bytes of its chunk behind its last line */
	bool                 in_place;  /* the line lies in the chunk that is being cut */
	union {
		uint8_t stage; /* all of these */
		struct {
			uint8_t expect      : 2;
			bool    has_message : 1, finished : 1;
			bool    ongoing : 1; /* request_ongoing, reply_ongoing */
			bool    dead    : 1; /* after a gap: nothing is delivered any more */
		};
	};
};

/* What is known between messages. */
struct http_dialogue {
	uint64_t heads;      /* bit n: the n-th of the requests that are unanswered is a HEAD */
	uint32_t unanswered; /* requests */
	uint16_t reply_code;
	uint16_t version[2];             /* major << 8 | minor */
	bool     asked : 1, replied : 1; /* there was a request, a reply */
	bool     keep_alive : 1, connection_close : 1, connect : 1;
	bool     upgrade_connection : 1;
	bool     handed_over        : 1; /* CONNECT or Upgrade: all goes to the child */
	bool     swallowing         : 1; /* a reply until the end of the stream */
	bool     raw                : 1; /* an HTTP/0.9 reply: no lines */
	bool     confirmed          : 1;
	bool     partial            : 1; /* joined midway, as this input comes (talk_partial) */
	uint8_t  upgrade            : 2;
};

struct http {
	struct talk         *t;
	struct http_side     side[2];
	struct http_dialogue d;
};

/* What a talk has: between messages, as most are at the end of a chunk, all that there is to know; else `whole` has it. */
struct http_rest {
	struct http         *whole; /* allocated; or NULL */
	struct http_dialogue d;
	struct {
		uint8_t stage;
		uint8_t last, flags; /* of its lines */
		bool    line_first;
	} side[2];
	bool busy : 1, handed_over : 1; /* it is being fed; as it says */
};

/* ---- http_message.c */

void http_message_begin(struct http *h, int side, enum http_body body);
/* A line (of which `full` bytes were there) or, where `crlf` is not set, plain bytes. */
void http_message_deliver(struct http *h, int side, struct bytes b, uint64_t full, bool crlf);
/* Takes the lines of headers from `*in`, as far as nothing is special in how they are cut: all but the last, empty one. */
void http_message_headers(struct http *h, int side, struct bytes *in);
/* A gap.  Returns true if it lies in a body. */
bool http_message_gap(struct http *h, int side, int64_t len);
void http_message_done(struct http *h, int side);
void http_message_free(struct http *h, int side);
/* The chunk is used up: an unfinished header in it is held. */
void http_message_keep(struct http *h, int side);
/* The input is used up and the message over: it is freed. */
void http_message_tidy(struct http *h, int side);

/* ---- http_header.c */

/* A number as std::from_chars takes it: `-`, digits as far as they go.  Returns false where there are none or too many. */
bool http_number(struct bytes b, unsigned base, int64_t *out);
/* Returns which header a line begins; HTTP_HEADER_IDLE: one that changes nothing. */
uint8_t http_header_of(struct bytes line);
/* Returns whether a header that begins with this letter changes nothing: names of those that do begin with C, T and U. */
static inline bool
http_header_idles(uint8_t letter)
{
	const uint8_t c = letter | 0x20;

	return c >= 'a' && c <= 'z' && c != 'c' && c != 't' && c != 'u';
}
/* Returns whether a header of the message, for which http_header_of() said `which`, says nothing but what is put into the other
 * two: how long a body is, and that a client keeps the connection. */
bool http_header_is_usual(int side, uint8_t which, struct bytes b, int64_t *length, bool *keep_alive);
/* A complete header, with its name, of the message or of a part of it; `which` is what http_header_of() said. */
void http_header(struct http *h, int side, struct http_entity *e, uint8_t which, struct bytes b);

/* ---- http_straight.c */

/* Takes a chunk that is a usual message and nothing else.  Returns false where it is none: nothing has changed then. */
bool http_straight(struct talk *t, int side, struct bytes in);

/* ---- http_talk.c */

/* Takes any chunk. */
void http_feed(struct talk *t, int side, struct bytes in);

/* ---- http.c */

/* HTTP_RequestLine.  Returns false where it is none; `*method` is its first word. */
bool http_request_line(struct http_dialogue *d, struct bytes line, struct bytes *method);
/* A request is there; and whether it asks for a tunnel. */
void http_ask(struct http_dialogue *d, struct bytes method);
bool http_connects(struct bytes method);
/* HTTP_ReplyLine.  Returns false where it is none. */
bool http_reply_line(struct http_dialogue *d, struct bytes line);
/* Returns whether the reply to the oldest request that is unanswered has a body; and that request is answered. */
enum http_body http_reply_body(const struct http_dialogue *d);
void           http_answer(struct http_dialogue *d);

/* The message of that side is over (HTTP_MessageDone). */
void http_message_over(struct http *h, int side);
/* A chunk; a gap; the end of a stream; a RST, or all is over. */
void http_take(struct http *h, int side, struct bytes in);
void http_miss(struct http *h, int side, uint64_t len);
void http_stream_over(struct http *h, int side);
void http_cut(struct http *h);

#endif
