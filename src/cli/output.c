/* output.c - records or events through the writer to the sink.
 *
 * The header is written with the first record, as Zeek does, or at the end where there is none, so that an empty log is a
 * log too.
 *
 * When the disk is full, the records of the buffer that did not fit and all that follow are lost and counted; of a log
 * that gets its name only at the end, every one is.
 */
#include "cli/output.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FLUSH_SIZE (64u << 10) /* bytes */

static double
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	const int64_t micros = t.tv_nsec / 1000;
	return (double)t.tv_sec + (double)micros / 1e6;
}

bool
output_init(struct output *o, const connlog_writer_options *writer, const char *path, int *code)
{
	*o = (struct output){ .all_or_none = path != NULL, .streaming = writer->json_streaming };
	o->writer = connlog_writer_new(writer, o->error, sizeof o->error);
	if (o->writer == NULL) {
		*code = complain_usage("%s", o->error);
		return false;
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

/* Notes the first failure. => output.status */
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
	if (connlog_writer_open(o->writer, o->own_times ? o->open_time : clock_now()) != CONNLOG_OK)
		return fail(o, CONNLOG_NO_MEMORY, "out of memory");
	return CONNLOG_OK;
}

/* => How many whole lines of these bytes are records and not header. */
static uint64_t
count_records(const char *p, size_t n)
{
	const char *end;
	uint64_t    records = 0;

	for (; (end = memchr(p, '\n', n)) != NULL; n -= (size_t)(end + 1 - p), p = end + 1)
		records += *p != '#';
	return records;
}

int
output_flush(struct output *o)
{
	connlog_text t = connlog_writer_bytes(o->writer);
	if (o->status != CONNLOG_OK || t.n == 0)
		return o->status;
	int    status = connlog_sink_write(o->sink, t.p, t.n, o->error, sizeof o->error);
	size_t taken = (size_t)(connlog_sink_taken(o->sink) - o->bytes);
	o->bytes += taken;
	o->pending -= status == CONNLOG_OK ? o->pending : count_records(t.p, taken);
	connlog_writer_clear(o->writer);
	return status == CONNLOG_OK ? CONNLOG_OK : fail(o, status, o->error);
}

/* Before something is appended. => Whether it can be. */
static bool
begin(struct output *o)
{
	o->records++;
	o->pending++;
	if (o->status == CONNLOG_OK && !o->opened)
		open_log(o);
	if (o->streaming)
		connlog_writer_clock(o->writer, o->own_times ? o->now(o->now_arg) : clock_now());
	return o->status == CONNLOG_OK;
}

/* Behind it; `status` is what the writer said. => What the engine is to be told. */
static int
end(struct output *o, int status)
{
	if (status != CONNLOG_OK)
		fail(o, CONNLOG_NO_MEMORY, "out of memory");
	if (o->status == CONNLOG_OK && connlog_writer_bytes(o->writer).n >= FLUSH_SIZE)
		output_flush(o);
	if (o->status == CONNLOG_OK)
		return CONNLOG_OK;
	o->lost += o->pending;
	o->pending = 0;
	return o->keep_counting && o->status != CONNLOG_CLOSED ? CONNLOG_OK : o->status;
}

int
output_record(void *arg, const connlog_record *r)
{
	struct output *o = arg;
	return end(o, begin(o) ? connlog_writer_record(o->writer, r) : CONNLOG_OK);
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
	if (o->status != CONNLOG_OK)
		return o->status;
	const int status = connlog_writer_columns(o->writer, columns, o->own_times ? o->open_time : clock_now(), o->error,
	                                          sizeof o->error);
	return status == CONNLOG_OK ? CONNLOG_OK : fail(o, status, o->error);
}

int
output_finish(struct output *o, double last)
{
	if (o->status == CONNLOG_OK && !o->opened)
		open_log(o);
	if (o->status == CONNLOG_OK && connlog_writer_close(o->writer, o->own_times ? last : clock_now()) != CONNLOG_OK)
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

void
output_free(struct output *o)
{
	connlog_writer_free(o->writer);
	connlog_sink_free(o->sink);
}
