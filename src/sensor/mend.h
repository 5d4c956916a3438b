/* mend.h - what a power cut can leave of a log: its end may be missing, and where a file system allocates late, stretches of
 * zeros may stand for bytes that had not reached the disk, at the end or with text behind them.
 *
 * No line of a log contains a zero byte, as every format escapes it.  A line in which there is one is taken out as a whole, and what
 * follows moves up in the same file.  (If that is interrupted again, some lines may be there twice.)
 */
#ifndef CONNLOG_SENSOR_MEND_H
#define CONNLOG_SENSOR_MEND_H

#include <stdint.h>
#include <sys/types.h>

struct mend {
	off_t    size;   /* of the file, all of whose lines are whole now */
	uint64_t lines;  /* of these, so many begin at or behind the place to count from */
	uint64_t places; /* where zeros with text behind them were taken out */
};

/* Returns the length of the file up to the last line that ends before `size`, or -1. */
off_t mend_whole(int fd, off_t size);

/* Takes out of the bytes from..size what is no whole line, and counts those behind `count_from`, which is not before `from`.  A line
 * begins at both places.  Returns 0 or errno. */
int mend_log(int fd, off_t from, off_t count_from, off_t size, struct mend *out);

#endif
