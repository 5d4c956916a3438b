/* logfile.h - the log that is being written, DIR/NAME.log: whole lines under its own name at every moment.
 *
 * Each log has its head and its foot, if the format has them.  All functions belong to the thread that writes.
 */
#ifndef CONNLOG_SENSOR_LOGFILE_H
#define CONNLOG_SENSOR_LOGFILE_H

#include "connlog.h"
#include "sensor/out.h"
#include "sensor/rotate.h"

struct logfile {
	const char     *folder, *name;
	char           *path;    /* NULL: a descriptor of somebody else's */
	connlog_writer *frame;   /* makes heads and feet */
	struct out      out;     /* .fd -1: it could not be opened yet */
	double          opened;  /* when it was begun, for its name: seconds since the epoch */
	uint64_t        records; /* in it */
	uint64_t        size;    /* bytes */
	bool            headed;  /* its head has been made, */
	size_t          framed;  /* and so much of what the writer holds is in it */
	bool            dirty;   /* bytes have been written that may not be on the disk */
	uint64_t        bytes;   /* of all logs before this one */
};

/* The texts and the writer, which becomes the file's, live as long as it does.  Returns false: no memory. */
bool logfile_init(struct logfile *f, const char *folder, const char *name, connlog_writer *frame);
/* A log that goes to a descriptor of the caller's, and is neither moved nor closed. */
void logfile_init_stream(struct logfile *f, int fd, connlog_writer *frame);
void logfile_free(struct logfile *f);

/* Begins the log: a new file, or one that is there and empty.  What is there with something in it is left alone.
 * Returns 0 or errno; EEXIST for that. */
int logfile_open(struct logfile *f, double when, struct spool *s);
/* Sees to it that a log that is open has its head.  Returns 0 or errno. */
int logfile_ready(struct logfile *f, struct spool *s);
/* Writes the item's bytes up to `end`, and counts the lines that are whole.  Returns 0 or errno. */
int logfile_write(struct logfile *f, struct spool_item *item, size_t end, struct spool *s);
/* What was written is on the disk then.  Returns 0 or errno. */
int logfile_sync(struct logfile *f);
/* Writes the foot, as far as there is room, and closes what is ours. */
void logfile_close(struct logfile *f, double when, struct spool *s);
/* Returns whether another file has its name now, or none. */
bool logfile_was_moved(const struct logfile *f);
/* Returns whether it has no name at all any more: what is written is nowhere to be found. */
bool logfile_was_removed(const struct logfile *f);
/* A log without a record is begun again.  Returns 0 or errno. */
int logfile_begin_again(struct logfile *f, double when, struct spool *s);

#endif
