/* watch.h - what a run on an interface handles besides packets: the passing of time, flushing and rotation of the log,
 * signals, and loss, which is reported while it happens and at the end. */
#ifndef CONNLOG_CLI_WATCH_H
#define CONNLOG_CLI_WATCH_H

#include "cli/beat.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "sensor/loss.h"
#include "sensor/steady.h"

struct watch {
	const struct settings *settings;
	struct live_settings   live; /* the settings, as of the latest SIGHUP */
	connlog_source        *source;
	connlog_engine        *engine;
	struct output         *output;
	double                 flush_at, look_at, stats_at; /* clock_steady() */
	double                 rotate_at;                   /* clock_wall() */
	struct loss            captured, logged;
	struct steady          steady;
	double                 read_at; /* steady.now before the latest read began */
	struct beat            beat;
};

/* Returns false after a message. */
bool watch_init(struct watch *w, const struct settings *s, connlog_source *source, connlog_engine *engine,
                struct output *output, struct outfit *outfit);

/* Called before packets are processed: removes steps of the clock from their times. */
void watch_packets(struct watch *w, connlog_packet *p, size_t n);

/* Called after each read, which returned `n` packets.  Returns CONNLOG_OK, or why the run cannot go on. */
int watch_tick(struct watch *w, size_t n);

/* Called at the end: reports how many packets were lost.  Returns whether there were none. */
bool watch_end(struct watch *w);

#endif
