/* runner.c - see runner.h. */
#include "ship/runner.h"

#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "sensor/clock.h"
#include "sensor/out.h"
#include "sensor/thread.h"

#define PAUSE_LEAST 0.1 /* seconds between attempts, at first */
#define PAUSE_MOST  10.0
#define TELL_EVERY  60.0
#define WAIT        0.2

enum { TEXT_MAX = 1024, SLICE_MS = 50 };

__attribute__((format(printf, 2, 3))) static void
say(struct runner *r, const char *format, ...)
{
	char    text[TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	r->link.say(r->link.arg, text);
}

/* ---- spooling ----------------------------------------------------------------------------------------------------- */

/* Moves frames to disk while a sink is slow or unavailable. */
static void *
spill_all(void *arg)
{
	struct runner *r = arg;

	while (!r->ended && !r->link.stop && !queue_is_over(&r->queue))
		queue_spill(&r->queue, WAIT);
	return NULL;
}

/* ---- delivering --------------------------------------------------------------------------------------------------- */

/* Returns where records go in the meantime. */
static const char *
meanwhile(const struct runner *r)
{
	if (r->queue.waits)
		return "reading waits for it";
	if (r->queue.why != 0)
		return "the disk spool is full as well, so records are lost";
	return r->queue.disk.folder != NULL ? "records wait in memory, then in the disk spool"
	                                    : "records wait in memory; --spool DIR,SIZE adds room on disk";
}

static void
note_trouble(struct runner *r)
{
	const double now = clock_steady();

	r->link.counts->failures++;
	r->link.counts->up = 0;
	if (r->tell_at > now || r->link.stop)
		return;
	say(r, "%s: %s; %s", r->link.url->shown, r->link.why, meanwhile(r));
	r->tell_at = now + TELL_EVERY;
	r->told = true;
}

static void
note_success(struct runner *r)
{
	if (r->told)
		say(r, "%s: connected again", r->link.url->shown);
	r->told = false;
	r->pause = 0;
}

static void
shut(struct runner *r, bool well)
{
	if (!r->open && !(r->link.stop && r->link.counts->flying > 0))
		return;
	r->open = false;
	if (r->kind->close(r->sink, &r->link, well) != 0)
		note_trouble(r);
	r->link.counts->up = 0;
}

/* Opens the sink and sends the header, if necessary.  Returns 0 or -1. */
static int
get_ready(struct runner *r)
{
	size_t done = 0;

	if (r->open)
		return 0;
	r->link.headed = r->link.bare = false;
	if (r->kind->open(r->sink, &r->link) != 0)
		return -1;
	r->open = true;
	r->link.counts->opened++;
	r->link.counts->up = !r->kind->counts;
	if (!r->kind->heads || r->link.headed || r->link.bare || r->head_n == 0)
		return 0;
	return r->kind->deliver(r->sink, &r->link, r->head, r->head_n, &done);
}

static int
deliver_lines(struct runner *r, struct spool_item *item)
{
	const size_t before = item->done;
	const int    outcome = r->kind->deliver(r->sink, &r->link, item->bytes, item->n, &item->done);
	const size_t n = item->done - before;

	if (n > 0)
		r->link.counts->moves++;
	if (!r->kind->counts)
		r->link.counts->delivered += count_lines(item->bytes + before, n);
	queue_written(&r->queue, item, count_lines(item->bytes + before, n));
	return outcome;
}

/* Handles an item. Returns 0, or -1 if it has to be tried again. */
static int
handle(struct runner *r, struct spool_item *item)
{
	if (item->kind == SPOOL_HEAD) {
		head_replace(&r->head, &r->head_n, item->bytes, item->n); /* for later connections */
		queue_keep_head(&r->queue, item->bytes, item->n);
		return 0;
	}
	if (item->kind == SPOOL_FOOT && !r->kind->heads)
		return 0;
	if (get_ready(r) != 0)
		return -1;
	r->link.mark = queue_mark(&r->queue);
	if (item->kind == SPOOL_LINES)
		return deliver_lines(r, item);
	return r->link.bare ? 0 : r->kind->deliver(r->sink, &r->link, item->bytes, item->n, &item->done);
}

static void
fail(struct runner *r)
{
	note_trouble(r);
	shut(r, false);
	r->pause = fmin(fmax(r->pause * 2, PAUSE_LEAST), PAUSE_MOST);
	for (const double until = clock_steady() + r->pause; clock_steady() < until && !r->link.stop;)
		poll(NULL, 0, SLICE_MS);
}

/* Waits for all acknowledgements. Returns false if this has to be tried again. */
static bool
settle(struct runner *r)
{
	if (r->kind->settle == NULL || (!r->open && r->link.counts->flying == 0))
		return true;
	if (get_ready(r) == 0 && r->kind->settle(r->sink, &r->link) == 0)
		return true;
	fail(r);
	return false;
}

/* Removes an emptied file of the disk spool once everything in it is acknowledged. */
static void
drop_file(struct runner *r)
{
	if (!settle(r))
		return;
	if (r->queue.disk.damaged)
		say(r, "%s: a file in %s is damaged; the records behind the damage are lost", r->link.url->shown,
		    r->queue.disk.folder);
	queue_drop(&r->queue);
}

/* Called when the queue is empty.  Returns 0 or -1. */
static int
idle(struct runner *r)
{
	if (r->kind->idle == NULL || (!r->open && r->link.counts->flying == 0))
		return 0;
	return get_ready(r) != 0 ? -1 : r->kind->idle(r->sink, &r->link);
}

static void
step(struct runner *r)
{
	bool               emptied;
	struct spool_item *item = queue_next(&r->queue, WAIT, &emptied);

	if (emptied) {
		drop_file(r);
	} else if (item != NULL && handle(r, item) == 0) {
		queue_done(&r->queue);
		if (!r->kind->counts)
			note_success(r);
	} else if (item != NULL || idle(r) != 0) {
		fail(r);
	}
}

static struct runner *
runner_of(struct link *l)
{
	return (struct runner *)(void *)((char *)l - offsetof(struct runner, link));
}

static void
on_trouble(struct link *l)
{
	note_trouble(runner_of(l));
}

static void
on_fine(struct link *l)
{
	l->counts->up = 1;
	note_success(runner_of(l));
}

static void
on_settled(struct link *l, uint64_t mark, bool good)
{
	queue_settled(&runner_of(l)->queue, mark, good);
}

static void
take_back(struct link *l, const char *p, size_t n)
{
	queue_return(&runner_of(l)->queue, p, n, 1);
}

static void *
deliver_all(void *arg)
{
	struct runner *r = arg;

	prctl(PR_SET_NAME, r->kind->scheme);
	while (!r->link.stop && !queue_is_over(&r->queue))
		step(r);
	while (!r->link.stop && !settle(r))
		;
	shut(r, !r->link.stop);
	free(r->head);
	r->ended = true;
	ring_wake(&r->queue.memory);
	return NULL;
}

bool
runner_begin(struct runner *r)
{
	struct queue *q = &r->queue;

	r->link.take_back = take_back;
	r->link.trouble = on_trouble;
	r->link.fine = on_fine;
	r->link.settled = on_settled;
	if (q->head->n > 0 && q->head->n <= sizeof q->head->bytes) { /* from an earlier process */
		head_replace(&r->head, &r->head_n, q->head->bytes, q->head->n);
		queue_keep_head(q, q->head->bytes, q->head->n);
	}
	if (!q->waits && q->disk.folder != NULL && !thread_begin(&r->spooling, spill_all, r))
		return false;
	return thread_begin(&r->delivery, deliver_all, r);
}
