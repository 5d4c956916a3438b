/* progress.h - the progress line of a long run on the terminal. */
#ifndef CONNLOG_CLI_PROGRESS_H
#define CONNLOG_CLI_PROGRESS_H

#include <stdbool.h>

#include "connlog.h"

struct progress {
	bool   wanted, shown;
	double started, next; /* in seconds of a steady clock */
};

void progress_init(struct progress *p, bool wanted);
/* Rewrites the line if it is due. */
void progress_update(struct progress *p, const connlog_source *source);
/* The same of who has asked the source. */
void progress_update_at(struct progress *p, const connlog_source_progress *at);
/* The same for logs of `total` bytes. */
void progress_update_log(struct progress *p, const connlog_reader *reader, uint64_t total);
/* Returns the total size of these files in bytes, or 0 if the size of one is unknown. */
uint64_t progress_total(const char *const *paths, size_t n);
/* Removes the line before other output. */
void progress_clear(struct progress *p);
/* Returns the seconds since progress_init(). */
double progress_elapsed(const struct progress *p);

#endif
