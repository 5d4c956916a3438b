/* handlers.c - see handlers.h. */
#include "engine/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/lines.h"

/* ---- what engines have to say */

/* A connlog_notice_fn of an engine in a thread: what it tells is handed on by the caller's.  All engines can tell that checksums
 * are wrong, which is told once. */
static void
keep_notice(void *arg, const char *text)
{
	struct member *m = arg;
	struct crew   *c = m->crew;
	const bool     again = m->engine->notices.told_offloading && !m->told_offloading;

	pthread_mutex_lock(&c->lock);
	if (!(again && c->told_offloading) && c->n_texts < CREW_TEXTS && (c->texts[c->n_texts] = strdup(text)) != NULL)
		c->n_texts++;
	m->told_offloading = m->told_offloading || again;
	c->told_offloading = c->told_offloading || again;
	pthread_mutex_unlock(&c->lock);
}

/* A connlog_print_fn of a script in a thread. */
static void
keep_print(void *arg, connlog_text line)
{
	struct crew *c = arg;

	pthread_mutex_lock(&c->lock);
	outbuf_put(&c->printed, (const char *)&line.n, sizeof line.n);
	outbuf_put(&c->printed, line.p, line.n);
	pthread_mutex_unlock(&c->lock);
}

/* Lines are whole, since a buffer without memory drops all that follows. */
static void
tell_printed(struct crew *c, const struct outbuf *b)
{
	connlog_text line;

	for (size_t at = 0; at + sizeof line.n <= b->n; at += line.n) {
		memcpy(&line.n, b->p + at, sizeof line.n);
		at += sizeof line.n;
		line.p = b->p + at;
		if (line.n > b->n - at)
			return;
		if (c->print)
			c->print(c->print_arg, line);
	}
}

void
handlers_tell(struct crew *c)
{
	char         *texts[CREW_TEXTS];
	struct outbuf printed;
	size_t        n;

	pthread_mutex_lock(&c->lock);
	n = c->n_texts;
	memcpy(texts, c->texts, sizeof texts);
	c->n_texts = 0;
	printed = c->printed;
	c->printed = (struct outbuf){ 0 };
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < n; i++) {
		if (c->notice)
			c->notice(c->notice_arg, texts[i]);
		free(texts[i]);
	}
	tell_printed(c, &printed);
	if (printed.failed && c->status == CONNLOG_OK)
		c->status = CONNLOG_NO_MEMORY;
	outbuf_free(&printed);
}

/* ---- who listens */

/* Does nobody else listen, who would have to be told from one thread? */
static bool
lines_alone(const connlog_engine *e)
{
	const struct event_bus *b = &e->bus;
	const uint64_t          events = e->lines->events;
	size_t                  listeners = b->records.n;

	for (size_t id = 0; id < CONNLOG_EVENTS; id++)
		listeners += b->events[id].n;
	return listeners == (events ? (size_t)__builtin_popcountll(events) : 1) && b->policies.n == 0 &&
	       e->scripts.n == 0 && b->longs.n == 0 && !e->on_worker;
}

bool
handlers_fit(const struct crew *c)
{
	const connlog_engine *e = c->front;

	if (e->opt.contents.default_extract)
		return false;
	if (!e->opt.parallel_handlers)
		return lines_alone(e);
	/* Folded records are written by the thread that merges. */
	return !e->fold || (e->lines && e->bus.records.n == (e->lines->events == 0) && !e->on_worker);
}

/* Returns what the member's callbacks get where the front's get `arg`. */
static void *
own_arg(const struct member *m, void *arg)
{
	const connlog_engine *front = m->crew->front, *e = m->engine;

	for (size_t i = 0; i < front->scripts.n; i++)
		if (arg == front->scripts.at[i])
			return e->scripts.at[i];
	return arg == front->lines ? e->lines : arg;
}

static bool
copy_list(const struct member *m, struct listeners *to, const struct listeners *from)
{
	to->n = 0;
	for (size_t i = 0; i < from->n; i++)
		if (!listeners_add(to, from->at[i].fn, own_arg(m, from->at[i].arg)))
			return false;
	return true;
}

static bool
copy_all(const struct member *m)
{
	const struct event_bus *from = &m->crew->front->bus;
	struct event_bus       *to = &m->engine->bus;
	bool good = copy_list(m, &to->policies, &from->policies) && copy_list(m, &to->records, &from->records) &&
	            copy_list(m, &to->longs, &from->longs);

	for (size_t id = 0; good && id < CONNLOG_EVENTS; id++)
		good = copy_list(m, &to->events[id], &from->events[id]);
	to->s->events.wanted |= from->s->events.wanted;
	return good;
}

int
handlers_begin(struct crew *c)
{
	const connlog_engine *front = c->front;
	int                   status = CONNLOG_OK;

	c->notice = front->notices.fn;
	c->notice_arg = front->notices.arg;
	c->print = front->scripts.print.fn;
	c->print_arg = front->scripts.print.arg;
	for (unsigned i = 1; i < c->n; i++)
		if (!copy_all(&c->members[i]))
			return CONNLOG_NO_MEMORY;
	for (unsigned i = 0; i < c->n; i++) {
		connlog_on_notice(c->members[i].engine, keep_notice, &c->members[i]);
		connlog_on_print(c->members[i].engine, keep_print, c);
	}
	for (unsigned i = 0; front->on_worker && i < c->n && status == CONNLOG_OK; i++)
		status = front->on_worker(front->on_worker_arg, c->members[i].engine, i);
	return status;
}

/* ---- scripts */

int
handlers_load(struct crew *c, const char *path, char *err, size_t err_size)
{
	int status = CONNLOG_OK;

	if (c->started) {
		snprintf(err, err_size, "%s: with parallel_handlers scripts are loaded before the first packet", path);
		return CONNLOG_BAD_OPTION;
	}
	for (unsigned i = 0; i < c->n && status == CONNLOG_OK; i++) {
		connlog_engine *e = c->members[i].engine;
		e->scripts.several = true;
		status = scripts_load(&e->scripts, e, path, err, err_size);
	}
	return status;
}

void
handlers_end(struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++)
		scripts_done(&c->members[i].engine->scripts);
	for (unsigned i = 1; i < c->n; i++)
		scripts_join(&c->front->scripts, &c->members[i].engine->scripts);
	scripts_tell(&c->front->scripts);
}
