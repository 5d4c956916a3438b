/* apart.c - see apart.h. */
#include "engine/apart.h"

#include <stdlib.h>
#include <string.h>

#include "capture/source.h"
#include "engine/handlers.h"
#include "engine/walk.h"

enum { MANY_PACKETS = 4096 /* packets whose lines are merged in one go */ };

static struct walker *
front_of(const struct crew *c)
{
	return c->members[0].walker;
}

/* ---- beginning and end */

static void
free_walkers(struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		walker_free(c->members[i].walker);
		c->members[i].walker = NULL;
	}
}

static struct walker *
new_walker(struct member *m, connlog_source *s)
{
	connlog_source *copy = source_copy(s);
	struct walker  *w = copy ? walker_new(m, copy, m->crew->front->packets) : NULL;

	if (!w) {
		connlog_source_free(copy);
		return NULL;
	}
	w->windows = source_lend(copy, true);
	return w;
}

bool
apart_prepare(struct crew *c, connlog_source *s)
{
	free_walkers(c);

	bool good =
		!c->front->store.memory && s && (c->members[0].walker = walker_new(&c->members[0], NULL, c->front->packets));

	for (unsigned i = 1; good && i < c->n; i++) {
		struct walker *w = c->members[i].walker = new_walker(&c->members[i], s);
		good = w && w->windows;
	}
	if (!good)
		free_walkers(c);
	return good;
}

void
apart_begin(struct crew *c)
{
	front_of(c)->windows = c->windows;
	for (unsigned i = 0; i < c->n; i++) {
		struct member *m = &c->members[i];
		m->engine->clock = c->front->clock;
		m->walker->checked_now = c->front->clock.now;
		m->walker->behind = c->behind;
	}
	c->merged_through = c->front->packets;
	atomic_store(&c->fed, c->front->packets);
	atomic_store(&c->trouble, false);
	pthread_mutex_lock(&c->lock);
	c->apart = true;
	c->paused = c->turn = false;
	c->walking = c->n - 1;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
}

void
apart_end(struct crew *c)
{
	const bool were = c->apart;

	pthread_mutex_lock(&c->lock);
	c->apart = false;
	pthread_cond_broadcast(&c->moved);
	while (c->walking > 0)
		pthread_cond_wait(&c->moved, &c->lock);
	pthread_mutex_unlock(&c->lock);
	free_walkers(c);
	for (unsigned i = 0; were && i < c->n; i++)
		for (unsigned k = 0; k < SLOTS; k++)
			out_clear(&c->members[i].outs[k]);
}

/* ---- merging */

/* Returns the number of the packet up to which the lines of all workers are available. */
static uint64_t
all_through(const struct crew *c)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < c->n; i++) {
		const uint64_t through = atomic_load(&c->members[i].walker->through);
		least = through < least ? through : least;
	}
	return least;
}

bool
apart_has_lines(const struct crew *c)
{
	const uint64_t through = all_through(c);

	if (through <= c->merged_through)
		return false;
	if (through - c->merged_through >= MANY_PACKETS || c->paused)
		return true;
	for (unsigned i = 0; i < c->n; i++)
		if (walker_is_full(c->members[i].walker))
			return true;
	return false;
}

/* How far the lines of one worker have been merged. */
struct head {
	struct walker         *walker;
	const struct out_line *line; /* the next line, or NULL when the closed outs hold no more */
	const struct out_line *end;
	const char            *text;
	uint64_t               taken, closed;
};

static void
begin_out(struct head *h)
{
	struct walker    *w = h->walker;
	const struct out *o = &w->member->outs[h->taken % SLOTS];

	h->line = NULL;
	if (h->taken == h->closed)
		return;
	h->line = o->lines + w->line;
	h->end = o->lines + o->n;
	h->text = connlog_writer_bytes(o->writer).p + w->text;
}

static void
head_begin(struct head *h, struct walker *w)
{
	*h = (struct head){ .walker = w, .taken = atomic_load(&w->taken), .closed = atomic_load(&w->closed) };
	begin_out(h);
}

/* Takes the next line and all lines after it that come before both the first line of every other worker and packet
 * `until`. */
static int
take_lines(struct merger *m, struct head *h, const struct moment *others, uint64_t until)
{
	struct walker         *w = h->walker;
	const struct out_line *lines = h->line;
	size_t                 bytes = 0;
	uint64_t               n = 0;

	do {
		bytes += h->line->bytes;
		h->line++;
		n++;
	} while (h->line < h->end && h->line->when.packet < until &&
	         (!others || moment_compare(&h->line->when, others) < 0));
	const int status = merge_text(m, lines, h->text, bytes, n);
	h->text += bytes;
	w->text += bytes;
	w->line += n;
	if (h->line == h->end) {
		w->line = w->text = 0;
		out_clear(&w->member->outs[h->taken % SLOTS]);
		atomic_store(&w->taken, ++h->taken);
		begin_out(h);
	}
	return status;
}

/* Returns the worker whose line comes first and reports the moment of the first line of the others. Returns NULL when
 * no line comes before packet `until`. */
static struct head *
choose(struct head *heads, unsigned n, uint64_t until, const struct moment **others)
{
	struct head *first = NULL;

	*others = NULL;
	for (unsigned i = 0; i < n; i++) {
		struct head *h = &heads[i];
		if (!h->line || h->line->when.packet >= until)
			continue;
		if (!first || moment_compare(&h->line->when, &first->line->when) < 0) {
			if (first)
				*others = &first->line->when;
			first = h;
		} else if (!*others || moment_compare(&h->line->when, *others) < 0) {
			*others = &h->line->when;
		}
	}
	return first;
}

/* Merges the lines of the packets that all workers have finished. */
static void
merge_lines(struct crew *c)
{
	const uint64_t       until = all_through(c);
	struct head          heads[CREW_MAX], *h;
	const struct moment *others;
	int                  status = CONNLOG_OK;

	for (unsigned i = 0; i < c->n; i++)
		head_begin(&heads[i], c->members[i].walker);
	while (status == CONNLOG_OK && (h = choose(heads, c->n, until, &others)) != NULL)
		status = take_lines(&c->merger, h, others, until);
	c->merged_through = until;
	if (c->status == CONNLOG_OK)
		c->status = status;
	crew_moved(c);
	handlers_tell(c);
}

/* ---- packets */

/* Records a worker's failure after all lines that precede it. */
static void
note_trouble(struct crew *c)
{
	int status = c->front->status;

	if (atomic_load(&c->trouble)) {
		pthread_mutex_lock(&c->lock);
		for (unsigned i = 1; i < c->n && status == CONNLOG_OK; i++)
			status = c->members[i].walker->status;
		pthread_mutex_unlock(&c->lock);
	}
	if (status == CONNLOG_OK)
		return;
	walker_close(front_of(c));
	merge_lines(c);
	if (c->status == CONNLOG_OK)
		c->status = status;
}

/* Tracks some packets or merges lines; waits when neither is possible yet. */
static void
step(struct crew *c)
{
	struct walker *w = front_of(c);

	walker_check(w);
	const bool tracked = walker_track(w), lines = apart_has_lines(c);
	c->stretches += tracked;
	if (lines)
		merge_lines(c);
	if (!tracked && !lines)
		(void)walker_wait(w);
	if (c->front->status != CONNLOG_OK || atomic_load(&c->trouble))
		note_trouble(c);
}

static void
go_on(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->paused = false;
	pthread_cond_broadcast(&c->moved);
	pthread_mutex_unlock(&c->lock);
}

void
apart_packets(struct crew *c, const connlog_packet *p, size_t n)
{
	struct walker *w = front_of(c);

	if (c->paused)
		go_on(c);
	while (n > 0 && c->status == CONNLOG_OK) {
		if (!walker_has_room(w)) {
			step(c);
			continue;
		}
		struct walk_slot *s = walker_slot(w);
		const size_t      some = n < WALK_PACKETS - s->n ? n : WALK_PACKETS - s->n;
		memcpy(s->packets + s->n, p, some * sizeof *p);
		engine_note(c->front, s->times + s->n, p, some);
		s->n += some;
		w->last += s->n == WALK_PACKETS;
		w->read += some;
		atomic_store_explicit(&c->fed, w->read, memory_order_release);
		p += some;
		n -= some;
	}
}

/* Called with the crew's lock held. */
static bool
all_parked(const struct crew *c)
{
	for (unsigned i = 1; i < c->n; i++)
		if (c->members[i].walker->parked != c->pauses)
			return false;
	return true;
}

/* Merges lines until all other workers have reached the caller's packet. */
static void
gather(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->paused = true;
	c->pauses++;
	c->pause_at = front_of(c)->at;
	pthread_cond_broadcast(&c->moved);
	atomic_fetch_add(&c->sleepers, 1);
	while (!all_parked(c) && !atomic_load(&c->trouble)) {
		if (apart_has_lines(c)) {
			pthread_mutex_unlock(&c->lock);
			merge_lines(c);
			pthread_mutex_lock(&c->lock);
			continue;
		}
		pthread_cond_wait(&c->moved, &c->lock);
	}
	atomic_fetch_sub(&c->sleepers, 1);
	pthread_mutex_unlock(&c->lock);
}

void
apart_sync(struct crew *c)
{
	struct walker *w = front_of(c);

	while (c->status == CONNLOG_OK && w->at < w->read)
		step(c);
	if (c->status == CONNLOG_OK && !c->paused) {
		walker_close(w);
		gather(c);
	}
	if (c->status == CONNLOG_OK)
		merge_lines(c);
	note_trouble(c);
}
