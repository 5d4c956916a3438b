/* cut_records.c - `connlog cut` for logs that are not Zeek's plain text: JSON and compressed logs.
 *
 * They are read as records and written as Zeek's text, which is then cut, so the output is the same as for Zeek's
 * text.  With --where, which works on records, all logs are handled this way.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cut.h"

#define BATCH (64u << 10) /* bytes of text that are cut at a time */

struct records {
	struct cut_log *log;
	connlog_reader *reader;
	connlog_writer *writer;
	char           *text; /* the lines, followed by slack */
	size_t          room;
	bool            ended; /* cutting has ended: no more input is needed */
};

bool
cut_wants_records(const char *head, size_t n)
{
	return (n > 0 && *head == '{') || (n >= 2 && memcmp(head, "\x1f\x8b", 2) == 0) ||
	       (n >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0);
}

/* Cuts the writer's text.  Returns false if that ends the run. */
static bool
cut_written(struct records *r)
{
	connlog_text written = connlog_writer_bytes(r->writer);

	if (written.n + CUT_SLACK > r->room) {
		free(r->text);
		r->room = 2 * written.n + CUT_SLACK;
		r->text = calloc(r->room, 1);
	}
	if (r->text == NULL) {
		complain("out of memory");
		return false;
	}
	memcpy(r->text, written.p, written.n);
	connlog_writer_clear(r->writer);
	for (char *p = r->text, *end = p + written.n, *at; p < end; p = at + 1) {
		at = memchr(p, '\n', (size_t)(end - p));
		if (at == NULL || !cut_line(r->log, p, (size_t)(at - p)))
			return false;
	}
	return cut_output_flush(&r->log->out) == CONNLOG_OK;
}

/* A JSON log lacks columns that are unset in all of its records, so Zeek's columns do not count as missing. */
static void
excuse_columns(struct records *r)
{
	struct cut_log         *l = r->log;
	connlog_reader_progress at;

	connlog_reader_progress_get(r->reader, &at);
	for (size_t i = 0; i < l->options->columns_n && at.format != NULL && strcmp(at.format, "json") == 0; i++)
		l->found[i] = l->found[i] || connlog_column_find(l->options->columns[i]) >= 0;
}

/* Takes the columns of the records that follow.  Returns false after a message. */
static bool
take_columns(struct records *r)
{
	char                   err[MESSAGE_MAX];
	double                 now = (double)time(NULL);
	const connlog_columns *columns = connlog_reader_columns(r->reader);

	excuse_columns(r);
	if (r->writer != NULL) {
		if (connlog_writer_columns(r->writer, columns, now, err, sizeof err) == CONNLOG_OK)
			return true;
	} else {
		r->writer = connlog_writer_new(&(connlog_writer_options){ .columns = columns }, err, sizeof err);
		if (r->writer != NULL && connlog_writer_open(r->writer, now) == CONNLOG_OK)
			return true;
	}
	complain("%s: %s", r->log->name, err);
	return false;
}

/* A connlog_wait_fn: flushes the output, so that the progress of a growing log can be watched. */
static void
on_wait(void *arg)
{
	struct records *r = arg;
	if (r->writer != NULL && !r->ended)
		r->ended = !cut_written(r);
}

/* Writes the record if it is selected.  Returns false if that ends the run, after a message if it failed, with the
 * exit_code in *code. */
static bool
take_record(struct records *r, const connlog_record *record, int *code)
{
	r->log->tested = true;
	if (!where_has(&r->log->options->where, record))
		return !r->ended;
	if (connlog_writer_record(r->writer, record) != CONNLOG_OK) {
		complain("out of memory");
		*code = EXIT_INCOMPLETE;
		return false;
	}
	return !r->ended && (connlog_writer_bytes(r->writer).n < BATCH || cut_written(r));
}

/* Returns an exit_code. */
static int
cut_all(struct records *r)
{
	const connlog_record *record;
	char                  err[MESSAGE_MAX];
	int                   status, code = EXIT_ALL_READ;

	while ((status = connlog_reader_next(r->reader, &record, err, sizeof err)) != CONNLOG_END) {
		if (status == CONNLOG_READ_COLUMNS) {
			if (!take_columns(r))
				return EXIT_INCOMPLETE;
		} else if (status != CONNLOG_READ_RECORD) {
			complain("%s", err);
			code = EXIT_INCOMPLETE;
			if (status == CONNLOG_NO_MEMORY)
				break;
		} else if (!take_record(r, record, &code)) {
			return code;
		}
	}
	if (!r->ended && r->writer != NULL && connlog_writer_close(r->writer, (double)time(NULL)) == CONNLOG_OK)
		cut_written(r);
	return code;
}

int
cut_records(struct cut_log *l, const char *path, connlog_text begun)
{
	struct records r = { .log = l };
	char           err[MESSAGE_MAX];
	int            code = EXIT_INCOMPLETE;

	r.reader = connlog_reader_files(&path, 1, &(connlog_reader_options){ .begun = begun }, err, sizeof err);
	if (r.reader != NULL) {
		connlog_reader_on_wait(r.reader, on_wait, &r);
		code = cut_all(&r);
	} else {
		complain("%s", err);
	}
	connlog_writer_free(r.writer);
	connlog_reader_free(r.reader);
	free(r.text);
	return code;
}
