/* reread.h - what SIGHUP takes from the file of --config anew: the settings that say how the log is kept.
 *
 * A setting that the command line names stays what it says there; one that the file does not name any more is as it would be without.
 * Everything else was used to set the run up: that it has changed is said, and waits for the next start.
 */
#ifndef CONNLOG_CLI_REREAD_H
#define CONNLOG_CLI_REREAD_H

#include "cli/settings.h"

/* Reads the file again and puts into *live what may change.  Returns false after messages, where something in it is wrong: then nothing
 * changes. */
bool reread(const struct settings *s, struct live_settings *live);

#endif
