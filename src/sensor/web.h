/* web.h - a page of a running sensor over HTTP, refreshed by server-sent events (WHATWG HTML, 9.2).
 *
 * A thread of its own, run by libmicrohttpd, sends everything.  What is shown lies in memory of a fixed size (recent.h), of which each
 * client has a cursor and nothing else: one that is slow or never reads skips what has gone, and one that takes nothing for ten seconds is
 * dropped.  The publisher never waits: what it hands over is put aside first, and moved when nobody reads it.
 *
 * Without a token the page answers on loopback only, to names of loopback only (against DNS rebinding).
 */
#ifndef CONNLOG_SENSOR_WEB_H
#define CONNLOG_SENSOR_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct web;

/* What is kept of the last minutes. */
enum web_ring { WEB_SAMPLES, WEB_RECORDS, WEB_RINGS };

/* Writes an item as JSON, without a newline; called in the server's thread. */
typedef void (*web_format_fn)(FILE *f, double time, const void *item, size_t n);

/* Writes what a history of that protocol means, the same way. */
typedef void (*web_story_fn)(FILE *f, const char *proto, const char *history);

struct web_options {
	const char   *address; /* "127.0.0.1:8080" */
	const char   *token;   /* NULL: none is needed */
	double        window;  /* seconds that items stay */
	size_t        memory;  /* bytes of records */
	web_format_fn format[WEB_RINGS];
	web_story_fn  story;
};

/* What the server needs besides the memory of the records, in bytes, at most. */
#define WEB_OVERHEAD (8u << 20)

/* Opens a listening socket.  Returns NULL and writes a message on failure. */
struct web *web_open(const struct web_options *o, char *err, size_t err_size);
/* Begins to answer with this page, which has to stay, and its Content Security Policy.  Returns false if no thread can be started. */
bool web_begin(struct web *w, const char *page, size_t page_n, const char *policy);
/* Ends the thread and closes the socket; NULL is ignored. */
void web_free(struct web *w);

/* Hands over an item; it is left out and counted if there is no room. */
void web_put(struct web *w, enum web_ring ring, double time, const void *item, size_t n);
/* Hands over the present state, JSON without a newline, which is allocated and becomes the server's. */
void web_state(struct web *w, char *text, size_t n);
/* Shows what was handed over.  Returns false if that has to wait because a client is being served: call it again soon. */
bool web_publish(struct web *w, double now);
/* Returns how many clients follow the page. */
unsigned web_streams(const struct web *w);

struct web_counts {
	uint64_t streams;     /* clients that follow the page now, */
	uint64_t opened;      /* and that ever did */
	uint64_t refused;     /* requests for which there was no place */
	uint64_t denied;      /* requests without the token, or under a name that is not loopback's */
	uint64_t records;     /* records that were put in */
	uint64_t kept, bytes; /* of these: in memory now, and what they take */
	uint64_t pushed_out;  /* of these: removed before their time for want of memory, or never shown */
	uint64_t skipped;     /* records that a slow client was not sent, over all clients */
};
/* As of the latest web_publish(). */
void web_count(const struct web *w, struct web_counts *out);

#endif
