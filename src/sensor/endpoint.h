/* endpoint.h - an address and a port as one text: "127.0.0.1:9911", "[::1]:9911".  No names: nothing is asked for anywhere. */
#ifndef CONNLOG_SENSOR_ENDPOINT_H
#define CONNLOG_SENSOR_ENDPOINT_H

#include <netdb.h>
#include <sys/socket.h>

#define ENDPOINT_EXPECTED "%s is no address and port like 127.0.0.1:9911 or [::1]:9911"

/* Returns what socket(), bind() and connect() want, for TCP; NULL where it is nothing like that. */
struct addrinfo *endpoint_find(const char *text);
/* NULL is nothing. */
void endpoint_free(struct addrinfo *a);

#endif
