/* state.h - what the next start is to know of a log if this run does not come to its end: counters in a hidden file beside
 * it, DIR/.NAME.state.
 *
 * The file is mapped, so a counter is on its way to the disk as soon as it is counted, whatever becomes of the process.  It
 * is locked while it is in use: two programs do not write the same log.  At an orderly end it is removed.
 */
#ifndef CONNLOG_SENSOR_STATE_H
#define CONNLOG_SENSOR_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state_counts {
	char             magic[8];
	double           opened;  /* when the log that is open was begun, seconds since the epoch */
	_Atomic uint64_t made;    /* records of this run, and of these */
	_Atomic uint64_t written; /* in logs, whole, and */
	_Atomic uint64_t lost;    /* given up, which was said */
};

struct state {
	char                *path;
	int                  fd;
	struct state_counts *at; /* of the file, or `own` where it cannot be mapped */
	struct state_counts  own;
};

/* Opens and locks the file, and hands out in *before what an earlier run left there; before->magic[0] is 0 where that was
 * nothing.  Returns false with a text: it is in use, or cannot be made. */
bool state_open(struct state *s, const char *folder, const char *name, struct state_counts *before, char *err,
                size_t err_size);

/* Unlocks the file; `finished`: removes it. */
void state_close(struct state *s, bool finished);

#endif
