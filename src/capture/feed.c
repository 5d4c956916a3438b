/* feed.c - the bytes of a file, as read from it or as unpacked by a codec.
 *
 * A regular file that ends before the size it had when it was opened was truncated while it was read.  That is a
 * failure even if the cut falls between two records, because otherwise packets would be missing from the log without a
 * word.
 */
#include "capture/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/codec.h"
#include "capture/source.h"

static size_t
fail(struct feed *f, int status, const char *what, const char *why)
{
	f->status = status;
	snprintf(f->why, sizeof f->why, "%s%s", what, why);
	return 0;
}

static size_t
fail_shrunk(struct feed *f)
{
	f->status = CONNLOG_IO;
	snprintf(f->why, sizeof f->why,
	         "the file has shrunk while it was read: it had %" PRIu64 " bytes and ends after %" PRIu64, f->size,
	         f->raw);
	return 0;
}

/* Reads the file's own bytes.  Returns 0 at its end and on failure, which sets `status`. */
static size_t
raw_read(struct feed *f, uint8_t *p, size_t n)
{
	ssize_t r;

	if (f->fd < 0 || f->memory.n > 0) {
		struct bytes part = bytes_head(f->memory, n);
		if (part.n > 0) /* an empty buffer may be a null pointer, which memcpy() must not get */
			memcpy(p, part.p, part.n);
		f->memory = bytes_skip(f->memory, part.n);
		f->raw += part.n;
		return part.n;
	}
	if (!f->ahead && f->on_wait)
		f->on_wait(f->on_wait_arg);
	do {
		r = read(f->fd, p, n);
	} while (r < 0 && errno == EINTR && !(f->stop && *f->stop));
	if (r < 0)
		return errno == EINTR ? 0 : fail(f, CONNLOG_IO, "cannot be read: ", strerror(errno));
	if (r == 0 && f->raw < f->size)
		return fail_shrunk(f);
	f->raw += (size_t)r;
	return (size_t)r;
}

static size_t
unpack(struct feed *f, uint8_t *p, size_t n)
{
	const char *wrong;
	size_t      made, room;
	uint8_t    *in;

	for (;;) {
		if (codec_hungry(f->codec)) {
			in = codec_input(f->codec, &room);
			room = raw_read(f, in, room);
			codec_input_done(f->codec, room);
			if (room == 0) {
				if (f->status == CONNLOG_OK && !codec_complete(f->codec))
					return fail(f, CONNLOG_BAD_INPUT, codec_name(f->codec), " data is cut short");
				return 0;
			}
		}
		wrong = codec_step(f->codec, p, n, &made);
		if (wrong) {
			/* the output before the damage is good */
			f->status = CONNLOG_BAD_INPUT;
			snprintf(f->why, sizeof f->why, "%s data is damaged: %s", codec_name(f->codec), wrong);
			return made;
		}
		if (made > 0)
			return made;
	}
}

size_t
feed_pull(struct feed *f, uint8_t *p, size_t n)
{
	return f->codec ? unpack(f, p, n) : raw_read(f, p, n);
}

size_t
feed_begin(struct feed *f, uint8_t *p)
{
	const char *name;
	size_t      have = 0, more, room;

	while (have < 4 && (more = raw_read(f, p + have, FEED_FIRST - have)) > 0)
		have += more;
	name = codec_detect((struct bytes){ p, have });
	if (!name || f->status != CONNLOG_OK)
		return have;
	f->codec = codec_new(name);
	if (!f->codec)
		return fail(f, CONNLOG_NO_MEMORY, "no memory to unpack it", "");
	memcpy(codec_input(f->codec, &room), p, have);
	codec_input_done(f->codec, have);
	return 0;
}

bool
feed_seek(struct feed *f, uint64_t offset)
{
	if (f->codec || f->fd < 0 || f->size == 0 || offset > INT64_MAX || lseek(f->fd, (off_t)offset, SEEK_SET) < 0)
		return false;
	f->memory = (struct bytes){ NULL, 0 };
	f->raw = offset;
	f->status = CONNLOG_OK;
	return true;
}

/* Notes the position and the size of a regular file; `begun` bytes of it have been read already. */
static void
note_size(struct feed *f, size_t begun)
{
	struct stat st;
	off_t       at;

	if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode) || (at = lseek(f->fd, 0, SEEK_CUR)) < 0 || st.st_size <= at)
		return;
	f->from = (uint64_t)at - begun;
	f->size = (uint64_t)(st.st_size - at) + begun;
}

int
feed_open(struct feed *f, const char *path, struct bytes begun, const volatile sig_atomic_t *stop)
{
	*f = (struct feed){ .memory = begun, .stop = stop };
	f->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0) {
		fail(f, CONNLOG_IO, "cannot be opened: ", strerror(errno));
		return f->status;
	}
	note_size(f, begun.n);
	posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* only a hint, which pipes do not support */
	return CONNLOG_OK;
}

void
feed_open_memory(struct feed *f, struct bytes memory)
{
	*f = (struct feed){ .fd = -1, .memory = memory };
}

void
feed_close(struct feed *f)
{
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	codec_free(f->codec);
	*f = (struct feed){ .fd = -1 };
}
