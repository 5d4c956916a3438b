/* progress.c - one line, rewritten in place, after the first second of a run. */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FIRST_AFTER 1.0 /* seconds */
#define EVERY       0.2

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
progress_init(struct progress *p, bool wanted)
{
	*p = (struct progress){ .wanted = wanted, .started = now() };
	p->next = p->started + FIRST_AFTER;
}

double
progress_elapsed(const struct progress *p)
{
	return now() - p->started;
}

void
progress_update(struct progress *p, const connlog_source *source)
{
	connlog_source_progress at;
	double                  t = p->wanted ? now() : 0;

	if (!p->wanted || t < p->next)
		return;
	p->next = t + EVERY;
	p->shown = true;
	connlog_source_progress_get(source, &at);

	double elapsed = t - p->started, million = (double)at.packets / 1e6;
	fputs("\r\033[K", stderr); /* from the start of the line, cleared */
	if (at.total_bytes > 0 && at.bytes > 0) {
		double part = (double)at.bytes / (double)at.total_bytes;
		fprintf(stderr, "%5.1f%%, %.0f s left, ", part * 100, part < 1 ? elapsed / part - elapsed : 0);
	}
	fprintf(stderr, "%.1f M packets, %.2f M/s", million, million / elapsed);
	if (at.name != NULL) { /* its end says more, and the line must not wrap */
		size_t n = strlen(at.name);
		fprintf(stderr, ", %s%s", n > 30 ? "…" : "", n > 30 ? at.name + n - 30 : at.name);
	}
	fflush(stderr);
}

void
progress_clear(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
