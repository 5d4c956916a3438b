/* ftp.h - shared by ftp.c, ftp_dialogue.c and ftp_adat.c. */
#ifndef CONNLOG_SERVICE_FTP_H
#define CONNLOG_SERVICE_FTP_H

#include "dpd/talk.h"

/* ---- ftp_dialogue.c: matches replies with commands, and announces data connections */

struct ftp_command;

struct ftp_dialogue {
	struct ftp_command *commands; /* not answered yet */
	uint32_t            seq;      /* the last that was added */
	uint32_t            matched;  /* the last that was answered; 0: none */
	uint8_t             n, room;
	bool                begun, answered;
	bool                matched_passive; /* it was PASV or EPSV */
};

/* Handles a request, whose word must be in upper case. */
void ftp_request(struct talk *t, struct ftp_dialogue *d, struct bytes word, struct bytes arg);
/* Handles a reply; `code` is 0 inside a multi-line reply; `more`: this is not its last line. */
void ftp_reply(struct talk *t, struct ftp_dialogue *d, unsigned code, struct bytes text, bool more);
void ftp_dialogue_clear(struct ftp_dialogue *d);

/* ---- ftp_adat.c: tokens in base64 (RFC 2228) */

struct ftp_adat {
	bool followed; /* SSL is fed the tokens */
	bool not_first;
};

/* Passes a line of one side to SSL.  `code` is that of a reply. */
void ftp_adat_request(struct talk *t, struct ftp_adat *a, struct bytes line);
void ftp_adat_reply(struct talk *t, struct ftp_adat *a, struct bytes line);

#endif
