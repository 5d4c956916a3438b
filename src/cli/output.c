/* output.c - passes records or events through the writer to the sink.
 *
 * The header is written with the first record, as in Zeek, or at the end if there is none, so that an empty log is
 * still a log.
 *
 * When the disk is full, the buffered records that did not fit and all later ones are lost and counted; for a log that
 * gets its name only at the end, all records are.
 */
#include "cli/output.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connlog_long.h"
#include "sensor/clock.h"

#define FLUSH_SIZE (64u << 10) /* bytes */

static bool
init_writer(struct output *o, const connlog_writer_options *writer, int *code)
{
	o->streaming = writer->json_streaming;
	o->writer = connlog_writer_new(writer, o->error, sizeof o->error);
	if (o->writer == NULL)
		*code = complain_usage("%s", o->error);
	return o->writer != NULL;
}

bool
output_is_parquet(const connlog_writer_options *writer)
{
	return writer->format != NULL && strcmp(writer->format, "parquet") == 0;
}

bool
output_is_lake(const connlog_writer_options *writer, const char *path)
{
	static const char suffix[] = ".parquet";
	const size_t      n = path != NULL ? strlen(path) : 0;
	struct stat       st;

	if (path == NULL || !output_is_parquet(writer) ||
	    (n >= sizeof suffix && strcmp(path + n + 1 - sizeof suffix, suffix) == 0))
		return false;
	return stat(path, &st) != 0 || S_ISDIR(st.st_mode);
}

/* Binary output is of no use on a screen. */
static bool
suits_terminal(const connlog_writer_options *writer, const char *path, int *code)
{
	if (path != NULL || !output_is_parquet(writer) || !isatty(STDOUT_FILENO))
		return true;
	*code = complain_usage(
		"parquet is no text for a terminal: name a file.parquet or a folder with -o, or send it to a pipe");
	return false;
}

bool
output_init(struct output *o, const connlog_writer_options *writer, const char *path, int *code)
{
	*o = (struct output){ .all_or_none = path != NULL };
	if (!suits_terminal(writer, path, code) || !init_writer(o, writer, code))
		return false;
	if (output_is_lake(writer, path)) {
		o->lake = connlog_lake_new(path, writer, true, o->error, sizeof o->error);
		if (o->lake == NULL)
			complain(
				"%s (-o wants a folder that exists and may be written to, or the name of a file that ends in .parquet)",
				o->error);
		*code = EXIT_INCOMPLETE;
		return o->lake != NULL;
	}
	if (path != NULL)
		o->sink = connlog_sink_file(path, o->error, sizeof o->error);
	else
		o->sink = connlog_sink_fd(STDOUT_FILENO, o->error, sizeof o->error);
	if (o->sink == NULL) {
		complain("%s%s", o->error, path != NULL ? " (-o wants a folder that exists and may be written to)" : "");
		*code = EXIT_INCOMPLETE;
		return false;
	}
	return true;
}

/* Returns what to do about a log that cannot be written. */
static const char *
advice(const struct log_options *log, const char *error)
{
	char path[PATH_MAX];

	if (log->folder == NULL || strncmp(error, "cannot write", sizeof "cannot write" - 1) != 0)
		return "";
	snprintf(path, sizeof path, "%s/%s.log", log->folder, log->name);
	if (access(path, F_OK) == 0 && access(path, R_OK | W_OK) != 0)
		return " (a file of that name belongs to somebody else: give it to the user of this process with chown)";
	return " (-o wants a folder that exists and may be written to)";
}

bool
output_init_log(struct output *o, const connlog_writer_options *writer, const char *path, const struct log_options *log,
                int *code)
{
	*o = (struct output){ 0 };
	if (!init_writer(o, writer, code))
		return false;
	connlog_writer *frame = connlog_writer_new(writer, o->error, sizeof o->error);
	if (path != NULL)
		connlog_writer_path(o->writer, path);
	if (path != NULL && frame != NULL)
		connlog_writer_path(frame, path);
	if (frame != NULL)
		o->log = log_new(log, frame, o->error, sizeof o->error);
	if (o->log != NULL)
		return true;
	complain("%s%s", o->error, advice(log, o->error));
	*code = EXIT_INCOMPLETE;
	return false;
}

void
output_init_none(struct output *o)
{
	*o = (struct output){ .opened = true };
}

bool
output_add_ship(struct output *o, struct ship *ship, const connlog_columns *columns)
{
	o->ship = ship;
	if (ship == NULL || ship_open(ship, columns, o->error, sizeof o->error))
		return true;
	complain("--to %s", o->error);
	return false;
}

void
output_begin_ship(struct output *o)
{
	o->times = (struct ship_times){ &o->open_time, &o->last_time, o->now, o->now_arg };
	if (o->ship != NULL)
		ship_begin(o->ship, o->own_times ? &o->times : NULL);
}

bool
output_has(const struct output *o, const char *column)
{
	const size_t id = (size_t)connlog_column_find(column);

	return (o->writer != NULL && connlog_writer_has(o->writer, id)) || (o->ship != NULL && ship_has(o->ship, id));
}

const connlog_writer_options *
output_only(const struct output *o, const connlog_writer_options *log)
{
	if (o->ship == NULL)
		return log;
	return o->writer == NULL ? ship_only(o->ship) : NULL;
}

/* Notes the first failure.  Returns output.status. */
static int
fail(struct output *o, int status, const char *text)
{
	if (o->status == CONNLOG_OK) {
		o->status = status;
		if (text != o->error)
			snprintf(o->error, sizeof o->error, "%s", text);
	}
	o->lost += o->pending;
	o->pending = 0;
	return o->status;
}

static int
open_log(struct output *o)
{
	o->opened = true;
	if (connlog_writer_open(o->writer, o->own_times ? o->open_time : clock_wall()) != CONNLOG_OK)
		return fail(o, CONNLOG_NO_MEMORY, "out of memory");
	return CONNLOG_OK;
}

/* Returns how many complete lines of these bytes are records, not header lines. */
static uint64_t
count_records(const char *p, size_t n)
{
	const char *end;
	uint64_t    records = 0;

	for (; (end = memchr(p, '\n', n)) != NULL; n -= (size_t)(end + 1 - p), p = end + 1)
		records += *p != '#';
	return records;
}

/* The log counts what is lost.  Returns output.status */
static int
hand_to_log(struct output *o, connlog_text t)
{
	log_put(o->log, t.p, t.n, o->pending);
	o->pending = 0;
	const int status = log_status(o->log);
	return status == CONNLOG_OK ? CONNLOG_OK : fail(o, status, log_error(o->log));
}

/* Hands on lines with all pending records.  Returns output.status. */
static int
hand_on(struct output *o, connlog_text t)
{
	if (o->log != NULL)
		return hand_to_log(o, t);
	if (o->status != CONNLOG_OK || t.n == 0)
		return o->status;
	int    status = connlog_sink_write(o->sink, t.p, t.n, o->error, sizeof o->error);
	size_t taken = (size_t)(connlog_sink_taken(o->sink) - o->bytes);
	o->bytes += taken;
	o->pending -= status == CONNLOG_OK ? o->pending : count_records(t.p, taken);
	return status == CONNLOG_OK ? CONNLOG_OK : fail(o, status, o->error);
}

int
output_flush(struct output *o)
{
	if (o->ship != NULL)
		ship_flush(o->ship);
	if (o->writer == NULL)
		return CONNLOG_OK;
	const int status = hand_on(o, connlog_writer_bytes(o->writer));

	connlog_writer_clear(o->writer);
	if (o->also != NULL)
		output_flush(o->also);
	return status;
}

/* Before something is appended.  Returns whether it can be. */
static bool
begin(struct output *o)
{
	o->records++;
	o->pending++;
	if (o->log != NULL)
		log_made(o->log, o->records);
	else if (o->status == CONNLOG_OK && !o->opened && o->lake == NULL)
		open_log(o);
	if (o->streaming)
		connlog_writer_clock(o->writer, o->own_times ? o->now(o->now_arg) : clock_wall());
	return o->status == CONNLOG_OK;
}

/* Returns what the engine is to be told. */
static int
outcome(struct output *o)
{
	if (o->status == CONNLOG_OK)
		return CONNLOG_OK;
	o->lost += o->pending;
	o->pending = 0;
	return o->keep_counting && o->status != CONNLOG_CLOSED ? CONNLOG_OK : o->status;
}

/* Behind it; `status` is what the writer said.  Returns what the engine is to be told. */
static int
end(struct output *o, int status)
{
	if (status != CONNLOG_OK)
		fail(o, CONNLOG_NO_MEMORY, "out of memory");
	if (o->status == CONNLOG_OK && connlog_writer_bytes(o->writer).n >= FLUSH_SIZE)
		output_flush(o);
	return outcome(o);
}

static int
lake_record(struct output *o, const connlog_record *r)
{
	if (!begin(o))
		return outcome(o);
	const int status = connlog_lake_record(o->lake, r, o->error, sizeof o->error);
	if (status != CONNLOG_OK)
		fail(o, status, o->error);
	return outcome(o);
}

int
output_record(void *arg, const connlog_record *r)
{
	struct output *o = arg;

	if (o->ship != NULL)
		ship_record(o->ship, r);
	if (o->writer == NULL) {
		o->records++;
		return CONNLOG_OK;
	}
	if (o->lake != NULL)
		return lake_record(o, r);
	return end(o, begin(o) ? connlog_writer_record(o->writer, r) : CONNLOG_OK);
}

int
output_lines(void *arg, connlog_text lines, uint64_t n)
{
	struct output *o = arg;

	if (o->writer == NULL) {
		o->records += n;
		return ship_lines(o->ship, lines, n);
	}
	if (o->log == NULL && o->status == CONNLOG_OK && !o->opened)
		open_log(o);
	output_flush(o); /* the header */
	o->records += n;
	o->pending += n;
	if (o->log != NULL)
		log_made(o->log, o->records);
	if (o->status == CONNLOG_OK)
		hand_on(o, lines);
	return outcome(o);
}

int
output_event(void *arg, const connlog_event *event)
{
	struct output *o = arg;
	return end(o, begin(o) ? connlog_writer_event(o->writer, event) : CONNLOG_OK);
}

int
output_columns(struct output *o, const connlog_columns *columns)
{
	if (o->ship != NULL)
		ship_columns(o->ship, columns);
	if (o->status != CONNLOG_OK || o->writer == NULL)
		return o->status;
	int status = connlog_writer_columns(o->writer, columns, o->own_times ? o->open_time : clock_wall(), o->error,
	                                    sizeof o->error);
	if (status == CONNLOG_OK && o->lake != NULL)
		status = connlog_lake_columns(o->lake, columns, o->error, sizeof o->error);
	return status == CONNLOG_OK ? CONNLOG_OK : fail(o, status, o->error);
}

void
output_count(struct output *o)
{
	struct log_counts counts;

	if (o->log == NULL)
		return;
	log_counts(o->log, &counts);
	o->lost = counts.lost;
	o->bytes = counts.bytes;
}

void
output_begin_end(struct output *o, double seconds)
{
	if (o->log != NULL)
		log_hold(o->log, seconds);
}

static int
finish_log(struct output *o)
{
	output_flush(o);
	log_end(o->log);
	output_count(o);
	if (o->status == CONNLOG_OK && o->lost > 0)
		fail(o, CONNLOG_IO, "the log could not be written in time");
	return o->status;
}

static int
finish_lake(struct output *o)
{
	connlog_lake_counts counts;

	if (o->status == CONNLOG_OK) {
		const int status = connlog_lake_finish(o->lake, o->error, sizeof o->error);
		if (status != CONNLOG_OK)
			fail(o, status, o->error);
	}
	connlog_lake_count(o->lake, &counts);
	o->bytes = counts.bytes;
	if (o->status != CONNLOG_OK)
		o->lost = o->records;
	return o->status;
}

static int
finish_sink(struct output *o, double last)
{
	if (o->status == CONNLOG_OK && !o->opened)
		open_log(o);
	if (o->status == CONNLOG_OK && connlog_writer_close(o->writer, o->own_times ? last : clock_wall()) != CONNLOG_OK)
		fail(o, CONNLOG_NO_MEMORY, "out of memory");
	output_flush(o);
	if (o->status == CONNLOG_OK) {
		int status = connlog_sink_close(o->sink, o->error, sizeof o->error);
		if (status != CONNLOG_OK)
			fail(o, status, o->error);
	}
	if (o->status != CONNLOG_OK && o->all_or_none)
		o->lost = o->records;
	return o->status;
}

int
output_finish(struct output *o, double last)
{
	if (o->log != NULL)
		finish_log(o);
	else if (o->lake != NULL)
		finish_lake(o);
	else if (o->writer != NULL)
		finish_sink(o, last);
	o->last_time = last;
	if (o->ship != NULL)
		o->ship_lost = !ship_end(o->ship);
	return o->status;
}

void
output_free(struct output *o)
{
	connlog_writer_free(o->writer);
	connlog_sink_free(o->sink);
	connlog_lake_free(o->lake);
	log_free(o->log);
	ship_free(o->ship);
}
