/* place.h - a socket to another program: an address, and the connection while it is open. */
#ifndef CONNLOG_SHIP_PLACE_H
#define CONNLOG_SHIP_PLACE_H

#include "ship/stream.h"

struct tls_settings;

enum { PLACE_HOST_MAX = 256 };

struct place {
	struct stream        stream;
	int                  type;                 /* unix: SOCK_STREAM, SOCK_DGRAM, or 0 for whichever exists */
	const char          *path;                 /* unix: a leading "@" means a name without a file */
	char                 host[PLACE_HOST_MAX]; /* for the others */
	const char          *port, *name;          /* name: expected in the certificate */
	struct tls_settings *tls;
};

/* Takes HOST[:PORT] from the URL; `port` is the default, or NULL if the URL must have one. With `tls`, connections use
 * TLS according to the URL's options ca=, name=, cert= and key=. Returns NULL and writes a message to `err`. */
struct place *place_of_host(struct url *u, const char *port, bool tls, char *err, size_t err_size);
void          place_free(void *place);
/* Connects to a host.  Returns 0, or -1 with a message in the link. */
int place_open(void *place, struct link *l);
/* Implements close() of struct ship_kind. */
int place_close(void *place, struct link *l, bool well);

#endif
