/* html_page.h - the page around the data: template, style and script from src/cli/html. */
#ifndef CONNLOG_CLI_HTML_PAGE_H
#define CONNLOG_CLI_HTML_PAGE_H

#include "connlog.h"

/* Writes the page with `data`, JSON by the rules of json_text(), in it.  Returns what connlog_sink_write() returns. */
int html_page_write(connlog_sink *sink, const char *data, size_t data_n, char *err, size_t err_size);

#endif
