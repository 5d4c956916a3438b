/* logfile.h - the log being written, DIR/NAME.log: whole lines under its own name at every moment.
 *
 * Each log has a header and a footer, if the format has them.  All functions are called by the writing thread.
 */
#ifndef CONNLOG_SENSOR_LOGFILE_H
#define CONNLOG_SENSOR_LOGFILE_H

#include "connlog.h"
#include "sensor/out.h"
#include "sensor/rotate.h"

struct logfile {
	const char     *folder, *name;
	char           *path;    /* NULL: a caller's descriptor */
	connlog_writer *frame;   /* writes headers and footers */
	struct out      out;     /* .fd -1: not opened yet */
	double          opened;  /* when it was begun, for its name: seconds since the epoch */
	uint64_t        records; /* in the current log */
	uint64_t        size;    /* bytes */
	bool            headed;  /* its header has been produced, */
	size_t          framed;  /* and this much of the writer's output is in it */
	bool            dirty;   /* written bytes may not be on the disk yet */
	uint64_t        bytes;   /* of all logs before this one */
};

/* The strings must outlive it; it takes ownership of the writer.  Returns false when out of memory. */
bool logfile_init(struct logfile *f, const char *folder, const char *name, connlog_writer *frame);
/* Writes the log to a caller's descriptor, which is neither moved nor closed. */
void logfile_init_stream(struct logfile *f, int fd, connlog_writer *frame);
void logfile_free(struct logfile *f);

/* Begins the log: a new file, or an existing empty one.  A file with content is left alone.
 * Returns 0 or errno; EEXIST in that case. */
int logfile_open(struct logfile *f, double when, struct spool *s);
/* Writes the header of an open log if it is missing.  Returns 0 or errno. */
int logfile_ready(struct logfile *f, struct spool *s);
/* Writes the item's bytes up to `end`, and counts complete lines.  Returns 0 or errno. */
int logfile_write(struct logfile *f, struct spool_item *item, size_t end, struct spool *s);
/* Flushes what was written to the disk.  Returns 0 or errno. */
int logfile_sync(struct logfile *f);
/* Writes the footer, as far as there is room, and closes the file if it is ours. */
void logfile_close(struct logfile *f, double when, struct spool *s);
/* Returns whether its name now belongs to another file, or to none. */
bool logfile_was_moved(const struct logfile *f);
/* Returns whether it no longer has any name, so that its content is unreachable. */
bool logfile_was_removed(const struct logfile *f);
/* Restarts a log without records.  Returns 0 or errno. */
int logfile_begin_again(struct logfile *f, double when, struct spool *s);

#endif
