/* hook.h - the command that is run for a rotated log, called as Zeek's Log::run_rotation_postprocessor_cmd() calls it. */
#ifndef CONNLOG_SENSOR_HOOK_H
#define CONNLOG_SENSOR_HOOK_H

#include <stdbool.h>
#include <stddef.h>

/* A log that has got its last line and its last name. */
struct finished {
	struct finished *next;
	char            *path;           /* of the heap */
	double           opened, closed; /* seconds since the epoch */
	bool             terminating;    /* because the program ends */
};

/* A process of its own that runs one command: the one that takes packets may start no programs once it is confined. */
struct hook;

/* Begins that process, which must come before any thread.  It is given nothing of this one but standard error; `prepare` is called
 * in it first, and where that returns false it ends.  Returns NULL with a text. */
struct hook *hook_new(const char *command, bool (*prepare)(void *arg), void *arg, char *err, size_t err_size);
/* The process ends as soon as what it runs has ended. */
void        hook_free(struct hook *h);
const char *hook_command(const struct hook *h);

/* Has it run `COMMAND PATH NAME OPENED CLOSED TERMINATING ascii` through the shell; what it prints goes to standard error.
 * `wait`: until it has ended.  Returns 0, its exit status, or a negative errno where it could not be begun. */
int hook_run(struct hook *h, const char *name, const struct finished *f, bool wait);

#endif
