/* link.c - see link.h. */
#include "ship/link.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sensor/clock.h"

int
link_fail(struct link *l, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(l->why, sizeof l->why, format, ap);
	va_end(ap);
	return -1;
}

int
link_fail_errno(struct link *l, const char *what)
{
	return link_fail(l, "%s: %s", what, strerror(errno));
}

int
link_wait(struct link *l, int fd, short events, double seconds)
{
	struct pollfd p = { .fd = fd, .events = events };
	const double  until = clock_steady() + seconds;

	while (!l->stop && clock_steady() < until) {
		const int n = poll(&p, 1, LINK_SLICE_MS);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return link_fail_errno(l, "cannot wait");
	}
	return link_fail(l, "no progress");
}
