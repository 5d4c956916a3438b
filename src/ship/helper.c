/* helper.c - see helper.h. */
#include "ship/helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sensor/clock.h"

#define LOOK_EVERY 0.05 /* seconds */
#define ORPHANED   5.0  /* seconds of patience once the parent process is gone */
#define LEAVE      2.5  /* seconds for a thread to exit after it was told to */

enum { TEXT_MAX = 1024 };

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE };

/* Closes inherited descriptors: this process may outlive the parent, whose successor must be able to bind its addresses again. */
static void
close_others(const struct helper *h)
{
	int       most = h->control;
	const int nothing = open("/dev/null", O_RDONLY);

	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO); /* the input is the parent's */
	for (size_t i = 0; i < h->n; i++)
		most = h->runners[i].fd > most ? h->runners[i].fd : most;
	for (int fd = STDERR_FILENO + 1; fd < most; fd++) {
		bool mine = fd == h->control;
		for (size_t i = 0; i < h->n; i++)
			mine = mine || fd == h->runners[i].fd;
		if (!mine)
			close(fd);
	}
	close_range((unsigned)most + 1, ~0u, 0);
}

/* Returns false and writes a message to `err`. */
static bool
begin_runner(const struct helper *h, struct runner *r, char *err, size_t err_size)
{
	if (!queue_init(&r->queue, h->memory, !h->live, r->link.counts)) {
		snprintf(err, err_size, "out of memory");
		return false;
	}
	if (h->spool != NULL && !disk_open(&r->queue.disk, h->spool, r->name, h->spool_max, err, err_size))
		return false;
	if (runner_begin(r))
		return true;
	snprintf(err, err_size, "no memory for threads");
	return false;
}

/* ---- supervision ------------------------------------------------------------------------------------------------- */

/* Progress of one sink, and when it was last seen. */
struct watched {
	uint64_t moves;
	double   moved_at, stopped_at;
};

/* Returns whether the sink has work to do. */
static bool
is_due(const struct runner *r)
{
	return r->closed || r->link.counts->waiting > 0 || r->link.counts->flying > 0;
}

/* Stops a sink that has made no progress for too long.  A live one is only stopped once its input has ended. */
static void
look_after(const struct helper *h, struct runner *r, struct watched *w, bool orphaned, double now)
{
	const uint64_t moves = r->link.counts->moves;
	const double   patience = orphaned && r->patience > ORPHANED ? ORPHANED : r->patience;
	const bool     safe = h->live && r->closed && r->link.counts->spooled > 0; /* the disk spool keeps what is left */

	if (r->ended || r->link.stop)
		return;
	if ((moves != w->moves && !safe) || !is_due(r) || (h->live && !r->closed) || w->moved_at == 0) {
		w->moves = moves;
		w->moved_at = now;
	}
	if (now < w->moved_at + patience && !r->link.hopeless)
		return;
	r->refuses = true;
	r->link.stop = true;
	w->stopped_at = now;
	spool_finish(&r->queue.memory);
	if (!r->closed && !r->link.hopeless) {
		char text[TEXT_MAX];
		snprintf(text, sizeof text, "%s: abandoned after %.0f seconds without progress", r->link.url->shown, patience);
		r->link.say(r->link.arg, text);
	}
}

/* Returns whether the sink is finished, or stuck beyond hope. */
static bool
is_through(const struct runner *r, const struct watched *w, double now)
{
	return r->closed && (r->ended || (r->link.stop && now > w->stopped_at + LEAVE));
}

/* Returns when all sinks are finished. */
static void
look_after_all(const struct helper *h, struct watched *w)
{
	bool orphaned = false;

	for (bool through = false; !through;) {
		struct pollfd p = { .fd = orphaned ? -1 : h->control, .events = POLLIN };
		orphaned = poll(&p, 1, (int)(LOOK_EVERY * 1000)) > 0 || orphaned;
		const double now = clock_steady();
		through = true;
		for (size_t i = 0; i < h->n; i++) {
			look_after(h, &h->runners[i], &w[i], orphaned, now);
			through = is_through(&h->runners[i], &w[i], now) && through;
		}
	}
}

/* Saves what is left.  A thread that is stuck inside a library is not waited for. */
static void
finish(struct runner *r)
{
	queue_abandon(&r->queue);
	queue_save(&r->queue);
	if (r->ended)
		disk_close(&r->queue.disk);
}

void
helper_run(struct helper *h)
{
	char            err[TEXT_MAX] = "";
	struct watched *w = calloc(h->n, sizeof *w);
	bool            good = w != NULL;

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		signal(signals[i], SIG_IGN); /* Ctrl-C reaches every process of a terminal, but this one ends with its input */
	signal(SIGCHLD, SIG_DFL);        /* exec: waits for its commands */
	prctl(PR_SET_NAME, "connlog-ship");
	close_others(h);
	if (h->prepare != NULL && !h->prepare(h->prepare_arg))
		_exit(1);
	for (size_t i = 0; i < h->n && good; i++)
		good = begin_runner(h, &h->runners[i], err, sizeof err);
	if (write(h->control, err, strlen(err) + 1) < 0 || !good)
		_exit(1);
	look_after_all(h, w);
	for (size_t i = 0; i < h->n; i++)
		finish(&h->runners[i]);
	_exit(0);
}
