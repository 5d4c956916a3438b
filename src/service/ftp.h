/* ftp.h - what ftp.c, ftp_dialogue.c and ftp_adat.c share. */
#ifndef CONNLOG_SERVICE_FTP_H
#define CONNLOG_SERVICE_FTP_H

#include "service/talk.h"

/* ---- ftp_dialogue.c: which command a reply answers, and the data connections that come of it */

struct ftp_command;

struct ftp_dialogue {
	struct ftp_command *commands; /* that may still be answered */
	uint32_t            seq;      /* the last that was added */
	uint32_t            matched;  /* the last that was answered; 0: none */
	uint8_t             n, room;
	bool                begun, answered;
	bool                matched_passive; /* it was PASV or EPSV */
};

/* The word of a command is in upper case. */
void ftp_request(struct talk *t, struct ftp_dialogue *d, struct bytes word, struct bytes arg);
/* `code` is 0 inside a reply of several lines; `more`: it is not its last line. */
void ftp_reply(struct talk *t, struct ftp_dialogue *d, unsigned code, struct bytes text, bool more);
void ftp_dialogue_clear(struct ftp_dialogue *d);

/* ---- ftp_adat.c: tokens in base64 (RFC 2228) */

struct ftp_adat {
	bool followed; /* SSL is fed with the tokens */
	bool not_first;
};

/* A line of one side, for SSL. `code` is that of a reply. */
void ftp_adat_request(struct talk *t, struct ftp_adat *a, struct bytes line);
void ftp_adat_reply(struct talk *t, struct ftp_adat *a, struct bytes line);

/* ---- ftp.c */

/* The three digits at the beginning, or 0. */
unsigned     ftp_code(struct bytes line);
struct bytes ftp_skip_blanks(struct bytes b);
/* The first word, up to white space or NUL. */
struct bytes ftp_word(struct bytes b);

#endif
