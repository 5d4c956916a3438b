/* report_ranking.h - the connections with the highest values of something, in descending order. */
#ifndef CONNLOG_CLI_REPORT_RANKING_H
#define CONNLOG_CLI_REPORT_RANKING_H

#include "cli/report.h"

struct ranking {
	size_t n, top;
	struct ranked {
		double            value;
		struct report_row row;
		char             *texts; /* memory of its texts */
	} * at;                      /* room for `top` */
};

/* Return false when out of memory. Values of 0 or less are ignored. */
bool ranking_init(struct ranking *r, size_t top);
bool ranking_add(struct ranking *r, double value, const struct report_row *row);
void ranking_free(struct ranking *r);

#endif
