/* smtp.h - what smtp.c and smtp_bdat.c share. */
#ifndef CONNLOG_SERVICE_SMTP_H
#define CONNLOG_SERVICE_SMTP_H

#include "service/mail.h"

#define BDAT_LINE 4096u /* SMTP::bdat_max_line_length */

/* A mail that comes in BDAT chunks (RFC 3030). */
struct bdat {
	uint64_t left; /* of the chunk */
	uint8_t *p;    /* the unfinished line, BDAT_LINE + 1 bytes */
	uint32_t n;
	bool     open, last; /* last: this chunk is the mail's last */
};

/* The argument of BDAT: a chunk's size and perhaps LAST. */
bool bdat_argument(struct bytes arg, uint64_t *size, bool *last);
/* Bytes of the chunk: lines for `m`, which may be NULL. => True where X is due. */
bool bdat_data(struct bdat *d, struct mail *m, struct bytes in);
/* The mail ends, or is given up: what is left of a line is one. => True where X is due. */
bool bdat_end(struct bdat *d, struct mail *m);

#endif
