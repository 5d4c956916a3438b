/* hook.h - the command that is run for a rotated log, called as Zeek's Log::run_rotation_postprocessor_cmd() calls it. */
#ifndef CONNLOG_SENSOR_HOOK_H
#define CONNLOG_SENSOR_HOOK_H

#include <stdbool.h>
#include <stddef.h>

/* A log that is complete and has its final name. */
struct finished {
	struct finished *next;
	char            *path;           /* allocated */
	double           opened, closed; /* seconds since the epoch */
	bool             terminating;    /* because the program is ending */
};

/* A separate process that runs one command, since the capturing process may not start programs once it is confined. */
struct hook;

/* Starts that process, which must happen before any thread is started.  It inherits only standard error; it first calls `prepare`,
 * and ends if that returns false.  Returns NULL and writes a message on failure. */
struct hook *hook_new(const char *command, bool (*prepare)(void *arg), void *arg, char *err, size_t err_size);
/* The process ends as soon as its command has ended. */
void        hook_free(struct hook *h);
const char *hook_command(const struct hook *h);

/* Runs `COMMAND PATH NAME OPENED CLOSED TERMINATING ascii` through the shell; its output goes to standard error.  `wait`: waits
 * until it has ended.  Returns 0, its exit status, or a negative errno if it could not be started. */
int hook_run(struct hook *h, const char *name, const struct finished *f, bool wait);

#endif
