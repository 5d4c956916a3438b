/* retention.h - removes old logs by age and by total size. */
#ifndef CONNLOG_SENSOR_RETENTION_H
#define CONNLOG_SENSOR_RETENTION_H

#include "sensor/rotate.h"

struct retention {
	double   age;  /* seconds since the last change of a rotated log; 0: unlimited */
	uint64_t size; /* bytes of all rotated logs together; 0: unlimited */
};

/* Removes rotated logs of that name from the folder, the oldest first, until both limits are met; the log being written does not
 * count.  `now` is the time of day.  Returns how many were removed; *failed is the errno of one that could not be. */
unsigned retention_apply(const struct retention *r, const struct rotation *names, const char *folder, const char *name,
                         double now, int *failed);

#endif
