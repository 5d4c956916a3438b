/* report_names.c - host names for addresses, which hot-report got from hf: each address is looked up once.
 *
 * A resolver that does not answer would delay every line: once it has delayed the report by as much time as in hf -t
 * 15, addresses that are not known yet stay addresses.
 */
#include <ctype.h>
#include <netdb.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include "cli/report.h"

#define PATIENCE 15.0 /* seconds without an answer, in total */

struct host {
	uint8_t address[16];
	char    name[];
};

struct report_names {
	bool   wanted, quiet;
	void  *hosts; /* tree of struct host */
	double waited;
};

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, 16); /* the address is the first member */
}

struct report_names *
report_names_new(bool wanted, bool quiet)
{
	struct report_names *n = calloc(1, sizeof *n);
	if (n != NULL)
		*n = (struct report_names){ .wanted = wanted, .quiet = quiet };
	return n;
}

void
report_names_free(struct report_names *n)
{
	if (n == NULL)
		return;
	tdestroy(n->hosts, free);
	free(n);
}

static bool
is_v4(const uint8_t address[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	return memcmp(address, prefix, sizeof prefix) == 0;
}

static void
put_address(const uint8_t address[16], char out[REPORT_HOST_MAX])
{
	if (is_v4(address))
		inet_ntop(AF_INET, address + 12, out, REPORT_HOST_MAX);
	else
		inet_ntop(AF_INET6, address, out, REPORT_HOST_MAX);
}

/* Returns getnameinfo()'s result; `out` is in lower case, without bytes that are not valid in names. */
static int
ask(const uint8_t address[16], char out[REPORT_HOST_MAX])
{
	struct sockaddr_in  v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	int                 answer;

	memcpy(&v4.sin_addr, address + 12, 4);
	memcpy(&v6.sin6_addr, address, 16);
	if (is_v4(address))
		answer = getnameinfo((struct sockaddr *)&v4, sizeof v4, out, REPORT_HOST_MAX, NULL, 0, NI_NAMEREQD);
	else
		answer = getnameinfo((struct sockaddr *)&v6, sizeof v6, out, REPORT_HOST_MAX, NULL, 0, NI_NAMEREQD);
	for (char *p = out; answer == 0 && *p != '\0'; p++)
		*p = isgraph((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '?';
	return answer;
}

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Looks up a name, and measures the time. */
static void
look_up(struct report_names *n, const uint8_t address[16], char out[REPORT_HOST_MAX])
{
	double begin = now();
	int    answer = n->waited < PATIENCE ? ask(address, out) : EAI_AGAIN;

	if (answer == 0)
		return;
	put_address(address, out);
	if (answer == EAI_NONAME || n->waited >= PATIENCE)
		return;
	n->waited += now() - begin;
	if (n->waited >= PATIENCE && !n->quiet)
		complain("warning: the resolver does not answer, hosts are shown by address from here on (-n asks for none)");
}

const char *
report_host(struct report_names *n, const uint8_t address[16], char out[REPORT_HOST_MAX])
{
	struct host *const *found = n->wanted ? tfind(address, &n->hosts, compare) : NULL;

	if (found != NULL) {
		memcpy(out, (*found)->name, strlen((*found)->name) + 1);
		return out;
	}
	if (!n->wanted) {
		put_address(address, out);
		return out;
	}
	look_up(n, address, out);
	const size_t size = strlen(out) + 1;
	struct host *host = malloc(sizeof *host + size);
	if (host != NULL) { /* when out of memory it is looked up again */
		memcpy(host->address, address, 16);
		memcpy(host->name, out, size);
		if (tsearch(host, &n->hosts, compare) == NULL)
			free(host);
	}
	return out;
}
