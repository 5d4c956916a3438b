/* stream.c - see stream.h.
 *
 * A line that was cut off by a failure is sent again in full.  What was in the kernel's buffers when the connection broke is lost: a
 * byte stream has no acknowledgements.
 */
#include "ship/stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sensor/out.h"
#include "ship/tls.h"

#define PATIENCE 30.0 /* seconds without progress before the connection is reopened */

enum { SETTLE_MS = 20 };

int
stream_look(const struct stream *s, struct link *l)
{
	char c;

	if (s->tls != NULL)
		return tls_look(s->tls) ? 0 : link_fail(l, "the other side has closed the connection");
	if (s->socket && !s->datagram && recv(s->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		return link_fail(l, "the other side has closed the connection");
	return 0;
}

/* Returns the number of bytes written, or -1 with errno; EAGAIN: wait for *events. */
static ssize_t
write_some(const struct stream *s, const char *p, size_t n, short *events, struct link *l)
{
	*events = POLLOUT;
	if (s->tls != NULL)
		return tls_write(s->tls, p, n, events, l);
	return s->socket ? send(s->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT) : write(s->fd, p, n);
}

ssize_t
stream_read(const struct stream *s, struct link *l, char *p, size_t n, double seconds)
{
	for (;;) {
		short         events = POLLIN;
		const ssize_t got = s->tls != NULL ? tls_read(s->tls, p, n, &events, l) : recv(s->fd, p, n, MSG_DONTWAIT);
		if (got > 0)
			return got;
		if (got == 0)
			return link_fail(l, "the other side has closed the connection");
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return s->tls != NULL ? -1 : link_fail_errno(l, "cannot read");
		if (link_wait(l, s->fd, events, seconds) != 0)
			return link_fail(l, "no answer");
	}
}

/* Returns how many bytes to write with one call. */
static size_t
piece(const struct stream *s, const char *p, size_t n)
{
	const char *end = s->datagram ? memchr(p, '\n', n) : NULL;

	return end != NULL ? (size_t)(end + 1 - p) : n;
}

int
stream_write(const struct stream *s, struct link *l, const char *p, size_t n, size_t *done)
{
	size_t at = *done;
	short  events;

	while (at < n) {
		const size_t  want = piece(s, p + at, n - at);
		const ssize_t took = write_some(s, p + at, want - s->datagram, &events, l);
		if (took >= 0) {
			at += s->datagram ? want : (size_t)took;
			l->counts->moves += !s->quiet;
			continue;
		}
		if (errno == EINTR)
			continue;
		if ((errno == EAGAIN || errno == ENOBUFS) && link_wait(l, s->fd, events, PATIENCE) == 0)
			continue;
		if (errno != EAGAIN && s->tls == NULL)
			link_fail_errno(l, "cannot write");
		*done += whole_lines(p + *done, at - *done);
		return -1;
	}
	*done = at;
	return 0;
}

int
stream_settle(const struct stream *s, struct link *l)
{
	int left = 0;

	while (s->socket && ioctl(s->fd, SIOCOUTQ, &left) == 0 && left > 0) {
		if (l->stop)
			return link_fail(l, "%d bytes are not acknowledged", left);
		poll(NULL, 0, SETTLE_MS);
	}
	return 0;
}
