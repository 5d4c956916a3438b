/* live_settings.h - the command line's settings for the log of an interface. */
#ifndef CONNLOG_CLI_LIVE_SETTINGS_H
#define CONNLOG_CLI_LIVE_SETTINGS_H

#include "cli/args.h"
#include "cli/capture_settings.h"
#include "sensor/log.h"

struct live_settings {
	const char          *given; /* the first of these options, or NULL; they are useless for captures */
	struct rotation      rotation;
	struct packing       packing;
	struct retention     retention;
	const char          *command;                      /* --rotate-exec */
	const char          *folder;                       /* Log::default_logdir */
	const char          *user;                         /* --user */
	const char          *metrics;                      /* --metrics */
	const char          *web;                          /* --web */
	const char          *web_token;                    /* --web-token */
	const char          *web_given;                    /* the first of the other options of --web, or NULL */
	double               web_window;                   /* --web-window, seconds */
	uint64_t             web_memory;                   /* --web-memory, bytes */
	double               flush_interval, exit_timeout; /* seconds */
	double               stats_interval;               /* the same; 0: only at the end and when asked */
	uint64_t             spool;                        /* bytes of memory */
	bool                 spool_given;
	char                *spool_folder; /* folder for records that sinks cannot take yet, allocated; or NULL */
	uint64_t             spool_disk;   /* bytes in it, for each */
	connlog_live_options capture;
};

/* Keys of its options, which have no letters and differ from those of all commands. */
enum {
	OPT_LIVE = 1024,
	OPT_ROTATE_INTERVAL = OPT_LIVE,
	OPT_ROTATE_SIZE,
	OPT_ROTATE_DIR,
	OPT_ROTATE_EXEC,
	OPT_COMPRESS,
	OPT_KEEP_AGE,
	OPT_KEEP_SIZE,
	OPT_FLUSH_INTERVAL,
	OPT_SPOOL,
	OPT_EXIT_TIMEOUT,
	OPT_CONFIG,
	OPT_USER,
	OPT_METRICS,
	OPT_STATS_INTERVAL,
	OPT_WEB,
	OPT_WEB_WINDOW,
	OPT_WEB_MEMORY,
	OPT_WEB_TOKEN,
	OPT_LIVE_END
};

void live_settings_init(struct live_settings *l);
void live_settings_free(struct live_settings *l);
/* Applies one of these options.  Returns false, after a message, for an invalid value. */
bool live_settings_apply(struct live_settings *l, int key, const char *value);
/* Applies one of Zeek's constants that mean the same as an option; `value` must outlive the settings.  Returns false,
 * after a message, for an invalid value. */
enum live_constant {
	LIVE_LOGDIR,
	LIVE_ROTATION_INTERVAL,
	LIVE_ROTATION_DIR,
	LIVE_DATE_FORMAT,
	LIVE_POSTPROCESSOR,
	LIVE_BASE_TIME,
	LIVE_FLUSH_INTERVAL
};
bool live_settings_assign(struct live_settings *l, enum live_constant which, const char *name, const char *value);

#endif
