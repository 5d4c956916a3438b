/* mail.h - the structure of one mail (RFC 5322, RFC 2045-2046), as far as the letter X in the history needs it.
 *
 * Zeek (analyzer/protocol/mime/MIME.cc) notes X where a header field that already has 65536 bytes goes on with another
 * folded line.  To know what is a header field the entities have to be followed: the mail, the parts of a multipart, the
 * mail inside a message.
 *
 * Held: of each open entity 32 bytes and its boundary, at most 101 entities deep; 128 KiB of a header field that may be
 * Content-Type.  It allocates itself, since only few connections that speak SMTP or POP3 ever carry a mail and the depth of
 * most is one or two.
 */
#ifndef CONNLOG_SERVICE_MAIL_H
#define CONNLOG_SERVICE_MAIL_H

#include "base/bytes.h"

struct mail;

/* => NULL without memory. */
struct mail *mail_new(void);
/* `m` may be NULL. */
void mail_free(struct mail *m);
/* One line without its end, `full` bytes long, of which `line` has the beginning. => True where X is due. */
bool mail_line(struct mail *m, struct bytes line, uint64_t full);

#endif
