/* nvt.h - splits a stream into lines and removes TELNET options (RFC 854), as Zeek's analyzer/protocol/login/NVT.cc does for
 * FTP: only LF ends a line, and one CR before it is dropped; options may be split over chunks.
 *
 * Buffers the unfinished line (held_line.h) and three bytes of a sub-option.  Each
 * side has its own `struct nvt`.
 */
#ifndef CONNLOG_SERVICE_NVT_H
#define CONNLOG_SERVICE_NVT_H

#include "service/held_line.h"

enum nvt_option { NVT_BINARY, NVT_ENCRYPT, NVT_AUTHENTICATE, NVT_OPTIONS }; /* those that have an effect */

struct nvt {
	struct held_line held; /* the unfinished line */
	uint64_t         sub;  /* bytes of the sub-option */
	uint8_t          sub_begin[3];
	uint8_t          last;    /* byte */
	uint8_t          stage;   /* of an option: enum in nvt.c */
	uint8_t          command; /* WILL, WONT, DO, DONT */
	uint8_t          said[NVT_OPTIONS];
	bool             active[NVT_OPTIONS];
	bool             encrypt_asked, encrypting, authenticated;
	bool             nul_sensitive; /* drop the next NUL and clear the flag */
	bool             sub_iac;       /* the sub-option's last byte was IAC */
};

/* Consumes `*in` up to the next line, returned without its end; `*full` is its true length.  Returns false when `*in` is used
 * up.  Sets `*x` if the history's X is due.  The line is valid until the next call. */
bool nvt_next(struct nvt *v, struct nvt *peer, struct budget *budget, struct bytes *in, struct bytes *out,
              uint64_t *full, bool *x);
/* Returns whether a line is unfinished; at the end of the stream an LF is fed then. */
bool nvt_unfinished(const struct nvt *v);

#endif
