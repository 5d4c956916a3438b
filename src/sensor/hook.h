/* hook.h - the command that is run for a rotated log, called as Zeek's Log::run_rotation_postprocessor_cmd() calls it. */
#ifndef CONNLOG_SENSOR_HOOK_H
#define CONNLOG_SENSOR_HOOK_H

#include <stdbool.h>

/* A log that has got its last line and its last name. */
struct finished {
	struct finished *next;
	char            *path;           /* of the heap */
	double           opened, closed; /* seconds since the epoch */
	bool             terminating;    /* because the program ends */
};

/* Runs `COMMAND PATH NAME OPENED CLOSED TERMINATING ascii` through the shell; what it prints goes to standard error.
 * `wait`: until it has ended. => 0, its exit status, or a negative errno where it could not be begun. */
int hook_run(const char *command, const char *name, const struct finished *f, bool wait);

#endif
