/* out.c - see out.h. */
#include "engine/out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH = 256 << 10 /* bytes handed on in one go */ };

int
out_note(struct out *o, const struct moment *when, int rule)
{
	const size_t written = connlog_writer_bytes(o->writer).n;

	if (o->n == o->room) {
		const size_t     room = o->room ? 2 * o->room : 64;
		struct out_line *lines = realloc(o->lines, room * sizeof *lines);
		if (!lines)
			return CONNLOG_NO_MEMORY;
		o->lines = lines;
		o->room = room;
	}
	o->lines[o->n++] = (struct out_line){ *when, (uint32_t)(written - o->end), rule };
	o->end = written;
	return CONNLOG_OK;
}

void
out_clear(struct out *o)
{
	if (o->n > 0)
		connlog_writer_clear(o->writer);
	o->n = o->end = 0;
}

void
out_free(struct out *o)
{
	connlog_writer_free(o->writer);
	free(o->lines);
}

int
moment_compare(const struct moment *a, const struct moment *b)
{
	if (a->packet != b->packet)
		return a->packet < b->packet ? -1 : 1;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return wheel_rank_compare(&a->rank, &b->rank);
}

/* How far the lines of one engine have been merged. */
struct cursor {
	const struct out *out;
	const char       *text;
	size_t            next;
};

/* Returns the engine whose line comes first, or NULL when no lines are left. */
static struct cursor *
first_of(struct cursor *c, unsigned n)
{
	struct cursor *first = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (c[i].next == c[i].out->n)
			continue;
		if (!first || moment_compare(&c[i].out->lines[c[i].next].when, &first->out->lines[first->next].when) < 0)
			first = &c[i];
	}
	return first;
}

static int
reserve(struct merger *m, size_t want)
{
	if (m->room - m->n >= want)
		return CONNLOG_OK;
	const int status = merge_flush(m);
	if (status != CONNLOG_OK || want <= m->room)
		return status;
	const size_t room = want > FLUSH ? want : FLUSH;
	char        *text = realloc(m->text, room);
	if (!text)
		return CONNLOG_NO_MEMORY;
	m->text = text;
	m->room = room;
	return CONNLOG_OK;
}

static int
append(struct merger *m, const char *p, size_t n, uint64_t lines)
{
	const int status = reserve(m, n);

	if (status != CONNLOG_OK)
		return status;
	memcpy(m->text + m->n, p, n);
	m->n += n;
	m->lines += lines;
	return CONNLOG_OK;
}

/* A connlog_record_fn for the rows of the fold. */
static int
append_row(void *arg, const connlog_record *r)
{
	struct merger *m = arg;
	int            status = connlog_writer_record(m->writer, r);

	if (status == CONNLOG_OK)
		status = append(m, connlog_writer_bytes(m->writer).p, connlog_writer_bytes(m->writer).n, 1);
	connlog_writer_clear(m->writer);
	return status;
}

/* Unpacks the record at `p`, which has `n` bytes. Returns false when out of memory. */
static bool
unpack(struct merger *m, const char *p, size_t n, struct record *out)
{
	if (n > m->packed_room) {
		char *packed = realloc(m->packed, n);
		if (!packed)
			return false;
		m->packed = packed;
		m->packed_room = n;
	}
	memcpy(m->packed, p, n);
	record_unpack(m->packed, out);
	return true;
}

/* Processes a folded record, or a line that only advances the log's time. */
static int
merge_folded(struct merger *m, const char *text, const struct out_line *line)
{
	struct record r;
	int64_t       end;

	memcpy(&end, text, sizeof end);
	if (line->rule != FOLD_NONE)
		return unpack(m, text + sizeof end, line->bytes - sizeof end, &r)
		           ? fold_add(m->fold, (unsigned)line->rule, &r, append_row, m)
		           : CONNLOG_NO_MEMORY;
	const int status = fold_time(m->fold, end, append_row, m);
	return status == CONNLOG_OK ? append(m, text + sizeof end, line->bytes - sizeof end, 1) : status;
}

int
merge_rows(struct merger *m, double now)
{
	if (!m->fold)
		return CONNLOG_OK;
	return isinf(now) ? connlog_fold_finish(m->fold, append_row, m) : connlog_fold_advance(m->fold, now, append_row, m);
}

int
merge_text(struct merger *m, const struct out_line *lines, const char *text, size_t bytes, uint64_t n)
{
	int status = CONNLOG_OK;

	if (!m->fold)
		return append(m, text, bytes, n);
	for (uint64_t i = 0; i < n && status == CONNLOG_OK; i++) {
		status = merge_folded(m, text, &lines[i]);
		text += lines[i].bytes;
	}
	return status;
}

int
merge(struct merger *m, const struct out *const outs[], unsigned n)
{
	struct cursor  cursors[MERGE_MAX];
	struct cursor *c;

	for (unsigned i = 0; i < n; i++)
		cursors[i] = (struct cursor){ outs[i], outs[i]->n ? connlog_writer_bytes(outs[i]->writer).p : NULL, 0 };
	while ((c = first_of(cursors, n)) != NULL) {
		const struct out_line *line = &c->out->lines[c->next++];
		const int              status = merge_text(m, line, c->text, line->bytes, 1);
		if (status != CONNLOG_OK)
			return status;
		c->text += line->bytes;
	}
	return CONNLOG_OK;
}

int
merge_flush(struct merger *m)
{
	const connlog_text text = { m->text, m->n };
	const uint64_t     lines = m->lines;

	m->n = m->lines = 0;
	return lines > 0 ? m->fn(m->arg, text, lines) : CONNLOG_OK;
}

void
merge_free(struct merger *m)
{
	free(m->text);
	free(m->packed);
	connlog_writer_free(m->writer);
	connlog_fold_free(m->fold);
}
