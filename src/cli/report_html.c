/* report_html.c - `connlog report --html`: collects the records as data of a page, which is written at the end. An
 * incomplete page gets no name. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/html_data.h"
#include "cli/html_page.h"
#include "cli/report.h"

struct html {
	const struct report *report;
	struct html_data    *data;
};

static void
html_free(void *mode)
{
	struct html *h = mode;

	if (h != NULL)
		html_data_free(h->data);
	free(h);
}

static void *
html_new(const struct report *r)
{
	struct html *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	*h = (struct html){ r, html_data_new(r->html_rows) };
	if (h->data != NULL)
		return h;
	html_free(h);
	return NULL;
}

static bool
html_add(void *mode, const connlog_record *record, const struct report_row *row)
{
	struct html *h = mode;

	(void)row;
	html_data_add(h->data, record);
	return true;
}

/* Writes what the page calls its source: the file, or the number of files. */
static void
name_source(const struct report *r, char *out, size_t size)
{
	if (r->inputs_n == 1)
		snprintf(out, size, "%s", strcmp(r->inputs[0], "-") == 0 ? "standard input" : r->inputs[0]);
	else
		snprintf(out, size, "%s and %zu more", r->inputs[0], r->inputs_n - 1);
}

/* Writes the page. Returns false, after printing a message, on failure. */
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

static int
html_end(void *mode)
{
	const struct html *h = mode;
	char               source[MESSAGE_MAX];
	size_t             n = 0;

	name_source(h->report, source, sizeof source);
	char *text = html_data_finish(h->data, source, &n);
	if (text == NULL) {
		complain("out of memory: with --rows the page holds fewer connections");
		return EXIT_INCOMPLETE;
	}
	const bool good = write_page(h->report->html, text, n);
	free(text);
	return good ? EXIT_ALL_READ : EXIT_INCOMPLETE;
}

const struct report_mode report_html = { .begin = html_new, .add = html_add, .end = html_end, .free = html_free };
