/* utf8.h - UTF-8 as Zeek's JSON has it. */
#ifndef CONNLOG_BASE_UTF8_H
#define CONNLOG_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns whether Zeek lets the whole text stand as it is: valid, and no control characters but those that JSON has a short escape
 * for, no private-use and no special code points. */
bool utf8_is_good(const char *text, size_t n);

/* Writes a code point, at most 4 bytes.  Returns how many. */
size_t utf8_put(char *out, uint32_t code);

#endif
