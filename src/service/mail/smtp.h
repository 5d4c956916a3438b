/* smtp.h - shared by smtp.c and smtp_bdat.c. */
#ifndef CONNLOG_SERVICE_SMTP_H
#define CONNLOG_SERVICE_SMTP_H

#include "service/mail/mail.h"

#define BDAT_LINE 4096u /* SMTP::bdat_max_line_length */

/* A mail that comes in BDAT chunks (RFC 3030). */
struct bdat {
	uint64_t left; /* of the chunk */
	uint8_t *p;    /* the unfinished line, BDAT_LINE + 1 bytes */
	uint32_t n;
	bool     open, last; /* last: this chunk is the mail's last */
};

/* Parses BDAT's argument: a chunk's size and optionally LAST. */
bool bdat_argument(struct bytes arg, uint64_t *size, bool *last);
/* Passes bytes of the chunk as lines to `m`, which may be NULL.  Returns whether X is due. */
bool bdat_data(struct bdat *d, struct mail *m, struct bytes in);
/* Ends or abandons the mail: an unfinished line counts as one.  Returns whether X is due. */
bool bdat_end(struct bdat *d, struct mail *m);

#endif
