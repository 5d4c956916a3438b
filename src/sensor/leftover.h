/* leftover.h - what an earlier run left behind is finished before a new log is begun: nothing that was logged is lost or
 * written over.
 *
 * A log that lies open is cut to whole lines and gets the name of a rotated one, as Zeek does with
 * LogAscii::enable_leftover_log_rotation.  So does a hidden .NAME.log.tmp-XXXXXX (sink/) that nobody writes to any more, if
 * there is a record in it; without one, and packed logs that are not complete, are removed.
 */
#ifndef CONNLOG_SENSOR_LEFTOVER_H
#define CONNLOG_SENSOR_LEFTOVER_H

#include "sensor/rotate.h"
#include "sensor/state.h"

struct leftovers {
	const char            *folder, *name;
	const struct rotation *rotation;
	/* Called with each log that has got its name; the path is the callee's, allocated. */
	void (*finished)(void *arg, char *path, double opened, double closed);
	void (*say)(void *arg, const char *text);
	void *arg;
};

/* DIR/NAME.log; `before` is what the state file told of the run that wrote it.  What is no regular file stays.
 * Returns 0, or errno: it is still there. */
int leftover_log(const struct leftovers *l, const struct state_counts *before);

/* All the hidden files. */
void leftover_hidden(const struct leftovers *l);

#endif
