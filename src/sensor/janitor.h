/* janitor.h - what becomes of logs that are finished: packed, handed to a command, removed when they are old.
 *
 * All of it happens in a thread of its own, of low priority, one log after the other.
 */
#ifndef CONNLOG_SENSOR_JANITOR_H
#define CONNLOG_SENSOR_JANITOR_H

#include <signal.h>

#include "sensor/hook.h"
#include "sensor/pack.h"
#include "sensor/retention.h"

struct janitor_options {
	const char            *folder, *name; /* of the log */
	const struct rotation *rotation;
	struct packing         packing;
	struct hook           *hook; /* runs Log::default_rotation_postprocessor_cmd; NULL: there is none */
	struct retention       retention;
	void (*say)(void *arg, const char *text); /* from the thread */
	void                        *arg;
	const volatile sig_atomic_t *hurry; /* as the spool's */
};

struct janitor_counts {
	uint64_t packed, commands, removed, failures;
};

struct janitor;

/* All that the options point at lives as long.  Returns NULL when out of memory. */
struct janitor *janitor_new(const struct janitor_options *o);
/* Starts the thread, which begins with what rotated logs of earlier runs are left: those are packed, and the old ones
 * removed.  Returns false: there is no thread to be had. */
bool janitor_begin(struct janitor *j);

/* Takes the log over, and the path. */
void janitor_put(struct janitor *j, char *path, double opened, double closed, bool terminating);

/* Keeps old logs by these bounds from now on. */
void janitor_change(struct janitor *j, const struct retention *retention);

void janitor_counts(struct janitor *j, struct janitor_counts *out);

/* Waits until all is done, until `deadline` (clock_steady()) at most: then logs stay unpacked (the next start packs them)
 * and commands are begun, but not waited for.  Frees it, but for what a command that hangs holds on to; *last is what it
 * has counted. */
void janitor_end(struct janitor *j, double deadline, struct janitor_counts *last);

#endif
