/* rotate.c - see rotate.h. */
#include "sensor/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sensor/pack.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format for strftime() is the user's */

enum { DATE_MAX = 128, COUNTER_MAX = 10000 };

bool
rotate_parse_base(const char *text, double *base)
{
	struct tm t = { 0 };

	*base = -1;
	if (*text == '\0')
		return true;
	const char *end = strptime(text, "%H:%M", &t);
	if (end == NULL || *end != '\0')
		return false;
	*base = t.tm_hour * 3600 + t.tm_min * 60;
	return true;
}

/* Returns when the local day of `now` began. */
static double
start_of_day(double now)
{
	const time_t seconds = (time_t)now;
	struct tm    t;

	if (localtime_r(&seconds, &t) == NULL)
		return NAN;
	t.tm_hour = t.tm_min = t.tm_sec = 0;
	return (double)mktime(&t);
}

double
rotate_next(const struct rotation *r, double now)
{
	const double day = r->base >= 0 ? start_of_day(now) : NAN;

	if (!(r->interval > 0))
		return INFINITY;
	if (isnan(day))
		return floor(now / r->interval) * r->interval + r->interval;
	const double next = day + r->base + ceil((now - day - r->base) / r->interval) * r->interval;
	return next > now ? next : now + r->interval;
}

double
rotate_latest(const struct rotation *r, double now)
{
	const double next = rotate_next(r, now);
	return next - r->interval <= now ? next - r->interval : now;
}

char *
rotate_path(const struct rotation *r, const char *folder, const char *name, double opened, unsigned counter)
{
	const time_t seconds = (time_t)opened;
	char         date[DATE_MAX], more[16] = "", *path;
	struct tm    t;

	if (localtime_r(&seconds, &t) == NULL || strftime(date, sizeof date, r->date_format, &t) == 0)
		snprintf(date, sizeof date, "%lld", (long long)seconds);
	if (counter > 0)
		snprintf(more, sizeof more, "-%u", counter);
	return asprintf(&path, "%s/%s.%s%s.log", folder, name, date, more) < 0 ? NULL : path;
}

/* Returns whether the text is -N. */
static bool
is_counter(const char *text, size_t n)
{
	return n >= 2 && *text == '-' && strspn(text + 1, "0123456789") >= n - 1;
}

bool
rotate_is_ours(const struct rotation *r, const char *name, const char *file, bool *packed)
{
	const size_t name_n = strlen(name), file_n = strlen(file), pack_n = strlen(pack_suffix_of(file));
	char         date[DATE_MAX];
	struct tm    t = { 0 };

	if (file_n < name_n + 1 + 4 + pack_n || strncmp(file, name, name_n) != 0 || file[name_n] != '.')
		return false;
	const char  *begin = file + name_n + 1;
	const size_t n = file_n - name_n - 1 - 4 - pack_n;
	if (n == 0 || n >= sizeof date || strncmp(begin + n, ".log", 4) != 0)
		return false;
	memcpy(date, begin, n);
	date[n] = '\0';
	const char *end = strptime(date, r->date_format, &t);
	*packed = pack_n > 0;
	return end != NULL && (*end == '\0' || is_counter(end, strlen(end)));
}

void
rotate_make_folder(const char *path)
{
	char *copy = strdup(path);

	for (char *p = copy != NULL ? strchr(copy + 1, '/') : NULL; p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(copy, 0777);
		*p = '/';
	}
	if (copy != NULL)
		mkdir(copy, 0777);
	free(copy);
}

/* Returns whether a compressed log of that name exists. */
static bool
is_packed(const char *path)
{
	static const enum pack_kind kinds[] = { PACK_GZIP, PACK_ZSTD };
	bool                        found = false;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		char *packed = pack_path(path, kinds[i]);
		found = found || packed == NULL || access(packed, F_OK) == 0;
		free(packed);
	}
	return found;
}

/* Renames a file, but never over another one.  Returns 0 or errno. */
static int
rename_new(const char *from, const char *to)
{
	if (is_packed(to))
		return EEXIST;
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	/* For file systems that cannot do it atomically. */
	if (access(to, F_OK) == 0)
		return EEXIST;
	return rename(from, to) == 0 ? 0 : errno;
}

/* Moves the log into a folder. Returns as rotate_move() does. */
static char *
move_into(const struct rotation *r, const char *folder, const char *name, const char *path, double opened)
{
	for (unsigned counter = 0; counter < COUNTER_MAX; counter++) {
		char     *to = rotate_path(r, folder, name, opened, counter);
		const int why = to != NULL ? rename_new(path, to) : ENOMEM;
		if (why == 0)
			return to;
		free(to);
		errno = why;
		if (why != EEXIST)
			break;
	}
	return NULL;
}

char *
rotate_move(const struct rotation *r, const char *folder, const char *name, const char *path, double opened)
{
	char *to = NULL;

	if (r->folder != NULL) {
		rotate_make_folder(r->folder);
		to = move_into(r, r->folder, name, path, opened);
	}
	return to != NULL ? to : move_into(r, folder, name, path, opened);
}
