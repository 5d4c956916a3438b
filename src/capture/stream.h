/* stream.h - the bytes of one file, unpacked if it is compressed, in a moving window.
 *
 * The reader of a format looks at buf[pos..end) and moves `pos`; if a record is incomplete, it calls
 * stream_fill().  Only stream_fill() moves or reallocates the window, so pointers into it stay valid until then, and
 * packets can be returned without a copy.
 */
#ifndef CONNLOG_CAPTURE_STREAM_H
#define CONNLOG_CAPTURE_STREAM_H

#include "capture/feed.h"
#include "capture/windows.h"

/* Bytes per read: they are still in the L2 cache when they are processed. */
#define STREAM_WINDOW (128u << 10)
#define STREAM_PEEK   (64u << 10)  /* the same, for a look at a file's first packet */
#define STREAM_MAX    (130u << 20) /* the longest record: one of 128 MiB and its headers */

struct unpacker;

struct stream {
	uint8_t    *buf;
	size_t      cap, pos, end; /* the unread bytes are buf[pos..end) */
	size_t      window;        /* bytes per read */
	uint64_t    base;          /* unpacked bytes before buf[0], modulo 2^64 */
	uint64_t    raw;           /* bytes read from the file, before unpacking */
	bool        eof;
	int         status; /* CONNLOG_OK, or why the bytes end before the file's end */
	const char *why;    /* the message for `status` */

	struct feed      feed;     /* where they come from */
	struct unpacker *unpacker; /* NULL: no thread unpacks them */
	bool             no_thread;
	struct windows  *windows; /* lent windows, including this one; or NULL */
};

/* Opens `path` ("-" is standard input, which is not closed).  `begun` has the bytes that were read from it already and
 * must outlive the stream.  `stop` may be NULL.  Returns CONNLOG_OK, or a negative connlog_error with the reason in
 * `why`; the stream must be closed in either case. */
int  stream_open_begun(struct stream *s, const char *path, struct bytes begun, size_t window,
                       const volatile sig_atomic_t *stop);
int  stream_open(struct stream *s, const char *path, size_t window, const volatile sig_atomic_t *stop);
int  stream_open_memory(struct stream *s, struct bytes memory, size_t window);
void stream_close(struct stream *s);

/* Makes sure that the next `want` bytes (at most STREAM_MAX) are in the window.  Returns false if they are not
 * available; `status` tells the end of the file from a failure. */
bool stream_fill(struct stream *s, size_t want);

/* Goes on at that byte of a plain regular file.  Returns false where the stream is none. */
bool stream_seek(struct stream *s, uint64_t offset);

/* Returns the unread bytes in the window. */
static inline struct bytes
stream_bytes(const struct stream *s)
{
	return (struct bytes){ s->buf + s->pos, s->end - s->pos };
}

/* Returns the number of unpacked bytes before the next one. */
static inline uint64_t
stream_position(const struct stream *s)
{
	return s->base + s->pos;
}

struct source_extent;

/* Fills in all but `opened`.  Returns false where what the window holds cannot be read again. */
bool stream_extent(const struct stream *s, struct source_extent *out);

/* Returns whether the file is compressed. */
static inline bool
stream_packed(const struct stream *s)
{
	return s->feed.codec != NULL; /* which the thread does not change */
}

#endif
