/* exec.c - exec:COMMAND: writes lines to the standard input of a shell command, which is restarted when it exits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sensor/clock.h"
#include "ship/kind.h"
#include "ship/stream.h"

enum { SLICE_NS = 20 * 1000 * 1000 };

struct exec {
	const char   *command;
	struct stream stream;
	pid_t         pid; /* 0: it is not running */
};

static void *
exec_prepare(struct url *u, const struct ship_setup *setup, char *err, size_t err_size)
{
	struct exec *s = calloc(1, sizeof *s);

	(void)setup;
	if (s == NULL || *u->path == '\0') {
		snprintf(err, err_size, s == NULL ? "out of memory" : "a command is expected");
		free(s);
		return NULL;
	}
	s->command = u->path;
	s->stream.fd = -1;
	return s;
}

/* Starts the command with `in` as its standard input and default signal handling. Returns 0 or errno. */
static int
begin(struct exec *s, int in)
{
	char                       shell[] = "sh", option[] = "-c", *command = strdup(s->command);
	char                      *argv[] = { shell, option, command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t          attributes;
	sigset_t                   none, all;

	if (command == NULL)
		return ENOMEM;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	const int why = posix_spawn(&s->pid, "/bin/sh", &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	free(command);
	if (why != 0)
		s->pid = 0;
	return why;
}

static int
exec_open(void *sink, struct link *l)
{
	struct exec *s = sink;
	int          pipe[2];

	if (pipe2(pipe, O_CLOEXEC) != 0)
		return link_fail_errno(l, "no pipe");
	errno = begin(s, pipe[0]);
	close(pipe[0]);
	if (s->pid == 0) {
		close(pipe[1]);
		return link_fail_errno(l, "cannot be begun");
	}
	fcntl(pipe[1], F_SETFL, O_NONBLOCK);
	s->stream = (struct stream){ .fd = pipe[1] };
	return 0;
}

static int
exec_deliver(void *sink, struct link *l, const char *p, size_t n, size_t *done)
{
	struct exec *s = sink;
	const int    outcome = stream_write(&s->stream, l, p, n, done);

	if (outcome != 0 && errno == EPIPE)
		link_fail(l, "it reads no more");
	return outcome;
}

/* Waits for the command to exit, with a timeout. Returns 0, or -1 with a message in the link. */
static int
wait_for_end(struct exec *s, struct link *l, bool well)
{
	const struct timespec slice = { .tv_nsec = SLICE_NS };
	int                   status = 0;
	pid_t                 pid;

	while ((pid = waitpid(s->pid, &status, WNOHANG)) == 0 && well && !l->stop)
		nanosleep(&slice, NULL);
	if (pid == 0) { /* stop waiting for it */
		kill(s->pid, SIGTERM);
		waitpid(s->pid, &status, 0);
	}
	s->pid = 0;
	if (pid == 0 && well)
		return link_fail(l, "it did not end when its input had ended");
	if (well && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return link_fail(l, "it ended with status %d", WEXITSTATUS(status));
	if (well && WIFSIGNALED(status))
		return link_fail(l, "it was ended by signal %d", WTERMSIG(status));
	return 0;
}

static int
exec_close(void *sink, struct link *l, bool well)
{
	struct exec *s = sink;

	if (s->stream.fd >= 0)
		close(s->stream.fd);
	s->stream.fd = -1;
	return s->pid != 0 ? wait_for_end(s, l, well) : 0;
}

const struct ship_kind kind_exec = {
	.scheme = "exec",
	.syntax = "exec:COMMAND",
	.needs = NEED_PROGRAMS,
	.heads = true,
	.prepare = exec_prepare,
	.open = exec_open,
	.deliver = exec_deliver,
	.close = exec_close,
	.free = free,
};
