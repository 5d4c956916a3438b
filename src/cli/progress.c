/* progress.c - one line, rewritten in place, after the first second of a run. */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/cli.h"

#define FIRST_AFTER 1.0 /* seconds */
#define EVERY       0.2

enum { NAME_MAX_SHOWN = 30 };

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

/* Prints the progress; `total` is 0 if unknown. */
struct state {
	uint64_t    bytes, total;
	uint64_t    things;
	const char *what; /* they are */
	const char *name; /* of the file, or NULL */
};

/* Returns whether it is time for the line. */
static bool
is_due(struct progress *p, double t)
{
	if (!p->wanted || t < p->next)
		return false;
	p->next = t + EVERY;
	p->shown = true;
	return true;
}

static void
show(const struct state *at, double elapsed)
{
	const double million = (double)at->things / 1e6;

	fputs("\r\033[K", stderr); /* from the start of the line, cleared */
	if (at->total > 0 && at->bytes > 0) {
		double part = (double)at->bytes / (double)at->total;
		fprintf(stderr, "%5.1f%%, %.0f s left, ", part * 100, part < 1 ? elapsed / part - elapsed : 0);
	}
	fprintf(stderr, "%.1f M %s, %.2f M/s", million, at->what, million / elapsed);
	if (at->name != NULL) { /* the end of the name says more, and the line must not wrap */
		size_t       n = strlen(at->name);
		const char  *end = n > NAME_MAX_SHOWN ? at->name + n - NAME_MAX_SHOWN : at->name;
		char         shown[PRINTABLE_MAX(NAME_MAX_SHOWN)];
		const size_t shown_n = make_printable(shown, end, strlen(end));
		fprintf(stderr, ", %s%.*s", end > at->name ? "…" : "", (int)shown_n, shown);
	}
	fflush(stderr);
}

void
progress_update(struct progress *p, const connlog_source *source)
{
	connlog_source_progress at;
	const double            t = p->wanted ? now() : 0;

	if (!is_due(p, t))
		return;
	connlog_source_progress_get(source, &at);
	show(&(struct state){ at.bytes, at.total_bytes, at.packets, "packets", at.name }, t - p->started);
}

void
progress_update_at(struct progress *p, const connlog_source_progress *at)
{
	const double t = p->wanted ? now() : 0;

	if (is_due(p, t))
		show(&(struct state){ at->bytes, at->total_bytes, at->packets, "packets", at->name }, t - p->started);
}

void
progress_update_log(struct progress *p, const connlog_reader *reader, uint64_t total)
{
	connlog_reader_progress at;
	const double            t = p->wanted ? now() : 0;

	if (!is_due(p, t))
		return;
	connlog_reader_progress_get(reader, &at);
	show(&(struct state){ at.bytes, total, at.records, "records", at.name }, t - p->started);
}

uint64_t
progress_total(const char *const *paths, size_t n)
{
	uint64_t    total = 0;
	struct stat st;

	for (size_t i = 0; i < n; i++) {
		if (stat(paths[i], &st) != 0 || !S_ISREG(st.st_mode))
			return 0;
		total += (uint64_t)st.st_size;
	}
	return total;
}

void
progress_clear(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
