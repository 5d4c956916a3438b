/* capture_settings.h - what the command line says of how interfaces are captured from. */
#ifndef CONNLOG_CLI_CAPTURE_SETTINGS_H
#define CONNLOG_CLI_CAPTURE_SETTINGS_H

#include "cli/args.h"
#include "connlog_live.h"

/* Keys of its options; 'p' is one, too. */
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
/* Returns the option's name with dashes, or NULL for what is none of these. */
const char *capture_settings_name(int key);

/* Whether all of them go together.  Returns false after a message. */
bool capture_settings_check(const connlog_live_options *o);
/* The same, with the interfaces that they are for. */
bool capture_settings_suit(const connlog_live_options *o, const char *const *names, size_t n);

/* The longest time, seconds, after which a packet is handed out that has come. */
double capture_settings_late(const connlog_live_options *o);

#endif
