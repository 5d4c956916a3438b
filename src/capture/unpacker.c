/* unpacker.c - the thread behind a compressed file.
 *
 * There are two buffers: the reader has one, the thread fills the other, and they are exchanged.  One lock, one
 * condition and one flag for whose turn it is are all that is shared.  A failure is part of the feed, which is handed
 * over with the buffer, so it comes after all the good bytes before it.
 */
#include "capture/unpacker.h"

#include <stdlib.h>

#include "base/thread.h"
#include "connlog.h"

struct unpacker {
	struct feed    *feed;
	size_t          head, window;
	struct unpacked out;

	pthread_t       thread;
	pthread_mutex_t lock;
	pthread_cond_t  turn;
	bool            full, quit; /* under the lock; while it is false, `feed` and `out` belong to the thread */
};

/* Fills the buffer. */
static void
fill(struct unpacker *u)
{
	size_t made;

	u->out.n = 0;
	do {
		made = feed_pull(u->feed, u->out.buf + u->head + u->out.n, u->window - u->out.n);
		u->out.n += made;
		u->out.last = made == 0 || u->feed->status != CONNLOG_OK;
	} while (!u->out.last && u->out.n < u->window);
}

static void *
work(void *arg)
{
	struct unpacker *u = arg;
	bool             more;

	do {
		fill(u);
		more = !u->out.last;
		pthread_mutex_lock(&u->lock);
		u->full = true;
		pthread_cond_signal(&u->turn);
		while (more && u->full && !u->quit)
			pthread_cond_wait(&u->turn, &u->lock);
		more = more && !u->quit;
		pthread_mutex_unlock(&u->lock);
	} while (more);
	return NULL;
}

static void
release(struct unpacker *u)
{
	pthread_cond_destroy(&u->turn);
	pthread_mutex_destroy(&u->lock);
	free(u->out.buf);
	free(u);
}

struct unpacker *
unpacker_start(struct feed *f, size_t head, size_t window)
{
	struct unpacker *u = calloc(1, sizeof *u);

	if (!u)
		return NULL;
	u->feed = f;
	u->head = head;
	u->window = window;
	u->out.cap = head + window;
	u->out.buf = malloc(u->out.cap);
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->turn, NULL);
	f->ahead = true;
	if (u->out.buf && thread_begin(&u->thread, work, u))
		return u;
	f->ahead = false;
	release(u);
	return NULL;
}

struct unpacked *
unpacker_wait(struct unpacker *u)
{
	pthread_mutex_lock(&u->lock);
	while (!u->full)
		pthread_cond_wait(&u->turn, &u->lock);
	pthread_mutex_unlock(&u->lock);
	return &u->out;
}

void
unpacker_go_on(struct unpacker *u)
{
	pthread_mutex_lock(&u->lock);
	u->full = false;
	pthread_cond_signal(&u->turn);
	pthread_mutex_unlock(&u->lock);
}

void
unpacker_stop(struct unpacker *u)
{
	if (!u)
		return;
	pthread_mutex_lock(&u->lock);
	u->quit = true;
	pthread_cond_signal(&u->turn);
	pthread_mutex_unlock(&u->lock);
	pthread_join(u->thread, NULL);
	release(u);
}
