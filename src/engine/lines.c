/* lines.c - see lines.h. */
#include "engine/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/crew.h"
#include "engine/engine.h"
#include "record/public.h"
#include "write/format.h"

enum { ENOUGH = 64 << 10 /* bytes of lines that a single engine hands on in one go */ };

int
lines_flush(struct lines *l)
{
	connlog_engine    *e = l->engine;
	const connlog_text text = connlog_writer_bytes(l->own.writer);

	if (l->fn && l->own.n > 0 && e->status == CONNLOG_OK)
		e->status = l->fn(l->arg, text, l->own.n);
	connlog_writer_clear(l->own.writer);
	l->own.n = 0;
	return e->status;
}

/* Finishes a line. Returns what the record callback should return to the engine. */
static int
line_end(struct lines *l, int status)
{
	if (status != CONNLOG_OK || !l->fn)
		return status == CONNLOG_OK ? out_note(l->out, &l->engine->store.moment, FOLD_NONE) : status;
	l->own.n++;
	return connlog_writer_bytes(l->own.writer).n >= ENOUGH ? lines_flush(l) : CONNLOG_OK;
}

static int
line_record(void *arg, const connlog_record *r)
{
	struct lines *l = arg;

	return line_end(l, connlog_writer_record(l->out->writer, r));
}

static int
line_event(void *arg, const connlog_event *event)
{
	struct lines *l = arg;

	return line_end(l, connlog_writer_event(l->out->writer, event));
}

int
lines_fold(struct lines *l, const connlog_fold *fold, const connlog_record *r)
{
	struct outbuf *b = &l->out->writer->out;
	const int      rule = fold_rule(fold, record_of(r));
	const int64_t  end = fold_end(record_of(r));
	int            status = CONNLOG_OK;

	outbuf_put(b, (const char *)&end, sizeof end);
	if (rule < 0) {
		status = connlog_writer_record(l->out->writer, r);
	} else {
		const size_t n = record_pack(record_of(r), NULL);
		char        *p = outbuf_reserve(b, n);
		if (p)
			outbuf_advance(b, record_pack(record_of(r), p));
	}
	if (status == CONNLOG_OK && b->failed)
		status = CONNLOG_NO_MEMORY;
	return status == CONNLOG_OK ? out_note(l->out, &l->engine->store.moment, rule < 0 ? FOLD_NONE : rule) : status;
}

bool
lines_like(connlog_engine *e, const struct lines *other)
{
	if (!e->lines && !(e->lines = calloc(1, sizeof *e->lines)))
		return false;
	e->lines->engine = e;
	e->lines->events = other ? other->events : 0;
	return true;
}

/* Registers for what the lines are of.  Returns false when out of memory. */
static bool
attach(connlog_engine *e, uint64_t events)
{
	struct lines *l = e->lines;

	l->events = events;
	if (events == 0)
		return connlog_on_record(e, line_record, l) == CONNLOG_OK;
	for (int id = 0; id < CONNLOG_EVENTS; id++)
		if (events >> id & 1 && connlog_on_event(e, (connlog_event_id)id, line_event, l) != CONNLOG_OK)
			return false;
	return true;
}

void
lines_free(struct lines *l)
{
	if (!l)
		return;
	out_free(&l->own);
	free(l);
}

int
connlog_on_lines(connlog_engine *e, const connlog_writer_options *w, uint64_t events, connlog_lines_fn fn, void *arg,
                 char *err, size_t err_size)
{
	if (events == 0 && w != NULL && w->format != NULL && strcmp(w->format, "parquet") == 0) {
		snprintf(err, err_size, "parquet has no lines");
		return CONNLOG_BAD_OPTION;
	}
	if (!lines_like(e, NULL) || !attach(e, events)) {
		snprintf(err, err_size, "out of memory");
		return CONNLOG_NO_MEMORY;
	}
	e->lines->own.writer = connlog_writer_new(w, err, err_size);
	if (!e->lines->own.writer)
		return CONNLOG_BAD_OPTION;
	e->lines->out = &e->lines->own;
	e->lines->fn = fn;
	e->lines->arg = arg;
	const int status = e->trace ? CONNLOG_OK : crew_make(e, err, err_size);
	return status == CONNLOG_OK && e->crew ? crew_write(e->crew, w, err, err_size) : status;
}
