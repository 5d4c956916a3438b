/* watch.h - what a run on an interface has to see to besides packets: time that goes on without any, the log's flushing and
 * rotation, signals, and loss, which is said while it happens and at the end. */
#ifndef CONNLOG_CLI_WATCH_H
#define CONNLOG_CLI_WATCH_H

#include "cli/beat.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "sensor/steady.h"

/* Something that gets lost. */
struct loss {
	uint64_t told; /* so many, at the latest message */
	double   tell_at;
};

struct watch {
	const struct settings *settings;
	struct live_settings   live; /* of the settings, as SIGHUP has last left them */
	connlog_source        *source;
	connlog_engine        *engine;
	struct output         *output;
	double                 flush_at, look_at; /* clock_steady() */
	double                 rotate_at;         /* clock_wall() */
	struct loss            captured, logged;
	struct steady          steady;
	double                 read_at; /* steady.now before the latest read began */
	struct beat            beat;
};

/* Returns false after a message. */
bool watch_init(struct watch *w, const struct settings *s, connlog_source *source, connlog_engine *engine,
                struct output *output, struct outfit *outfit);

/* Before they are looked at: takes steps of the clock out of packets' times. */
void watch_packets(struct watch *w, connlog_packet *p, size_t n);

/* After each read that has brought `n` packets.  Returns CONNLOG_OK, or what keeps the run from going on. */
int watch_tick(struct watch *w, size_t n);

/* At the end: says how many packets were lost.  Returns whether there were none. */
bool watch_end(struct watch *w);

#endif
