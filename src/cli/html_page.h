/* html_page.h - the page around the data: template, style and script from src/cli/html. */
#ifndef CONNLOG_CLI_HTML_PAGE_H
#define CONNLOG_CLI_HTML_PAGE_H

#include "connlog.h"

#define HTML_POLICY_MAX 512

/* Writes the page with `data`, JSON by the rules of json_text(), in it.  Returns what connlog_sink_write() returns. */
int html_page_write(connlog_sink *sink, const char *data, size_t data_n, char *err, size_t err_size);

/* Returns a sensor's page, allocated, with its policy; NULL with a static message. */
char *html_page_live(const char *data, size_t data_n, char policy[HTML_POLICY_MAX], size_t *n, const char **err);

#endif
