/* progress.h - the line on the terminal that says how far a long run has come. */
#ifndef CONNLOG_CLI_PROGRESS_H
#define CONNLOG_CLI_PROGRESS_H

#include <stdbool.h>

#include "connlog.h"

struct progress {
	bool   wanted, shown;
	double started, next; /* seconds of a clock that does not jump */
};

void progress_init(struct progress *p, bool wanted);
/* Rewrites the line when it is time to. */
void progress_update(struct progress *p, const connlog_source *source);
/* The same for logs, which have `total` bytes. */
void progress_update_log(struct progress *p, const connlog_reader *reader, uint64_t total);
/* Returns the bytes of these files, 0 where one of them does not say. */
uint64_t progress_total(const char *const *paths, size_t n);
/* Takes the line away, before something else is said. */
void progress_clear(struct progress *p);
/* Seconds since progress_init(). */
double progress_elapsed(const struct progress *p);

#endif
