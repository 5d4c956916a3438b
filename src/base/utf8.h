/* utf8.h - UTF-8 as Zeek writes it in JSON. */
#ifndef CONNLOG_BASE_UTF8_H
#define CONNLOG_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns whether Zeek keeps the whole text as it is: it is valid and has no private-use or special code points, and
 * no control characters but those that have a short escape in JSON. */
bool utf8_is_good(const char *text, size_t n);

/* Writes a code point, at most 4 bytes.  Returns their number. */
size_t utf8_put(char *out, uint32_t code);

#endif
