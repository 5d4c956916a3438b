/* mime.h - parses the words of a header's value as Zeek's MIME parser does (analyzer/protocol/mime/MIME.cc, RFC 2045). */
#ifndef CONNLOG_SERVICE_MIME_H
#define CONNLOG_SERVICE_MIME_H

#include "base/bytes.h"

/* Returns whether there is a word; `*rest` is what follows it.  `token.p` is NULL if there is none. */
bool mime_token(struct bytes value, struct bytes *token, struct bytes *rest);
/* Splits a header into its name and its value without leading white space.  Returns false if it is malformed. */
bool mime_header(struct bytes header, struct bytes *name, struct bytes *value);
/* Returns what follows the colon, without leading white space. */
struct bytes mime_value(struct bytes b);
/* Returns whether the two are equal, ignoring case. */
bool mime_same(const uint8_t *p, const char *lower_case, size_t n);
/* Parses "type/subtype" at the start of a value; `*rest` is the parameters. */
bool mime_type(struct bytes value, struct bytes *type, struct bytes *rest);
/* Copies the parameter "boundary" of those in `b` to `out`, truncated to `room` bytes.  Returns its length, or -1. */
int mime_boundary(struct bytes b, uint8_t *out, size_t room);
/* The characters of header names, of RFC 2045 tokens, and of boundaries without quotes (including `;`). */
bool mime_is_name_char(uint8_t c);
bool mime_is_token_char(uint8_t c);
bool mime_is_boundary_char(uint8_t c);

static inline bool
mime_is(struct bytes word, const char *lower_case)
{
	return word.n == strlen(lower_case) && mime_same(word.p, lower_case, word.n);
}

static inline bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

#endif
