/* settings.h - the settings from the command line of `read`, `live` and `events`. */
#ifndef CONNLOG_CLI_SETTINGS_H
#define CONNLOG_CLI_SETTINGS_H

#include "cli/anonymize.h"
#include "cli/args.h"
#include "cli/config.h"
#include "cli/enriching.h"
#include "cli/folding.h"
#include "cli/live_settings.h"
#include "cli/where.h"
#include "connlog_parquet.h"

enum { LOG_TEXTS = 9 };

/* What NAME=VALUE sets for a log that is written, and the texts allocated for it. */
struct log_settings {
	connlog_writer_options *writer;
	struct live_settings   *live; /* NULL: interfaces are not allowed */
	char                   *local_nets, *neighbor_nets;
	char                   *texts[LOG_TEXTS];
	connlog_parquet_options parquet; /* for the writer, if one of them is set */
};

/* NAME=VALUE or NAME+=VALUE, parsed. */
struct assignment {
	const char *name;
	size_t      name_n;
	bool        add;
	const char *value;
};

/* Splits an assignment, allowing blanks around the sign and "redef" before the name, as Zeek's users write
 * them.  Returns false for anything else.  Defined in assign.c. */
bool take_apart(const char *argument, struct assignment *a);

/* Sets a constant that affects the log.  Returns LOG_WRONG after a message.  Defined in log_assign.c. */
enum log_outcome { LOG_UNKNOWN, LOG_SET, LOG_WRONG };
enum log_outcome log_assign(struct log_settings *l, const struct assignment *a);
/* Applies NAME=VALUE.  Returns false after a message. */
bool assign_log(struct log_settings *l, const char *argument);
/* Sets the networks for Bro 1's lines, replacing earlier ones unless `add`.  Returns false after a message. */
bool set_local_nets(struct log_settings *l, const char *value, bool add);
bool set_neighbor_nets(struct log_settings *l, const char *value, bool add);
void log_settings_free(struct log_settings *l);

/* The constants that log_assign() sets, by index; NULL past the last one. */
const char *log_constant_at(size_t i);
/* Returns whether log_assign() handles the constant, or knows why it cannot. */
bool log_constant_is_known(const char *name, size_t n);

/* What `extract` is asked for. */
struct extract_what {
	const char **uids, **logs; /* of --uid, --log */
	size_t       uids_n, logs_n;
	const char  *path; /* -w */
	bool         icmp_errors, no_index, keep_payload;
};

/* The strings belong to argv or `config`, except `fields` and `scripts`. */
struct settings {
	connlog_options       *options;
	const char           **inputs; /* from -r and from arguments, in order */
	size_t                 inputs_n;
	const char           **lua; /* of --script */
	size_t                 lua_n;
	const char           **interfaces; /* of -i */
	size_t                 interfaces_n;
	const char           **to; /* of --to */
	size_t                 to_n;
	const char            *filter;
	const char            *folder;   /* -o */
	const char            *stats;    /* --stats */
	const char            *shard;    /* --shard */
	uint64_t               memory;   /* --memory; 0: no bound */
	bool                   captures; /* -r was given */
	bool                   quiet, verbose, seeded, no_sandbox;
	bool                   workers;        /* whether the constant of that name was set */
	uint64_t               workers_n;      /* and to what; 0: as many as there are cores */
	bool                   parallel;       /* parallel_handlers=T: scripts run in the workers */
	bool                   interim;        /* the same */
	bool                   longs;          /* the same of long */
	bool                   extracts;       /* Conn::default_extract */
	bool                   unlimited;      /* scripts are loaded and may be compiled: script_max_instructions=0 */
	const char            *extract_prefix; /* Conn::extraction_prefix, or NULL */
	char                  *fields;         /* every --fields, joined by commas; NULL for none */
	char                  *long_fields;    /* the same without what --interim and --fold add; with --long */
	char                  *scripts;        /* Zeek's scripts that add columns, the same way */
	connlog_writer_options writer;
	struct log_settings    log; /* of it */
	struct live_settings   live;
	struct config          config; /* of --config */
	struct where           where;  /* of --where */
	struct anonymize       anonymize;
	struct folding         folding;
	struct enriching       enriching; /* of --networks */
	struct config_given    given; /* what the command line sets, which takes precedence */
	struct extract_what    extract;
	/* Of `events`; sets of events are bits 1 << connlog_event_id. */
	uint64_t events; /* printed instead of records */
	uint64_t only, except;
	bool     all, list;
};

/* Keys of options without a letter; those of single commands begin at OPT_COMMAND. */
enum {
	OPT_FORMAT = ARG_LONG,
	OPT_FIELDS,
	OPT_LOCAL_NETS,
	OPT_NEIGHBOR_NETS,
	OPT_SCRIPT,
	OPT_SEED,
	OPT_SHARD,
	OPT_MEMORY,
	OPT_STATS,
	OPT_STREAMING,
	OPT_NO_SANDBOX,
	OPT_SINK,
	OPT_INTERIM,
	OPT_LONG_CONNECTIONS,
	OPT_WHERE,
	OPT_WHERE_FILE,
	OPT_ANONYMIZE,
	OPT_NETWORKS,
	OPT_FOLD,
	OPT_FOLD_END = OPT_FOLD + FOLD_OPTIONS,
	OPT_COMMAND
};

/* The options of every command that reads packets. */
extern const struct option_row settings_rows[];
extern const size_t            settings_rows_n;
/* Applies one option to the settings at `arg`; an apply function for args_spec. */
bool settings_apply(void *arg, int key, const char *value);

/* Fills the settings from the arguments and calls `with`.  Returns an exit_code. */
int settings_run(const struct args_spec *spec, int (*with)(struct settings *s), int argc, char **argv);

/* Reads a settings file and reports its errors.  Returns an exit_code. */
int settings_check(const char *path);

/* The options of `read` and `live`. */
extern const struct args_spec settings_log_spec;

/* Reads captures, or the interface of -i.  Defined in read.c. */
int read_run(struct settings *s);
/* Logs the interface's connections.  Defined in live.c. */
int live_run(struct settings *s);

/* Returns whether the filter compiles for any link type, after a message if not.  Defined in live.c. */
bool filter_compiles(const char *filter);

/* Returns whether the library has an option of that name.  Defined in assign.c. */
bool is_constant(const char *name, size_t n);
/* Applies an argument for which is_assignment() is true.  Returns false after a message. */
bool assign(struct settings *s, const char *argument);
/* Sets one option of the library.  Returns false after a message. */
bool assign_option(struct settings *s, const char *name, const char *value);
/* Returns whether the argument has the form NAME=VALUE or NAME+=VALUE with a name like those of Zeek's constants. */
bool is_assignment(const char *argument);
/* Returns whether the argument is named like a script of Zeek's and is not a file. */
bool is_script(const char *argument);
/* Returns whether that script adds columns. */
bool is_column_script(const char *argument);
/* Returns whether that script switches to JSON. */
bool is_json_script(const char *argument);

/* Reads the source to its end and logs.  Frees the source and the ship; `live` is NULL for captures, `ship` without
 * sinks.  Returns an exit_code.  Defined in run.c. */
struct outfit;
struct ship;
int run(const struct settings *s, connlog_source *source, struct outfit *live, struct ship *ship);

#endif
