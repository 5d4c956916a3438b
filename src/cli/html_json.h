/* html_json.h - writes text from a log as JSON inside an HTML page; dictionaries of such texts. */
#ifndef CONNLOG_CLI_HTML_JSON_H
#define CONNLOG_CLI_HTML_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes a quoted string.  Nothing in it can end the enclosing element or be taken for markup: <, >, &, Unicode's line
 * separators and characters that change the direction of text are written as \u....; bytes that are not UTF-8 appear
 * as the text \xNN, as in Zeek's logs. */
void json_text(FILE *f, const char *p, size_t n);

/* Keys of any bytes, numbered in order of appearance. */
struct dictionary {
	void    *root;
	unsigned n;
};

/* Returns the key's number and stores in `*added` whether it is new; returns DICTIONARY_FULL when out of memory. */
#define DICTIONARY_FULL (~0u)
unsigned dictionary_number(struct dictionary *d, const void *key, size_t n, bool *added);
void     dictionary_free(struct dictionary *d);

#endif
