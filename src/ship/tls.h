/* tls.h - TLS as a client, by OpenSSL: the other side's certificate is verified, always. */
#ifndef CONNLOG_SHIP_TLS_H
#define CONNLOG_SHIP_TLS_H

#include <sys/types.h>

#include "ship/link.h"

struct tls_settings;
struct tls;

/* Whom to trust (`ca`: a file or folder of PEM; NULL: whom the system trusts), and who this is (`cert` and `key`, or NULL).
 * Returns NULL and writes a message to `err`. */
struct tls_settings *tls_settings_new(const char *ca, const char *cert, const char *key, char *err, size_t err_size);
void                 tls_settings_free(struct tls_settings *s);

/* Agrees with the other side of a connected socket that does not block.  Returns NULL with a message in the link. */
struct tls *tls_open(struct tls_settings *s, int fd, const char *host, struct link *l);
/* Returns as write() does; EAGAIN: *events are to be waited for. Anything else is told in the link. */
ssize_t tls_write(struct tls *t, const char *p, size_t n, short *events, struct link *l);
/* The same for read(); 0: the other side has closed the connection. */
ssize_t tls_read(struct tls *t, char *p, size_t n, short *events, struct link *l);
/* Returns whether the other side is still there; what it says is skipped. */
bool tls_look(struct tls *t);
/* Says good-bye where `well`. */
void tls_close(struct tls *t, bool well);

#endif
