/* parse.h - numbers, addresses and dates out of text that is not terminated: the whole text, or nothing.
 *
 * Each answers false, and leaves `*out` alone, for text that is not wholly what it wants or does not fit.
 */
#ifndef CONNLOG_BASE_PARSE_H
#define CONNLOG_BASE_PARSE_H

#include "base/addr.h"

bool parse_u64(const char *p, size_t n, uint64_t *out);
bool parse_i64(const char *p, size_t n, int64_t *out);

/* A decimal number, with an exponent or without: the nearest double.  `*plain`: it is written as digits, perhaps a sign
 * before and a fraction behind. Neither inf nor nan. */
bool parse_double(const char *p, size_t n, double *out, bool *plain);

/* Returns whether the text is a number of JSON's (RFC 8259). */
bool is_json_number(const char *p, size_t n);
/* The next element of "a,b" or "{ a, b }", as Zeek's scripts write lists, without blanks around it; `*text` is then behind
 * it.  Returns its length, 0 at the end. */
size_t parse_element(const char **text, const char **element);

/* a.b.c.d or IPv6. */
bool addr_parse(const char *p, size_t n, struct addr *out);

/* "2009-11-18T20:58:04.321Z", RFC 3339 and what of ISO 8601 is near it: a blank for the T, no fraction, an offset (+02:00,
 * +0200) for the Z, or none of both, which is taken for UTC.  Seconds since the epoch. */
bool parse_iso8601(const char *p, size_t n, double *out);

#endif
