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

#include "sensor/mend.h"
#include "sensor/pack.h"

enum { WINDOW = 64 << 10, TEXT_MAX = 1024, LOOK_MAX = 256 << 20 };

/* Returns how many records of the previous run were neither written nor reported as lost. */
static uint64_t
count_missing(const struct state_counts *before)
{
	const uint64_t done = before->written + before->lost;
	return before->magic[0] != 0 && before->made > done ? before->made - done : 0;
}

/* Makes the file whole.  What had reached the disk is known from `before`, and is left alone; of the rest, LOOK_MAX bytes at the end
 * are looked at.  *missing becomes how many records of the previous run it lacks: after a power cut also some that had been
 * written, but were not yet on the disk.  Returns 0 or errno. */
static int
make_whole(int fd, const struct state_counts *before, struct mend *done, uint64_t *missing)
{
	const struct state_safe *safe = &before->safe[before->current & 1];
	struct stat              st;

	*missing = count_missing(before);
	if (fstat(fd, &st) != 0)
		return errno;
	/* The disk has not kept its promise, or it is another file. */
	const bool  ends_early = (off_t)safe->size > st.st_size;
	const off_t from = ends_early ? 0 : (off_t)safe->size;
	const off_t begin = mend_whole(fd, st.st_size - from > LOOK_MAX ? st.st_size - LOOK_MAX : from);
	if (begin < 0)
		return EIO;
	const off_t count_from = from > (off_t)before->head ? from : (off_t)before->head;
	const int   why = mend_log(fd, begin, count_from > begin ? count_from : begin, st.st_size, done);
	if (why != 0 || begin > count_from) /* not all that is to be counted was looked at */
		return why;
	const uint64_t lines = done->lines + (ends_early ? 0 : safe->records), there = before->in_log + *missing;
	*missing = lines < there ? there - lines : 0;
	return 0;
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

/* Reduces the file to whole lines and gives it its final name. `before`: of the run that wrote it; `why`: why it
 * exists. Returns 0 or errno. */
static int
finish(const struct leftovers *l, int fd, const char *path, const struct state_counts *before, const char *why)
{
	double      made, changed;
	struct mend done = { 0 };
	uint64_t    missing;
	char        more[64] = "", zeros[64] = "";

	get_times(fd, &made, &changed);
	const double opened = before->opened > 0 ? before->opened : made;
	const int    failure = make_whole(fd, before, &done, &missing);
	if (failure != 0)
		return failure;
	char *to = rotate_move(l->rotation, l->folder, l->name, path, opened);
	if (to == NULL)
		return errno;
	if (missing > 0)
		snprintf(more, sizeof more, "; %" PRIu64 " records had not been written", missing);
	if (done.places > 0)
		snprintf(zeros, sizeof zeros, "; zeros in %" PRIu64 " places were taken out", done.places);
	say(l, "%s %s: it is called %s now%s%s", path, why, to, more, zeros);
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
