/* metrics.h - all counters in Prometheus' text exposition format 0.0.4. */
#ifndef CONNLOG_CLI_METRICS_H
#define CONNLOG_CLI_METRICS_H

#include "cli/output.h"

struct live_page;

/* Where the counters are read from. */
struct metrics {
	const connlog_source *source;
	const connlog_engine *engine;
	const struct output  *output;
	struct live_page     *page;           /* of --web, or NULL */
	uint64_t              spool;          /* most bytes that may wait to be written */
	double                behind;         /* seconds that a packet waited at most, of late */
	int                   statm;          /* /proc/self/statm, or -1 */
	double                started;        /* seconds since the epoch, */
	double                started_steady; /* and by clock_steady() */
};

/* Returns the allocated text, or NULL when out of memory. */
char *metrics_text(const struct metrics *m, size_t *n);

/* Returns the resident bytes, which /proc/self/statm tells; 0 if that is not available. */
uint64_t metrics_resident(int statm);

#endif
