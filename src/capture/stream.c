/* stream.c - the window over a file's bytes (stream.h).
 *
 * Plain files are read with read(2) straight into the window, compressed ones are unpacked into it.  What is
 * left of the last record when the window runs out is moved to its front, at most one record in a megabyte.
 * The window grows only when it is full of bytes that are really there: a length field that lies cannot make
 * it grow.
 */
#include "capture/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/codec.h"
#include "capture/source.h"

#define FIRST_READ 4096 /* fits into the codec's input too */

static size_t
fail(struct stream *s, int status, const char *what, const char *why)
{
	s->status = status;
	snprintf(s->why, sizeof s->why, "%s%s", what, why);
	return 0;
}

/* The file's own bytes. => 0 at its end and on a failure, which `status` then tells. */
static size_t
raw_read(struct stream *s, uint8_t *p, size_t n)
{
	ssize_t r;

	if (s->fd < 0 || s->memory.n > 0) {
		struct bytes part = bytes_head(s->memory, n);
		if (part.n > 0) /* no memory at all may be a null pointer, which memcpy must not see */
			memcpy(p, part.p, part.n);
		s->memory = bytes_skip(s->memory, part.n);
		s->raw += part.n;
		return part.n;
	}
	if (s->on_wait)
		s->on_wait(s->on_wait_arg);
	do {
		r = read(s->fd, p, n);
	} while (r < 0 && errno == EINTR && !(s->stop && *s->stop));
	if (r < 0)
		return errno == EINTR ? 0 : fail(s, CONNLOG_IO, "cannot be read: ", strerror(errno));
	s->raw += (size_t)r;
	return (size_t)r;
}

/* Plain bytes, unpacked if need be. => 0 at the end and on a failure. */
static size_t
pull(struct stream *s, uint8_t *p, size_t n)
{
	const char *wrong;
	size_t      made, room;
	uint8_t    *in;

	if (!s->codec)
		return raw_read(s, p, n);
	for (;;) {
		if (codec_hungry(s->codec)) {
			in = codec_input(s->codec, &room);
			room = raw_read(s, in, room);
			codec_input_done(s->codec, room);
			if (room == 0) {
				if (s->status == CONNLOG_OK && !codec_complete(s->codec))
					return fail(s, CONNLOG_BAD_INPUT, codec_name(s->codec), " data is cut short");
				return 0;
			}
		}
		wrong = codec_step(s->codec, p, n, &made);
		if (wrong) {
			/* what was unpacked before the damage is good */
			s->status = CONNLOG_BAD_INPUT;
			snprintf(s->why, sizeof s->why, "%s data is damaged: %s", codec_name(s->codec), wrong);
			return made;
		}
		if (made > 0)
			return made;
	}
}

static bool
grow(struct stream *s)
{
	size_t   cap = s->cap * 2 < STREAM_MAX ? s->cap * 2 : STREAM_MAX;
	uint8_t *buf = cap > s->cap ? realloc(s->buf, cap) : NULL;

	if (!buf) {
		fail(s, CONNLOG_NO_MEMORY, "no memory for a record this large", "");
		return false;
	}
	s->buf = buf;
	s->cap = cap;
	return true;
}

bool
stream_fill(struct stream *s, size_t want)
{
	size_t left = s->end - s->pos, n;

	if (left >= want)
		return true;
	if (s->eof)
		return false;
	memmove(s->buf, s->buf + s->pos, left);
	s->base += s->pos;
	s->pos = 0;
	s->end = left;
	while (s->end < want) {
		if (s->eof || (s->end == s->cap && !grow(s)))
			return false;
		n = pull(s, s->buf + s->end, s->cap - s->end);
		s->end += n;
		s->eof = n == 0 || s->status != CONNLOG_OK;
	}
	return true;
}

/* Looks at the first bytes; when they are packed, they become the codec's input. */
static int
begin(struct stream *s, size_t window)
{
	const char *name;
	size_t      n, room;

	s->cap = window;
	s->buf = malloc(window);
	if (!s->buf) {
		fail(s, CONNLOG_NO_MEMORY, "no memory to read it", "");
		return s->status;
	}
	while (s->end < 4 && (n = raw_read(s, s->buf + s->end, FIRST_READ - s->end)) > 0)
		s->end += n;
	name = codec_detect(stream_bytes(s));
	if (name && s->status == CONNLOG_OK) {
		s->codec = codec_new(name);
		if (!s->codec) {
			fail(s, CONNLOG_NO_MEMORY, "no memory to unpack it", "");
			return s->status;
		}
		memcpy(codec_input(s->codec, &room), s->buf, s->end);
		codec_input_done(s->codec, s->end);
		s->end = 0;
	}
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
	memset(s, 0, sizeof *s);
	s->stop = stop;
	s->memory = begun;
	s->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0) {
		fail(s, CONNLOG_IO, "cannot be opened: ", strerror(errno));
		return s->status;
	}
	posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint: pipes do not know it */
	return begin(s, window);
}

int
stream_open_memory(struct stream *s, struct bytes memory, size_t window)
{
	memset(s, 0, sizeof *s);
	s->fd = -1;
	s->memory = memory;
	return begin(s, window);
}

void
stream_close(struct stream *s)
{
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	codec_free(s->codec);
	free(s->buf);
	memset(s, 0, sizeof *s);
	s->fd = -1;
}
