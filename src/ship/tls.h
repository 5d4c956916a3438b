/* tls.h - TLS as a client, through OpenSSL; the server's certificate is always verified. */
#ifndef CONNLOG_SHIP_TLS_H
#define CONNLOG_SHIP_TLS_H

#include <sys/types.h>

#include "ship/link.h"

struct tls_settings;
struct tls;

/* Makes the settings: the trusted certificates (`ca`: a PEM file or a folder of them; NULL: the system's) and the
 * client's own (`cert` and `key`, or NULL). Returns NULL and writes a message to `err`. */
struct tls_settings *tls_settings_new(const char *ca, const char *cert, const char *key, char *err, size_t err_size);
void                 tls_settings_free(struct tls_settings *s);

/* Performs the handshake on a connected, non-blocking socket. Returns NULL with a message in the link. */
struct tls *tls_open(struct tls_settings *s, int fd, const char *host, struct link *l);
/* Returns as write() does; on EAGAIN, *events has to be waited for. Any other error is reported in the link. */
ssize_t tls_write(struct tls *t, const char *p, size_t n, short *events, struct link *l);
/* Does the same for read(); 0: the server has closed the connection. */
ssize_t tls_read(struct tls *t, char *p, size_t n, short *events, struct link *l);
/* Returns whether the server is still connected; anything that it sends is discarded. */
bool tls_look(struct tls *t);
/* Sends close_notify if `well`, and frees the session. */
void tls_close(struct tls *t, bool well);

#endif
