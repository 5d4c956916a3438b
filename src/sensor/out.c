/* out.c - see out.h.
 *
 * A pipe is written in pieces of PIPE_BUF bytes when poll() reports room: such a write does not block, so the writing thread can
 * always be told to end.  The descriptor's mode is not changed, since it may be shared.
 */
#include "sensor/out.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLICE_MS = 100 };

void
out_init(struct out *o, int fd)
{
	struct stat st;

	*o = (struct out){ .fd = fd };
	o->regular = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

uint64_t
count_lines(const char *p, size_t n)
{
	const char *const end = p + n;
	uint64_t          lines = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		lines++;
		p++;
	}
	return lines;
}

size_t
whole_lines(const char *p, size_t n)
{
	const char *last = n > 0 ? memrchr(p, '\n', n) : NULL;
	return last != NULL ? (size_t)(last + 1 - p) : 0;
}

/* Returns whether there is room now; otherwise sets errno. */
static bool
wait_for_room(const struct out *o, struct spool *s)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };

	while (!spool_is_abandoned(s)) {
		const int n = poll(&p, 1, SLICE_MS);
		if (n > 0 && (p.revents & POLLOUT) == 0) { /* a pipe without a reader can have room, too: write() reports it */
			errno = (p.revents & POLLNVAL) != 0 ? EBADF : EPIPE;
			return false;
		}
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
	errno = ECANCELED;
	return false;
}

/* Removes an incomplete line from the end of a file. */
static void
cut_part(struct out *o, const char *p, size_t *done)
{
	const size_t part = *done - whole_lines(p, *done);
	struct stat  st;

	if (!o->regular || part == 0 || fstat(o->fd, &st) != 0 || st.st_size < (off_t)part)
		return;
	const off_t end = st.st_size - (off_t)part;
	if (lseek(o->fd, 0, SEEK_CUR) != st.st_size || ftruncate(o->fd, end) != 0) /* another program also writes to it */
		return;
	lseek(o->fd, end, SEEK_SET);
	*done -= part;
	o->bytes -= part;
}

int
out_write(struct out *o, const char *p, size_t n, size_t *done, struct spool *s)
{
	while (*done < n) {
		const size_t  want = n - *done;
		const ssize_t took = o->regular || wait_for_room(o, s)
		                         ? write(o->fd, p + *done, o->regular || want < PIPE_BUF ? want : PIPE_BUF)
		                         : -1;
		if (took < 0 && (errno == EINTR || (errno == EAGAIN && !o->regular)))
			continue;
		if (took < 0) {
			const int why = errno;
			cut_part(o, p, done);
			return why;
		}
		*done += (size_t)took;
		o->bytes += (uint64_t)took;
	}
	return 0;
}

bool
out_has_reader(const struct out *o)
{
	struct pollfd p = { .fd = o->fd, .events = 0 };

	return o->regular || poll(&p, 1, 0) <= 0 || (p.revents & POLLERR) == 0;
}
