/* stream.c - the moving window over a file's bytes (stream.h).
 *
 * Plain files are read with read(2) straight into the window, compressed ones are unpacked into it.  When the window is
 * used up, the rest of the last record is moved in front of HEAD, so that the next read starts at a page in both file
 * and memory, which the kernel copies faster.  A longer rest is moved to the front of the window.
 *
 * Once a window of a compressed file has been unpacked, a thread starts to unpack the next one; small files and looks
 * at a first packet are not worth a thread.  Its buffer, with the rest put in front, is then exchanged for the
 * window.  Input that may have to wait for a writer, like a pipe, is unpacked here, where a signal ends the wait.
 *
 * While packets are lent (windows.h), nothing in a window is moved or overwritten: the rest goes to another window.
 *
 * The window grows only when it is full of bytes that really exist, so a wrong length field cannot make it grow.
 */
#include "capture/stream.h"

#include <stdlib.h>

#include "capture/source.h"
#include "capture/unpacker.h"

#define PAGE ((size_t)4096)
#define HEAD ((size_t)64 << 10)
/* Bytes unpacked before the buffers are exchanged: with fewer, waking each other costs more; more do not fit in the
 * caches. */
#define UNPACKED ((size_t)512 << 10)
#define MOST     (HEAD + STREAM_MAX + UNPACKED)

static bool
fail(struct stream *s, const char *why)
{
	s->status = CONNLOG_NO_MEMORY;
	s->why = why;
	return false;
}

/* Continues in another buffer, in which the unread bytes begin at `start`. */
static bool
move_to_other(struct stream *s, size_t cap, size_t start)
{
	const size_t        left = s->end - s->pos;
	const struct window old = { s->buf, s->cap };
	const struct window fresh =
		s->windows ? windows_exchange(s->windows, old, cap) : (struct window){ aligned_alloc(PAGE, cap), cap };

	if (!fresh.buf)
		return false;
	memcpy(fresh.buf + start, s->buf + s->pos, left);
	if (!s->windows)
		free(s->buf);
	s->base += s->pos - start;
	s->buf = fresh.buf;
	s->cap = fresh.cap;
	s->pos = start;
	s->end = start + left;
	return true;
}

static bool
resize(struct stream *s, size_t cap)
{
	return move_to_other(s, cap, s->pos);
}

static bool
grow(struct stream *s)
{
	const size_t cap = s->cap * 2 < MOST ? s->cap * 2 : MOST;

	return (cap > s->cap && resize(s, cap)) || fail(s, "no memory for a record this large");
}

/* make_room() for a lent window: it is filled up, and then the rest is moved to another one. */
static bool
go_on(struct stream *s, size_t want)
{
	const size_t left = s->end - s->pos;

	if (s->cap - s->end >= s->window / 4 && s->cap - s->pos >= want)
		return true;
	if (left <= HEAD)
		return move_to_other(s, HEAD + s->window, HEAD - left) || fail(s, "no memory to read it");
	return move_to_other(s, left + s->window, 0) || fail(s, "no memory for a record this large");
}

/* Moves the unread bytes so that there is room for `want` bytes from their start, or for as many as are read at a
 * time. */
static bool
make_room(struct stream *s, size_t want)
{
	if (s->windows)
		return go_on(s, want);
	const size_t left = s->end - s->pos;
	const size_t start = left <= HEAD && want - left <= s->cap - HEAD ? HEAD - left : 0;

	memmove(s->buf + start, s->buf + s->pos, left);
	s->base += s->pos - start;
	s->pos = start;
	s->end = start + left;
	return true;
}

/* Copies the state of the feed. */
static void
note(struct stream *s, bool last)
{
	s->raw = s->feed.raw;
	s->status = s->feed.status;
	s->eof = last || s->status != CONNLOG_OK;
}

/* Appends the next bytes, at most a window. */
static bool
pull(struct stream *s)
{
	if (s->end == s->cap && !grow(s))
		return false;
	const size_t room = s->cap - s->end;
	const size_t n = feed_pull(&s->feed, s->buf + s->end, room < s->window ? room : s->window);

	s->end += n;
	note(s, n == 0);
	return true;
}

/* Appends what the thread has unpacked to a record that is longer than HEAD. */
static bool
append(struct stream *s, struct bytes more)
{
	if (!make_room(s, s->end - s->pos + more.n))
		return false;
	while (s->cap - s->end < more.n)
		if (!grow(s))
			return false;
	memcpy(s->buf + s->end, more.p, more.n);
	s->end += more.n;
	return true;
}

/* Makes the thread's buffer the window, with the rest of the old window in front. */
static bool
exchange(struct stream *s, struct unpacked *u)
{
	const size_t  left = s->end - s->pos;
	struct window other = { s->buf, s->cap };

	memcpy(u->buf + HEAD - left, s->buf + s->pos, left);
	if (s->windows && !(other = windows_exchange(s->windows, other, u->cap)).buf)
		return fail(s, "no memory to unpack it");
	s->base += s->pos - (HEAD - left);
	s->pos = HEAD - left;
	s->end = HEAD + u->n;
	s->buf = u->buf;
	s->cap = u->cap;
	u->buf = other.buf;
	u->cap = other.cap;
	return true;
}

static bool
take_unpacked(struct stream *s)
{
	if (s->feed.on_wait)
		s->feed.on_wait(s->feed.on_wait_arg);
	struct unpacked *u = unpacker_wait(s->unpacker);

	if (!(s->end - s->pos <= HEAD ? exchange(s, u) : append(s, (struct bytes){ u->buf + HEAD, u->n })))
		return false;
	note(s, u->last);
	unpacker_go_on(s->unpacker);
	return true;
}

/* Returns whether a thread unpacks the next bytes. */
static bool
unpacks_ahead(struct stream *s)
{
	if (s->unpacker || s->no_thread || !feed_is_work(&s->feed) || s->base + s->end < s->window)
		return s->unpacker != NULL;
	if (s->cap >= HEAD + UNPACKED || resize(s, HEAD + UNPACKED))
		s->unpacker = unpacker_start(&s->feed, HEAD, UNPACKED);
	s->no_thread = !s->unpacker;
	return s->unpacker != NULL;
}

bool
stream_fill(struct stream *s, size_t want)
{
	if (s->end - s->pos >= want)
		return true;
	if (s->eof)
		return false;
	const bool ahead = unpacks_ahead(s);
	if (!ahead && !make_room(s, want))
		return false;
	while (s->end - s->pos < want)
		if (s->eof || !(ahead ? take_unpacked(s) : pull(s)))
			return false;
	return true;
}

bool
stream_seek(struct stream *s, uint64_t offset)
{
	if (s->windows || !feed_seek(&s->feed, offset))
		return false;
	s->pos = s->end = HEAD;
	s->base = offset - HEAD;
	s->eof = false;
	note(s, false);
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

bool
stream_extent(const struct stream *s, struct source_extent *out)
{
	out->at = (struct bytes){ s->buf, s->end };
	out->offset = s->feed.from + s->base;
	out->fd = s->feed.fd;
	return s->feed.size > 0 && !s->feed.codec;
}

void
stream_close(struct stream *s)
{
	unpacker_stop(s->unpacker);
	feed_close(&s->feed);
	if (s->windows && s->buf)
		windows_retire(s->windows, (struct window){ s->buf, s->cap });
	else
		free(s->buf);
	*s = (struct stream){ .feed.fd = -1 };
}
