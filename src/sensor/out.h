/* out.h - writes bytes to a descriptor so that it always contains whole lines. */
#ifndef CONNLOG_SENSOR_OUT_H
#define CONNLOG_SENSOR_OUT_H

#include "sensor/spool.h"

struct out {
	int      fd;      /* -1: none */
	bool     regular; /* a file that can be truncated */
	uint64_t bytes;   /* written, minus those that were truncated again */
};

void out_init(struct out *o, int fd);

/* Writes p[*done..n).  *done is the progress; if a file accepted only a part of a line, that part is truncated again if
 * possible.  Waits for a reader as long as the spool is not abandoned.
 * Returns 0 or errno: EPIPE if the reader has gone, ECANCELED if the spool was abandoned. */
int out_write(struct out *o, const char *p, size_t n, size_t *done, struct spool *s);

/* Returns false if the reader of a pipe has gone, which a write would report, too. */
bool out_has_reader(const struct out *o);

/* Returns how many lines end in these bytes. */
uint64_t count_lines(const char *p, size_t n);

/* Returns how many of these bytes are whole lines. */
size_t whole_lines(const char *p, size_t n);

#endif
