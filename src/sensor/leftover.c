/* leftover.c - see leftover.h. */
#include "sensor/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/out.h"
#include "sensor/pack.h"

enum { WINDOW = 64 << 10, TEXT_MAX = 1024 };

/* Returns the length of the file without an incomplete line at its end, or -1. */
static off_t
whole_size(int fd, off_t size)
{
	char window[4096];

	while (size > 0) {
		const off_t   from = size > (off_t)sizeof window ? size - (off_t)sizeof window : 0;
		const ssize_t n = pread(fd, window, (size_t)(size - from), from);
		if (n != (ssize_t)(size - from))
			return -1;
		const size_t whole = whole_lines(window, (size_t)n);
		if (whole > 0)
			return from + (off_t)whole;
		size = from;
	}
	return 0;
}

/* Returns how many records of the previous run were neither written nor reported as lost. */
static uint64_t
count_missing(const struct state_counts *before)
{
	const uint64_t done = before->written + before->lost;
	return before->magic[0] != 0 && before->made > done ? before->made - done : 0;
}

/* Returns how many lines there are between these offsets, or UINT64_MAX. */
static uint64_t
lines_between(int fd, off_t from, off_t to)
{
	char    *window = malloc(WINDOW);
	uint64_t lines = 0;

	while (window != NULL && from < to) {
		const size_t  most = to - from < WINDOW ? (size_t)(to - from) : WINDOW;
		const ssize_t n = pread(fd, window, most, from);
		if (n <= 0)
			break;
		lines += count_lines(window, (size_t)n);
		from += n;
	}
	free(window);
	return from < to ? UINT64_MAX : lines;
}

/* Returns how many records of the previous run its log lacks, whose first `whole` bytes are whole lines: after a power cut also
 * some that had been written, but were not yet on the disk. */
static uint64_t
count_absent(int fd, off_t whole, const struct state_counts *before)
{
	const uint64_t lines = lines_between(fd, (off_t)before->head, whole), there = before->in_log + count_missing(before);

	if (lines == UINT64_MAX)
		return count_missing(before);
	return lines < there ? there - lines : 0;
}

/* Returns whether one of its first lines is not part of the header. */
static bool
has_record(int fd)
{
	char         *window = malloc(WINDOW);
	const ssize_t n = window != NULL ? pread(fd, window, WINDOW, 0) : -1;
	bool          found = n < 0; /* in doubt the file is kept */

	for (const char *p = window, *end = window + (n > 0 ? n : 0); !found && p != NULL && p < end;) {
		found = *p != '#';
		p = memchr(p, '\n', (size_t)(end - p));
		p = p != NULL ? p + 1 : NULL;
	}
	free(window);
	return found;
}

static double
seconds_of(int64_t sec, uint32_t nsec)
{
	return (double)sec + (double)nsec / 1e9;
}

/* Stores when the file was created and last changed, as far as the file system knows. */
static void
get_times(int fd, double *made, double *changed)
{
	struct statx st;

	*made = *changed = 0;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MTIME | STATX_BTIME, &st) != 0)
		return;
	*made = *changed = seconds_of(st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec);
	if ((st.stx_mask & STATX_BTIME) != 0 && st.stx_btime.tv_sec > 0 && st.stx_btime.tv_sec <= st.stx_mtime.tv_sec)
		*made = seconds_of(st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
}

__attribute__((format(printf, 2, 3))) static void
say(const struct leftovers *l, const char *format, ...)
{
	char    text[TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	l->say(l->arg, text);
}

/* Truncates the file to whole lines and gives it its final name. `before`: of the run that wrote it; `why`: why it
 * exists. Returns 0 or errno. */
static int
finish(const struct leftovers *l, int fd, const char *path, const struct state_counts *before, const char *why)
{
	struct stat st;
	double      made, changed;
	char        more[64] = "";

	get_times(fd, &made, &changed);
	const off_t whole = fstat(fd, &st) == 0 ? whole_size(fd, st.st_size) : -1;
	if (whole >= 0 && whole < st.st_size && ftruncate(fd, whole) != 0)
		return errno;
	const bool     known = before->magic[0] != 0;
	const double   opened = known && before->opened > 0 ? before->opened : made;
	const uint64_t missing = known && whole >= 0 ? count_absent(fd, whole, before) : 0;
	char          *to = rotate_move(l->rotation, l->folder, l->name, path, opened);
	if (to == NULL)
		return errno;
	if (missing > 0)
		snprintf(more, sizeof more, "; %" PRIu64 " records had not been written", missing);
	say(l, "%s %s: it is called %s now%s", path, why, to, more);
	l->finished(l->arg, to, opened, changed);
	return 0;
}

int
leftover_log(const struct leftovers *l, const struct state_counts *before)
{
	uint64_t       missing = count_missing(before);
	struct stat    st;
	char          *path;
	int            why = 0;

	if (asprintf(&path, "%s/%s.log", l->folder, l->name) < 0)
		return ENOMEM;
	const int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		why = errno == ENOENT ? 0 : errno;
	else if (fstat(fd, &st) != 0)
		why = errno;
	else if (S_ISREG(st.st_mode) && st.st_size == 0)
		missing += before->in_log; /* a power cut can leave nothing of it */
	else if (S_ISREG(st.st_mode)) {
		why = finish(l, fd, path, before, before->magic[0] != 0 ? "is of a run that did not end" : "was there already");
		missing = 0; /* said already */
	}
	if (missing > 0)
		say(l, "an earlier run that did not end had not written %" PRIu64 " records", missing);
	if (fd >= 0)
		close(fd);
	free(path);
	return why;
}

/* Finishes a log that was to get its name at the end. While its writer runs, it holds a lock on the file. */
static void
finish_temporary(const struct leftovers *l, const char *path)
{
	static const struct state_counts nothing;
	const int                        fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat                      st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		const int why = has_record(fd)      ? finish(l, fd, path, &nothing, "is of a run that did not end")
		                : unlink(path) == 0 ? 0
		                                    : errno;
		if (why != 0)
			say(l, "%s, which an earlier run left, cannot be finished: %s", path, strerror(why));
	}
	close(fd);
}

/* Returns whether the name begins with . followed by the log's name and that suffix. */
static bool
begins_hidden(const struct leftovers *l, const char *file, const char *behind)
{
	const size_t n = strlen(l->name);
	return file[0] == '.' && strncmp(file + 1, l->name, n) == 0 && strncmp(file + 1 + n, behind, strlen(behind)) == 0;
}

/* Returns whether it is an incomplete compressed log. */
static bool
is_part(const struct leftovers *l, const char *file)
{
	const size_t n = strlen(file), end = strlen(PACK_TEMPORARY);
	char         name[NAME_MAX + 1];
	bool         packed;

	if (file[0] != '.' || n <= end + 1 || n > NAME_MAX || strcmp(file + n - end, PACK_TEMPORARY) != 0)
		return false;
	snprintf(name, sizeof name, "%.*s", (int)(n - end - 1), file + 1);
	return rotate_is_ours(l->rotation, l->name, name, &packed) && packed;
}

static void
look_at(const struct leftovers *l, const char *folder, const char *file)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, file) < 0)
		return;
	if (begins_hidden(l, file, ".log.tmp-"))
		finish_temporary(l, path);
	else if (is_part(l, file))
		unlink(path);
	free(path);
}

static void
look_through(const struct leftovers *l, const char *folder)
{
	struct dirent *entry;
	DIR           *d = opendir(folder);

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL)
		if (entry->d_name[0] == '.')
			look_at(l, folder, entry->d_name);
	closedir(d);
}

void
leftover_hidden(const struct leftovers *l)
{
	look_through(l, l->folder);
	if (l->rotation->folder != NULL)
		look_through(l, l->rotation->folder);
}
