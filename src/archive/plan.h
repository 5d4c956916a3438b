/* plan.h - which parts of the captures have to be read for the requested connections, according to the captures'
 * indexes. */
#ifndef CONNLOG_ARCHIVE_PLAN_H
#define CONNLOG_ARCHIVE_PLAN_H

#include "archive/tour.h"
#include "archive/wanted.h"

/* How much is read beyond what the records require. */
enum plan_width {
	PLAN_NARROW, /* blocks with the pair, from a minute before the connection begins to a minute after it ends */
	PLAN_WIDE,   /* from the beginning of the captures, since an earlier connection with the tuple may matter */
	PLAN_ALL,    /* everything */
};

struct plan_report {
	size_t indexed, stale, damaged; /* captures with a valid index, with one of another version, with a damaged one */
};

/* Makes a plan for each of the tour's files; a file without a valid index is read completely. Returns NULL when out of
 * memory. `report` may be NULL. */
struct plan      *
plans_make(const struct tour *t, const struct wanteds *w, enum plan_width width, struct plan_report *report);
void plans_free(struct plan *plans, size_t n);

#endif
