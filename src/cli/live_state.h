/* live_state.h - the counters of a sensor as its page gets them, in JSON. */
#ifndef CONNLOG_CLI_LIVE_STATE_H
#define CONNLOG_CLI_LIVE_STATE_H

#include <stddef.h>

#include "cli/metrics.h"
#include "sensor/talkers.h"
#include "sensor/web.h"

/* What of a sensor's state its page shows. */
struct live_state {
	const struct metrics      *metrics;
	const struct talker_rates *talkers; /* NULL: they are not told */
	size_t                     talkers_n;
	double                     now; /* clock_steady(), by which the page's rows have their times */
	struct web_counts          web;
};

/* Returns it all, allocated; NULL when out of memory. */
char *live_state_text(const struct live_state *s, size_t *n);

/* Writes the totals from which the page draws what changes over time, a list of JSON.  Returns its length. */
#define LIVE_SAMPLE_MAX 512
size_t live_state_sample(const struct metrics *m, char out[LIVE_SAMPLE_MAX]);
/* The names of the list's elements, as a list of JSON. */
extern const char live_state_sample_names[];

#endif
