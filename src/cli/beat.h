/* beat.h - what a sensor tells of itself while it runs: to the service manager, that it lives and how much it does, and to
 * who asks for metrics. */
#ifndef CONNLOG_CLI_BEAT_H
#define CONNLOG_CLI_BEAT_H

#include "cli/metrics.h"
#include "cli/outfit.h"
#include "cli/output.h"
#include "sensor/talkers.h"

struct beat {
	struct notify *notify;
	struct serve  *serve;              /* NULL: nobody asks for metrics */
	struct metrics metrics;            /* what all of it is read from */
	double         publish_at;         /* by clock_steady(): when the next metrics are due, */
	double         status_at, told_at; /* the next status, and the latest one */
	uint64_t       packets, bytes;     /* by then */

	struct talkers *talkers;       /* counted while somebody wants to know; or NULL */
	unsigned        talkers_asked; /* how often, by the latest look, */
	double          talkers_until; /* and until when it is counted for him */
	double          published_at;  /* the latest metrics */
};

/* The run is about to begin; `metrics` says what its counters are.  Returns false after a message. */
bool beat_begin(struct beat *b, struct outfit *outfit, const struct metrics *metrics);
/* Packets that were taken. */
void beat_packets(struct beat *b, const connlog_packet *p, size_t n);
/* To be called at least once a second; `now` is clock_steady(). */
void beat_tick(struct beat *b, double now);
/* The run is about to end: nothing is counted any more. */
void beat_end(struct beat *b);

#endif
