/* place.h - a socket to another program: an address, and the connection while it is open. */
#ifndef CONNLOG_SHIP_PLACE_H
#define CONNLOG_SHIP_PLACE_H

#include "ship/stream.h"

struct tls_settings;

enum { PLACE_HOST_MAX = 256 };

struct place {
	struct stream        stream;
	int                  type;                 /* unix: SOCK_STREAM, SOCK_DGRAM, or 0 for what is there */
	const char          *path;                 /* of unix; "@" in front stands for a name without a file */
	char                 host[PLACE_HOST_MAX]; /* of the others */
	const char          *port, *name;          /* name: whose certificate is expected */
	struct tls_settings *tls;
};

/* Takes HOST[:PORT] out of the URL; `port` is used where it has none, NULL: there has to be one.  With `tls`, connections use TLS as the URL's
 * options ca=, name=, cert= and key= say.  Returns NULL and writes a message to `err`. */
struct place *place_of_host(struct url *u, const char *port, bool tls, char *err, size_t err_size);
void          place_free(void *place);
/* Connects to a host.  Returns 0, or -1 with a message in the link. */
int place_open(void *place, struct link *l);
/* Implements close() of struct ship_kind. */
int place_close(void *place, struct link *l, bool well);

#endif
