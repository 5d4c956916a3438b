/* state.h - what the next start needs to know about a log if this run is interrupted: counters in a hidden file beside it,
 * DIR/.NAME.state.
 *
 * The file is mapped, so that counters survive the process, and written to the disk behind the log, so that after a power cut they
 * are at most as far as it.  It is locked while in use, so that two programs cannot write the same
 * log, and removed at an orderly end.
 */
#ifndef CONNLOG_SENSOR_STATE_H
#define CONNLOG_SENSOR_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much of the open log has reached the disk. */
struct state_safe {
	_Atomic uint64_t size, records;
};

struct state_counts {
	char              magic[8];
	double            opened;  /* when the open log was begun, seconds since the epoch */
	_Atomic uint64_t  made;    /* records of this run, and of these */
	_Atomic uint64_t  written; /* in logs, whole, and */
	_Atomic uint64_t  lost;    /* lost, and reported as such */
	_Atomic uint64_t  in_log;  /* those of `written` that are in the open log, */
	_Atomic uint64_t  head;    /* whose header has this many bytes: after a power cut there may be fewer of them */
	_Atomic uint64_t  current; /* which of the two is valid: the other one may be half written */
	struct state_safe safe[2];
};

struct state {
	char                *path;
	int                  fd;
	struct state_counts *at; /* in the file, or `own` if it cannot be mapped */
	struct state_counts  own;
};

/* Opens and locks the file, and copies to *before what an earlier run left in it; before->magic[0] is 0 if there was nothing.
 * Returns false and writes a message if it is in use or cannot be created. */
bool state_open(struct state *s, const char *folder, const char *name, struct state_counts *before, char *err,
                size_t err_size);

/* Says that a log was begun. */
void state_begin(struct state *s, double opened);
/* Says that the open log has reached the disk as far as that, and lets the file follow. */
void state_safe(struct state *s, uint64_t size, uint64_t records);

/* Unlocks the file; `finished`: removes it. */
void state_close(struct state *s, bool finished);

#endif
