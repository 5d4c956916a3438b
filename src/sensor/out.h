/* out.h - bytes to a descriptor so that what stands there is whole lines. */
#ifndef CONNLOG_SENSOR_OUT_H
#define CONNLOG_SENSOR_OUT_H

#include "sensor/spool.h"

struct out {
	int      fd;      /* -1: none */
	bool     regular; /* a file that can be cut */
	uint64_t bytes;   /* written, less those that were cut off again */
};

void out_init(struct out *o, int fd);

/* Writes p[*done..n).  *done says how far it has come; of a file that took a part of a line only, that part is cut off again
 * where this can be done.  A reader that takes nothing is waited for as long as the spool is not abandoned.
 * Returns 0 or errno: EPIPE where the reader has gone, ECANCELED for a spool that is abandoned. */
int out_write(struct out *o, const char *p, size_t n, size_t *done, struct spool *s);

/* Returns false if the reader of a pipe has gone, which a write would tell too. */
bool out_has_reader(const struct out *o);

/* Returns how many lines end in these bytes. */
uint64_t count_lines(const char *p, size_t n);

/* Returns how many of these bytes are whole lines. */
size_t whole_lines(const char *p, size_t n);

#endif
