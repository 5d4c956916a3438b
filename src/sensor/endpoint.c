/* endpoint.c - see endpoint.h. */
#include "sensor/endpoint.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ADDRESS_MAX = 128 };

/* Splits "HOST:PORT". Returns false for anything else. */
static bool
take_apart(const char *address, char *host, const char **port)
{
	const char  *colon = strrchr(address, ':');
	const size_t n = colon != NULL ? (size_t)(colon - address) : 0;

	if (n == 0 || n >= ADDRESS_MAX || colon[1] == '\0')
		return false;
	const bool bracketed = address[0] == '[' && address[n - 1] == ']';
	if (!bracketed && memchr(address, ':', n) != NULL)
		return false;
	snprintf(host, ADDRESS_MAX, "%.*s", (int)(bracketed ? n - 2 : n), address + bracketed);
	*port = colon + 1;
	return true;
}

struct addrinfo *
endpoint_find(const char *text)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		                            .ai_socktype = SOCK_STREAM };
	struct addrinfo      *found = NULL;
	char                  host[ADDRESS_MAX];
	const char           *port;

	if (!take_apart(text, host, &port) || getaddrinfo(host, port, &hints, &found) != 0)
		return NULL;
	return found;
}

void
endpoint_free(struct addrinfo *a)
{
	if (a != NULL)
		freeaddrinfo(a);
}
