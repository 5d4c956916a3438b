/* samples.h - Prometheus' text format, read: what a sensor has counted, by name and label. */
#ifndef CONNLOG_CLI_SAMPLES_H
#define CONNLOG_CLI_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

struct sample {
	const char *name;  /* without "connlog_" */
	const char *label; /* its first label's value, "" without; */
	const char *more;  /* that of the second */
	double      value;
};

struct samples {
	char          *text; /* what they point into, allocated */
	struct sample *at;
	size_t         n;
};

/* Takes an allocated string, which becomes the samples' and is written into. Lines that are none are skipped.  Returns false without
 * memory. */
bool samples_read(struct samples *s, char *text);
void samples_free(struct samples *s);
/* Returns a sample; `label` and `more` NULL is any. NULL where there is none. */
const struct sample *samples_find(const struct samples *s, const char *name, const char *label, const char *more);
/* Returns its value, or 0. */
double samples_get(const struct samples *s, const char *name, const char *label);
/* Returns the sum of all of this name. */
double samples_sum(const struct samples *s, const char *name);

#endif
