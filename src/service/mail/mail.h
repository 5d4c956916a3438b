/* mail.h - follows the structure of a mail (RFC 5322, RFC 2045-2046), as far as the history's letter X needs it.
 *
 * Zeek (analyzer/protocol/mime/MIME.cc) records X when a header field that already has 65536 bytes continues with another
 * folded line.  To know what is a header field, the entities must be followed: the mail, the parts of a multipart, the mail
 * inside a message.
 *
 * Keeps 32 bytes and the boundary of each open entity, at most 101 entities deep, and 128 KiB of a header field that may be
 * Content-Type.  It allocates by itself, since few connections of SMTP or POP3 ever carry a mail, and most are one or two
 * entities deep.
 */
#ifndef CONNLOG_SERVICE_MAIL_H
#define CONNLOG_SERVICE_MAIL_H

#include "base/bytes.h"

struct mail;

/* Returns NULL when out of memory. */
struct mail *mail_new(void);
/* `m` may be NULL. */
void mail_free(struct mail *m);
/* Takes a line without its end, `full` bytes long, of which `line` has the beginning.  Returns whether X is due. */
bool mail_line(struct mail *m, struct bytes line, uint64_t full);

#endif
