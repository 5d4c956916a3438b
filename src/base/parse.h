/* parse.h - parses numbers, addresses and dates from text that is not terminated by a zero byte.
 *
 * Each function returns false and leaves `*out` alone unless the whole text has the expected form and the value fits.
 */
#ifndef CONNLOG_BASE_PARSE_H
#define CONNLOG_BASE_PARSE_H

#include "base/addr.h"

bool parse_u64(const char *p, size_t n, uint64_t *out);
bool parse_i64(const char *p, size_t n, int64_t *out);

/* Parses a decimal number, with or without an exponent, to the nearest double.  Sets `*plain` if it consists of digits
 * with an optional sign and fraction.  Rejects inf and nan. */
bool parse_double(const char *p, size_t n, double *out, bool *plain);

/* Returns whether the text is a JSON number (RFC 8259). */
bool is_json_number(const char *p, size_t n);
/* Finds the next element of "a,b" or "{ a, b }", the forms in which Zeek's scripts write lists, without blanks around
 * it, and moves `*text` past it.  Returns its length, or 0 at the end. */
size_t parse_element(const char **text, const char **element);

/* Parses a.b.c.d or an IPv6 address. */
bool addr_parse(const char *p, size_t n, struct addr *out);

/* Parses "2009-11-18T20:58:04.321Z", RFC 3339 and nearby forms of ISO 8601: a blank instead of the T, no fraction, an
 * offset (+02:00, +0200) instead of the Z, or neither, which means UTC.  The result is in seconds since the epoch. */
bool parse_iso8601(const char *p, size_t n, double *out);

#endif
