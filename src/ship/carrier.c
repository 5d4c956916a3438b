/* carrier.c - see carrier.h. */
#include "ship/carrier.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sensor/clock.h"

#define ORPHANED 5.0 /* seconds that it continues after the process with the records has exited */
#define LEAVE    2.5 /* seconds for a thread to exit once it was told to */

enum { TEXT_MAX = 1024, LOOK_MS = 50 };

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE };

/* This process may outlive its parent, whose successor must be able to bind the same addresses. */
void
carrier_detach(const char *name, int keep, int keep_too)
{
	const int nothing = open("/dev/null", O_RDONLY);
	const int most = keep > keep_too ? keep : keep_too;

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		signal(signals[i],
		       SIG_IGN);      /* Ctrl-C reaches every process of a terminal, but this one exits when its input ends */
	signal(SIGCHLD, SIG_DFL); /* it waits for its children */
	prctl(PR_SET_NAME, name);
	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO); /* the input is the parent's */
	for (int fd = STDERR_FILENO + 1; fd < most; fd++)
		if (fd != keep && fd != keep_too)
			close(fd);
	close_range((unsigned)most + 1, ~0u, 0);
}

/* Starts delivery. Returns false and writes a message to `err`. */
static bool
begin(struct carrier *w, char *err, size_t err_size)
{
	struct runner *r = &w->runner;
	struct queue  *q = &r->queue;
	const bool     broken =
		r->link.counts->whole != 0; /* an earlier process has delivered part of an all-or-nothing sink */

	q->waits = !w->live;
	q->acknowledged = r->kind->counts;
	if (!queue_init(q)) {
		snprintf(err, err_size, "out of memory");
		return false;
	}
	r->link.hopeless = broken;
	if (w->spool != NULL && !disk_open(&q->disk, w->spool, r->name, w->spool_max, err, err_size))
		return false;
	if ((!w->confined || carrier_confine(r, w->spool)) && (broken || runner_begin(r)))
		return true;
	snprintf(err, err_size, "no memory for threads");
	return false;
}

/* ---- supervision ------------------------------------------------------------------------------------------------- */

/* The sink's progress, and when it was last seen. */
struct watched {
	uint64_t moves;
	double   moved_at, stopped_at;
};

/* Returns whether the sink has work to do. */
static bool
is_due(struct runner *r, bool closed)
{
	uint64_t records;

	return closed || ring_used(&r->queue.memory, &records) > 0 || r->link.counts->held > 0 ||
	       r->link.counts->flying > 0;
}

/* Stops the sink when it has made no progress for too long. In a live run, it is stopped only after its input has
 * ended. */
static void
look_after(const struct carrier *w, struct runner *r, struct watched *seen, double now)
{
	const bool     closed = queue_is_closed(&r->queue);
	const uint64_t moves = r->link.counts->moves;
	const double   patience = r->queue.orphaned && r->patience > ORPHANED ? ORPHANED : r->patience;
	const bool     safe = w->live && closed && r->link.counts->spooled > 0; /* the disk spool keeps the rest */

	if (r->ended || r->link.stop)
		return;
	if ((moves != seen->moves && !safe) || !is_due(r, closed) || (w->live && !closed) || seen->moved_at == 0) {
		seen->moves = moves;
		seen->moved_at = now;
	}
	if (now < seen->moved_at + patience && !r->link.hopeless)
		return;
	r->link.stop = true;
	seen->stopped_at = now;
	ring_wake(&r->queue.memory);
	if (!closed && !r->link.hopeless) {
		char text[TEXT_MAX];
		snprintf(text, sizeof text, "%s: abandoned after %.0f seconds without progress", r->link.url->shown, patience);
		r->link.say(r->link.arg, text);
	}
}

/* Returns when the sink has finished, or is stuck for good. */
static void
watch(const struct carrier *w, struct runner *r)
{
	struct watched seen = { .moves = 0 };

	for (;;) {
		struct pollfd p = { .fd = r->queue.orphaned ? -1 : w->control, .events = POLLIN };
		if (poll(&p, 1, LOOK_MS) > 0)
			r->queue.orphaned = true;
		const double now = clock_steady();
		look_after(w, r, &seen, now);
		if (!queue_is_closed(&r->queue)) {
			if (r->link.stop)
				queue_refuse(&r->queue);
		} else if (r->ended || (r->link.stop && now > seen.stopped_at + LEAVE)) {
			return;
		}
	}
}

_Noreturn void
carrier_run(struct carrier *w, int report)
{
	char           err[TEXT_MAX] = "";
	struct runner *r = &w->runner;

	carrier_detach("connlog-ship", w->control, report);
	const bool good = begin(w, err, sizeof err);
	if (write(report, err, strlen(err) + 1) < 0 || !good)
		_exit(1);
	close(report);
	watch(w, r);
	queue_abandon(&r->queue);
	queue_save(&r->queue);
	if (r->ended)
		disk_close(&r->queue.disk);
	_exit(0);
}
