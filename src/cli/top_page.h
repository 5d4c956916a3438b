/* top_page.h - the page of `connlog top`: what a sensor counted between two samples. */
#ifndef CONNLOG_CLI_TOP_PAGE_H
#define CONNLOG_CLI_TOP_PAGE_H

#include "cli/samples.h"
#include "cli/screen.h"

struct top_page {
	const char    *address;
	struct samples then, now; /* two samples, */
	double         seconds;   /* and the seconds between them */
	struct samples talkers;
	bool           has_talkers;
};

void top_page_write(const struct top_page *p, struct screen *screen);

#endif
