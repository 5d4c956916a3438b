/* extract.h - the internals of the extractor. */
#ifndef CONNLOG_ARCHIVE_EXTRACT_H
#define CONNLOG_ARCHIVE_EXTRACT_H

#include "archive/plan.h"
#include "archive/tour.h"
#include "archive/wanted.h"
#include "connlog_archive.h"

struct connlog_extractor {
	connlog_extract_options options;
	struct tour             tour;
	struct wanteds          wanted;
	connlog_engine         *engine; /* while it searches */
	uint64_t                lost;   /* fragments that could not be remembered */
	struct plan            *plans;
	struct plan_report      report;
	unsigned                walks;      /* walks over the captures */
	connlog_anonymizer     *anonymizer; /* NULL: packets are written as they are */
	bool                    keep_payload;
};

#endif
