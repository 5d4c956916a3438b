/* report_html.c - reads logs into the data of the page and writes the page.
 *
 * What cannot be read is said, and the page shows the rest.  A page of which something is missing gets no name.
 */
#include "cli/report_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/html_data.h"
#include "cli/html_page.h"

/* => EXIT_ALL_READ or EXIT_INCOMPLETE */
static int
read_logs(connlog_reader *reader, struct html_data *data)
{
	const connlog_record *r;
	char                  err[MESSAGE_MAX];
	int                   status, code = EXIT_ALL_READ;

	while ((status = connlog_reader_next(reader, &r, err, sizeof err)) != CONNLOG_END) {
		if (status == CONNLOG_RECORD) {
			html_data_add(data, r);
		} else if (status != CONNLOG_COLUMNS) {
			complain("%s", err);
			code = EXIT_INCOMPLETE;
			if (status == CONNLOG_NO_MEMORY)
				break;
		}
	}
	return code;
}

/* What the page calls its source: the file, or how many there are. */
static void
name_source(const char *const *logs, size_t n, char *out, size_t size)
{
	if (n == 0 || (n == 1 && strcmp(logs[0], "-") == 0))
		snprintf(out, size, "standard input");
	else if (n == 1)
		snprintf(out, size, "%s", logs[0]);
	else
		snprintf(out, size, "%s and %zu more", logs[0], n - 1);
}

/* => false, after a message */
static bool
write_page(const char *path, const char *data, size_t n)
{
	char          err[MESSAGE_MAX];
	connlog_sink *sink = strcmp(path, "-") == 0 ? connlog_sink_fd(STDOUT_FILENO, err, sizeof err)
	                                            : connlog_sink_file(path, err, sizeof err);
	int           status = sink != NULL ? html_page_write(sink, data, n, err, sizeof err) : CONNLOG_IO;

	if (status == CONNLOG_OK)
		status = connlog_sink_close(sink, err, sizeof err);
	if (status != CONNLOG_OK && status != CONNLOG_CLOSED)
		complain("%s", err);
	connlog_sink_free(sink);
	return status == CONNLOG_OK || status == CONNLOG_CLOSED;
}

int
report_html(const char *const *logs, size_t n, const char *from, const char *path, uint64_t most)
{
	static const char *const input[] = { "-" };
	char                     err[MESSAGE_MAX] = "out of memory", source[MESSAGE_MAX];
	struct html_data        *data = html_data_new(most);
	connlog_reader          *reader = data != NULL
	                                      ? connlog_reader_files(n > 0 ? logs : input, n > 0 ? n : 1,
                                                        &(connlog_reader_options){ .format = from }, err, sizeof err)
	                                      : NULL;
	int                      code = EXIT_INCOMPLETE;

	if (reader != NULL) {
		size_t text_n = 0;
		code = read_logs(reader, data);
		name_source(logs, n, source, sizeof source);
		char *text = html_data_finish(data, source, &text_n);
		if (text == NULL)
			complain("out of memory: fewer connections fit with --rows");
		if (text == NULL || !write_page(path, text, text_n))
			code = EXIT_INCOMPLETE;
		free(text);
	} else {
		complain("%s", err);
	}
	connlog_reader_free(reader);
	html_data_free(data);
	return code;
}
