/* again.c - see again.h. */
#include "capture/again.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void
again_window(struct again *a, const connlog_source *s)
{
	struct source_extent e;

	a->at = (struct bytes){ NULL, 0 };
	if (!s || !source_extent(s, &e))
		return;
	if (s != a->source || e.opened != a->opened) {
		const int fd = a->n_files < AGAIN_FILES ? fcntl(e.fd, F_DUPFD_CLOEXEC, 0) : -1;
		if (fd < 0)
			return; /* tried again at the next read; until then, bytes are copied */
		a->fd[a->n_files++] = fd;
		a->source = s;
		a->opened = e.opened;
	}
	a->at = e.at;
	a->offset = e.offset;
}

void
again_source(struct again *a)
{
	a->source = NULL;
	a->at = (struct bytes){ NULL, 0 };
}

bool
again_read(struct again *a, uint64_t place, uint8_t *out, size_t n)
{
	const int fd = a->fd[place >> AGAIN_BITS];
	off_t     at = (off_t)(place & ((UINT64_C(1) << AGAIN_BITS) - 1));

	while (n > 0) {
		const ssize_t r = pread(fd, out, n, at);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			a->failed = true;
			return false;
		}
		out += r;
		at += r;
		n -= (size_t)r;
	}
	return true;
}

void
again_free(struct again *a)
{
	while (a->n_files > 0)
		close(a->fd[--a->n_files]);
	again_source(a);
}
