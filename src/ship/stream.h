/* stream.h - lines as a stream of bytes: to a descriptor, plain or through TLS. */
#ifndef CONNLOG_SHIP_STREAM_H
#define CONNLOG_SHIP_STREAM_H

#include "ship/link.h"

struct tls;

struct stream {
	int         fd;
	struct tls *tls;      /* NULL: plain */
	bool        datagram; /* a line each */
	bool        socket;
};

/* Has the other side gone? Returns 0, or -1 with a message in the link. */
int stream_look(const struct stream *s, struct link *l);
/* Writes as struct ship_kind's deliver() does. */
int stream_write(const struct stream *s, struct link *l, const char *p, size_t n, size_t *done);
/* Waits until the other side has got everything, as far as a socket tells. */
int stream_settle(const struct stream *s, struct link *l);

#endif
