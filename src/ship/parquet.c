/* parquet.c - parquet:DIR: files of Apache Parquet in DIR/date=.../hour=.../ (connlog_parquet.h).
 *
 * Records arrive as JSON objects and are parsed again, so that compression and disk access stay out of the process that
 * makes them. For captures and logs, files get their names when all of them are complete; for an interface, each gets
 * its name after file_age seconds or file_bytes bytes. Records in unfinished files are lost in a crash.
 */
#include "connlog_parquet.h"

#include <stdio.h>
#include <stdlib.h>

#include "sensor/clock.h"
#include "ship/kind.h"

struct parquet {
	const char             *folder;
	bool                    live;
	connlog_writer_options  writer;
	connlog_parquet_options options;
	connlog_lake           *lake;        /* while it is open */
	uint64_t                taken, safe; /* records; how many of these are in files with their names */
};

/* Returns false and writes a message to `err`. */
static bool
take_options(struct parquet *s, struct url *u, char *err, size_t err_size)
{
	const connlog_parquet_option_info *info;

	for (size_t i = 0; (info = connlog_parquet_option_at(i)) != NULL; i++) {
		const char *value = url_option(u, info->name);
		if (value != NULL && connlog_parquet_set(&s->options, info->name, value, err, err_size) != CONNLOG_OK)
			return false;
	}
	if (*u->path != '\0')
		return true;
	snprintf(err, err_size, "a folder is expected");
	return false;
}

static void *
parquet_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	struct parquet *s = calloc(1, sizeof *s);

	if (s == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	s->folder = u->path;
	s->live = setup->live;
	s->writer =
		(connlog_writer_options){ .format = "parquet", .fields = setup->writer->fields, .parquet = &s->options };
	if (take_options(s, u, err, err_size))
		return s;
	free(s);
	return NULL;
}

static int
parquet_open(void *sink, struct link *l)
{
	struct parquet *s = sink;

	s->taken = s->safe = 0;
	s->lake = connlog_lake_new(s->folder, &s->writer, !s->live, l->why, sizeof l->why);
	l->counts->whole = s->lake != NULL && !s->live;
	return s->lake != NULL ? 0 : -1;
}

/* Ends files that are old enough, and notes whether none is unfinished. */
static int
parquet_idle(void *sink, struct link *l)
{
	struct parquet     *s = sink;
	connlog_lake_counts counts;

	if (!s->live)
		return 0;
	if (connlog_lake_tick(s->lake, clock_steady(), l->why, sizeof l->why) != CONNLOG_OK)
		return -1;
	connlog_lake_count(s->lake, &counts);
	if (counts.open == 0)
		s->safe = s->taken;
	l->counts->unsafe = s->taken - s->safe;
	return 0;
}

static int
parquet_deliver(void *sink, struct link *l, const char *p, size_t n, size_t *done)
{
	static const char *const     nothing = "/dev/null";
	const connlog_reader_options lines = { .format = "json", .begun = { p + *done, n - *done } };
	struct parquet              *s = sink;
	const uint64_t               before = s->taken;
	const connlog_record        *record;
	connlog_reader              *reader = connlog_reader_files(&nothing, 1, &lines, l->why, sizeof l->why);
	int                          status = reader != NULL ? CONNLOG_OK : CONNLOG_NO_MEMORY;

	while (status == CONNLOG_OK) {
		const int next = connlog_reader_next(reader, &record, l->why, sizeof l->why);
		if (next == CONNLOG_END)
			break;
		if (next < 0) {
			status = next;
		} else if (next == CONNLOG_READ_RECORD) {
			status = connlog_lake_record(s->lake, record, l->why, sizeof l->why);
			s->taken++;
		}
	}
	connlog_reader_free(reader);
	if (status == CONNLOG_OK) {
		*done = n;
		return parquet_idle(s, l);
	}
	s->taken = before; /* the sink will get these lines again */
	return -1;
}

static int
parquet_close(void *sink, struct link *l, bool well)
{
	struct parquet *s = sink;

	const bool good = well && connlog_lake_finish(s->lake, l->why, sizeof l->why) == CONNLOG_OK;
	connlog_lake_free(s->lake);
	s->lake = NULL;
	l->counts->whole = l->counts->unsafe = 0;
	if (good)
		return 0;
	l->hopeless = !s->live; /* all files or none */
	l->counts->lost += s->taken - s->safe;
	l->counts->delivered -= s->taken - s->safe;
	return -1;
}

const struct ship_kind kind_parquet = {
	.scheme = "parquet",
	.syntax = "parquet:DIR",
	.needs = NEED_FOLDER,
	.format = "json",
	.fixed = true,
	.prepare = parquet_prepare,
	.open = parquet_open,
	.deliver = parquet_deliver,
	.idle = parquet_idle,
	.close = parquet_close,
	.free = free,
};
