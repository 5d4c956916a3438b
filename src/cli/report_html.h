/* report_html.h - `connlog report --html`. */
#ifndef CONNLOG_CLI_REPORT_HTML_H
#define CONNLOG_CLI_REPORT_HTML_H

#include <stddef.h>
#include <stdint.h>

/* Connections that the page holds unless --rows says otherwise: what browsers are quick with. */
#define REPORT_HTML_ROWS 250000

/* Reads the logs (none: standard input) of the format `from` (NULL: as their content tells) and writes the page `path`, "-" being standard output.  The page holds the first
 * `most` connections. => an exit_code, after a message where it is not 0. */
int report_html(const char *const *logs, size_t n, const char *from, const char *path, uint64_t most);

#endif
