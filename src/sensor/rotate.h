/* rotate.h - when a log makes room for the next one, and what it is called then.
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
	double      interval;    /* Log::default_rotation_interval, seconds; 0: none */
	double      base;        /* log_rotate_base_time, seconds of the day; below 0: multiples count from the epoch */
	uint64_t    size;        /* bytes that a log has at most; 0: any */
	const char *date_format; /* Log::default_rotation_date_format */
	const char *folder;      /* Log::default_rotation_dir, where such logs go; NULL: where they were written */
};

#define ROTATION_NONE ((struct rotation){ .date_format = ROTATE_DATE_FORMAT })

/* "HH:MM", or "" for none.  Returns false for anything else. */
bool rotate_parse_base(const char *text, double *base);

/* Returns the next time behind `now` at which the interval has a multiple; INFINITY without an interval. */
double rotate_next(const struct rotation *r, double now);

/* Returns the latest such time that is not behind `now`. */
double rotate_latest(const struct rotation *r, double now);

/* NAME.DATE.log in the folder, the date being that at which the log was begun; a counter that is not 0 tells it from others
 * of that second (NAME.DATE-1.log).  Returns an allocated string, or NULL when out of memory. */
char *rotate_path(const struct rotation *r, const char *folder, const char *name, double opened, unsigned counter);

/* Returns whether a file is called like a rotated log of that name, and in *packed whether like a packed one. */
bool rotate_is_ours(const struct rotation *r, const char *name, const char *file, bool *packed);

/* Makes the folder and those that it is in, as far as they are missing. */
void rotate_make_folder(const char *path);

/* Moves a finished log to the name of a rotated one that nothing has yet, packed or not; into the folder it stands in where
 * the other cannot be had.  Returns its new path, allocated; or NULL with errno. */
char *rotate_move(const struct rotation *r, const char *folder, const char *name, const char *path, double opened);

#endif
