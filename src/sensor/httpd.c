/* httpd.c - see httpd.h. */
#include "sensor/httpd.h"

#ifdef CONNLOG_MICROHTTPD
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sensor/endpoint.h"

enum { BACKLOG = 8 };

/* Returns a socket that listens; -1 with errno. */
static int
listen_at(const struct addrinfo *a, int send_room)
{
	const int yes = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (send_room > 0) /* connections inherit it */
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_room, sizeof send_room);
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	const int why = errno;
	close(fd);
	errno = why;
	return -1;
}

static bool
is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, a, sizeof v4);
		return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	struct sockaddr_in6 v6;
	memcpy(&v6, a, sizeof v6);
	return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

int
httpd_listen(const char *address, int send_room, bool *loopback, char *err, size_t err_size)
{
	struct addrinfo *found = endpoint_find(address);

	if (found == NULL) {
		snprintf(err, err_size, ENDPOINT_EXPECTED, address);
		return -1;
	}
	if (loopback != NULL)
		*loopback = is_loopback(found->ai_addr);
	const int fd = listen_at(found, send_room);
	if (fd < 0)
		snprintf(err, err_size, "cannot listen at %s: %s", address, strerror(errno));
	endpoint_free(found);
	return fd;
}

struct MHD_Daemon *
httpd_start(int fd, const struct httpd_options *o, MHD_AccessHandlerCallback handle, void *arg)
{
	const unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | (o->suspends ? MHD_ALLOW_SUSPEND_RESUME : 0u);
	sigset_t       all, before;

	sigfillset(&all); /* signals are handled by the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	struct MHD_Daemon *d = MHD_start_daemon(flags, 0, NULL, NULL, handle, arg, MHD_OPTION_LISTEN_SOCKET, fd,
	                                        MHD_OPTION_CONNECTION_LIMIT, o->connections, MHD_OPTION_CONNECTION_TIMEOUT,
	                                        o->patience, MHD_OPTION_CONNECTION_MEMORY_LIMIT, o->memory, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return d;
}

enum MHD_Result
httpd_answer(struct MHD_Connection *c, unsigned code, const char *text)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result done = MHD_NO;

	if (r != NULL) {
		MHD_add_response_header(r, "Content-Type", "text/plain; charset=utf-8");
		done = MHD_queue_response(c, code, r);
		MHD_destroy_response(r);
	}
	return done;
}
#endif
