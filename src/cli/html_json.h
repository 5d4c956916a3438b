/* html_json.h - text of a log as JSON inside of an HTML page, and dictionaries of such texts. */
#ifndef CONNLOG_CLI_HTML_JSON_H
#define CONNLOG_CLI_HTML_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A string in quotes.  Nothing in it can end the element it stands in or be taken for markup: <, >, &, the line
 * separators of Unicode and what directs the flow of text are written as \u....; bytes that are no UTF-8 appear as the
 * text \xNN, as in Zeek's logs. */
void json_text(FILE *f, const char *p, size_t n);

/* Keys of any bytes, numbered in the order in which they come. */
struct dictionary {
	void    *root;
	unsigned n;
};

/* Returns the key's number, and in `*added` whether it is new; or DICTIONARY_FULL when out of memory. */
#define DICTIONARY_FULL (~0u)
unsigned dictionary_number(struct dictionary *d, const void *key, size_t n, bool *added);
void     dictionary_free(struct dictionary *d);

#endif
