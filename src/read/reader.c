/* reader.c - the readers of connlog.h: files, their format, their lines.
 *
 * One file is open at a time, through a window that moves over its bytes (capture/stream.h), so memory does not depend on the
 * size of a log.  An error in a line is reported once, and the next call continues with the following line; an error of a
 * file is reported once, and the next call continues with the next file.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "read/read.h"
#include "record/public.h"

#define LINE_MAX_BYTES (1u << 20)   /* a longer line is not a record */
#define LOOK_AHEAD     (256u << 10) /* bytes that are read twice if columns are only visible in the lines */

static int
fail(char *err, size_t err_size, int code, const char *text)
{
	snprintf(err, err_size, "%s", text);
	return code;
}

enum read_result
reader_bad(struct connlog_reader *r, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	vsnprintf(r->why, sizeof r->why, format, ap);
	va_end(ap);
	return READ_BAD;
}

/* ---- beginning and end ------------------------------------------------------------------------------------------ */

static bool
set_format(struct connlog_reader *r, const char *name, char *err, size_t err_size)
{
	if (name == NULL)
		return true;
	r->wanted = read_format_find(name);
	if (r->wanted != NULL)
		return true;
	int n = snprintf(err, err_size, "unknown format \"%.80s\": known are", name);
	for (size_t i = 0; connlog_format_at(i) != NULL && n >= 0 && (size_t)n < err_size; i++)
		if (read_format_find(connlog_format_at(i)->name) != NULL) /* some are written only */
			n += snprintf(err + n, err_size - (size_t)n, " %s", connlog_format_at(i)->name);
	return false;
}

static struct connlog_reader *
reader_new(const char *format, char *err, size_t err_size)
{
	struct connlog_reader *r = calloc(1, sizeof *r);

	if (r == NULL) {
		fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
		return NULL;
	}
	r->in.feed.fd = -1;
	r->record.literals = r->literals;
	r->record.arena = &r->arena;
	r->record.extras = r->extras;
	if (!set_format(r, format, err, err_size)) {
		connlog_reader_free(r);
		return NULL;
	}
	return r;
}

connlog_reader *
connlog_reader_files(const char *const *paths, size_t n, const connlog_reader_options *o, char *err, size_t err_size)
{
	struct connlog_reader *r = reader_new(o != NULL ? o->format : NULL, err, err_size);

	if (r == NULL)
		return NULL;
	if (o != NULL)
		r->memory = (struct bytes){ (const uint8_t *)o->begun.p, o->begun.n };
	r->paths = calloc(n + 1, sizeof *r->paths);
	for (; r->paths != NULL && r->paths_n < n; r->paths_n++)
		if ((r->paths[r->paths_n] = strdup(paths[r->paths_n])) == NULL)
			break;
	if (r->paths != NULL && r->paths_n == n)
		return r;
	fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
	connlog_reader_free(r);
	return NULL;
}

struct connlog_reader *
reader_memory(struct bytes memory, const char *format, char *err, size_t err_size)
{
	struct connlog_reader *r = reader_new(format, err, err_size);
	if (r != NULL)
		r->memory = memory;
	return r;
}

static void
close_file(struct connlog_reader *r)
{
	if (r->open) {
		r->done_bytes += r->in.raw;
		stream_close(&r->in);
	}
	free(r->state);
	r->state = NULL;
	r->open = false;
	r->format = NULL;
}

void
connlog_reader_free(connlog_reader *r)
{
	if (r == NULL)
		return;
	close_file(r);
	for (size_t i = 0; i < r->paths_n; i++)
		free(r->paths[i]);
	for (struct read_name *k = r->names, *next; k != NULL; k = next) {
		next = k->next;
		free(k);
	}
	free(r->paths);
	free(r->texts);
	outbuf_free(&r->scratch);
	arena_free(&r->arena);
	free(r);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/* A set can have as many elements as the line has bytes, plus one. */
static bool
make_room(struct connlog_reader *r, size_t line)
{
	const size_t want = line + FIELDS_MAX + 1;

	r->texts_n = 0;
	if (want <= r->texts_room)
		return true;
	struct text *longer = realloc(r->texts, want * sizeof *longer);
	if (longer == NULL) {
		reader_bad(r, "no memory for a line this long");
		return false;
	}
	r->texts = longer;
	r->texts_room = want;
	return true;
}

static enum read_result
read_line(struct connlog_reader *r, char *p, size_t n)
{
	if (n > 0 && p[n - 1] == '\r')
		n--;
	if (n == 0 && !r->format->empty_lines)
		return READ_NOTHING;
	if (!make_room(r, n))
		return READ_BAD;
	arena_reset(&r->arena);
	r->record.has = r->record.has_more = 0;
	memset(r->literals, 0, sizeof r->literals);
	for (size_t i = 0; i < r->extras_n; i++)
		r->extras[i].set = false;
	return r->format->line(r, p, n);
}

static char *
find_end(const struct read_format *format, char *p, size_t n)
{
	return format->line_end != NULL ? format->line_end(p, n) : memchr(p, '\n', n);
}

/* Drops the rest of a line that was too long. */
static void
drop_rest(struct connlog_reader *r)
{
	struct stream *in = &r->in;

	while (r->cut && stream_fill(in, 1)) {
		const char *end = memchr(in->buf + in->pos, '\n', in->end - in->pos);
		in->pos = end != NULL ? (size_t)(end + 1 - (char *)in->buf) : in->end;
		r->cut = end == NULL;
	}
	r->cut = false;
}

/* Returns how many lines of the file a record spans: in some formats strings can contain newlines. */
static uint64_t
count_lines(const struct read_format *format, const char *p, size_t n)
{
	uint64_t    lines = 1;
	const char *end = p + n;

	if (format->line_end == NULL)
		return lines;
	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		lines++;
		p++;
	}
	return lines;
}

/* Returns the next line and its length without the \n; NULL at the end of the file.  Truncates a line that is too long. */
static char *
next_line(struct connlog_reader *r, size_t *n)
{
	struct stream *in = &r->in;

	if (r->cut)
		drop_rest(r);
	for (;;) {
		char        *p = (char *)in->buf + in->pos;
		const size_t have = in->end - in->pos;
		char        *end = have > 0 ? find_end(r->format, p, have) : NULL;
		if (end != NULL || have > LINE_MAX_BYTES || !stream_fill(in, have + 1)) {
			if (end == NULL && have == 0)
				return NULL;
			/* valid even though stream_fill() may have moved it */
			p = (char *)in->buf + in->pos;
			*n = end != NULL ? (size_t)(end - p) : have;
			in->pos += *n + (end != NULL);
			r->cut = end == NULL;
			r->line = r->next_line;
			r->next_line += count_lines(r->format, p, *n);
			return p;
		}
	}
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* Reads copies of the first lines, as far as they are available, only for their columns. */
static void
look_ahead(struct connlog_reader *r)
{
	const struct bytes have = bytes_head(stream_bytes(&r->in), LOOK_AHEAD);
	char              *copy = malloc(have.n + 1), *end;

	if (copy == NULL)
		return; /* then columns are reported as they appear */
	memcpy(copy, have.p, have.n);
	for (char *p = copy; (end = find_end(r->format, p, have.n - (size_t)(p - copy))) != NULL; p = end + 1)
		read_line(r, p, (size_t)(end - p));
	free(copy);
}

/* Detects the format, skipping leading blank lines. */
static const struct read_format *
detect(struct bytes head)
{
	while (head.n > 0 && memchr(" \t\r\n", *head.p, 4) != NULL)
		head = bytes_skip(head, 1);
	return head.n > 0 ? read_format_detect((struct text){ (const char *)head.p, head.n }) : &read_zeek;
}

/* Determines the format.  Returns CONNLOG_OK, or an error with a message. */
static int
begin_file(struct connlog_reader *r, char *err, size_t err_size)
{
	if (!stream_fill(&r->in, 1)) {
		if (r->in.status == CONNLOG_OK)
			return CONNLOG_END; /* empty */
		snprintf(err, err_size, "%s: %s", r->name, r->in.why);
		return r->in.status;
	}
	r->format = r->wanted != NULL ? r->wanted : detect(stream_bytes(&r->in));
	if (r->format == NULL) {
		snprintf(err, err_size, "%s: begins like no log that is known here; `connlog --help formats` lists the formats",
		         r->name);
		return CONNLOG_BAD_INPUT;
	}
	r->state = calloc(1, r->format->state_size + 1);
	if (r->state == NULL)
		return fail(err, err_size, CONNLOG_NO_MEMORY, "out of memory");
	if (r->format->begin != NULL)
		r->format->begin(r);
	if (r->format->columns_in_lines)
		look_ahead(r);
	return CONNLOG_OK;
}

/* Opens the next file.  Returns CONNLOG_OK, CONNLOG_END after the last one, or an error with a message. */
static int
open_next(struct connlog_reader *r, char *err, size_t err_size)
{
	int status;

	if (r->paths == NULL ? r->next_path > 0 : r->next_path == r->paths_n)
		return CONNLOG_END;
	r->line = 0;
	r->next_line = 1;
	if (r->paths == NULL) {
		r->name = "memory";
		status = stream_open_memory(&r->in, r->memory, STREAM_PEEK);
	} else {
		const char *path = r->paths[r->next_path];
		r->name = strcmp(path, "-") == 0 ? "standard input" : path;
		if (r->on_wait != NULL)
			r->on_wait(r->on_wait_arg); /* opening a pipe waits for a writer */
		status = stream_open_begun(&r->in, path, r->memory, STREAM_WINDOW, &r->stop);
		r->in.feed.on_wait = r->on_wait;
		r->in.feed.on_wait_arg = r->on_wait_arg;
		r->memory = (struct bytes){ NULL, 0 }; /* only for the first file */
	}
	r->next_path++;
	r->open = true;
	if (status == CONNLOG_OK) {
		status = begin_file(r, err, err_size);
	} else {
		snprintf(err, err_size, "%s: %s", r->name, r->in.why);
	}
	if (status == CONNLOG_OK)
		return status;
	close_file(r);
	return status == CONNLOG_END ? CONNLOG_OK : status;
}

/* Closes the file.  Returns CONNLOG_OK, or the error that ended it early. */
static int
end_file(struct connlog_reader *r, char *err, size_t err_size)
{
	const int status = r->in.status;

	if (status != CONNLOG_OK)
		snprintf(err, err_size, "%s: behind line %" PRIu64 ": %s", r->name, r->line, r->in.why);
	close_file(r);
	return status;
}

/* ---- the records ------------------------------------------------------------------------------------------------ */

/* Returns the record, or first its columns if they have changed. */
static int
hand_out(struct connlog_reader *r, const connlog_record **out)
{
	if (r->columns_changed || !r->columns_told) {
		r->columns_changed = false;
		r->columns_told = true;
		r->pending = true;
		return CONNLOG_READ_COLUMNS;
	}
	r->pending = false;
	r->records++;
	r->record.extras_n = r->extras_n;
	*out = record_public(&r->record);
	return CONNLOG_READ_RECORD;
}

/* Processes the next line of the open file.  Returns CONNLOG_OK if it gave nothing, or a result of connlog_reader_next(). */
static int
next_record(struct connlog_reader *r, const connlog_record **out, char *err, size_t err_size)
{
	size_t           n;
	char            *p = next_line(r, &n);
	enum read_result result;

	if (p == NULL)
		return end_file(r, err, err_size);
	result = n <= LINE_MAX_BYTES ? read_line(r, p, n) : reader_bad(r, "longer than a record can be");
	if (result == READ_RECORD)
		return hand_out(r, out);
	if (result == READ_NOTHING)
		return CONNLOG_OK;
	r->bad++;
	snprintf(err, err_size, "%s: line %" PRIu64 ": %s", r->name, r->line, r->why);
	return CONNLOG_BAD_INPUT;
}

int
connlog_reader_next(connlog_reader *r, const connlog_record **out, char *err, size_t err_size)
{
	int status = CONNLOG_OK;

	if (r->pending)
		return hand_out(r, out);
	while (status == CONNLOG_OK && !r->stop)
		status = r->open ? next_record(r, out, err, err_size) : open_next(r, err, err_size);
	return status != CONNLOG_OK ? status : CONNLOG_END;
}

connlog_record *
connlog_reader_record(connlog_reader *r)
{
	return (connlog_record *)&r->record;
}

const connlog_columns *
connlog_reader_columns(const connlog_reader *r)
{
	return columns_public(&r->columns);
}

void
connlog_reader_progress_get(const connlog_reader *r, connlog_reader_progress *out)
{
	*out = (connlog_reader_progress){ .bytes = r->done_bytes + (r->open ? r->in.raw : 0),
		                              .records = r->records,
		                              .bad = r->bad,
		                              .line = r->line,
		                              .name = r->open ? r->name : NULL,
		                              .format = r->open && r->format != NULL ? r->format->name : NULL };
}

void
connlog_reader_on_wait(connlog_reader *r, connlog_wait_fn fn, void *arg)
{
	r->on_wait = r->in.feed.on_wait = fn;
	r->on_wait_arg = r->in.feed.on_wait_arg = arg;
}

void
connlog_reader_stop(connlog_reader *r)
{
	r->stop = 1;
}
