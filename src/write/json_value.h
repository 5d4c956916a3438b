/* json_value.h - values as Zeek's JSON has them, for everything that is written as JSON.
 *
 * Each function writes at `p`, where there has to be room for what format.h says that a value takes, and answers where
 * the value ends.
 */
#ifndef CONNLOG_WRITE_JSON_VALUE_H
#define CONNLOG_WRITE_JSON_VALUE_H

#include "write/format.h"

/* Of known length where the word is a literal. */
static inline char *
put_word(char *p, const char *word)
{
	const size_t n = strlen(word);
	memcpy(p, word, n);
	return p + n;
}

/* In quotes. */
char *put_text(char *p, struct text t);
char *put_double(char *p, double v);
char *put_time(char *p, enum json_time format, double when);

#endif
