/* retention.h - old logs make room: by age, and by what all of them take together. */
#ifndef CONNLOG_SENSOR_RETENTION_H
#define CONNLOG_SENSOR_RETENTION_H

#include "sensor/rotate.h"

struct retention {
	double   age;  /* seconds since the last change of a rotated log; 0: any */
	uint64_t size; /* bytes of all rotated logs together; 0: any */
};

/* Removes rotated logs of that name in the folder, the oldest first, until both bounds are kept; the log that is being
 * written does not count.  `now` is the time of day.  Returns how many were removed; *failed: errno of one that could not be. */
unsigned retention_apply(const struct retention *r, const struct rotation *names, const char *folder, const char *name,
                         double now, int *failed);

#endif
