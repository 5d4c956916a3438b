/* log.h - the log of a sensor: takes records as lines, keeps them in memory while they cannot be written, and has a thread
 * that writes them, so that the one that takes packets never waits for a disk or a reader.
 *
 * In a folder the log is DIR/NAME.log (logfile.h); what an earlier run left there is finished first (leftover.h), and it is
 * rotated (rotate.h).  Otherwise it goes to a descriptor.
 */
#ifndef CONNLOG_SENSOR_LOG_H
#define CONNLOG_SENSOR_LOG_H

#include "connlog.h"
#include "sensor/janitor.h"

struct log_options {
	const char      *folder; /* NULL: the log goes to */
	int              fd;
	const char      *fd_name; /* for messages */
	const char      *name;    /* "conn" */
	struct rotation  rotation;
	struct packing   packing;
	struct hook     *hook; /* runs a command for rotated logs; NULL: there is none */
	struct retention retention;
	size_t           spool;          /* bytes of memory for lines that wait */
	double           flush_interval; /* seconds: lines are on the disk after these at the latest */
	/* Tells what an operator is to know, from any thread. */
	void (*say)(void *arg, const char *text);
	void *arg;
	/* Set by a signal once nothing is to be waited for any more; or NULL. */
	const volatile sig_atomic_t *hurry;
	bool                         changes; /* log_change() will be called */
};

struct log_counts {
	uint64_t written, lost, waiting; /* records */
	uint64_t waiting_bytes;
	uint64_t bytes;
	uint64_t rotations, packed, commands, removed, failures;
};

struct log;

/* Opens the log.  `frame` makes its heads and feet and becomes the log's, also where that fails; the options' texts live as
 * long as the log.  Returns NULL with a text. */
struct log *log_new(const struct log_options *o, connlog_writer *frame, char *err, size_t err_size);

/* How many records have been made so far: what the next start can tell of those that are missing. */
void log_made(struct log *l, uint64_t records);

/* Takes whole lines, which are so many records.  Where the spool is full it waits a moment for room, during the end longer;
 * then they are counted as lost. */
void log_put(struct log *l, const char *p, size_t n, uint64_t records);

/* Ends the log that is written and begins the next one, which is said to begin at `when` (seconds since the epoch). */
void log_rotate(struct log *l, double when);

/* Opens the log's name again, for who has moved the file away. */
void log_reopen(struct log *l);

/* Has the log be kept otherwise from now on: by these of the options, and by no others of them. */
void
log_change(struct log *l, const struct rotation *rotation, const struct retention *retention, double flush_interval);

/* Returns CONNLOG_OK; or CONNLOG_CLOSED or CONNLOG_IO: nothing can be written any more. */
int log_status(const struct log *l);
/* Returns what then is wrong. */
const char *log_error(const struct log *l);

void log_counts(struct log *l, struct log_counts *out);

/* The end begins: room is waited for, as long as something is written at least every so many seconds. */
void log_hold(struct log *l, double seconds);

/* Writes what waits, under the same condition, finishes the log, and waits as long for what becomes of rotated ones.  What is
 * not written then is lost. */
void log_end(struct log *l);

/* Of a log that has ended, or has come to nothing. */
void log_free(struct log *l);

#endif
