/* spool.c - see spool.h. */
#include "sensor/spool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/clock.h"
#include "sensor/thread.h"

#define SLICE         0.1 /* seconds: how soon a wait notices a signal */
#define LAST_PATIENCE 1.0

bool
spool_init(struct spool *s, size_t max, const volatile sig_atomic_t *hurry)
{
	*s = (struct spool){ .max = max, .hurry = hurry };
	return thread_lock_init(&s->lock, &s->changed);
}

static void
drop_first(struct spool *s)
{
	struct spool_item *item = s->first;

	s->first = item->next;
	if (s->first == NULL)
		s->last = NULL;
	s->bytes -= sizeof *item + item->n;
	s->records -= item->records;
	free(item);
}

void
spool_free(struct spool *s)
{
	while (s->first != NULL)
		drop_first(s);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
}

/* Waits for a change, at most a slice.  Returns false once the deadline has passed, or if waiting was ended. */
static bool
wait_until(struct spool *s, double deadline)
{
	const double now = clock_steady();

	if (s->grace > 0)
		deadline = fmax(deadline, s->moved_at + s->grace);
	if (now >= deadline || (s->hurry != NULL && *s->hurry))
		return false;
	const struct timespec until = clock_timespec(now + SLICE < deadline ? now + SLICE : deadline);
	pthread_cond_timedwait(&s->changed, &s->lock, &until);
	return true;
}

static void
append(struct spool *s, struct spool_item *item)
{
	if (s->last != NULL)
		s->last->next = item;
	else
		s->first = item;
	s->last = item;
	s->bytes += sizeof *item + item->n;
	s->records += item->records;
	pthread_cond_broadcast(&s->changed);
}

/* Returns whether there is room for `n` bytes; a single item always fits. */
static bool
has_room(const struct spool *s, size_t n)
{
	return s->first == NULL || s->bytes + n <= s->max;
}

bool
spool_put(struct spool *s, const char *p, size_t n, uint64_t records, double deadline)
{
	return spool_put_as(s, SPOOL_LINES, p, n, records, deadline);
}

bool
spool_put_as(struct spool *s, enum spool_kind kind, const char *p, size_t n, uint64_t records, double deadline)
{
	struct spool_item *item = malloc(sizeof *item + n);
	bool               room;

	if (item == NULL)
		return false;
	*item = (struct spool_item){ .kind = kind, .records = records, .n = n };
	if (n > 0)
		memcpy(item->bytes, p, n);
	pthread_mutex_lock(&s->lock);
	while (!(room = has_room(s, sizeof *item + n)) && !s->finished && wait_until(s, deadline))
		;
	if (room)
		append(s, item);
	pthread_mutex_unlock(&s->lock);
	if (!room)
		free(item);
	return room;
}

bool
spool_mark(struct spool *s, enum spool_kind kind, double when)
{
	struct spool_item *item = malloc(sizeof *item), *last;

	if (item == NULL)
		return false;
	*item = (struct spool_item){ .kind = kind, .when = when };
	pthread_mutex_lock(&s->lock);
	last = s->last;
	if (last != NULL && last->kind == kind && last != s->first) { /* the first may be in use already */
		last->when = when;
		free(item);
	} else {
		append(s, item);
	}
	pthread_mutex_unlock(&s->lock);
	return true;
}

void
spool_hold(struct spool *s, double seconds)
{
	pthread_mutex_lock(&s->lock);
	s->grace = seconds;
	pthread_mutex_unlock(&s->lock);
}

uint64_t
spool_records(struct spool *s, uint64_t *bytes)
{
	pthread_mutex_lock(&s->lock);
	const uint64_t n = s->records;
	*bytes = s->bytes;
	pthread_mutex_unlock(&s->lock);
	return n;
}

bool
spool_close(struct spool *s, double deadline)
{
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	pthread_cond_broadcast(&s->changed);
	while (!s->finished && wait_until(s, deadline))
		;
	const bool finished = s->finished;
	pthread_mutex_unlock(&s->lock);
	return finished;
}

bool
spool_abandon(struct spool *s)
{
	const double deadline = clock_steady() + LAST_PATIENCE;

	pthread_mutex_lock(&s->lock);
	s->closed = s->abandoned = true;
	s->hurry = NULL; /* this wait is short anyway */
	s->grace = 0;
	pthread_cond_broadcast(&s->changed);
	while (!s->finished && wait_until(s, deadline))
		;
	const bool finished = s->finished;
	pthread_mutex_unlock(&s->lock);
	return finished;
}

struct spool_item *
spool_wait(struct spool *s, double seconds)
{
	const struct timespec until = clock_timespec(clock_steady() + seconds);

	pthread_mutex_lock(&s->lock);
	while (s->first == NULL && !s->closed)
		if (pthread_cond_timedwait(&s->changed, &s->lock, &until) != 0)
			break;
	struct spool_item *item = s->abandoned ? NULL : s->first;
	pthread_mutex_unlock(&s->lock);
	return item;
}

void
spool_pause(struct spool *s, double seconds)
{
	const struct timespec until = clock_timespec(clock_steady() + seconds);

	pthread_mutex_lock(&s->lock);
	while (!s->abandoned)
		if (pthread_cond_timedwait(&s->changed, &s->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&s->lock);
}

void
spool_written(struct spool *s, struct spool_item *item, uint64_t records)
{
	pthread_mutex_lock(&s->lock);
	item->records -= records;
	s->records -= records;
	pthread_mutex_unlock(&s->lock);
}

void
spool_done(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	drop_first(s);
	s->moved_at = clock_steady();
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

bool
spool_is_over(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	const bool over = s->abandoned || (s->closed && s->first == NULL);
	pthread_mutex_unlock(&s->lock);
	return over;
}

bool
spool_is_pressed(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	const bool pressed = s->bytes > s->max / 4;
	pthread_mutex_unlock(&s->lock);
	return pressed;
}

bool
spool_is_abandoned(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	const bool abandoned = s->abandoned;
	pthread_mutex_unlock(&s->lock);
	return abandoned;
}

void
spool_finish(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	s->finished = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}
