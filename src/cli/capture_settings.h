/* capture_settings.h - the command line's settings for capturing from interfaces. */
#ifndef CONNLOG_CLI_CAPTURE_SETTINGS_H
#define CONNLOG_CLI_CAPTURE_SETTINGS_H

#include "cli/args.h"
#include "connlog_live.h"

/* Keys of its options; 'p' is another one. */
enum {
	OPT_CAPTURE = 1536,
	OPT_RING = OPT_CAPTURE,
	OPT_RING_BLOCK,
	OPT_RING_TIMEOUT,
	OPT_SNAPLEN,
	OPT_WAIT,
	OPT_EXIT_ON_DOWN,
};

/* Applies one of these options.  Returns false, after a message, for an invalid value. */
bool capture_settings_apply(connlog_live_options *o, int key, const char *value);
/* Returns the option's name with dashes, or NULL if it is none of these. */
const char *capture_settings_name(int key);

/* Checks whether the settings are consistent.  Returns false after a message. */
bool capture_settings_check(const connlog_live_options *o);
/* The same, for the given interfaces. */
bool capture_settings_suit(const connlog_live_options *o, const char *const *names, size_t n);

/* Returns the longest time in seconds between a packet's arrival and its delivery. */
double capture_settings_late(const connlog_live_options *o);

#endif
