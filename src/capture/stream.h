/* stream.h - the bytes of one file, unpacked where it is compressed, in a window that moves over them.
 *
 * The reader of a format looks at buf[pos..end) and moves `pos`; when a record is not all there it asks
 * stream_fill() for more.  Only stream_fill() moves or reallocates the window, so pointers into it stay good
 * until then: this is what lets packets be handed out without a copy.
 */
#ifndef CONNLOG_CAPTURE_STREAM_H
#define CONNLOG_CAPTURE_STREAM_H

#include "capture/feed.h"
#include "capture/windows.h"

/* What is read at once: it is still in the L2 cache when it is looked at. */
#define STREAM_WINDOW (128u << 10)
#define STREAM_PEEK   (64u << 10)  /* the same, to look at a file's first packet only */
#define STREAM_MAX    (130u << 20) /* the longest record: one of 128 MiB and its headers */

struct unpacker;

struct stream {
	uint8_t    *buf;
	size_t      cap, pos, end; /* not yet read: buf[pos..end) */
	size_t      window;        /* what is read at once */
	uint64_t    base;          /* unpacked bytes that went before buf[0], modulo 2^64 */
	uint64_t    raw;           /* bytes read from the file, packed as they are */
	bool        eof;
	int         status; /* CONNLOG_OK, or why the bytes end before the file's end */
	const char *why;    /* the text to it */

	struct feed      feed;     /* where they come from */
	struct unpacker *unpacker; /* NULL: no thread unpacks them */
	bool             no_thread;
	struct windows  *windows; /* that are lent, this one too; or NULL */
};

/* Opens `path` ("-" is standard input, which is not closed).  `begun` is what has been read of it already, which is to be
 * there as long as the stream.  `stop` may be NULL.
 * Returns CONNLOG_OK, or a negative connlog_error with the reason in `why`; close it in either case. */
int  stream_open_begun(struct stream *s, const char *path, struct bytes begun, size_t window,
                       const volatile sig_atomic_t *stop);
int  stream_open(struct stream *s, const char *path, size_t window, const volatile sig_atomic_t *stop);
int  stream_open_memory(struct stream *s, struct bytes memory, size_t window);
void stream_close(struct stream *s);

/* Sees to it that the `want` next bytes (STREAM_MAX at most) are in the window.
 * Returns false if they are not to be had: `status` says whether that is the file's end or a failure. */
bool stream_fill(struct stream *s, size_t want);

/* Returns the bytes in the window that have not been read yet. */
static inline struct bytes
stream_bytes(const struct stream *s)
{
	return (struct bytes){ s->buf + s->pos, s->end - s->pos };
}

/* Returns how many unpacked bytes went before the next one. */
static inline uint64_t
stream_position(const struct stream *s)
{
	return s->base + s->pos;
}

/* Returns whether the file is compressed. */
static inline bool
stream_packed(const struct stream *s)
{
	return s->feed.codec != NULL; /* which a thread does not change */
}

#endif
