/* html_data.h - connections in the form of the columns that the HTML page reads. */
#ifndef CONNLOG_CLI_HTML_DATA_H
#define CONNLOG_CLI_HTML_DATA_H

#include <stdint.h>

#include "connlog.h"

struct html_data;

/* Keeps the first `most` connections.  Returns NULL when out of memory. */
struct html_data *html_data_new(uint64_t most);
void              html_data_free(struct html_data *d);

void html_data_add(struct html_data *d, const connlog_record *r);

/* Adds what a sensor's page needs: JSON by the rules of json_text(), which has to stay until the end. */
void html_data_live(struct html_data *d, const char *json);

/* Returns everything as allocated JSON text, with its length, or NULL when out of memory; `source` names where the log
 * is from. */
char *html_data_finish(struct html_data *d, const char *source, size_t *n);

#endif
