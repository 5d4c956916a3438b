/* frame.c - see frame.h. */
#include "ship/frame.h"

#include <errno.h>
#include <unistd.h>

bool
frame_read_all(int fd, void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		const ssize_t took = read(fd, at, n);
		if (took == 0 || (took < 0 && errno != EINTR))
			return false;
		if (took > 0) {
			at += took;
			n -= (size_t)took;
		}
	}
	return true;
}
