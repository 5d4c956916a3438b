/* janitor.c - see janitor.h. */
#include "sensor/janitor.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sensor/clock.h"
#include "sensor/thread.h"

#define LOOK_EVERY 60.0   /* seconds between two searches for old logs */
#define STEP       60.0   /* seconds: a clock that jumps by this much was set, */
#define STEP_PAUSE 3600.0 /* and no log is considered old for this long afterwards */
#define SLICE      0.1
#define PATIENCE   1.0

enum { NICE = 10, TEXT_MAX = 1024 };

struct janitor {
	struct janitor_options o;
	pthread_t              thread;
	pthread_mutex_t        lock;
	pthread_cond_t         changed;
	struct finished       *first, **end;
	bool                   begun, ending, ended; /* the thread has been started, has to end, has ended */
	atomic_bool            hurry;
	double                 offset, trusted_at; /* wall clock minus steady clock; when ages can be trusted again */
	_Atomic uint64_t       packed, commands, removed, failures;
};

__attribute__((format(printf, 2, 3))) static void
say(struct janitor *j, const char *format, ...)
{
	char    text[TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	j->o.say(j->o.arg, text);
}

static void
finished_free(struct finished *f)
{
	free(f->path);
	free(f);
}

/* ---- the work ---------------------------------------------------------------------------------------------------- */

static void
pack_it(struct janitor *j, char **path)
{
	if (j->o.packing.kind == PACK_NONE)
		return;
	char *packed = pack_file(&j->o.packing, *path, &j->hurry);
	if (packed == NULL && errno == ENOENT && access(*path, F_OK) != 0) /* pack_left() has found it first */
		packed = pack_path(*path, j->o.packing.kind);
	else if (packed != NULL)
		j->packed++;
	if (packed != NULL) {
		free(*path);
		*path = packed;
	} else if (errno != ECANCELED) {
		j->failures++;
		say(j, "%s cannot be packed, and stays as it is: %s", *path, strerror(errno));
	}
}

static void
run_command(struct janitor *j, const struct finished *f)
{
	if (j->o.hook == NULL)
		return;
	const int status = hook_run(j->o.hook, j->o.name, f, !atomic_load(&j->hurry));
	j->commands++;
	if (status == 0)
		return;
	j->failures++;
	if (status < 0)
		say(j, "'%s' cannot be run for %s: %s", hook_command(j->o.hook), f->path, strerror(-status));
	else
		say(j, "'%s' ended with status %d for %s", hook_command(j->o.hook), status, f->path);
}

/* Returns the retention that applies now. Setting the clock must not make logs old at once. */
static struct retention
trusted_retention(struct janitor *j, double now)
{
	const double steady = clock_steady(), offset = now - steady;

	pthread_mutex_lock(&j->lock);
	struct retention r = j->o.retention;
	pthread_mutex_unlock(&j->lock);

	if (fabs(offset - j->offset) > STEP)
		j->trusted_at = steady + STEP_PAUSE;
	j->offset = offset;
	if (steady < j->trusted_at)
		r.age = 0;
	return r;
}

static void
remove_old(struct janitor *j)
{
	const double           now = clock_wall();
	const struct retention r = trusted_retention(j, now);
	const char            *other = j->o.rotation->folder;
	int                    failed = 0;

	if (r.age > 0 || r.size > 0)
		j->removed += retention_apply(&r, j->o.rotation, other != NULL ? other : j->o.folder, j->o.name, now, &failed);
	if (failed == 0)
		return;
	j->failures++;
	say(j, "old logs cannot be removed: %s", strerror(failed));
}

/* Compresses rotated logs that an earlier run left uncompressed. */
static void
pack_left(struct janitor *j, const char *folder)
{
	struct dirent *entry;
	bool           packed;
	DIR           *d = folder != NULL ? opendir(folder) : NULL;

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL && !atomic_load(&j->hurry)) {
		char *path = NULL;
		if (!rotate_is_ours(j->o.rotation, j->o.name, entry->d_name, &packed) || packed ||
		    asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
			continue;
		pack_it(j, &path);
		free(path);
	}
	closedir(d);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

/* Removes and returns the next log; NULL if none arrived in time, or if everything is done, with *over set. */
static struct finished *
take(struct janitor *j, bool *over)
{
	const struct timespec until = clock_timespec(clock_steady() + LOOK_EVERY);

	pthread_mutex_lock(&j->lock);
	if (j->first == NULL && !j->ending) /* whenever it wakes up, it looks for old logs */
		pthread_cond_timedwait(&j->changed, &j->lock, &until);
	struct finished *f = j->first;
	if (f != NULL) {
		j->first = f->next;
		if (j->first == NULL)
			j->end = &j->first;
	}
	*over = f == NULL && j->ending;
	pthread_mutex_unlock(&j->lock);
	return f;
}

static void *
work(void *arg)
{
	struct janitor *j = arg;
	bool            over = false;

	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	if (j->o.packing.kind != PACK_NONE) {
		pack_left(j, j->o.folder);
		pack_left(j, j->o.rotation->folder);
	}
	remove_old(j);
	while (!over) {
		struct finished *f = take(j, &over);
		if (f != NULL) {
			pack_it(j, &f->path);
			run_command(j, f);
			finished_free(f);
		}
		remove_old(j);
	}
	pthread_mutex_lock(&j->lock);
	j->ended = true;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

struct janitor *
janitor_new(const struct janitor_options *o)
{
	struct janitor *j = calloc(1, sizeof *j);

	if (j == NULL)
		return NULL;
	j->o = *o;
	j->end = &j->first;
	j->offset = clock_wall() - clock_steady();
	if (thread_lock_init(&j->lock, &j->changed))
		return j;
	free(j);
	return NULL;
}

bool
janitor_begin(struct janitor *j)
{
	j->begun = thread_begin(&j->thread, work, j);
	return j->begun;
}

void
janitor_put(struct janitor *j, char *path, double opened, double closed, bool terminating)
{
	struct finished *f = malloc(sizeof *f);

	if (f == NULL) {
		free(path); /* the log exists nevertheless */
		return;
	}
	*f = (struct finished){ .path = path, .opened = opened, .closed = closed, .terminating = terminating };
	pthread_mutex_lock(&j->lock);
	*j->end = f;
	j->end = &f->next;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

void
janitor_change(struct janitor *j, const struct retention *retention)
{
	pthread_mutex_lock(&j->lock);
	j->o.retention = *retention;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

void
janitor_counts(struct janitor *j, struct janitor_counts *out)
{
	*out = (struct janitor_counts){ j->packed, j->commands, j->removed, j->failures };
}

/* Returns whether the thread has ended by then; a signal ends the wait. */
static bool
wait_for_end(struct janitor *j, double deadline, bool interruptible)
{
	double now;

	while (!j->ended && (now = clock_steady()) < deadline && !(interruptible && j->o.hurry != NULL && *j->o.hurry)) {
		const struct timespec until = clock_timespec(fmin(now + SLICE, deadline));
		pthread_cond_timedwait(&j->changed, &j->lock, &until);
	}
	return j->ended;
}

void
janitor_end(struct janitor *j, double deadline, struct janitor_counts *last)
{
	pthread_mutex_lock(&j->lock);
	j->ending = true;
	pthread_cond_broadcast(&j->changed);
	bool ended = !j->begun || wait_for_end(j, deadline, true);
	if (!ended) {
		atomic_store(&j->hurry, true);
		ended = wait_for_end(j, clock_steady() + PATIENCE, false);
	}
	pthread_mutex_unlock(&j->lock);
	janitor_counts(j, last);
	if (!ended)
		return; /* the thread ends with the process */
	if (j->begun)
		pthread_join(j->thread, NULL);
	for (struct finished *f = j->first, *next; f != NULL; f = next) {
		next = f->next;
		finished_free(f);
	}
	pthread_cond_destroy(&j->changed);
	pthread_mutex_destroy(&j->lock);
	free(j);
}
