/* watch.c - see watch.h. */
#include "cli/watch.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/reread.h"
#include "cli/signals.h"
#include "cli/stats.h"
#include "sensor/clock.h"

#define LOOK_EVERY 1.0 /* seconds between two checks of what was lost */
#define LATE       0.2 /* seconds that all that is between a packet and us may take, but for how the kernel collects them */

enum { WHERE_MAX = 1024 }; /* bytes */

bool
watch_init(struct watch *w, const struct settings *s, connlog_source *source, connlog_engine *engine,
           struct output *output, struct outfit *outfit)
{
	*w = (struct watch){ .settings = s, .live = s->live, .source = source, .engine = engine, .output = output };
	steady_init(&w->steady);
	w->read_at = w->steady.now;
	w->flush_at = clock_steady() + w->live.flush_interval;
	w->stats_at = clock_steady() + w->live.stats_interval;
	w->rotate_at = rotate_next(&w->live.rotation, clock_wall());
	const struct metrics metrics = { .source = source, .engine = engine, .output = output, .spool = s->live.spool };
	return beat_begin(&w->beat, outfit, &metrics);
}

/* ---- time -------------------------------------------------------------------------------------------------------- */

void
watch_packets(struct watch *w, connlog_packet *p, size_t n)
{
	w->read_at = w->steady.now;
	if (steady_look(&w->steady)) {
		connlog_shift_times(w->engine, steady_shift(&w->steady));
		w->rotate_at = fmin(w->rotate_at, rotate_next(&w->live.rotation, clock_wall()));
		if (!w->settings->quiet)
			complain("warning: the clock was set; connections go on, their times are those of the clock as it is now");
	}
	steady_packets(&w->steady, p, n);
	beat_packets(&w->beat, p, n, w->steady.now);
}

/* Lets connections time out when no packet has come for a while.  What counts is the time before the read that found
 * none: we may have been kept from running since, and packets may have come. */
static int
pass_time(struct watch *w)
{
	const double now = w->read_at - LATE - capture_settings_late(&w->live.capture), seconds = floor(now);

	return connlog_idle(w->engine, (int64_t)seconds, (uint32_t)((now - seconds) * 1e9));
}

/* Passes on all records so far.  Returns output.status. */
static int
flush(struct watch *w)
{
	connlog_flush(w->engine);
	return output_flush(w->output);
}

static void
rotate(struct watch *w, double when)
{
	flush(w);
	for (struct output *o = w->output; o != NULL; o = o->also)
		if (o->log != NULL)
			log_rotate(o->log, when);
}

static void
rotate_if_due(struct watch *w)
{
	const struct rotation *r = &w->live.rotation;
	const double           now = clock_wall();

	if (now < w->rotate_at)
		return;
	rotate(w, rotate_latest(r, now));
	w->rotate_at = rotate_next(r, now);
}

/* ---- signals ----------------------------------------------------------------------------------------------------- */

/* Applies what the settings file now says about the log. */
static void
take_changes(struct watch *w)
{
	const struct settings *s = w->settings;

	if (s->config.path == NULL || !reread(s, &w->live))
		return;
	for (struct output *o = w->output; o != NULL; o = o->also)
		if (o->log != NULL)
			log_change(o->log, &w->live.rotation, &w->live.retention, w->live.flush_interval);
	w->rotate_at = rotate_next(&w->live.rotation, clock_wall());
	w->flush_at = fmin(w->flush_at, clock_steady() + w->live.flush_interval);
}

static void
tell_stats(const struct watch *w)
{
	output_count(w->output);
	stats_tell(w->settings->stats != NULL ? w->settings->stats : "-", w->engine, w->source, w->output);
}

/* The same every so often; `now` is clock_steady(). */
static void
tell_stats_if_due(struct watch *w, double now)
{
	if (w->live.stats_interval <= 0 || now < w->stats_at)
		return;
	tell_stats(w);
	w->stats_at = now + w->live.stats_interval;
}

static void
grant_wishes(struct watch *w)
{
	const unsigned wishes = signals_wishes();

	if (wishes & SIGNALS_STATS)
		tell_stats(w);
	if (wishes & SIGNALS_REOPEN) {
		flush(w);
		for (struct output *o = w->output; o != NULL; o = o->also)
			if (o->log != NULL)
				log_reopen(o->log);
		take_changes(w);
		enriching_reload(&w->settings->enriching);
	}
	if (wishes & SIGNALS_ROTATE)
		rotate(w, clock_wall());
}

/* ---- loss -------------------------------------------------------------------------------------------------------- */

/* Appends how many packets each interface has lost, and why. */
static void
say_where(const connlog_source *source, char *out, size_t size)
{
	connlog_interface_progress at;
	size_t                     n = 0;

	out[0] = '\0';
	for (size_t i = 0; connlog_source_interface(source, i, &at) && n < size; i++) {
		if (at.dropped_ring > 0)
			n += (size_t)snprintf(out + n, size - n, "; the ring of %s had no room for %" PRIu64, at.name,
			                      at.dropped_ring);
		if (at.dropped_interface > 0 && n < size)
			n += (size_t)snprintf(out + n, size - n, "; %s itself has lost %" PRIu64, at.name, at.dropped_interface);
	}
}

static void
look_for_loss(struct watch *w, double now)
{
	connlog_source_progress at;
	uint64_t                more;
	char                    where[WHERE_MAX];

	connlog_source_progress_get(w->source, &at);
	output_count(w->output);
	if ((more = loss_news(&w->captured, at.dropped, now)) > 0 && !w->settings->quiet) {
		say_where(w->source, where, sizeof where);
		complain("warning: %" PRIu64 " packets were lost by the kernel or the interface, %" PRIu64
		         " so far: they came faster than they were taken%s",
		         more, at.dropped, where);
	}
	if (w->output->ship != NULL)
		ship_look(w->output->ship);
	if ((more = loss_news(&w->logged, w->output->lost, now)) > 0 && !w->settings->quiet)
		complain("warning: %" PRIu64 " records were lost, %" PRIu64 " so far: the log could not be written", more,
		         w->output->lost);
}

/* ------------------------------------------------------------------------------------------------------------------ */

int
watch_tick(struct watch *w, size_t n)
{
	const double now = clock_steady();
	int          status = n == 0 ? pass_time(w) : CONNLOG_OK;

	if (status != CONNLOG_OK)
		return status;
	grant_wishes(w);
	rotate_if_due(w);
	if (n == 0 || now >= w->flush_at) {
		status = flush(w);
		w->flush_at = now + w->live.flush_interval;
	}
	if (now >= w->look_at) {
		look_for_loss(w, now);
		w->look_at = now + LOOK_EVERY;
	}
	tell_stats_if_due(w, now);
	beat_tick(&w->beat, now);
	return status;
}

bool
watch_end(struct watch *w)
{
	connlog_source_progress at;
	char                    where[WHERE_MAX];

	connlog_source_progress_get(w->source, &at);
	if (at.dropped == 0)
		return true;
	const double seen = (double)at.packets, lost = (double)at.dropped;
	say_where(w->source, where, sizeof where);
	complain("%" PRIu64 " packets were lost by the kernel or the interface, %.2g %% of what came%s", at.dropped,
	         100 * lost / (seen + lost), where);
	return false;
}
