/* log_assign.c - those constants of Zeek's (and Bro 1's) that say how a log is written: NAME=VALUE for a writer's options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/settings.h"

enum log_constant {
	SEPARATOR, /* the texts come first: log_settings.texts */
	SET_SEPARATOR,
	EMPTY_FIELD,
	UNSET_FIELD,
	LOGDIR, /* of an interface's log, for the most part */
	ROTATION_DIR,
	DATE_FORMAT,
	POSTPROCESSOR,
	BASE_TIME,
	ROTATION_INTERVAL,
	FLUSH_INTERVAL,
	USE_JSON,
	JSON_TIMESTAMPS,
	JSON_UNSET,
	META,
	LOCAL_NETS, /* an option of the engine's, too */
	NEIGHBOR_NETS,
	STATE_HISTORY,
	DPD_CONN_LOGS,
	PARQUET, /* connlog_parquet_set() knows it by what stands behind "Parquet::" */
	NOT_HERE,
};
_Static_assert(BASE_TIME + 1 == LOG_TEXTS, "each text has its place in the settings");

/* What is known; of what is not here, or not where logs are converted: what to do instead. */
#define LIVE_ONLY "it is about the log of an interface"
static const struct {
	const char       *name;
	enum log_constant which;
	const char       *instead;
} log_constants[] = {
	{ "LogAscii::separator", SEPARATOR, NULL },
	{ "LogAscii::set_separator", SET_SEPARATOR, NULL },
	{ "LogAscii::empty_field", EMPTY_FIELD, NULL },
	{ "LogAscii::unset_field", UNSET_FIELD, NULL },
	{ "LogAscii::use_json", USE_JSON, NULL },
	{ "LogAscii::json_timestamps", JSON_TIMESTAMPS, NULL },
	{ "LogAscii::json_include_unset_fields", JSON_UNSET, NULL },
	{ "LogAscii::include_meta", META, NULL },
	{ "Site::local_nets", LOCAL_NETS, NULL },
	{ "Site::neighbor_nets", NEIGHBOR_NETS, NULL },
	{ "record_state_history", STATE_HISTORY, NULL },
	{ "dpd_conn_logs", DPD_CONN_LOGS, NULL },
	{ "Parquet::addresses", PARQUET, NULL },
	{ "Parquet::level", PARQUET, NULL },
	{ "Parquet::row_group_rows", PARQUET, NULL },
	{ "Parquet::row_group_bytes", PARQUET, NULL },
	{ "Parquet::file_bytes", PARQUET, NULL },
	{ "Parquet::open_files", PARQUET, NULL },
	{ "Parquet::memory", PARQUET, NULL },
	{ "Parquet::part", PARQUET, NULL },
	{ "Log::default_logdir", LOGDIR, "-o names the file" },
	{ "Log::default_rotation_interval", ROTATION_INTERVAL, LIVE_ONLY },
	{ "Log::default_rotation_dir", ROTATION_DIR, LIVE_ONLY },
	{ "Log::default_rotation_date_format", DATE_FORMAT, LIVE_ONLY },
	{ "Log::default_rotation_postprocessor_cmd", POSTPROCESSOR, LIVE_ONLY },
	{ "log_rotate_base_time", BASE_TIME, LIVE_ONLY },
	{ "Log::flush_interval", FLUSH_INTERVAL, LIVE_ONLY },
	/* What is not here comes last: log_constant_at() leaves it out. */
	{ "LogAscii::output_to_stdout", NOT_HERE, "the log goes to standard output unless -o is given" },
	{ "LogAscii::gzip_level", NOT_HERE, "pipe the log through gzip, or let --compress pack rotated logs" },
};
enum { CONSTANTS = sizeof log_constants / sizeof log_constants[0] };

/* A boolean as Zeek writes it.  Returns false, after a message, for anything else. */
static bool
set_bool(const char *name, const char *value, bool *out)
{
	*out = strcmp(value, "T") == 0;
	if (*out || strcmp(value, "F") == 0)
		return true;
	complain("%s=%s: T or F is expected", name, value);
	return false;
}

/* A string as Zeek writes it: without quotes on its command line, with them in scripts; \t and \xHH in both.
 * Returns the text in the settings, or NULL after a message. */
static const char *
set_text(struct log_settings *l, enum log_constant which, const char *value)
{
	const size_t n = strlen(value);
	const bool   quoted = n >= 2 && value[0] == '"' && value[n - 1] == '"';
	char        *text = calloc(n + 1, 1), *to = text;
	unsigned     code;

	if (text == NULL)
		complain("out of memory");
	for (const char *p = value + quoted, *end = value + n - quoted; text != NULL && p < end;) {
		if (strncmp(p, "\\t", 2) == 0) {
			*to++ = '\t';
			p += 2;
		} else if (end - p >= 4 && sscanf(p, "\\x%2x", &code) == 1) {
			*to++ = (char)code;
			p += 4;
		} else {
			*to++ = *p++;
		}
	}
	free(l->texts[which]);
	return l->texts[which] = text;
}

/* Sets or lengthens a list of networks. */
static bool
set_nets(char **list, const char **out, const char *value, bool add)
{
	if (!add) {
		free(*list);
		*list = NULL;
	}
	const bool good = args_join(list, "", value);
	*out = *list;
	return good;
}

bool
set_local_nets(struct log_settings *l, const char *value, bool add)
{
	return set_nets(&l->local_nets, &l->writer->local_nets, value, add);
}

bool
set_neighbor_nets(struct log_settings *l, const char *value, bool add)
{
	return set_nets(&l->neighbor_nets, &l->writer->neighbor_nets, value, add);
}

static bool
set_flag(struct log_settings *l, enum log_constant which, const char *name, const char *value)
{
	connlog_writer_options *w = l->writer;
	bool                    on;

	if (!set_bool(name, value, &on))
		return false;
	if (which == USE_JSON)
		w->format = on ? "json" : "zeek";
	else if (which == JSON_UNSET)
		w->json_unset = on;
	else if (which == META)
		w->no_meta = !on;
	else if (which == STATE_HISTORY)
		w->record_state_history = on;
	else
		w->dpd_conn_logs = on;
	return true;
}

/* One of those that are about the log of an interface. */
static bool
set_live(struct log_settings *l, enum log_constant which, const char *name, const char *value)
{
	static const enum live_constant constants[] = { [LOGDIR] = LIVE_LOGDIR,
		                                            [ROTATION_DIR] = LIVE_ROTATION_DIR,
		                                            [DATE_FORMAT] = LIVE_DATE_FORMAT,
		                                            [POSTPROCESSOR] = LIVE_POSTPROCESSOR,
		                                            [BASE_TIME] = LIVE_BASE_TIME,
		                                            [ROTATION_INTERVAL] = LIVE_ROTATION_INTERVAL,
		                                            [FLUSH_INTERVAL] = LIVE_FLUSH_INTERVAL };

	if (which <= BASE_TIME && (value = set_text(l, which, value)) == NULL)
		return false;
	return live_settings_assign(l->live, constants[which], name, value);
}

static bool
is_live(enum log_constant which)
{
	return which >= LOGDIR && which <= FLUSH_INTERVAL;
}

static bool
set_parquet(struct log_settings *l, const char *name, const char *value)
{
	static const char prefix[] = "Parquet::";
	char              err[MESSAGE_MAX];

	l->writer->parquet = &l->parquet;
	if (connlog_parquet_set(&l->parquet, name + sizeof prefix - 1, value, err, sizeof err) == CONNLOG_OK)
		return true;
	complain("%s%s", prefix, err);
	return false;
}

static bool
set(struct log_settings *l, enum log_constant which, const struct assignment *a, const char *name)
{
	connlog_writer_options *w = l->writer;

	switch (which) {
	case SEPARATOR:
		return (w->separator = set_text(l, which, a->value)) != NULL;
	case SET_SEPARATOR:
		return (w->set_separator = set_text(l, which, a->value)) != NULL;
	case EMPTY_FIELD:
		return (w->empty_field = set_text(l, which, a->value)) != NULL;
	case UNSET_FIELD:
		return (w->unset_field = set_text(l, which, a->value)) != NULL;
	case JSON_TIMESTAMPS:
		w->json_timestamps = a->value;
		return true;
	case LOCAL_NETS:
		return set_local_nets(l, a->value, a->add);
	case NEIGHBOR_NETS:
		return set_neighbor_nets(l, a->value, a->add);
	case PARQUET:
		return set_parquet(l, name, a->value);
	default:
		return is_live(which) ? set_live(l, which, name, a->value) : set_flag(l, which, name, a->value);
	}
}

const char *
log_constant_at(size_t i)
{
	return log_constants[i].which != NOT_HERE ? log_constants[i].name : NULL;
}

bool
log_constant_is_known(const char *name, size_t n)
{
	for (size_t i = 0; i < CONSTANTS; i++)
		if (strncmp(log_constants[i].name, name, n) == 0 && log_constants[i].name[n] == '\0')
			return true;
	return false;
}

enum log_outcome
log_assign(struct log_settings *l, const struct assignment *a)
{
	for (size_t i = 0; i < CONSTANTS; i++) {
		const char             *known = log_constants[i].name;
		const enum log_constant which = log_constants[i].which;
		if (strncmp(known, a->name, a->name_n) != 0 || known[a->name_n] != '\0')
			continue;
		if (a->add && which != LOCAL_NETS && which != NEIGHBOR_NETS)
			return LOG_UNKNOWN;
		if (which != NOT_HERE && (l->live != NULL || !is_live(which)))
			return set(l, which, a, known) ? LOG_SET : LOG_WRONG;
		complain("%s does not exist here: %s", known, log_constants[i].instead);
		return LOG_WRONG;
	}
	return LOG_UNKNOWN;
}

bool
assign_log(struct log_settings *l, const char *argument)
{
	struct assignment      a;
	const enum log_outcome outcome = take_apart(argument, &a) ? log_assign(l, &a) : LOG_UNKNOWN;

	if (outcome == LOG_UNKNOWN)
		complain("%s sets nothing of a log: connlog(1) lists what does; a file of such a name is written ./NAME",
		         argument);
	return outcome == LOG_SET;
}

void
log_settings_free(struct log_settings *l)
{
	free(l->local_nets);
	free(l->neighbor_nets);
	for (size_t i = 0; i < LOG_TEXTS; i++)
		free(l->texts[i]);
}
