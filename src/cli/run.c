/* run.c - the loop of `read`, `live` and `events`: source, engine, output, in batches, until the input ends.
 *
 * Unreadable input is reported, and reading continues with what follows.  If the reader of our output closes it, the
 * run ends, quietly when captures are read.  If the output fails for another reason, reading continues and the loss is
 * counted.
 *
 * Ctrl-C and SIGTERM end the input at its current position, so that open connections are logged; a second one kills,
 * or, with an interface, ends the wait for the log.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/live_page.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/settings.h"
#include "cli/signals.h"
#include "cli/stats.h"
#include "cli/watch.h"
#include "connlog_cores.h"
#include "connlog_measure.h"
#include "connlog_long.h"

#define LONG_NAME "conn_long"

enum { BATCH = 64, PROGRESS_EVERY = 4096 /* packets */, LONG_SPOOL_SHARE = 8 };

struct run {
	const struct settings *settings;
	connlog_source        *source;
	connlog_engine        *engine;
	struct output          output;
	struct output          longs; /* conn_long.log; without --long it is none */
	connlog_sink          *stats; /* of --stats, or NULL */
	struct progress        progress;
	struct watch           watch;            /* of an interface */
	struct outfit         *live;             /* the same; NULL when captures are read */
	struct ship           *ship;             /* of --to, or NULL; the output's, once that is open */
	char                  *path, *long_path; /* of the logs, or NULL */
	int                    pipe, long_pipe;  /* opened for an interface's log that is not a file; or -1 */
	bool                   damaged;          /* some input could not be read */
	uint64_t               packets;
	double                 last; /* the latest time of a packet */
};

/* A connlog_notice_fn.  Details after the first line are shown with --verbose only. */
static void
on_notice(void *arg, const char *text)
{
	struct run *r = arg;
	if (r->settings->quiet)
		return;
	progress_clear(&r->progress);
	warn_lines(text, r->settings->verbose);
}

/* A connlog_print_fn.  Standard output belongs to the log. */
static void
on_print(void *arg, connlog_text line)
{
	struct run *r = arg;
	progress_clear(&r->progress);
	fwrite(line.p, 1, line.n, stderr);
	fputc('\n', stderr);
}

/* Loads the scripts of --script.  Returns false after a message. */
static bool
load_scripts(struct run *r)
{
	char err[MESSAGE_MAX];

	connlog_on_print(r->engine, on_print, r);
	for (size_t i = 0; i < r->settings->lua_n; i++)
		if (connlog_script_load(r->engine, r->settings->lua[i], err, sizeof err) != CONNLOG_OK) {
			complain("%s", err);
			return false;
		}
	return true;
}

/* Sets the times of the header and the end under --seed. */
static void
note_times(struct run *r, const connlog_packet *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double t = (double)p[i].sec + (double)p[i].nsec / 1e9;
		if (r->packets == 0 && i == 0)
			r->output.open_time = r->last = t;
		else if (t > r->last)
			r->last = t;
	}
}

/* Returns false if reading on is pointless. */
static bool
handle_batch(struct run *r, connlog_packet *p, size_t n)
{
	if (r->live)
		watch_packets(&r->watch, p, n);
	if (r->output.own_times)
		note_times(r, p, n);
	if (connlog_packets(r->engine, p, n) != CONNLOG_OK)
		return false;
	if (r->packets / PROGRESS_EVERY != (r->packets + n) / PROGRESS_EVERY)
		progress_update(&r->progress, r->source);
	r->packets += n;
	return !r->live || watch_tick(&r->watch, n) == CONNLOG_OK;
}

static void
read_all(struct run *r)
{
	connlog_packet batch[BATCH];
	char           err[MESSAGE_MAX];
	int            n;

	while ((n = connlog_source_read(r->source, batch, BATCH, err, sizeof err)) != CONNLOG_END) {
		if (n >= 0) {
			if (!handle_batch(r, batch, (size_t)n))
				break;
			continue;
		}
		progress_clear(&r->progress);
		complain("%s", err);
		r->damaged = true;
		if (n == CONNLOG_NO_MEMORY || (r->live && watch_tick(&r->watch, 0) != CONNLOG_OK))
			break;
	}
}

static void
print_summary(const struct run *r)
{
	double                  seconds = progress_elapsed(&r->progress);
	connlog_source_progress at;

	connlog_source_progress_get(r->source, &at);
	fprintf(stderr, "connlog: %" PRIu64 " packets, %" PRIu64 " %s in %.3f s (%.0f packets/s)", r->packets,
	        r->output.records, r->settings->events != 0 ? "events" : "connections", seconds,
	        seconds > 0 ? (double)r->packets / seconds : 0);
	if (at.filtered > 0)
		fprintf(stderr, ", %" PRIu64 " packets filtered out", at.filtered);
	if (at.dropped > 0)
		fprintf(stderr, ", %" PRIu64 " packets lost by the kernel", at.dropped);
	fputc('\n', stderr);
}

/* Returns false, after a message. */
static bool
write_stats(struct run *r)
{
	if (r->live)
		return stats_tell(r->settings->stats, r->engine, r->source, &r->output);
	return stats_write(r->stats, r->engine, r->source, &r->output);
}

static void
warn_given_up(const connlog_engine *e)
{
	uint64_t given_up;

	connlog_engine_where_left_out(e, &given_up);
	where_warn(given_up);
}

/* Returns whether conn_long.log is complete; false after a message. */
static bool
told_long(const struct output *o)
{
	if (o->status == CONNLOG_OK)
		return true;
	complain("%s.log: %s; %" PRIu64 " of %" PRIu64 " records are lost", LONG_NAME, o->error, o->lost, o->records);
	return false;
}

/* Ends the log and says what there is to say.  Returns an exit_code */
static int
finish(struct run *r)
{
	struct output *o = &r->output;
	int            status = CONNLOG_OK;

	if (r->live) {
		beat_end(&r->watch.beat);
		output_begin_end(o, r->watch.live.exit_timeout);
		output_begin_end(&r->longs, r->watch.live.exit_timeout);
	}
	if (o->status != CONNLOG_CLOSED)
		status = connlog_finish(r->engine);
	r->longs.open_time = o->open_time;
	output_finish(o, r->last);
	output_finish(&r->longs, r->last);
	progress_clear(&r->progress);

	bool complete = !r->damaged;
	if (status == CONNLOG_NO_MEMORY && o->status == CONNLOG_OK) {
		complain("out of memory: the log ends early; give it more memory, or fewer workers (-j)");
		complete = false;
	}
	if (status == CONNLOG_IO && o->status == CONNLOG_OK) {
		complain(
			"a capture has changed while it was read: what had to be read again is not there any more, and the log "
			"ends early");
		complete = false;
	}
	if (o->status != CONNLOG_OK && (o->status != CONNLOG_CLOSED || r->live)) {
		complain("%s; %" PRIu64 " of %" PRIu64 " %s are lost", o->error, o->lost, o->records,
		         r->settings->events != 0 ? "events" : "records");
		complete = false;
	}
	if (!told_long(&r->longs))
		complete = false;
	if (o->ship_lost)
		complete = false;
	if (r->live && !watch_end(&r->watch))
		complete = false;
	if (r->settings->stats != NULL && !write_stats(r))
		complete = false;
	if (!r->settings->quiet)
		warn_given_up(r->engine);
	if (r->settings->verbose)
		print_summary(r);
	return complete ? EXIT_ALL_READ : EXIT_INCOMPLETE;
}

/* Returns whether an output shows the column or --where uses it. */
static bool
is_read(const struct settings *s, const struct output *o, const char *name)
{
	return output_has(o, name) || folding_reads(&s->folding, name) ||
	       (s->where.condition != NULL && connlog_where_reads(s->where.condition, (size_t)connlog_column_find(name)));
}

/* Has the engine measure what the outputs and --where need, besides what the option names.  Returns a status. */
static int
measure(const struct settings *s, const struct output *o, char *err, size_t err_size)
{
	const connlog_column_info *info;
	int                        status = CONNLOG_OK;

	for (size_t i = 0; status == CONNLOG_OK && (info = connlog_column_at(i)) != NULL; i++)
		if (connlog_column_is_measured(i) && is_read(s, o, info->name))
			status = connlog_options_set(s->options, "measure+", info->name, err, err_size);
	return status;
}

/* Returns whether several workers can track the connections: the log is all that is made of them, but for scripts with a state for each. */
static bool
by_lines(const struct settings *s, const struct output *o)
{
	const connlog_writer_options *only = output_only(o, &s->writer);

	return s->workers && only != NULL && !only->json_streaming && !output_is_parquet(only) &&
	       (s->lua_n == 0 || s->parallel);
}

/* Creates an engine that computes what the log shows.  Returns NULL after a message. */
static connlog_engine *
new_engine(const struct settings *s, const struct output *o)
{
	char            err[MESSAGE_MAX];
	connlog_engine *e = NULL;
	bool            community_id = is_read(s, o, "community_id");
	bool            speculative = is_read(s, o, "speculative_service");
	int             status = CONNLOG_OK;

	if (community_id)
		status = connlog_options_set(s->options, "log_community_id", "T", err, sizeof err);
	/* as Zeek's script for that column does */
	if (status == CONNLOG_OK && speculative)
		status = connlog_options_set(s->options, "dpd_match_only_beginning", "F", err, sizeof err);
	if (status == CONNLOG_OK)
		status = measure(s, o, err, sizeof err);
	/* What this program registers needs one thread, but for lines. */
	if (status == CONNLOG_OK && (!by_lines(s, o) || s->longs || s->live.web != NULL))
		status = connlog_options_set(s->options, "parallel_handlers", "F", err, sizeof err);
	if (status == CONNLOG_OK)
		e = connlog_engine_new(s->options, err, sizeof err);
	if (e == NULL)
		complain("%s", err);
	return e;
}

static double
engine_time(const void *engine)
{
	return connlog_time(engine);
}

/* Asks for what the output is to get: events, or else records.  Returns a status, of which `err` says more. */
static int
subscribe(connlog_engine *e, const struct settings *s, struct output *o, bool page, char *err, size_t err_size)
{
	int status = CONNLOG_OK;

	const connlog_writer_options *only = output_only(o, &s->writer);
	snprintf(err, err_size, "out of memory");
	if (s->enriching.with != NULL && connlog_engine_enrich(e, s->enriching.with) != CONNLOG_OK)
		return CONNLOG_NO_MEMORY;
	if (s->where.condition != NULL && connlog_engine_where(e, s->where.condition) != CONNLOG_OK)
		return CONNLOG_NO_MEMORY;
	if (s->anonymize.with != NULL && connlog_engine_anonymize(e, s->anonymize.with) != CONNLOG_OK)
		return CONNLOG_NO_MEMORY;
	if (s->folding.with != NULL && connlog_engine_fold(e, s->folding.with) != CONNLOG_OK)
		return CONNLOG_NO_MEMORY;
	if (!s->quiet)
		anonymize_warn(&s->anonymize);
	if (s->workers && s->longs && s->parallel && !s->quiet)
		complain("warning: --long needs one thread, so -j and parallel_handlers have no effect");
	if (s->workers && only != NULL && output_is_parquet(only) && !s->quiet)
		complain("warning: Parquet is made in one thread, so -j has no effect");
	if (s->workers && page && !s->quiet)
		complain("warning: -j has no effect: with --web, connections are tracked in one thread");
	else if (s->workers && only == NULL && !s->quiet)
		complain("warning: -j has no effect: with several outputs, or a where= of a sink, connections are tracked in "
		         "one thread");
	if (by_lines(s, o) && !page)
		return connlog_on_lines(e, only, s->events, output_lines, o, err, err_size);
	if (s->events == 0)
		return connlog_on_record(e, output_record, o);
	for (int id = 0; id < CONNLOG_EVENTS && status == CONNLOG_OK; id++)
		if (s->events >> id & 1)
			status = connlog_on_event(e, (connlog_event_id)id, output_event, o);
	return status;
}

/* Receives a log's messages, from any of its threads. */
static void
on_say(void *arg, const char *text)
{
	const struct run *r = arg;
	if (!r->settings->quiet)
		complain("warning: %s", text);
}

/* The log of an interface: a file that is rotated, or what is there under its name and is no file, or standard output.
 * Returns false, after a message; *code is then the exit_code. */
static bool
open_log(struct run *r, struct output *out, const connlog_writer_options *writer, const char *path, int *code)
{
	const bool                  is_long = out == &r->longs;
	int                        *pipe = is_long ? &r->long_pipe : &r->pipe;
	const struct settings      *s = r->settings;
	const struct live_settings *l = &s->live;
	struct stat                 st;
	struct log_options          o = { .folder = s->folder,
		                              .fd = STDOUT_FILENO,
		                              .fd_name = "standard output",
		                              .name = is_long          ? LONG_NAME
		                                      : s->events != 0 ? "events"
		                                                       : "conn",
		                              .rotation = l->rotation,
		                              .packing = l->packing,
		                              .hook = r->live->hook,
		                              .retention = l->retention,
		                              .spool = is_long ? l->spool / LONG_SPOOL_SHARE : l->spool,
		                              .flush_interval = l->flush_interval,
		                              .say = on_say,
		                              .arg = r,
		                              .hurry = signals_hurry(),
		                              .changes = s->config.path != NULL };

	if (path != NULL && stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		*pipe = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC); /* which waits for a reader if it is a pipe */
		if (*pipe < 0) {
			complain("cannot write %s: %s", path, strerror(errno));
			return false;
		}
		o.folder = NULL;
		o.fd = *pipe;
		o.fd_name = path;
	}
	return output_init_log(out, writer, is_long ? LONG_NAME : NULL, &o, code);
}

/* The log of --long, beside the other.  Returns as above. */
static bool
open_long(struct run *r, int *code)
{
	connlog_writer_options writer = r->settings->writer;

	if (!r->settings->longs)
		return true;
	writer.fields = r->settings->long_fields;
	if (asprintf(&r->long_path, "%s/%s.log", r->settings->folder, LONG_NAME) < 0) {
		r->long_path = NULL;
		complain("out of memory");
		return false;
	}
	r->output.also = &r->longs;
	if (r->live)
		return open_log(r, &r->longs, &writer, r->long_path, code);
	if (!output_init(&r->longs, &writer, r->long_path, code))
		return false;
	connlog_writer_path(r->longs.writer, LONG_NAME);
	return true;
}

/* A connlog_record_fn of connlog_on_long(). */
static int
on_long(void *arg, const connlog_record *record)
{
	struct run *r = arg;

	r->longs.open_time = r->output.open_time;
	return output_record(&r->longs, record);
}

/* Returns as above. */
static bool
open_file(struct run *r, int *code)
{
	const struct settings *s = r->settings;
	const char            *name = s->events != 0 ? "events" : "conn";

	const bool parquet = output_is_parquet(&s->writer);
	if (r->live && parquet) {
		*code = complain_usage(
			"--format parquet is for captures: a log that grows by lines is made into Parquet by `connlog convert`");
		return false;
	}
	if (s->folder != NULL &&
	    asprintf(&r->path, "%s%s%s%s", s->folder, parquet ? "" : "/", parquet ? "" : name, parquet ? "" : ".log") < 0) {
		r->path = NULL;
		complain("out of memory");
		return false;
	}
	if (r->ship != NULL && s->folder == NULL) {
		output_init_none(&r->output);
		return true;
	}
	return r->live ? open_log(r, &r->output, &s->writer, r->path, code)
	               : output_init(&r->output, &s->writer, r->path, code);
}

/* Returns as above. */
static bool
open_output(struct run *r, int *code)
{
	const struct settings *s = r->settings;
	char                   err[MESSAGE_MAX];

	if (s->stats != NULL && (r->stats = stats_open(s->stats)) == NULL)
		return false;
	if (r->live &&
	    s->stats != NULL) { /* what is opened for a year is left behind by a kill: opened again when it is written */
		connlog_sink_free(r->stats);
		r->stats = NULL;
	}
	const bool opened = open_file(r, code) && open_long(r, code);
	if (!output_add_ship(&r->output, r->ship, NULL)) {
		*code = EXIT_USAGE;
		return false;
	}
	if (opened)
		r->engine = new_engine(s, &r->output);
	for (struct output *o = &r->output; o != NULL; o = o->also) {
		o->own_times = s->seeded;
		o->now = engine_time;
		o->now_arg = r->engine;
	}
	if (r->engine == NULL)
		return false;
	struct live_page *page = r->live ? r->live->page : NULL;
	int               status = subscribe(r->engine, s, &r->output, page != NULL, err, sizeof err);
	if (status == CONNLOG_OK && page != NULL)
		status = connlog_on_record(r->engine, live_page_record, page);
	if (status == CONNLOG_OK && s->longs)
		status = connlog_on_long(r->engine, on_long, r);
	if (status == CONNLOG_OK) {
		connlog_lend(r->engine, r->source);
		output_begin_ship(&r->output);
		return true;
	}
	complain("%s", err);
	if (status == CONNLOG_BAD_OPTION)
		*code = EXIT_USAGE;
	return false;
}

int
run(const struct settings *s, connlog_source *source, struct outfit *live, struct ship *ship)
{
	struct run r = { .settings = s, .source = source, .live = live, .ship = ship, .pipe = -1, .long_pipe = -1 };
	int        code = EXIT_INCOMPLETE;

	if (open_output(&r, &code)) {
		/* A log on the same terminal shows progress by itself. */
		bool to_terminal = s->folder == NULL && ship == NULL && isatty(STDOUT_FILENO);
		progress_init(&r.progress, !live && !s->quiet && !to_terminal && isatty(STDERR_FILENO));
		r.output.keep_counting = r.longs.keep_counting = !live;
		connlog_on_notice(r.engine, on_notice, &r);
		if (load_scripts(&r)) {
			signals_stop(source, NULL);
			if (live == NULL || watch_init(&r.watch, s, source, r.engine, &r.output, live)) {
				read_all(&r);
				code = finish(&r);
			}
		} else {
			code = EXIT_USAGE;
		}
	}
	output_free(&r.output);
	output_free(&r.longs);
	connlog_sink_free(r.stats);
	if (r.pipe >= 0)
		close(r.pipe);
	if (r.long_pipe >= 0)
		close(r.long_pipe);
	free(r.path);
	free(r.long_path);
	connlog_engine_free(r.engine);
	connlog_source_free(source);
	return code;
}
