/* mime.h - the words in a header's value, as Zeek's MIME parser finds them (analyzer/protocol/mime/MIME.cc, RFC 2045). */
#ifndef CONNLOG_SERVICE_MIME_H
#define CONNLOG_SERVICE_MIME_H

#include "base/bytes.h"

/* => True where there is a word; `*rest` is what follows it.  `token.p` is NULL where there is none. */
bool mime_token(struct bytes value, struct bytes *token, struct bytes *rest);
/* A header: the name, and the value without leading white space. => False where it is malformed. */
bool mime_header(struct bytes header, struct bytes *name, struct bytes *value);
/* What follows the colon, without leading white space. */
struct bytes mime_value(struct bytes b);
/* The same letters, whatever their case. */
bool mime_same(const uint8_t *p, const char *lower_case, size_t n);
/* "type/subtype" at the start of a value; `*rest`: the parameters. */
bool mime_type(struct bytes value, struct bytes *type, struct bytes *rest);
/* The parameter "boundary" among those in `b`, into `out` (at most `room` bytes, longer ones are cut). => Its length, or -1. */
int mime_boundary(struct bytes b, uint8_t *out, size_t room);
/* What names of headers, tokens of RFC 2045 and boundaries without quotes (`;` too) consist of. */
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
