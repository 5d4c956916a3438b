/* out.c - see out.h. */
#include "engine/out.h"

#include <stdlib.h>
#include <string.h>

enum { FLUSH = 256 << 10 /* bytes handed on at once */ };

int
out_note(struct out *o, const struct moment *when)
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
	o->lines[o->n++] = (struct out_line){ *when, (uint32_t)(written - o->end) };
	o->end = written;
	return CONNLOG_OK;
}

void
out_clear(struct out *o)
{
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

/* Returns the engine whose line comes first, or NULL when none has any left. */
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

int
merge_text(struct merger *m, const char *text, size_t bytes, uint64_t lines)
{
	const int status = reserve(m, bytes);

	if (status != CONNLOG_OK)
		return status;
	memcpy(m->text + m->n, text, bytes);
	m->n += bytes;
	m->lines += lines;
	return CONNLOG_OK;
}

int
merge(struct merger *m, const struct out *const outs[], unsigned n)
{
	struct cursor  cursors[MERGE_MAX];
	struct cursor *c;

	for (unsigned i = 0; i < n; i++)
		cursors[i] = (struct cursor){ outs[i], connlog_writer_bytes(outs[i]->writer).p, 0 };
	while ((c = first_of(cursors, n)) != NULL) {
		const size_t bytes = c->out->lines[c->next++].bytes;
		const int    status = merge_text(m, c->text, bytes, 1);
		if (status != CONNLOG_OK)
			return status;
		c->text += bytes;
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
}
