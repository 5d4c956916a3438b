/* janitor.h - processes finished logs: compresses them, passes them to a command, and removes old ones.
 *
 * A separate thread of low priority does this, one log after the other.
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

/* Everything that the options point to must outlive it.  Returns NULL when out of memory. */
struct janitor *janitor_new(const struct janitor_options *o);
/* Starts the thread, which first compresses rotated logs of earlier runs and removes old ones.  Returns false if no thread can be
 * started. */
bool janitor_begin(struct janitor *j);

/* Takes ownership of the log and of its path. */
void janitor_put(struct janitor *j, char *path, double opened, double closed, bool terminating);

/* Applies these limits to old logs from now on. */
void janitor_change(struct janitor *j, const struct retention *retention);

void janitor_counts(struct janitor *j, struct janitor_counts *out);

/* Waits until everything is done, at most until `deadline` (clock_steady()): then logs stay uncompressed (the next start compresses
 * them) and commands are started but not waited for.  Frees it, except for what a hanging command still uses; *last gets the
 * final counters. */
void janitor_end(struct janitor *j, double deadline, struct janitor_counts *last);

#endif
