/* socket.c - sinks that are sockets: unix:PATH, tcp://HOST:PORT, and tcps://HOST:PORT over TLS. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ship/kind.h"
#include "ship/place.h"
#include "ship/tls.h"

#define PATIENCE 10.0 /* seconds to establish a connection */

enum { DEAD_AFTER_MS = 30000 /* without an acknowledgement */ };

static struct place *
place_new(char *err, size_t err_size)
{
	struct place *s = calloc(1, sizeof *s);

	if (s == NULL)
		snprintf(err, err_size, "out of memory");
	else
		s->stream.fd = -1;
	return s;
}

void
place_free(void *sink)
{
	struct place *s = sink;

	tls_settings_free(s->tls);
	free(s);
}

int
place_close(void *sink, struct link *l, bool well)
{
	struct place *s = sink;
	int           outcome = 0;

	if (s->stream.fd < 0)
		return 0;
	if (well)
		outcome = stream_settle(&s->stream, l);
	tls_close(s->stream.tls, well);
	close(s->stream.fd);
	s->stream.tls = NULL;
	s->stream.fd = -1;
	return outcome;
}

static int
place_deliver(void *sink, struct link *l, const char *p, size_t n, size_t *done)
{
	struct place *s = sink;

	return stream_look(&s->stream, l) != 0 ? -1 : stream_write(&s->stream, l, p, n, done);
}

/* Connects a socket, and closes it on failure. Returns it, or -1 with a message in the link and errno set. */
static int
connect_to(struct link *l, int family, int type, const struct sockaddr *to, socklen_t to_n)
{
	const int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int       why = 0;
	socklen_t why_n = sizeof why;

	if (fd < 0)
		return link_fail_errno(l, "no socket");
	if (connect(fd, to, to_n) == 0)
		return fd;
	if (errno == EINPROGRESS) {
		why = ETIMEDOUT;
		if (link_wait(l, fd, POLLOUT, PATIENCE) == 0)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &why_n);
		if (why == 0)
			return fd;
		errno = why;
	}
	why = errno;
	close(fd);
	errno = why;
	return link_fail_errno(l, "cannot connect");
}

/* ---- unix --------------------------------------------------------------------------------------------------------- */

static void *
unix_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	const char *type = url_option(u, "type");
	const bool  datagram = type != NULL && strcmp(type, "datagram") == 0;

	(void)setup;
	if (*u->path == '\0' || strlen(u->path) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
		snprintf(err, err_size, "the path of a socket is expected, of %zu bytes at most",
		         sizeof((struct sockaddr_un *)NULL)->sun_path - 1);
		return NULL;
	}
	if (type != NULL && !datagram && strcmp(type, "stream") != 0) {
		snprintf(err, err_size, "type=%s: stream or datagram is expected", type);
		return NULL;
	}
	struct place *s = place_new(err, err_size);
	if (s == NULL)
		return NULL;
	s->path = u->path;
	s->type = type == NULL ? 0 : datagram ? SOCK_DGRAM : SOCK_STREAM;
	return s;
}

static int
unix_open(void *sink, struct link *l)
{
	struct place      *s = sink;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const size_t       n = strlen(s->path);
	int                type = s->type != 0 ? s->type : SOCK_STREAM;

	memcpy(to.sun_path, s->path, n);
	if (*s->path == '@')
		to.sun_path[0] = '\0';
	const socklen_t        to_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*s->path != '@'));
	const struct sockaddr *at = (const struct sockaddr *)&to;
	int                    fd = connect_to(l, AF_UNIX, type, at, to_n);
	if (fd < 0 && errno == EPROTOTYPE && s->type == 0) {
		type = SOCK_DGRAM;
		fd = connect_to(l, AF_UNIX, type, at, to_n);
	}
	s->stream = (struct stream){ .fd = fd, .socket = true, .datagram = type == SOCK_DGRAM };
	l->bare = s->stream.datagram;
	return fd < 0 ? -1 : 0;
}

const struct ship_kind kind_unix = {
	.scheme = "unix",
	.syntax = "unix:PATH",
	.needs = NEED_NETWORK,
	.heads = true,
	.prepare = unix_prepare,
	.open = unix_open,
	.deliver = place_deliver,
	.close = place_close,
	.free = place_free,
};

/* ---- tcp ---------------------------------------------------------------------------------------------------------- */

struct place *
place_of_host(struct url *u, const char *port, bool tls, char *err, size_t err_size)
{
	struct place *s = place_new(err, err_size);

	if (s == NULL)
		return NULL;
	s->port = port;
	if (u->hosts == NULL || !url_split_host(u->hosts, s->host, sizeof s->host, &s->port)) {
		snprintf(err, err_size, "//HOST%s is expected", port == NULL ? ":PORT" : "[:PORT]");
		place_free(s);
		return NULL;
	}
	if (!tls)
		return s;
	const char *ca = url_option(u, "ca"), *cert = url_option(u, "cert"), *key = url_option(u, "key");
	const char *name = url_option(u, "name");
	s->name = name != NULL ? name : s->host;
	s->tls = tls_settings_new(ca, cert, key, err, err_size);
	if (s->tls != NULL)
		return s;
	place_free(s);
	return NULL;
}

/* Returns the place for tcp:// and tcps://, which have neither a user nor a path. */
static void *
stream_of_host(struct url *u, bool tls, char *err, size_t err_size)
{
	if (u->user == NULL && *u->path == '\0')
		return place_of_host(u, NULL, tls, err, err_size);
	snprintf(err, err_size, "//HOST:PORT is expected");
	return NULL;
}

static void *
tcp_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	(void)setup;
	return stream_of_host(u, false, err, err_size);
}

/* Enables the detection of dead peers, and sends small pieces without delay. */
static void
tune(int fd)
{
	const int          yes = 1;
	const unsigned int dead = DEAD_AFTER_MS;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead, sizeof dead);
}

int
place_open(void *sink, struct link *l)
{
	struct place         *s = sink;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo      *all;
	int                   fd = -1;

	const int status = getaddrinfo(s->host, s->port, &hints, &all);
	if (status != 0)
		return link_fail(l, "%s: %s", s->host, gai_strerror(status));
	for (const struct addrinfo *a = all; a != NULL && fd < 0 && !l->stop; a = a->ai_next)
		fd = connect_to(l, a->ai_family, SOCK_STREAM, a->ai_addr, a->ai_addrlen);
	freeaddrinfo(all);
	if (fd < 0)
		return -1;
	tune(fd);
	s->stream = (struct stream){ .fd = fd, .socket = true };
	if (s->tls == NULL || (s->stream.tls = tls_open(s->tls, fd, s->name, l)) != NULL)
		return 0;
	place_close(s, l, false);
	return -1;
}

const struct ship_kind kind_tcp = {
	.scheme = "tcp",
	.syntax = "tcp://HOST:PORT",
	.needs = NEED_NETWORK,
	.heads = true,
	.prepare = tcp_prepare,
	.open = place_open,
	.deliver = place_deliver,
	.close = place_close,
	.free = place_free,
};

static void *
tcps_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	(void)setup;
	return stream_of_host(u, true, err, err_size);
}

const struct ship_kind kind_tcps = {
	.scheme = "tcps",
	.syntax = "tcps://HOST:PORT",
	.needs = NEED_NETWORK,
#ifndef CONNLOG_OPENSSL
	.missing = "libssl-dev",
#endif
	.heads = true,
	.prepare = tcps_prepare,
	.open = place_open,
	.deliver = place_deliver,
	.close = place_close,
	.free = place_free,
};
