/* live_settings.c - see live_settings.h. */
#include "cli/live_settings.h"

#include <stdlib.h>
#include <string.h>

#include "cli/units.h"

#define SPOOL_LEAST (64u << 10) /* bytes */
#define DISK_LEAST  (1u << 20)

#define WEB_LEAST    (256u << 10)
#define WINDOW_LEAST 10.0 /* seconds */
#define WINDOW_MOST  86400.0

enum { SPOOL_USUAL = 64 << 20, WEB_USUAL = 16 << 20, WINDOW_USUAL = 300, DATE_FORMAT_MAX = 60 };

void
live_settings_init(struct live_settings *l)
{
	*l = (struct live_settings){
		.rotation = ROTATION_NONE,
		.flush_interval = 1,
		.exit_timeout = 5,
		.spool = SPOOL_USUAL,
		.web_window = WINDOW_USUAL,
		.web_memory = WEB_USUAL,
	};
}

void
live_settings_free(struct live_settings *l)
{
	free(l->spool_folder);
}

/* Parses an interval.  Returns false, after a message, for anything else. */
static bool
set_interval(const char *name, const char *value, double *out)
{
	if (units_interval(value, out))
		return true;
	complain("%s %s: an interval like 30sec, 5min, 1hr or 7day is expected", name, value);
	return false;
}

static bool
set_size(const char *name, const char *value, uint64_t least, uint64_t *out)
{
	if (units_size(value, out) && *out >= least)
		return true;
	complain("%s %s: a size like 500M or 20G is expected%s", name, value, least > 0 ? ", 64K at least" : "");
	return false;
}

/* Parses SIZE, which is memory, or DIR,SIZE, which adds a folder. */
static bool
set_spool(const char *value, struct live_settings *l)
{
	const char *comma = strrchr(value, ',');

	if (comma == NULL)
		return (l->spool_given = set_size("--spool", value, SPOOL_LEAST, &l->spool));
	if (comma == value || !units_size(comma + 1, &l->spool_disk) || l->spool_disk < DISK_LEAST) {
		complain("--spool %s: DIR,SIZE is expected, with a size like 20G, 1M at least", value);
		return false;
	}
	free(l->spool_folder);
	l->spool_folder = strndup(value, (size_t)(comma - value));
	if (l->spool_folder == NULL)
		complain("out of memory");
	return l->spool_folder != NULL;
}

static bool
set_window(const char *value, double *out)
{
	if (units_interval(value, out) && *out >= WINDOW_LEAST && *out <= WINDOW_MOST)
		return true;
	complain("--web-window %s: an interval like 5min or 1hr is expected, 10sec at least and 1day at most", value);
	return false;
}

static bool
set_web_memory(const char *value, uint64_t *out)
{
	if (units_size(value, out) && *out >= WEB_LEAST && *out <= UINT32_MAX)
		return true;
	complain("--web-memory %s: a size like 16M is expected, 256K at least and below 4G", value);
	return false;
}

static bool
set_packing(const char *value, struct packing *out)
{
	if (pack_parse(value, out))
		return true;
	complain("--compress %s: gzip or zstd is expected, with a level (gzip:9, zstd:19) or without, or none", value);
	return false;
}

/* Returns an option's name with dashes. */
static const char *
option_name(int key)
{
	static const char *const names[] = {
		[OPT_ROTATE_INTERVAL - OPT_LIVE] = "--rotate-interval",
		[OPT_ROTATE_SIZE - OPT_LIVE] = "--rotate-size",
		[OPT_ROTATE_DIR - OPT_LIVE] = "--rotate-dir",
		[OPT_ROTATE_EXEC - OPT_LIVE] = "--rotate-exec",
		[OPT_COMPRESS - OPT_LIVE] = "--compress",
		[OPT_KEEP_AGE - OPT_LIVE] = "--keep-age",
		[OPT_KEEP_SIZE - OPT_LIVE] = "--keep-size",
		[OPT_FLUSH_INTERVAL - OPT_LIVE] = "--flush-interval",
		[OPT_SPOOL - OPT_LIVE] = "--spool",
		[OPT_EXIT_TIMEOUT - OPT_LIVE] = "--exit-timeout",
		[OPT_CONFIG - OPT_LIVE] = "--config",
		[OPT_USER - OPT_LIVE] = "--user",
		[OPT_METRICS - OPT_LIVE] = "--metrics",
		[OPT_STATS_INTERVAL - OPT_LIVE] = "--stats-interval",
		[OPT_WEB - OPT_LIVE] = "--web",
		[OPT_WEB_WINDOW - OPT_LIVE] = "--web-window",
		[OPT_WEB_MEMORY - OPT_LIVE] = "--web-memory",
		[OPT_WEB_TOKEN - OPT_LIVE] = "--web-token",
	};
	return names[key - OPT_LIVE];
}

/* The options of --web. */
static bool
apply_web(struct live_settings *l, int key, const char *name, const char *value)
{
	if (key != OPT_WEB && l->web_given == NULL)
		l->web_given = name;
	switch (key) {
	case OPT_WEB:
		l->web = *value != '\0' ? value : NULL;
		return true;
	case OPT_WEB_WINDOW:
		return set_window(value, &l->web_window);
	case OPT_WEB_MEMORY:
		return set_web_memory(value, &l->web_memory);
	default:
		l->web_token = *value != '\0' ? value : NULL;
		return true;
	}
}

bool
live_settings_apply(struct live_settings *l, int key, const char *value)
{
	const char *capture = capture_settings_name(key), *name = capture != NULL ? capture : option_name(key);

	if (l->given == NULL)
		l->given = name;
	if (capture != NULL)
		return capture_settings_apply(&l->capture, key, value);
	switch (key) {
	case OPT_ROTATE_INTERVAL:
		return set_interval(name, value, &l->rotation.interval);
	case OPT_ROTATE_SIZE:
		return set_size(name, value, 0, &l->rotation.size);
	case OPT_ROTATE_DIR:
		l->rotation.folder = *value != '\0' ? value : NULL;
		return true;
	case OPT_ROTATE_EXEC:
		l->command = *value != '\0' ? value : NULL;
		return true;
	case OPT_COMPRESS:
		return set_packing(value, &l->packing);
	case OPT_KEEP_AGE:
		return set_interval(name, value, &l->retention.age);
	case OPT_KEEP_SIZE:
		return set_size(name, value, 0, &l->retention.size);
	case OPT_FLUSH_INTERVAL:
		return set_interval(name, value, &l->flush_interval);
	case OPT_SPOOL:
		return set_spool(value, l);
	case OPT_EXIT_TIMEOUT:
		return set_interval(name, value, &l->exit_timeout);
	case OPT_STATS_INTERVAL:
		return set_interval(name, value, &l->stats_interval);
	case OPT_METRICS:
		l->metrics = *value != '\0' ? value : NULL;
		return true;
	case OPT_USER:
		l->user = value;
		return true;
	case OPT_WEB:
	case OPT_WEB_WINDOW:
	case OPT_WEB_MEMORY:
	case OPT_WEB_TOKEN:
		return apply_web(l, key, name, value);
	default: /* OPT_CONFIG, which was read before everything else */
		return true;
	}
}

bool
live_settings_assign(struct live_settings *l, enum live_constant which, const char *name, const char *value)
{
	if (which != LIVE_LOGDIR && l->given == NULL)
		l->given = name;
	switch (which) {
	case LIVE_LOGDIR:
		l->folder = *value != '\0' ? value : NULL;
		return true;
	case LIVE_ROTATION_INTERVAL:
		return set_interval(name, value, &l->rotation.interval);
	case LIVE_ROTATION_DIR:
		return live_settings_apply(l, OPT_ROTATE_DIR, value);
	case LIVE_DATE_FORMAT:
		l->rotation.date_format = value;
		if (*value != '\0' && strlen(value) <= DATE_FORMAT_MAX && strchr(value, '/') == NULL)
			return true;
		complain("%s=%s: a part of a file's name is expected", name, value);
		return false;
	case LIVE_POSTPROCESSOR:
		return live_settings_apply(l, OPT_ROTATE_EXEC, value);
	case LIVE_BASE_TIME:
		if (rotate_parse_base(value, &l->rotation.base))
			return true;
		complain("%s=%s: a time of the day like 6:30 is expected", name, value);
		return false;
	case LIVE_FLUSH_INTERVAL:
		return set_interval(name, value, &l->flush_interval);
	}
	return false;
}
