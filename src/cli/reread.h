/* reread.h - what SIGHUP rereads from the file of --config: the settings for how the log is kept.
 *
 * A setting from the command line keeps that value; one that the file no longer names gets its default.  Everything
 * else was used to set the run up: changes are reported and wait for the next start.
 */
#ifndef CONNLOG_CLI_REREAD_H
#define CONNLOG_CLI_REREAD_H

#include "cli/settings.h"

/* Reads the file again and stores in *live what may change.  Returns false after messages, with nothing changed, if the
 * file has errors. */
bool reread(const struct settings *s, struct live_settings *live);

#endif
