/* stream.c - the window over a file's bytes (stream.h).
 *
 * Plain files are read with read(2) straight into the window, compressed ones are unpacked into it.  What is left of
 * the last record when the window runs out is moved before its HEAD, so that what is read next begins at a page both in
 * the file and in memory, which the kernel copies faster.  Where what is left is longer than that, it is moved to the
 * window's front.
 * The window grows only when it is full of bytes that are really there: a length field that lies cannot make
 * it grow.
 */
#include "capture/stream.h"

#include <stdlib.h>

#include "capture/source.h"

#define PAGE ((size_t)4096)
#define HEAD ((size_t)64 << 10)
#define MOST (HEAD + STREAM_MAX)

static bool
fail(struct stream *s, const char *why)
{
	s->status = CONNLOG_NO_MEMORY;
	s->why = why;
	return false;
}

static bool
grow(struct stream *s)
{
	const size_t cap = s->cap * 2 < MOST ? s->cap * 2 : MOST;
	uint8_t     *buf = cap > s->cap ? aligned_alloc(PAGE, cap) : NULL;

	if (!buf)
		return fail(s, "no memory for a record this large");
	memcpy(buf, s->buf, s->end);
	free(s->buf);
	s->buf = buf;
	s->cap = cap;
	return true;
}

/* Moves what has not been read yet so that there is room for the `want` bytes that begin with it. */
static void
make_room(struct stream *s, size_t want)
{
	const size_t left = s->end - s->pos;
	const size_t start = left <= HEAD && want - left <= s->cap - HEAD ? HEAD - left : 0;

	memmove(s->buf + start, s->buf + s->pos, left);
	s->base += s->pos - start;
	s->pos = start;
	s->end = start + left;
}

/* Appends the next bytes, at most a window of them. */
static void
pull(struct stream *s)
{
	const size_t room = s->cap - s->end;
	const size_t n = feed_pull(&s->feed, s->buf + s->end, room < s->window ? room : s->window);

	s->end += n;
	s->raw = s->feed.raw;
	s->status = s->feed.status;
	s->eof = n == 0 || s->status != CONNLOG_OK;
}

bool
stream_fill(struct stream *s, size_t want)
{
	if (s->end - s->pos >= want)
		return true;
	if (s->eof)
		return false;
	make_room(s, want);
	while (s->end - s->pos < want) {
		if (s->eof || (s->end == s->cap && !grow(s)))
			return false;
		pull(s);
	}
	return true;
}

static int
begin(struct stream *s, size_t window)
{
	s->window = window;
	s->cap = HEAD + window;
	s->pos = s->end = HEAD;
	s->base = -(uint64_t)HEAD;
	s->buf = aligned_alloc(PAGE, s->cap);
	if (!s->buf) {
		fail(s, "no memory to read it");
		return s->status;
	}
	s->end += feed_begin(&s->feed, s->buf + HEAD);
	s->raw = s->feed.raw;
	s->status = s->feed.status;
	return s->status;
}

int
stream_open(struct stream *s, const char *path, size_t window, const volatile sig_atomic_t *stop)
{
	return stream_open_begun(s, path, (struct bytes){ NULL, 0 }, window, stop);
}

int
stream_open_begun(struct stream *s, const char *path, struct bytes begun, size_t window,
                  const volatile sig_atomic_t *stop)
{
	*s = (struct stream){ .why = s->feed.why };
	s->status = feed_open(&s->feed, path, begun, stop);
	return s->status == CONNLOG_OK ? begin(s, window) : s->status;
}

int
stream_open_memory(struct stream *s, struct bytes memory, size_t window)
{
	*s = (struct stream){ .why = s->feed.why };
	feed_open_memory(&s->feed, memory);
	return begin(s, window);
}

void
stream_close(struct stream *s)
{
	feed_close(&s->feed);
	free(s->buf);
	*s = (struct stream){ .feed.fd = -1 };
}
