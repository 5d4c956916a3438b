/* beat.h - what a running sensor reports about itself: its health and load to the service manager, and its metrics to
 * those who ask for them. */
#ifndef CONNLOG_CLI_BEAT_H
#define CONNLOG_CLI_BEAT_H

#include "cli/live_page.h"
#include "cli/metrics.h"
#include "cli/outfit.h"
#include "cli/output.h"
#include "sensor/talkers.h"

struct beat {
	struct notify    *notify;
	struct serve     *serve;              /* NULL: no metrics */
	struct live_page *page;               /* NULL: no page */
	struct metrics    metrics;            /* where the counters are read from */
	double            publish_at;         /* by clock_steady(): when the next metrics are due, */
	double            status_at, told_at; /* the next status, and the latest one */
	uint64_t          packets, bytes;     /* by then */
	double behind[2]; /* seconds that a packet waited at most: since behind_at less BEHIND_FOR, and as long before */
	double behind_at;

	struct talkers *talkers;       /* counted while a client asks; or NULL */
	unsigned        talkers_asked; /* number of requests at the latest check, */
	double          talkers_until; /* and until when to count for them */
	double          published_at;  /* the latest metrics */
};

/* Called when the run is about to begin; `metrics` describes its counters.  Returns false after a message. */
bool beat_begin(struct beat *b, struct outfit *outfit, const struct metrics *metrics);
/* Reports packets that were read, at the time of day `now`, from which as from theirs steps were taken out. */
void beat_packets(struct beat *b, const connlog_packet *p, size_t n, double now);
/* Must be called at least once a second; `now` is clock_steady(). */
void beat_tick(struct beat *b, double now);
/* Called when the run is about to end: the counters no longer change. */
void beat_end(struct beat *b);

#endif
