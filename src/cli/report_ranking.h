/* report_ranking.h - the connections that have the most of something, the first first. */
#ifndef CONNLOG_CLI_REPORT_RANKING_H
#define CONNLOG_CLI_REPORT_RANKING_H

#include "cli/report.h"

struct ranking {
	size_t n, top;
	struct ranked {
		double            value;
		struct report_row row;
		char             *texts; /* what its texts are in */
	} * at;                      /* room for `top` */
};

/* Return false when out of memory.  A value of 0 or less has no place. */
bool ranking_init(struct ranking *r, size_t top);
bool ranking_add(struct ranking *r, double value, const struct report_row *row);
void ranking_free(struct ranking *r);

#endif
