/* file.c - file:PATH: writes lines to a file. For captures the file is complete when it gets its name; for an interface
 * lines are appended to it, and it is reopened when it was moved or removed. "-" is standard output. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ship/kind.h"
#include "ship/stream.h"

struct file {
	const char   *path;
	bool          live;
	connlog_sink *whole;  /* for captures */
	struct stream stream; /* for an interface */
};

static void *
file_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	struct file *s = calloc(1, sizeof *s);

	if (s == NULL || *u->path == '\0') {
		snprintf(err, err_size, s == NULL ? "out of memory" : "the path of a file is expected");
		free(s);
		return NULL;
	}
	s->path = u->path;
	s->live = setup->live;
	s->stream.fd = -1;
	return s;
}

/* Opens the file; after a failure, continues where it stopped. */
static int
open_whole(struct file *s, struct link *l)
{
	l->headed = s->whole != NULL;
	if (s->whole == NULL && strcmp(s->path, "-") == 0)
		s->whole = connlog_sink_fd(STDOUT_FILENO, l->why, sizeof l->why);
	else if (s->whole == NULL)
		s->whole = connlog_sink_file(s->path, l->why, sizeof l->why);
	l->counts->whole = s->whole != NULL && strcmp(s->path, "-") != 0;
	return s->whole != NULL ? 0 : -1;
}

static int
file_open(void *sink, struct link *l)
{
	struct file *s = sink;
	struct stat  st;

	if (!s->live || strcmp(s->path, "-") == 0)
		return open_whole(s, l);
	const int fd = open(s->path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0666);
	if (fd < 0)
		return link_fail_errno(l, "cannot open");
	s->stream = (struct stream){ .fd = fd };
	l->headed = fstat(fd, &st) == 0 && st.st_size > 0;
	return 0;
}

/* Returns whether the file was renamed or removed. */
static bool
was_moved(const struct file *s)
{
	struct stat mine, named;

	return fstat(s->stream.fd, &mine) == 0 && S_ISREG(mine.st_mode) &&
	       (stat(s->path, &named) != 0 || named.st_ino != mine.st_ino || named.st_dev != mine.st_dev);
}

/* Appends lines; removes a line that was truncated by a full disk. */
static int
append(struct file *s, struct link *l, const char *p, size_t n, size_t *done)
{
	struct stat  st;
	const bool   known = fstat(s->stream.fd, &st) == 0 && S_ISREG(st.st_mode);
	const size_t before = *done;
	const int    outcome = stream_write(&s->stream, l, p, n, done);

	if (outcome != 0 && known && ftruncate(s->stream.fd, st.st_size + (off_t)(*done - before)) != 0)
		return link_fail_errno(l, "a part of a line cannot be cut off");
	return outcome;
}

static int
file_deliver(void *sink, struct link *l, const char *p, size_t n, size_t *done)
{
	struct file *s = sink;

	if (s->whole == NULL)
		return was_moved(s) ? link_fail(l, "it was moved away") : append(s, l, p, n, done);
	const uint64_t before = connlog_sink_taken(s->whole);
	const int      outcome = connlog_sink_write(s->whole, p + *done, n - *done, l->why, sizeof l->why);
	*done += (size_t)(connlog_sink_taken(s->whole) - before);
	return outcome == CONNLOG_OK ? 0 : -1;
}

/* Gives a file of captures its name; without one, none of its records count as delivered. */
static int
finish(struct file *s, struct link *l, bool well)
{
	const bool good = well && connlog_sink_close(s->whole, l->why, sizeof l->why) == CONNLOG_OK;

	l->counts->whole = 0;
	if (good)
		return 0;
	l->counts->lost += l->counts->delivered;
	l->counts->delivered = 0;
	return -1;
}

static int
file_close(void *sink, struct link *l, bool well)
{
	struct file *s = sink;
	int          outcome = 0;

	if (s->whole != NULL && (well || l->stop)) {
		outcome = finish(s, l, well);
		connlog_sink_free(s->whole);
		s->whole = NULL;
	}
	if (s->stream.fd >= 0)
		close(s->stream.fd);
	s->stream.fd = -1;
	return outcome;
}

const struct ship_kind kind_file = {
	.scheme = "file",
	.syntax = "file:PATH",
	.needs = NEED_FILE,
	.heads = true,
	.prepare = file_prepare,
	.open = file_open,
	.deliver = file_deliver,
	.close = file_close,
	.free = free,
};
