/* lake.c - a folder of Parquet files by date and hour: connlog_parquet.h.
 *
 * Records arrive in the order in which connections end, and are partitioned by their start, so several files are
 * written at a time: each has a writer and a sink of its own. If too many are open, the least recently used one is
 * completed; if they use too much memory, the one that uses most. Files are numbered through the whole run in the order
 * in which they are created, so the same records give the same names.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "record/public.h"
#include "sink/sink.h"
#include "write/parquet.h"

enum {
	WRITE_AT = 256 << 10, /* bytes in a writer that are passed to its sink */
	KEEP_ROOM = 1 << 20,  /* the largest buffer that a writer keeps after that */
	LOOK_EVERY = 4096,    /* records between checks of the memory */
	FILES_USUAL = 24,
	HOURS_MOST = 70389528, /* 9999-12-31 23:00 */
};
#define MEMORY_USUAL (UINT64_C(256) << 20)
#define BYTES_USUAL  (UINT64_C(256) << 20)
#define AGE_USUAL    300.0
#define NO_HOUR      INT64_MIN /* for records without a time */

struct lake_file {
	int64_t         hour; /* since the epoch */
	connlog_writer *writer;
	connlog_sink   *sink;
	uint64_t        used;  /* number of its latest record */
	double          since; /* when it was first seen by connlog_lake_tick(), or 0 */
};

struct connlog_lake {
	char                   *folder;
	connlog_writer_options  o;
	connlog_parquet_options parquet;
	connlog_writer         *frame; /* never opened: only knows the columns */
	bool                    at_end;
	struct lake_file       *files; /* the open ones */
	size_t                  n;
	struct lake_file       *last;    /* file of the latest record, or NULL */
	connlog_sink          **settled; /* with at_end: complete files that have not been renamed yet */
	size_t                  settled_n, settled_room;
	uint64_t                begun; /* number of files created */
	connlog_lake_counts     counts;
	int                     status;
	char                    error[256];
};

/* Notes the first failure. Returns it, with its message in `err`. */
static int
outcome(struct connlog_lake *l, char *err, size_t err_size)
{
	if (l->status != CONNLOG_OK)
		snprintf(err, err_size, "%s", l->error);
	return l->status;
}

static int
no_memory(struct connlog_lake *l)
{
	snprintf(l->error, sizeof l->error, "out of memory");
	return l->status = CONNLOG_NO_MEMORY;
}

/* ---- paths ----------------------------------------------------------------------------------------------------------- */

/* Converts a day since the epoch to a date of the proleptic Gregorian calendar, by eras of 400 years that begin in
 * March. */
static void
civil_date(int64_t day, int *year, int *month, int *mday)
{
	const int64_t z = day + 719468, era = z / 146097, doe = z % 146097;
	const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*mday = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

static int64_t
hour_of(const struct record *r)
{
	if (!column_is_set(&schema[COL_TS], r) || !(r->ts >= 0) || r->ts >= 3600.0 * (HOURS_MOST + 1))
		return NO_HOUR;
	return (int64_t)(r->ts / 3600);
}

/* Creates the partition's folders. Returns the path of a file in it, or NULL after a failure. */
static char *
make_path(struct connlog_lake *l, int64_t hour)
{
	static const char none[] = "__HIVE_DEFAULT_PARTITION__";
	char              date[sizeof none], text[sizeof none], *path = NULL;
	int               year, month, mday, n;

	snprintf(date, sizeof date, "%s", none);
	snprintf(text, sizeof text, "%s", none);
	if (hour != NO_HOUR) {
		civil_date(hour / 24, &year, &month, &mday);
		snprintf(date, sizeof date, "%04d-%02d-%02d", year, month, mday);
		snprintf(text, sizeof text, "%02d", (int)(hour % 24));
	}
	n = asprintf(&path, "%s/date=%s/hour=%s/%s-%05" PRIu64 ".parquet", l->folder, date, text, l->parquet.part,
	             l->begun);
	if (n < 0) {
		no_memory(l);
		return NULL;
	}
	for (char *p = path + strlen(l->folder) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST) {
			snprintf(l->error, sizeof l->error, "cannot make the folder %s: %s", path, strerror(errno));
			l->status = CONNLOG_IO;
			free(path);
			return NULL;
		}
		*p = '/';
	}
	return path;
}

/* ---- files ------------------------------------------------------------------------------------------------------------ */

static void
drop_file(struct connlog_lake *l, struct lake_file *f)
{
	connlog_writer_free(f->writer);
	connlog_sink_free(f->sink);
	*f = l->files[--l->n];
	l->last = NULL;
}

/* Passes the writer's buffer to the sink. */
static int
write_out(struct connlog_lake *l, struct lake_file *f)
{
	const connlog_text t = connlog_writer_bytes(f->writer);

	if (t.n > 0)
		l->status = connlog_sink_write(f->sink, t.p, t.n, l->error, sizeof l->error);
	connlog_writer_clear(f->writer);
	if (f->writer->out.room > KEEP_ROOM)
		outbuf_free(&f->writer->out);
	return l->status;
}

/* Keeps a complete file until it is renamed. */
static int
settle(struct connlog_lake *l, struct lake_file *f)
{
	if (l->settled_n == l->settled_room) {
		const size_t   room = l->settled_room > 0 ? 2 * l->settled_room : 64;
		connlog_sink **settled = realloc(l->settled, room * sizeof *settled);
		if (settled == NULL)
			return no_memory(l);
		l->settled = settled;
		l->settled_room = room;
	}
	l->status = sink_settle(f->sink, l->error, sizeof l->error);
	l->settled[l->settled_n++] = f->sink;
	f->sink = NULL;
	return l->status;
}

static int
give_name(struct connlog_lake *l, connlog_sink *sink)
{
	l->status = connlog_sink_close(sink, l->error, sizeof l->error);
	if (l->status == CONNLOG_OK) {
		l->counts.files++;
		l->counts.bytes += connlog_sink_taken(sink);
	}
	return l->status;
}

/* Completes a file and removes it from the open ones. */
static int
end_file(struct connlog_lake *l, struct lake_file *f)
{
	if (connlog_writer_close(f->writer, 0) != CONNLOG_OK)
		no_memory(l);
	if (l->status == CONNLOG_OK && write_out(l, f) == CONNLOG_OK)
		l->at_end ? settle(l, f) : give_name(l, f->sink);
	drop_file(l, f);
	return l->status;
}

/* Opens a file. Returns NULL after a failure. */
static struct lake_file *
begin_file(struct connlog_lake *l, int64_t hour)
{
	struct lake_file *f = &l->files[l->n];
	char             *path = make_path(l, hour);

	if (path == NULL)
		return NULL;
	*f = (struct lake_file){ .hour = hour };
	f->writer = connlog_writer_new(&l->o, l->error, sizeof l->error);
	l->status = f->writer != NULL ? connlog_writer_open(f->writer, 0) : CONNLOG_BAD_OPTION;
	if (l->status == CONNLOG_NO_MEMORY)
		no_memory(l);
	if (l->status == CONNLOG_OK && (f->sink = connlog_sink_file(path, l->error, sizeof l->error)) == NULL)
		l->status = CONNLOG_IO;
	free(path);
	l->n++;
	l->begun++;
	if (l->status == CONNLOG_OK)
		return f;
	drop_file(l, f);
	return NULL;
}

/* Completes a file to make room. */
static int
end_early(struct connlog_lake *l, struct lake_file *f)
{
	l->counts.crowded++;
	return end_file(l, f);
}

/* Returns the file for that hour, or NULL after a failure. */
static struct lake_file *
file_of(struct connlog_lake *l, int64_t hour)
{
	struct lake_file *oldest = l->files;

	if (l->last != NULL && l->last->hour == hour)
		return l->last;
	for (size_t i = 0; i < l->n; i++) {
		if (l->files[i].hour == hour)
			return &l->files[i];
		if (l->files[i].used < oldest->used)
			oldest = &l->files[i];
	}
	if (l->n == l->parquet.open_files && end_early(l, oldest) != CONNLOG_OK)
		return NULL;
	return begin_file(l, hour);
}

/* Completes the file that uses most memory, if all together use too much. */
static int
keep_memory(struct connlog_lake *l)
{
	struct lake_file *most = l->files;
	size_t            all = 0, most_held = 0;

	for (size_t i = 0; i < l->n; i++) {
		const size_t held = parquet_held(l->files[i].writer);
		all += held;
		if (held > most_held) {
			most_held = held;
			most = &l->files[i];
		}
	}
	return l->n > 1 && all > l->parquet.memory ? end_early(l, most) : CONNLOG_OK;
}

static int
end_all(struct connlog_lake *l)
{
	while (l->n > 0 && l->status == CONNLOG_OK)
		end_file(l, &l->files[0]);
	return l->status;
}

/* ---- the public functions */

/* Makes a name that no other run has. */
static bool
random_part(char *part, size_t size)
{
	uint64_t random;

	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return false;
	snprintf(part, size, "conn-%016" PRIx64, random);
	return true;
}

static bool
set_up(struct connlog_lake *l, const connlog_writer_options *o, char *err, size_t err_size)
{
	l->o = *o;
	if (o->parquet != NULL)
		l->parquet = *o->parquet;
	l->o.parquet = &l->parquet;
	if (l->parquet.open_files == 0)
		l->parquet.open_files = FILES_USUAL;
	if (l->parquet.memory == 0)
		l->parquet.memory = MEMORY_USUAL;
	if (l->parquet.file_bytes == 0)
		l->parquet.file_bytes = BYTES_USUAL;
	if (l->parquet.file_age <= 0)
		l->parquet.file_age = AGE_USUAL;
	snprintf(err, err_size, "out of memory");
	if (*l->parquet.part == '\0' && !random_part(l->parquet.part, sizeof l->parquet.part))
		return false;
	l->files = calloc(l->parquet.open_files, sizeof *l->files);
	if (l->files == NULL || l->folder == NULL)
		return false;
	l->frame = connlog_writer_new(&l->o, err, err_size);
	return l->frame != NULL;
}

connlog_lake *
connlog_lake_new(const char *folder, const connlog_writer_options *o, bool at_end, char *err, size_t err_size)
{
	struct connlog_lake *l;
	struct stat          st;

	if (o->format == NULL || strcmp(o->format, format_parquet.info.name) != 0) {
		snprintf(err, err_size, "only parquet is written to folders by hour");
		return NULL;
	}
	errno = ENOTDIR;
	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
		snprintf(err, err_size, "cannot write to the folder %s: %s", folder, strerror(errno));
		return NULL;
	}
	l = calloc(1, sizeof *l);
	if (l == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	l->at_end = at_end;
	l->folder = strdup(folder);
	if (set_up(l, o, err, err_size))
		return l;
	connlog_lake_free(l);
	return NULL;
}

int
connlog_lake_record(connlog_lake *l, const connlog_record *record, char *err, size_t err_size)
{
	if (l->status != CONNLOG_OK)
		return outcome(l, err, err_size);
	struct lake_file *f = file_of(l, hour_of(record_of(record)));
	if (f == NULL)
		return outcome(l, err, err_size);
	l->last = f;
	f->used = ++l->counts.records;
	if (connlog_writer_record(f->writer, record) != CONNLOG_OK)
		no_memory(l);
	if (l->status == CONNLOG_OK && f->writer->out.n >= WRITE_AT)
		write_out(l, f);
	if (l->status == CONNLOG_OK && connlog_sink_taken(f->sink) >= l->parquet.file_bytes)
		end_file(l, f);
	if (l->status == CONNLOG_OK && l->counts.records % LOOK_EVERY == 0)
		keep_memory(l);
	return outcome(l, err, err_size);
}

int
connlog_lake_columns(connlog_lake *l, const connlog_columns *c, char *err, size_t err_size)
{
	const struct field_set before = l->frame->fields;

	if (l->status != CONNLOG_OK)
		return outcome(l, err, err_size);
	l->o.columns = c;
	l->status = connlog_writer_columns(l->frame, c, 0, l->error, sizeof l->error);
	if (l->status == CONNLOG_OK && !same_fields(&before, &l->frame->fields))
		end_all(l);
	return outcome(l, err, err_size);
}

int
connlog_lake_tick(connlog_lake *l, double now, char *err, size_t err_size)
{
	for (size_t i = l->n; i-- > 0 && l->status == CONNLOG_OK;) {
		struct lake_file *f = &l->files[i];
		if (f->since <= 0)
			f->since = now;
		else if (now - f->since >= l->parquet.file_age)
			end_file(l, f);
	}
	return outcome(l, err, err_size);
}

int
connlog_lake_finish(connlog_lake *l, char *err, size_t err_size)
{
	end_all(l);
	for (size_t i = 0; i < l->settled_n && l->status == CONNLOG_OK; i++)
		give_name(l, l->settled[i]);
	return outcome(l, err, err_size);
}

void
connlog_lake_count(const connlog_lake *l, connlog_lake_counts *out)
{
	*out = l->counts;
	out->open = l->n;
}

void
connlog_lake_free(connlog_lake *l)
{
	if (l == NULL)
		return;
	while (l->n > 0)
		drop_file(l, &l->files[0]);
	for (size_t i = 0; i < l->settled_n; i++)
		connlog_sink_free(l->settled[i]);
	connlog_writer_free(l->frame);
	free(l->settled);
	free(l->files);
	free(l->folder);
	free(l);
}
