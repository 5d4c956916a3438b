/* live_row.h - a record on its way to a sensor's page: packed where it is made, made into JSON by the thread that sends it. */
#ifndef CONNLOG_CLI_LIVE_ROW_H
#define CONNLOG_CLI_LIVE_ROW_H

#include <stdio.h>

#include "cli/view.h"

enum { LIVE_ROW_MAX = 6 << 10 }; /* bytes */

/* Packs what the page shows of a record.  Texts are cut after VIEW_TEXT_MAX bytes.  Returns the length. */
size_t live_row_pack(const struct view *v, const connlog_record *r, unsigned char out[LIVE_ROW_MAX]);

/* Writes such a row as a list of JSON; `time` is its first element.  A web_format_fn. */
void live_row_write(FILE *f, double time, const void *row, size_t n);
/* Writes the names of the list's elements as a list. */
void live_row_names(FILE *f);

#endif
