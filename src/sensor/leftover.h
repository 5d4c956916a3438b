/* leftover.h - completes what an earlier run left behind before a new log is started: nothing that was logged is lost or
 * overwritten.
 *
 * A log left open is reduced to whole lines (mend.h) and gets the name of a rotated one, as in Zeek with
 * LogAscii::enable_leftover_log_rotation.  So does a hidden .NAME.log.tmp-XXXXXX (sink/) without a writer, if it contains a
 * record; one without records, and incomplete compressed logs, are removed.
 */
#ifndef CONNLOG_SENSOR_LEFTOVER_H
#define CONNLOG_SENSOR_LEFTOVER_H

#include "sensor/rotate.h"
#include "sensor/state.h"

struct leftovers {
	const char            *folder, *name;
	const struct rotation *rotation;
	/* Called with each log that was given its name; the path is allocated, and owned by the callee. */
	void (*finished)(void *arg, char *path, double opened, double closed);
	void (*say)(void *arg, const char *text);
	void *arg;
};

/* DIR/NAME.log; `before` is what the state file says about the run that wrote it.  Anything but a regular file is left alone.
 * Returns 0, or errno if it still exists. */
int leftover_log(const struct leftovers *l, const struct state_counts *before);

/* Handles all hidden files. */
void leftover_hidden(const struct leftovers *l);

#endif
