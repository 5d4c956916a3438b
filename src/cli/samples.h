/* samples.h - parses Prometheus' text format: a sensor's counters by name and label. */
#ifndef CONNLOG_CLI_SAMPLES_H
#define CONNLOG_CLI_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

struct sample {
	const char *name;  /* without "connlog_" */
	const char *label; /* the first label's value, or ""; */
	const char *more;  /* the second label's */
	double      value;
};

struct samples {
	char          *text; /* the allocated text that they point into */
	struct sample *at;
	size_t         n;
};

/* Takes ownership of an allocated string and parses it in place.  Lines that are not samples are skipped.  Returns false
 * when out of memory. */
bool samples_read(struct samples *s, char *text);
void samples_free(struct samples *s);
/* Returns a sample, or NULL if there is none; a NULL `label` or `more` matches any. */
const struct sample *samples_find(const struct samples *s, const char *name, const char *label, const char *more);
/* Returns its value, or 0. */
double samples_get(const struct samples *s, const char *name, const char *label);
/* Returns the sum of all samples of this name. */
double samples_sum(const struct samples *s, const char *name);

#endif
