/* ask.c - see ask.h. Uses HTTP 1.0: the response ends with the connection. */
#include "sensor/ask.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE = 5 /* seconds */, ANSWER_MAX = 4 << 20, FIRST_ROOM = 64 << 10 };

/* Reads to the end.  Returns the text, allocated and terminated; NULL with errno. */
static char *
read_all(int fd)
{
	size_t room = FIRST_ROOM, n = 0;
	char  *text = malloc(room);

	while (text != NULL) {
		const ssize_t k = read(fd, text + n, room - n - 1);
		if (k == 0) {
			text[n] = '\0';
			return text;
		}
		if (k < 0 && errno == EINTR)
			continue;
		n += k > 0 ? (size_t)k : 0;
		if (k < 0 || room >= ANSWER_MAX)
			break;
		if (n + 1 == room) {
			char *more = realloc(text, room *= 2);
			if (more == NULL)
				break;
			text = more;
		}
	}
	free(text);
	return NULL;
}

/* Returns the whole response, allocated; NULL with errno. */
static char *
exchange(const struct addrinfo *where, const char *path)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	const int            fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char                *text = NULL;

	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* also applies to connect() */
	if (connect(fd, where->ai_addr, where->ai_addrlen) == 0 && dprintf(fd, "GET %s HTTP/1.0\r\n\r\n", path) > 0)
		text = read_all(fd);
	const int why = errno;
	close(fd);
	errno = why;
	return text;
}

enum ask_outcome
ask(const struct addrinfo *where, const char *path, char **text, char *err, size_t err_size)
{
	int   status;
	char *answer = exchange(where, path);

	if (answer == NULL) {
		snprintf(err, err_size, "%s", errno == EAGAIN ? "it does not answer" : strerror(errno));
		return ASK_FAILED;
	}
	char *body = strstr(answer, "\r\n\r\n");
	if (body == NULL || sscanf(answer, "HTTP/1.%*d %d", &status) != 1) {
		free(answer);
		snprintf(err, err_size, "what answers does not speak HTTP");
		return ASK_FAILED;
	}
	if (status == 200)
		memmove(answer, body + 4, strlen(body + 4) + 1);
	*text = status == 200 ? answer : NULL;
	if (status != 200)
		free(answer);
	return status == 200 ? ASK_OK : ASK_NOTHING;
}
