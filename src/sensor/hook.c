/* hook.c - see hook.h.
 *
 * Requests go through a socket pair, one message each: a struct ask followed by two strings; the reply is the status.  The command
 * belongs to the helper, so an intruder on the other side can only have it run for other paths.
 *
 * Source: scripts/base/frameworks/logging/main.zeek, safe_shell_quote() (src/zeek.bif). */
#include "sensor/hook.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_MAX = 8192 };

struct hook {
	int   fd;
	char *command;
};

struct ask {
	double opened, closed;
	bool   terminating, wait;
	size_t path_n, name_n; /* of the texts, including their NULs */
};

/* Quotes the text with "..." and puts a backslash before characters that are special to the shell. */
static void
put_quoted(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$`", *text) != NULL)
			fputc('\\', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

/* Writes the date in strftime()'s format %y-%m-%d_%H.%M.%S, which is fixed in Zeek. */
static void
put_date(FILE *f, double when)
{
	const time_t seconds = (time_t)when;
	struct tm    t = { .tm_year = 70, .tm_mday = 1 };

	localtime_r(&seconds, &t);
	fprintf(f, " %02d-%02d-%02d_%02d.%02d.%02d", t.tm_year % 100, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
	        t.tm_sec);
}

/* Returns the line for the shell, allocated, or NULL. */
static char *
command_line(const char *command, const char *name, const struct finished *f)
{
	char  *line = NULL;
	size_t n = 0;
	FILE  *out = open_memstream(&line, &n);

	if (out == NULL)
		return NULL;
	fprintf(out, "%s ", command);
	put_quoted(out, f->path);
	fputc(' ', out);
	put_quoted(out, name);
	put_date(out, f->opened);
	put_date(out, f->closed);
	fprintf(out, " %d ascii", f->terminating);
	if (fclose(out) == 0)
		return line;
	free(line);
	return NULL;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE };
enum { SIGNALS = sizeof signals / sizeof signals[0] };

/* Starts it with default signal dispositions; the helper ignores signals. Returns 0 or errno. */
static int
spawn(char *line, pid_t *pid)
{
	char                      *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, line, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t          attributes;
	sigset_t                   none, usual;
	int                        why;

	sigemptyset(&none);
	sigemptyset(&usual);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaddset(&usual, signals[i]);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", 0, 0);
	posix_spawn_file_actions_addclose(&files, STDERR_FILENO + 1);
	why = posix_spawn(pid, "/bin/sh", &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return why;
}

/* ---- the helper --------------------------------------------------------------------------------------------------- */

/* Returns what hook_run() does. */
static int
run_it(const char *command, const char *name, const struct finished *f, bool wait)
{
	char *line = command_line(command, name, f);
	pid_t pid;
	int   status = 0;

	const int why = line != NULL ? spawn(line, &pid) : ENOMEM;
	free(line);
	if (why != 0)
		return -why;
	if (!wait)
		return 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Serves requests until the other side closes. */
static void
serve(int fd, const char *command)
{
	_Alignas(struct ask) char message[MESSAGE_MAX];
	ssize_t                   n;

	while ((n = read(fd, message, sizeof message)) > 0) {
		const struct ask *a = (const struct ask *)(const void *)message;
		char             *path = message + sizeof *a;
		if ((size_t)n < sizeof *a || a->path_n == 0 || a->name_n == 0 || a->path_n > (size_t)n ||
		    a->name_n > (size_t)n || sizeof *a + a->path_n + a->name_n != (size_t)n)
			return;
		const char *name = path + a->path_n;
		path[a->path_n - 1] = message[n - 1] = '\0';
		const struct finished f = { NULL, path, a->opened, a->closed, a->terminating };
		const int             status = run_it(command, name, &f, a->wait);
		if (a->wait && write(fd, &status, sizeof status) < 0)
			return;
	}
}

static _Noreturn void
be_the_helper(int fd, const char *command, bool (*prepare)(void *arg), void *arg)
{
	for (size_t i = 0; i < SIGNALS;
	     i++) /* Ctrl-C reaches all processes of a terminal, but this one waits for the end of its input */
		signal(signals[i], SIG_IGN);
	prctl(PR_SET_NAME, "connlog-hook");
	dup2(STDERR_FILENO, STDOUT_FILENO); /* standard output may be the log */
	if (fd != STDERR_FILENO + 1)
		dup2(fd, STDERR_FILENO + 1);
	close_range(STDERR_FILENO + 2, ~0u, 0);
	if (prepare(arg))
		serve(STDERR_FILENO + 1, command);
	_exit(0);
}

/* ---- the requesting side */

struct hook *
hook_new(const char *command, bool (*prepare)(void *arg), void *arg, char *err, size_t err_size)
{
	struct hook *h = calloc(1, sizeof *h);
	int          pair[2] = { -1, -1 };

	if (h == NULL || (h->command = strdup(command)) == NULL ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		snprintf(err, err_size, "no helper for '%s': %s", command, strerror(errno));
		if (h != NULL)
			free(h->command);
		free(h);
		return NULL;
	}
	h->fd = pair[0];
	const pid_t pid = fork();
	if (pid == 0)
		be_the_helper(pair[1], command, prepare, arg);
	close(pair[1]);
	if (pid > 0)
		return h;
	snprintf(err, err_size, "no helper for '%s': %s", command, strerror(errno));
	hook_free(h);
	return NULL;
}

void
hook_free(struct hook *h)
{
	if (h == NULL)
		return;
	close(h->fd);
	free(h->command);
	free(h);
}

const char *
hook_command(const struct hook *h)
{
	return h->command;
}

int
hook_run(struct hook *h, const char *name, const struct finished *f, bool wait)
{
	_Alignas(struct ask) char message[MESSAGE_MAX] = { 0 };
	struct ask               *a = (struct ask *)(void *)message;
	int                       status = 0;

	a->opened = f->opened;
	a->closed = f->closed;
	a->terminating = f->terminating;
	a->wait = wait;
	a->path_n = strlen(f->path) + 1;
	a->name_n = strlen(name) + 1;
	const size_t n = sizeof *a + a->path_n + a->name_n;
	if (n > sizeof message)
		return -ENAMETOOLONG;
	memcpy(message + sizeof *a, f->path, a->path_n);
	memcpy(message + sizeof *a + a->path_n, name, a->name_n);
	if (write(h->fd, message, n) != (ssize_t)n)
		return -errno;
	if (!wait)
		return 0;
	const ssize_t got = read(h->fd, &status, sizeof status);
	return got == sizeof status ? status : got < 0 ? -errno : -EPIPE;
}
