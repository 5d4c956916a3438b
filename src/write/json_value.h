/* json_value.h - writes values as in Zeek's JSON, for everything that is written as JSON.
 *
 * Each function writes at `p`, which must have the room that format.h states for a value, and returns the end of the
 * value.
 */
#ifndef CONNLOG_WRITE_JSON_VALUE_H
#define CONNLOG_WRITE_JSON_VALUE_H

#include "write/format.h"

/* The length is known at compile time if the word is a literal. */
static inline char *
put_word(char *p, const char *word)
{
	const size_t n = strlen(word);
	memcpy(p, word, n);
	return p + n;
}

/* Writes the text in quotes. */
char *json_put_text(char *p, struct text t);
char *put_double(char *p, double v);
char *put_time(char *p, enum json_time format, double when);

#endif
