/* endpoint.h - parses an address with a port: "127.0.0.1:9911", "[::1]:9911".  Host names are not resolved. */
#ifndef CONNLOG_SENSOR_ENDPOINT_H
#define CONNLOG_SENSOR_ENDPOINT_H

#include <netdb.h>
#include <sys/socket.h>

#define ENDPOINT_EXPECTED "%s is no address and port like 127.0.0.1:9911 or [::1]:9911"

/* Returns the arguments for socket(), bind() and connect(), for TCP; NULL if the text is invalid. */
struct addrinfo *endpoint_find(const char *text);
/* NULL is ignored. */
void endpoint_free(struct addrinfo *a);

#endif
