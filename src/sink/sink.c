/* sink.c - the destination of bytes: a caller's descriptor, or a file that gets its name when it is complete.
 *
 * The sink passes on immediately what it gets; the only buffer is the writer's. A file is written as .NAME.tmp-XXXXXX
 * in the same folder and renamed when it is closed, so that programs waiting for NAME never see an incomplete log; it
 * is removed if the sink is freed before that. An existing file that is not regular (a pipe, a terminal, /dev/null) is
 * written to directly, because it must not be replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink/sink.h"

struct connlog_sink {
	int   fd;
	char *path;      /* of the finished file; NULL for a caller's descriptor */
	char *temporary; /* set while that file exists */

	uint64_t taken; /* bytes */
};

static int
io_error(const char *what, const char *name, char *err, size_t err_size)
{
	snprintf(err, err_size, "cannot %s %s: %s", what, name, strerror(errno));
	return CONNLOG_IO;
}

static const char *
sink_name(const connlog_sink *s)
{
	if (s->path != NULL)
		return s->path;
	return s->fd == STDOUT_FILENO ? "standard output" : "the output";
}

connlog_sink *
connlog_sink_fd(int fd, char *err, size_t err_size)
{
	struct connlog_sink *s = calloc(1, sizeof *s);
	if (s == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	s->fd = fd;
	return s;
}

/* Opens DIR/.NAME.tmp-XXXXXX for DIR/NAME, with the permissions of any new file (which mkstemp() would not give). On
 * failure `fd` stays -1 and errno is set. */
static void
open_temporary(connlog_sink *s)
{
	const char *slash = strrchr(s->path, '/'), *name = slash != NULL ? slash + 1 : s->path;
	int         folder = (int)(name - s->path);

	for (int tries = 0; tries < 100; tries++) {
		uint32_t random;
		if (getrandom(&random, sizeof random, 0) != sizeof random)
			return;
		if (asprintf(&s->temporary, "%.*s.%s.tmp-%06x", folder, s->path, name, random & 0xffffff) < 0) {
			s->temporary = NULL;
			return;
		}
		s->fd = open(s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (s->fd >= 0) {
			flock(s->fd, LOCK_EX | LOCK_NB); /* distinguishes it from one whose writer was killed */
			return;
		}
		free(s->temporary); /* not ours to remove */
		s->temporary = NULL;
		if (errno != EEXIST)
			return;
	}
}

connlog_sink *
connlog_sink_file(const char *path, char *err, size_t err_size)
{
	struct connlog_sink *s = connlog_sink_fd(-1, err, err_size);
	struct stat          st;
	if (s == NULL)
		return NULL;
	s->path = strdup(path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		s->fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC); /* fails for a folder */
	else if (s->path != NULL)
		open_temporary(s);
	if (s->path != NULL && s->fd >= 0)
		return s;
	io_error("write", path, err, err_size);
	connlog_sink_free(s);
	return NULL;
}

/* A non-blocking descriptor (a pipe or terminal shared with another program) may be full: waits for it. */
static bool
wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

int
connlog_sink_write(connlog_sink *s, const char *p, size_t n, char *err, size_t err_size)
{
	while (n > 0) {
		ssize_t done = write(s->fd, p, n);
		if (done >= 0) {
			p += done;
			n -= (size_t)done;
			s->taken += (size_t)done;
		} else if (errno == EPIPE) {
			snprintf(err, err_size, "the reader of %s has gone", sink_name(s));
			return CONNLOG_CLOSED;
		} else if (errno != EINTR && !(errno == EAGAIN && wait_writable(s->fd))) {
			return io_error("write", sink_name(s), err, err_size);
		}
	}
	return CONNLOG_OK;
}

uint64_t
connlog_sink_taken(const connlog_sink *s)
{
	return s->taken;
}

int
sink_settle(connlog_sink *s, char *err, size_t err_size)
{
	if (s->temporary == NULL || s->fd < 0)
		return CONNLOG_OK;
	const bool good = close(s->fd) == 0; /* a remote disk may report only now that it is full */
	s->fd = -1;
	return good ? CONNLOG_OK : io_error("finish", s->path, err, err_size);
}

int
connlog_sink_close(connlog_sink *s, char *err, size_t err_size)
{
	if (s->temporary == NULL)
		return CONNLOG_OK;
	const int status = sink_settle(s, err, err_size);
	if (status != CONNLOG_OK)
		return status;
	if (rename(s->temporary, s->path) != 0)
		return io_error("finish", s->path, err, err_size);
	free(s->temporary);
	s->temporary = NULL;
	return CONNLOG_OK;
}

void
connlog_sink_free(connlog_sink *s)
{
	if (s == NULL)
		return;
	if (s->path != NULL && s->fd >= 0)
		close(s->fd);
	if (s->temporary != NULL)
		unlink(s->temporary);
	free(s->temporary);
	free(s->path);
	free(s);
}
