/* stream.h - writes lines to a descriptor, plain or through TLS. */
#ifndef CONNLOG_SHIP_STREAM_H
#define CONNLOG_SHIP_STREAM_H

#include <sys/types.h>

#include "ship/link.h"

struct tls;

struct stream {
	int         fd;
	struct tls *tls;      /* NULL: plain */
	bool        datagram; /* one line each */
	bool        socket;
	bool        quiet; /* what is written does not count as progress */
};

/* Checks whether the peer has closed the connection. Returns 0, or -1 with a message in the link. */
int stream_look(const struct stream *s, struct link *l);
/* Reads up to `n` bytes, waiting until there are some. Returns how many, or -1 with a message in the link: after
 * `seconds` without any, and when the peer has closed the connection. */
ssize_t stream_read(const struct stream *s, struct link *l, char *p, size_t n, double seconds);
/* Implements deliver() of struct ship_kind. */
int stream_write(const struct stream *s, struct link *l, const char *p, size_t n, size_t *done);
/* Waits until the kernel has sent everything and the peer's has acknowledged it. */
int stream_settle(const struct stream *s, struct link *l);

#endif
