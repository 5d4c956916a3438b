/* keeper.c - see keeper.h. */
#include "ship/keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sensor/clock.h"

#define PAUSE_LEAST 0.1 /* seconds before a process is replaced, at first */
#define PAUSE_MOST  10.0
#define STEADY      60.0 /* seconds after which a process counts as working */
#define TELL_EVERY  60.0

enum { TEXT_MAX = 1024, SLICE_MS = 50, IN_VAIN_MOST = 5 /* replacements without progress while reading waits */ };

/* The state of a carrier. */
struct kept {
	pid_t    pid; /* 0: it is not running */
	bool     done;
	double   begun_at, due_at, pause, tell_at;
	uint64_t moves;
	int      in_vain;
};

/* Forks a carrier and waits until it has started. Returns false and writes a message to `err`. */
static bool
begin(struct keeper *k, size_t i, struct kept *kept, char *err, size_t err_size)
{
	int    pair[2];
	size_t n = 0;

	snprintf(err, err_size, "a process could not be begun");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	const pid_t pid = fork();
	if (pid == 0) {
		for (size_t other = 0; other < k->n; other++)
			if (other != i) {
				ring_free(&k->carriers[other].runner.queue.memory);
				ring_free(&k->carriers[other].runner.queue.held);
			}
		carrier_run(&k->carriers[i], pair[1]);
	}
	close(pair[1]);
	for (ssize_t got = 1; pid > 0 && n < err_size && got > 0 && (n == 0 || err[n - 1] != '\0'); n += (size_t)got)
		if ((got = read(pair[0], err + n, err_size - n)) < 0)
			break;
	close(pair[0]);
	if (pid > 0) {
		kept->pid = pid;
		kept->begun_at = clock_steady();
		kept->moves = k->carriers[i].runner.link.counts->moves;
	}
	return pid > 0 && n > 0 && err[0] == '\0' && err[n - 1] == '\0';
}

/* Reports that a carrier has died, at most once a minute. */
static void
tell(const struct carrier *w, struct kept *kept, int status)
{
	const struct link *l = &w->runner.link;
	const double       now = clock_steady();
	char               how[64], text[TEXT_MAX];

	if (now < kept->tell_at)
		return;
	kept->tell_at = now + TELL_EVERY;
	if (WIFSIGNALED(status))
		snprintf(how, sizeof how, "was killed by signal %d", WTERMSIG(status));
	else
		snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(status));
	if (l->counts->gone)
		snprintf(text, sizeof text, "%s: its process %s again, so the sink is abandoned", l->url->shown, how);
	else
		snprintf(text, sizeof text, "%s: its process %s and is replaced (%" PRIu64 " so far)", l->url->shown, how,
		         l->counts->restarts);
	l->say(l->arg, text);
}

/* Handles the exit of a carrier: it has finished, or will be replaced after a pause. */
static void
note_end(struct keeper *k, size_t i, struct kept *kept, int status)
{
	struct counts *c = k->carriers[i].runner.link.counts;
	const double   now = clock_steady();

	kept->pid = 0;
	kept->done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (kept->done)
		return;
	const bool steady = now > kept->begun_at + STEADY;
	kept->pause = steady ? PAUSE_LEAST : fmin(fmax(kept->pause * 2, PAUSE_LEAST), PAUSE_MOST);
	kept->due_at = now + kept->pause;
	kept->in_vain = c->moves != kept->moves ? 0 : kept->in_vain + 1;
	c->up = 0;
	c->restarts++;
	if (!k->live && kept->in_vain >= IN_VAIN_MOST) {
		kept->done = true;
		c->gone = 1;
		kept->tell_at = 0;
	}
	tell(&k->carriers[i], kept, status);
}

/* Reaps a process that has exited; with `wait`, waits for one as long as necessary. Returns whether there was one. */
static bool
collect(struct keeper *k, struct kept *kept, bool wait)
{
	int         status;
	const pid_t pid = waitpid(-1, &status, wait ? 0 : WNOHANG);

	for (size_t i = 0; i < k->n; i++)
		if (pid > 0 && kept[i].pid == pid)
			note_end(k, i, &kept[i], status);
	return pid > 0;
}

/* Replaces carriers whose pause is over. Returns whether any carrier still has to finish. */
static bool
replace(struct keeper *k, struct kept *kept)
{
	char err[TEXT_MAX];
	bool pending = false;

	for (size_t i = 0; i < k->n; i++) {
		if (kept[i].done || kept[i].pid != 0)
			continue;
		pending = true;
		if (clock_steady() < kept[i].due_at)
			continue;
		begin(k, i, &kept[i], err, sizeof err);
		if (kept[i].pid == 0) /* the system could not create a process */
			kept[i].due_at = clock_steady() + PAUSE_MOST;
	}
	return pending;
}

static bool
all_done(const struct keeper *k, const struct kept *kept)
{
	bool done = true;

	for (size_t i = 0; i < k->n; i++)
		done = done && kept[i].done;
	return done;
}

_Noreturn void
keeper_run(struct keeper *k)
{
	char         err[TEXT_MAX] = "out of memory";
	struct kept *kept = calloc(k->n, sizeof *kept);
	bool         good = kept != NULL;

	carrier_detach("connlog-keeper", k->control, -1);
	if (k->prepare != NULL && !k->prepare(k->prepare_arg))
		_exit(1);
	for (size_t i = 0; i < k->n && good; i++)
		good = begin(k, i, &kept[i], err, sizeof err);
	/* Every carrier has inherited the control socket, so all must be ended: the parent waits for the socket's end. */
	if (write(k->control, good ? "" : err, good ? 1 : strlen(err) + 1) < 0 || !good) {
		for (size_t i = 0; kept != NULL && i < k->n; i++)
			if (kept[i].pid != 0)
				kill(kept[i].pid, SIGKILL);
		_exit(1);
	}
	while (!all_done(k, kept)) {
		const bool pending = replace(k, kept);
		if (!collect(k, kept, !pending) && pending)
			poll(NULL, 0, SLICE_MS);
	}
	_exit(0);
}
