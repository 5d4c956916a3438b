/* html_data.h - connections as the columns that the HTML page reads. */
#ifndef CONNLOG_CLI_HTML_DATA_H
#define CONNLOG_CLI_HTML_DATA_H

#include <stdint.h>

#include "connlog.h"

struct html_data;

/* Holds the first `most` connections.  Returns NULL when out of memory. */
struct html_data *html_data_new(uint64_t most);
void              html_data_free(struct html_data *d);

void html_data_add(struct html_data *d, const connlog_record *r);

/* The whole as JSON; `source` says where it is from.
 * Returns text of the heap and its length, or NULL where there was no memory for all of it. */
char *html_data_finish(struct html_data *d, const char *source, size_t *n);

#endif
