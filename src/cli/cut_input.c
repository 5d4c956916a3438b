/* cut_input.c - reads the lines of a file for `connlog cut` through a moving window.
 *
 * What was read is cut and written before more is read, so that a growing log can be watched.  A zero byte ends its
 * line early, and a last line without a line end loses its last byte, both as in zeek-cut.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cut.h"

#define WINDOW_FIRST (256u << 10)
#define WINDOW_MAX   (64u << 20) /* a longer line is not from a log */

struct window {
	char  *p;
	size_t room, n; /* bytes of memory without the slack; bytes read */
	size_t seen;    /* of these: searched for the end of a line */
	bool   zeros;   /* a zero byte has been read */
};

/* Returns false, after a message. */
static bool
make_room(struct window *w, const char *name)
{
	size_t room = w->room > 0 ? w->room * 2 : WINDOW_FIRST;

	if (w->n < w->room)
		return true;
	char *p = room <= WINDOW_MAX ? realloc(w->p, room + CUT_SLACK) : NULL;
	if (p == NULL) {
		complain(room > WINDOW_MAX ? "%s: a line of more than 64 MiB: this is no log" : "%s: out of memory", name);
		return false;
	}
	memset(p + room, 0, CUT_SLACK);
	w->p = p;
	w->room = room;
	return true;
}

static bool
cut_one(struct cut_log *l, const struct window *w, const char *line, size_t n)
{
	return cut_line(l, line, w->zeros ? strnlen(line, n) : n);
}

/* Cuts the lines that are complete and moves the rest to the front.  Returns false as cut_line() does. */
static bool
cut_lines(struct cut_log *l, struct window *w)
{
	char *line = w->p, *end = w->p + w->n, *at = w->p + w->seen;

	w->zeros = w->zeros || memchr(at, '\0', (size_t)(end - at)) != NULL;
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (!cut_one(l, w, line, (size_t)(at - line)))
			return false;
		line = ++at;
	}
	w->n = w->seen = (size_t)(end - line);
	memmove(w->p, line, w->n);
	return true;
}

/* One read(2).  Returns how many bytes there were, 0 at the end, -1 after a message. */
static ssize_t
read_some(const struct cut_log *l, struct window *w, int fd)
{
	ssize_t n;

	if (!make_room(w, l->name))
		return -1;
	do {
		n = read(fd, w->p + w->n, w->room - w->n);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		complain("%s: cannot be read: %s", l->name, strerror(errno));
	else
		w->n += (size_t)n;
	return n;
}

/* Returns an exit_code. */
static int
cut_text(struct cut_log *l, struct window *w, int fd)
{
	ssize_t n;

	do {
		if (!cut_lines(l, w))
			return EXIT_INCOMPLETE;
		if (cut_output_flush(&l->out) != CONNLOG_OK)
			return EXIT_ALL_READ; /* the reader is gone; a failure is reported at the end */
	} while ((n = read_some(l, w, fd)) > 0);
	if (n == 0 && w->n > 0 && !cut_one(l, w, w->p, w->n - 1))
		return EXIT_INCOMPLETE;
	return n == 0 ? EXIT_ALL_READ : EXIT_INCOMPLETE;
}

/* Looks at the beginning of the input, which is put back or passed on if another reader needs it.  Returns an
 * exit_code. */
static int
cut_descriptor(struct cut_log *l, struct window *w, int fd, const char *path)
{
	char    number[32];
	ssize_t n;

	while ((n = read_some(l, w, fd)) > 0 && w->n < 4)
		;
	if (n < 0)
		return EXIT_INCOMPLETE;
	if (l->options->where.condition == NULL && !cut_wants_records(w->p, w->n))
		return cut_text(l, w, fd);
	if (lseek(fd, -(off_t)w->n, SEEK_CUR) >= 0)
		return cut_records(l, path, (connlog_text){ "", 0 });
	snprintf(number, sizeof number, "/dev/fd/%d", fd); /* a pipe: opening it again opens the same one */
	return cut_records(l, fd == STDIN_FILENO ? path : number, (connlog_text){ w->p, w->n });
}

int
cut_input(struct cut_log *l, const char *path)
{
	bool          standard = strcmp(path, "-") == 0;
	struct window w = { 0 };
	int           fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	l->name = standard ? "standard input" : path;
	l->line = 0;
	l->after_fields = false;
	if (fd < 0) {
		complain("%s: %s", path, strerror(errno));
		return EXIT_INCOMPLETE;
	}
	int code = cut_descriptor(l, &w, fd, path);
	if (!standard)
		close(fd);
	free(w.p);
	return code;
}
