/* rotate.h - when a log is rotated, and the name it gets.
 *
 * Source: Zeek's calc_next_rotate() and parse_rotate_base_time() (src/util.cc), Log::rotation_format_func
 * (scripts/base/frameworks/logging/main.zeek).  Times are in seconds since the epoch; days and names are in local time, as
 * Zeek's are.
 */
#ifndef CONNLOG_SENSOR_ROTATE_H
#define CONNLOG_SENSOR_ROTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROTATE_DATE_FORMAT "%Y-%m-%d-%H-%M-%S" /* Log::default_rotation_date_format */

struct rotation {
	double      interval; /* Log::default_rotation_interval, seconds; 0: none */
	double      base;     /* log_rotate_base_time, seconds of the day; below 0: multiples are counted from the epoch */
	uint64_t    size;     /* largest size of a log in bytes; 0: unlimited */
	const char *date_format; /* Log::default_rotation_date_format */
	const char *folder; /* Log::default_rotation_dir, folder for rotated logs; NULL: the one they were written in */
};

#define ROTATION_NONE ((struct rotation){ .date_format = ROTATE_DATE_FORMAT })

/* "HH:MM", or "" for none.  Returns false for anything else. */
bool rotate_parse_base(const char *text, double *base);

/* Returns the next multiple of the interval after `now`; INFINITY without an interval. */
double rotate_next(const struct rotation *r, double now);

/* Returns the latest such time that is not after `now`. */
double rotate_latest(const struct rotation *r, double now);

/* Builds NAME.DATE.log in the folder, where DATE is when the log was begun; a counter above 0 distinguishes logs of the same second
 * (NAME.DATE-1.log).  Returns an allocated string, or NULL when out of memory. */
char *rotate_path(const struct rotation *r, const char *folder, const char *name, double opened, unsigned counter);

/* Returns whether a file name is that of a rotated log of `name`, and in *packed whether it is compressed. */
bool rotate_is_ours(const struct rotation *r, const char *name, const char *file, bool *packed);

/* Creates the folder and missing parent folders. */
void rotate_make_folder(const char *path);

/* Moves a finished log to an unused name of a rotated one, compressed or not; within its own folder if the other is not
 * available.  Returns its new path, allocated; or NULL with errno set. */
char *rotate_move(const struct rotation *r, const char *folder, const char *name, const char *path, double opened);

#endif
