/* beat.h - what a sensor tells of itself while it runs: to the service manager, that it lives and how much it does. */
#ifndef CONNLOG_CLI_BEAT_H
#define CONNLOG_CLI_BEAT_H

#include "cli/outfit.h"
#include "cli/output.h"

struct beat {
	struct notify        *notify;
	const connlog_source *source;
	const connlog_engine *engine;
	const struct output  *output;
	double                status_at, told_at; /* by clock_steady(): the next status, the latest one */
	uint64_t              packets, bytes;     /* by then */
};

/* The run is about to begin. */
void beat_begin(struct beat *b, struct outfit *outfit, const connlog_source *source, const connlog_engine *engine,
                const struct output *output);
/* To be called at least once a second; `now` is clock_steady(). */
void beat_tick(struct beat *b, double now);
/* The run is about to end. */
void beat_end(struct beat *b);

#endif
