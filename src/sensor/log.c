/* log.c - see log.h.
 *
 * A failed write is repeated until it succeeds: the oldest item stays in the spool meanwhile, with its progress. Marks
 * are items as well, so a log is rotated exactly between the records before and after the time of rotation.
 */
#include "sensor/log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/clock.h"
#include "sensor/leftover.h"
#include "sensor/logfile.h"
#include "sensor/thread.h"

#define PATIENCE   0.5  /* seconds to wait for room in the spool */
#define RETRY      0.25 /* seconds before the next try to write */
#define WAIT_LEAST 0.05
#define TELL_EVERY 60.0

enum { TEXT_MAX = 1024 };

struct log {
	struct log_options    o;
	struct spool          spool;
	struct logfile        file;
	struct state          state;
	struct janitor       *janitor; /* NULL if rotated logs are not processed, */
	struct janitor_counts jobs;    /* its latest counters */
	/* the options that can change at run time */
	_Atomic double   rotate_interval, flush_interval;
	_Atomic uint64_t rotate_size;

	pthread_t thread;
	bool      running, ended; /* the thread is running; log_end() was called */

	/* used by the thread */
	double synced_at, tell_at; /* when trouble may be reported again */
	double rotate_at;          /* time until which a log that could not be moved keeps growing */
	bool   told;               /* trouble was reported, its end was not */

	/* used by the producer */
	bool   stuck;       /* a wait for room has failed since the last line was accepted */
	double hold, grace; /* earliest end of a wait for room, and the requested grace; 0: the log is not ending */

	_Atomic int      status;
	_Atomic uint64_t bytes, rotations, failures;
	char             error[TEXT_MAX];
};

__attribute__((format(printf, 2, 3))) static void
say(struct log *l, const char *format, ...)
{
	char    text[TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	l->o.say(l->o.arg, text);
}

static const char *
log_path(const struct log *l)
{
	return l->file.path != NULL ? l->file.path : l->o.fd_name;
}

/* ---- troubles ---------------------------------------------------------------------------------------------------- */

/* Returns whether a stream has ended: it has failed for a reason other than lack of room. */
static bool
is_final(const struct log *l, int why)
{
	return l->file.path == NULL && why != ENOSPC && why != EDQUOT && why != EFBIG && why != ENOMEM;
}

static void
give_up(struct log *l, int why)
{
	if (why == EPIPE)
		snprintf(l->error, sizeof l->error, "the reader of %s has gone", log_path(l));
	else
		snprintf(l->error, sizeof l->error, "cannot write %s: %s", log_path(l), strerror(why));
	l->status = why == EPIPE ? CONNLOG_CLOSED : CONNLOG_IO;
}

/* Records that something went wrong, and reports it at most once a minute. */
static void
note_trouble(struct log *l, int why)
{
	const double now = clock_steady();

	l->failures++;
	if (l->tell_at > now)
		return;
	say(l, "cannot write %s: %s; records wait in memory until it can be written", log_path(l), strerror(why));
	l->tell_at = now + TELL_EVERY;
	l->told = true;
}

static void
note_success(struct log *l)
{
	if (l->told)
		say(l, "%s is written again", log_path(l));
	l->told = false;
}

/* ---- opening and rotating ---------------------------------------------------------------------------------------- */

/* Handles a log that has its final name. */
static void
hand_on(struct log *l, char *path, double opened, double closed, bool terminating)
{
	if (l->janitor != NULL)
		janitor_put(l->janitor, path, opened, closed, terminating);
	else
		free(path);
}

static void
hand_on_leftover(void *arg, char *path, double opened, double closed)
{
	hand_on(arg, path, opened, closed, false);
}

static void
say_leftover(void *arg, const char *text)
{
	struct log *l = arg;
	l->o.say(l->o.arg, text);
}

static struct leftovers
leftovers_of(struct log *l)
{
	return (struct leftovers){ l->o.folder, l->o.name, &l->o.rotation, hand_on_leftover, say_leftover, l };
}

/* Opens a new log; moves a file of that name created by someone else out of the way. Returns 0 or errno. */
static int
open_log(struct log *l, double when)
{
	static const struct state_counts nothing;
	const struct leftovers           left = leftovers_of(l);
	int                              why = logfile_open(&l->file, when, &l->spool);

	if (why == EEXIST && (why = leftover_log(&left, &nothing)) == 0)
		why = logfile_open(&l->file, when, &l->spool);
	if (l->file.out.fd >= 0)
		state_begin(&l->state, l->file.opened);
	return why;
}

/* Closes the log.  What it has is no longer looked for at the next start. */
static void
close_log(struct log *l, double when)
{
	l->state.at->in_log = 0;
	logfile_close(&l->file, when, &l->spool);
}

/* Counts what was written to the current log. */
static void
note_written(struct log *l, uint64_t records)
{
	l->state.at->written += records;
	l->state.at->in_log += records;
}

/* Gives the current log its final name and closes it.  Returns whether to begin a new one. */
static bool
move_away(struct log *l, double when, bool terminating)
{
	const double opened = l->file.opened;
	char        *to = NULL;

	if (!logfile_was_moved(&l->file)) {
		to = rotate_move(&l->o.rotation, l->o.folder, l->o.name, l->file.path, opened);
		if (to == NULL) {
			l->failures++;
			l->rotate_at = clock_steady() + TELL_EVERY;
			say(l, "%s cannot be rotated, and goes on: %s", l->file.path, strerror(errno));
			return false;
		}
		l->rotations++;
	}
	close_log(l, when);
	if (to != NULL)
		hand_on(l, to, opened, when, terminating);
	return true;
}

/* Rotates the log. Returns 0 or errno. */
static int
rotate(struct log *l, double when)
{
	if (l->file.path == NULL)
		return 0;
	if (l->file.out.fd < 0)
		return open_log(l, when);
	if (l->file.records == 0 && !logfile_was_moved(&l->file)) {
		const int why = logfile_begin_again(&l->file, when, &l->spool);
		state_begin(&l->state, l->file.opened);
		return why;
	}
	return move_away(l, when, false) ? open_log(l, when) : 0;
}

static int
reopen(struct log *l)
{
	const double now = clock_wall();

	if (l->file.path == NULL || !logfile_was_moved(&l->file))
		return 0;
	close_log(l, now);
	return open_log(l, now);
}

static bool
is_rotated(const struct log *l)
{
	return l->file.path != NULL && (l->rotate_interval > 0 || l->rotate_size > 0);
}

/* At the end, as in Zeek, a log that is rotated is rotated once more. */
static void
finish(struct log *l)
{
	const double now = clock_wall();

	if (l->status != CONNLOG_OK)
		return;
	const bool moves = l->file.out.fd >= 0 && is_rotated(l) && !logfile_was_moved(&l->file);
	if (moves && l->file.records == 0)
		unlink(l->file.path); /* Zeek would not have created it */
	if (!moves || l->file.records == 0 || !move_away(l, now, true))
		close_log(l, now);
	l->bytes = l->file.bytes + l->file.out.bytes;
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

/* Opens the log and writes its header if necessary. Returns 0 or errno. */
static int
get_ready(struct log *l)
{
	return l->file.out.fd < 0 ? open_log(l, clock_wall()) : logfile_ready(&l->file, &l->spool);
}

/* Returns how much of the item the current log can take: lines that keep it within its size limit, or one if it has no records. */
static size_t
share_of(const struct log *l, const struct spool_item *item)
{
	const uint64_t most = l->rotate_size, left = item->n - item->done;
	const char    *begin = item->bytes + item->done;

	if (most == 0 || l->file.size + left <= most || clock_steady() < l->rotate_at)
		return item->n;
	const size_t room = most > l->file.size ? (size_t)(most - l->file.size) : 0, lines = whole_lines(begin, room);
	if (lines > 0 || l->file.records > 0)
		return item->done + lines;
	const char *first = memchr(begin, '\n', left);
	return first != NULL ? item->done + (size_t)(first + 1 - begin) : item->n;
}

/* Writes lines and records the progress in the item. Returns 0 or errno. */
static int
write_lines(struct log *l, struct spool_item *item)
{
	int why = 0;

	while (why == 0 && item->done < item->n) {
		if ((why = get_ready(l)) != 0)
			break;
		const size_t end = share_of(l, item);
		if (end == item->done) {
			why = rotate(l, clock_wall());
			continue;
		}
		const uint64_t before = l->file.records;
		if (before == 0)
			l->state.at->head = l->file.size;
		why = logfile_write(&l->file, item, end, &l->spool);
		note_written(l, l->file.records - before);
	}
	return why;
}

static int
handle(struct log *l, struct spool_item *item)
{
	switch (item->kind) {
	case SPOOL_ROTATE:
		return rotate(l, item->when);
	case SPOOL_REOPEN:
		return reopen(l);
	case SPOOL_LINES:
	case SPOOL_HEAD: /* a log writes its own */
	case SPOOL_FOOT:
		break;
	}
	return write_lines(l, item);
}

/* If somebody removes the current file, everything written afterwards would be lost. */
static void
look_for_removal(struct log *l)
{
	if (!logfile_was_removed(&l->file))
		return;
	say(l, "%s was removed while it was written: a new one is begun", l->file.path);
	const int why = reopen(l);
	if (why != 0)
		note_trouble(l, why);
}

static void
sync_if_due(struct log *l)
{
	const double now = clock_steady();

	if (l->file.path == NULL || now < l->synced_at + l->flush_interval)
		return;
	l->synced_at = now;
	look_for_removal(l);
	if (!l->file.dirty || spool_is_pressed(&l->spool))
		return;
	const int why = logfile_sync(&l->file);
	if (why != 0)
		note_trouble(l, why);
	else
		state_safe(&l->state, l->file.size, l->file.records);
}

/* Handles idle times: a header for which there was no room, a reader that has closed the pipe. */
static void
idle(struct log *l)
{
	if (l->file.path == NULL && !out_has_reader(&l->file.out)) {
		give_up(l, EPIPE);
		return;
	}
	const int why = get_ready(l);
	if (why != 0 && is_final(l, why))
		give_up(l, why);
	else if (why != 0)
		note_trouble(l, why);
	else
		note_success(l);
}

static void
work_on(struct log *l, struct spool_item *item)
{
	const int why = handle(l, item);

	l->bytes = l->file.bytes + l->file.out.bytes;
	if (why == 0) {
		spool_done(&l->spool);
		note_success(l);
	} else if (why == ECANCELED) {
		return;
	} else if (is_final(l, why)) {
		give_up(l, why);
	} else {
		note_trouble(l, why);
		spool_pause(&l->spool, RETRY);
	}
}

static void *
work(void *arg)
{
	struct log *l = arg;

	while (l->status == CONNLOG_OK && !spool_is_over(&l->spool)) {
		struct spool_item *item = spool_wait(&l->spool, fmax(WAIT_LEAST, fmin(l->flush_interval, 1)));
		if (item != NULL)
			work_on(l, item);
		else
			idle(l);
		sync_if_due(l);
	}
	finish(l);
	spool_finish(&l->spool);
	return NULL;
}

/* ---- called from outside */

static bool
needs_janitor(const struct log_options *o)
{
	return o->changes || o->packing.kind != PACK_NONE || o->hook != NULL || o->retention.age > 0 ||
	       o->retention.size > 0;
}

/* Opens the folder. Returns false and writes a message to `err`. */
static bool
open_folder(struct log *l, char *err, size_t err_size)
{
	const struct janitor_options jobs = { .folder = l->o.folder,
		                                  .name = l->o.name,
		                                  .rotation = &l->o.rotation,
		                                  .packing = l->o.packing,
		                                  .hook = l->o.hook,
		                                  .retention = l->o.retention,
		                                  .say = l->o.say,
		                                  .arg = l->o.arg,
		                                  .hurry = l->o.hurry };
	const struct leftovers       left = leftovers_of(l);
	struct state_counts          before;

	if (!state_open(&l->state, l->o.folder, l->o.name, &before, err, err_size))
		return false;
	if (needs_janitor(&l->o) && (l->janitor = janitor_new(&jobs)) == NULL) {
		snprintf(err, err_size, "out of memory");
		return false;
	}
	int why = leftover_log(&left, &before);
	leftover_hidden(&left);
	if (l->janitor != NULL && !janitor_begin(l->janitor)) { /* not earlier: its unfinished files are hidden, too */
		snprintf(err, err_size, "no memory for a thread");
		return false;
	}
	if (why == 0)
		why = open_log(l, clock_wall());
	if (l->file.out.fd >= 0) /* room for its header may become available */
		return true;
	snprintf(err, err_size, "cannot write %s: %s", l->file.path, strerror(why));
	return false;
}

/* Initializes the log. Returns false when out of memory. */
static bool
init(struct log *l, connlog_writer *frame)
{
	if (l->o.folder == NULL)
		logfile_init_stream(&l->file, l->o.fd, frame);
	else if (!logfile_init(&l->file, l->o.folder, l->o.name, frame))
		return false;
	l->state.at = &l->state.own;
	l->state.fd = -1;
	return spool_init(&l->spool, l->o.spool, l->o.hurry);
}

struct log *
log_new(const struct log_options *o, connlog_writer *frame, char *err, size_t err_size)
{
	struct log *l = calloc(1, sizeof *l);

	if (l == NULL) {
		connlog_writer_free(frame);
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	l->o = *o;
	l->rotate_interval = o->rotation.interval;
	l->rotate_size = o->rotation.size;
	l->flush_interval = o->flush_interval;
	if (!init(l, frame)) {
		snprintf(err, err_size, "out of memory");
		logfile_free(&l->file);
		free(l);
		return NULL;
	}
	if (o->folder == NULL || open_folder(l, err, err_size)) {
		l->running = thread_begin(&l->thread, work, l);
		if (l->running)
			return l;
		snprintf(err, err_size, "no memory for a thread");
	}
	log_free(l);
	return NULL;
}

void
log_made(struct log *l, uint64_t records)
{
	atomic_store_explicit(&l->state.at->made, records, memory_order_relaxed);
}

void
log_put(struct log *l, const char *p, size_t n, uint64_t records)
{
	const double deadline = l->hold > 0 ? l->hold : l->stuck ? 0 : clock_steady() + PATIENCE;

	if (n == 0)
		return;
	l->stuck = !spool_put(&l->spool, p, n, records, deadline);
	if (l->stuck)
		l->state.at->lost += records;
}

void
log_rotate(struct log *l, double when)
{
	spool_mark(&l->spool, SPOOL_ROTATE, when);
}

void
log_reopen(struct log *l)
{
	spool_mark(&l->spool, SPOOL_REOPEN, 0);
}

void
log_change(struct log *l, const struct rotation *rotation, const struct retention *retention, double flush_interval)
{
	l->rotate_interval = rotation->interval;
	l->rotate_size = rotation->size;
	l->flush_interval = flush_interval;
	if (l->janitor != NULL)
		janitor_change(l->janitor, retention);
}

int
log_status(const struct log *l)
{
	return l->status;
}

const char *
log_error(const struct log *l)
{
	return l->error;
}

void
log_counts(struct log *l, struct log_counts *out)
{
	if (l->janitor != NULL)
		janitor_counts(l->janitor, &l->jobs);
	uint64_t       bytes = 0;
	const uint64_t waiting = l->ended ? 0 : spool_records(&l->spool, &bytes);
	*out = (struct log_counts){ .written = l->state.at->written,
		                        .lost = l->state.at->lost,
		                        .waiting = waiting,
		                        .waiting_bytes = bytes,
		                        .bytes = l->bytes,
		                        .rotations = l->rotations,
		                        .packed = l->jobs.packed,
		                        .commands = l->jobs.commands,
		                        .removed = l->jobs.removed,
		                        .failures = l->failures + l->jobs.failures };
}

void
log_hold(struct log *l, double seconds)
{
	l->hold = clock_steady() + seconds;
	l->grace = seconds;
	spool_hold(&l->spool, seconds);
}

static void
end_janitor(struct log *l, double deadline)
{
	if (l->janitor == NULL)
		return;
	janitor_end(l->janitor, deadline, &l->jobs);
	l->janitor = NULL;
}

void
log_end(struct log *l)
{
	if (l->ended)
		return;
	l->ended = true;
	if (spool_close(&l->spool, l->hold) || spool_abandon(&l->spool)) {
		pthread_join(l->thread, NULL);
		l->running = false; /* otherwise it is blocked in a write() and ends with the process */
		end_janitor(l, clock_steady() + l->grace);
	}
	l->state.at->lost = l->state.at->made - l->state.at->written;
}

void
log_free(struct log *l)
{
	if (l == NULL || l->running)
		return;
	end_janitor(l, 0);
	logfile_free(&l->file);
	state_close(&l->state, true);
	spool_free(&l->spool);
	free(l);
}
