/* log.h - the log of a sensor: accepts records as lines, keeps them in memory while they cannot be written, and has a thread that
 * writes them, so that the capturing thread never waits for a disk or a reader.
 *
 * In a folder, the log is DIR/NAME.log (logfile.h); what an earlier run left there is completed first (leftover.h), and the log is
 * rotated (rotate.h).  Otherwise it is written to a descriptor.
 */
#ifndef CONNLOG_SENSOR_LOG_H
#define CONNLOG_SENSOR_LOG_H

#include "connlog.h"
#include "sensor/janitor.h"

struct log_options {
	const char      *folder; /* NULL: the log is written to `fd` */
	int              fd;
	const char      *fd_name; /* for messages */
	const char      *name;    /* "conn" */
	struct rotation  rotation;
	struct packing   packing;
	struct hook     *hook; /* runs a command for rotated logs; NULL: there is none */
	struct retention retention;
	size_t           spool;          /* bytes of memory for pending lines */
	double           flush_interval; /* seconds after which lines are flushed to disk at the latest */
	/* Reports what an operator should know; called from any thread. */
	void (*say)(void *arg, const char *text);
	void *arg;
	/* Set by a signal to stop all waiting; may be NULL. */
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

/* Opens the log.  `frame` writes headers and footers; the log takes ownership of it even on failure.  The strings of the options
 * must outlive the log.  Returns NULL and writes a message on failure. */
struct log *log_new(const struct log_options *o, connlog_writer *frame, char *err, size_t err_size);

/* Sets how many records were produced so far, from which the next start can tell how many are missing. */
void log_made(struct log *l, uint64_t records);

/* Accepts whole lines, which are `records` records.  If the spool is full, it waits a moment for room (longer during the end);
 * then they are counted as lost. */
void log_put(struct log *l, const char *p, size_t n, uint64_t records);

/* Ends the current log and begins the next one, whose start is `when` (seconds since the epoch). */
void log_rotate(struct log *l, double when);

/* Reopens the log by name, after somebody has moved the file away. */
void log_reopen(struct log *l);

/* Changes these options of the log; the others stay as they are. */
void
log_change(struct log *l, const struct rotation *rotation, const struct retention *retention, double flush_interval);

/* Returns CONNLOG_OK; or CONNLOG_CLOSED or CONNLOG_IO if nothing can be written any more. */
int log_status(const struct log *l);
/* Returns what is wrong then. */
const char *log_error(const struct log *l);

void log_counts(struct log *l, struct log_counts *out);

/* Announces the end: from now on, waits for room as long as something is written at least every `grace` seconds. */
void log_hold(struct log *l, double seconds);

/* Writes what is pending, under the same condition, completes the log, and waits as long for the processing of rotated ones.
 * Anything not written by then is lost. */
void log_end(struct log *l);

/* Frees a log that has ended or could not be opened. */
void log_free(struct log *l);

#endif
