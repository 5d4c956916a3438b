/* hook.c - see hook.h.  Source: scripts/base/frameworks/logging/main.zeek, safe_shell_quote() (src/zeek.bif). */
#include "sensor/hook.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* "..." with a backslash before what the shell would look at. */
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

/* As strftime()'s %y-%m-%d_%H.%M.%S, which Zeek has fixed here. */
static void
put_date(FILE *f, double when)
{
	const time_t seconds = (time_t)when;
	struct tm    t = { .tm_year = 70, .tm_mday = 1 };

	localtime_r(&seconds, &t);
	fprintf(f, " %02d-%02d-%02d_%02d.%02d.%02d", t.tm_year % 100, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
	        t.tm_sec);
}

/* => The line for the shell, of the heap, or NULL. */
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

/* Starts it with the signals as a program expects them, which the thread that asks has blocked. => 0 or errno */
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
	const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE };
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaddset(&usual, signals[i]);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO); /* that is the log's */
	why = posix_spawn(pid, "/bin/sh", &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return why;
}

int
hook_run(const char *command, const char *name, const struct finished *f, bool wait)
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
