/* settings.h - what the command line of `read`, `live` and `events` asks for. */
#ifndef CONNLOG_CLI_SETTINGS_H
#define CONNLOG_CLI_SETTINGS_H

#include "cli/anonymize.h"
#include "cli/args.h"
#include "cli/config.h"
#include "cli/folding.h"
#include "cli/live_settings.h"
#include "cli/where.h"
#include "connlog_parquet.h"

enum { LOG_TEXTS = 9 };

/* What NAME=VALUE sets of a log that is written, and the texts of the heap that it makes. */
struct log_settings {
	connlog_writer_options *writer;
	struct live_settings   *live; /* NULL: no interface can be read */
	char                   *local_nets, *neighbor_nets;
	char                   *texts[LOG_TEXTS];
	connlog_parquet_options parquet; /* the writer's, where one of them is set */
};

/* NAME=VALUE or NAME+=VALUE, parsed. */
struct assignment {
	const char *name;
	size_t      name_n;
	bool        add;
	const char *value;
};

/* With blanks around the sign and "redef" before the name where Zeek's users write them.  Returns false for anything else. (assign.c) */
bool take_apart(const char *argument, struct assignment *a);

/* Sets what the name says of a log (log_assign.c).  Returns LOG_WRONG after a message. */
enum log_outcome { LOG_UNKNOWN, LOG_SET, LOG_WRONG };
enum log_outcome log_assign(struct log_settings *l, const struct assignment *a);
/* Applies NAME=VALUE. Returns false, after a message. */
bool assign_log(struct log_settings *l, const char *argument);
/* Networks for the lines of Bro 1: these instead of those before, or besides with `add`.  Returns as above. */
bool set_local_nets(struct log_settings *l, const char *value, bool add);
bool set_neighbor_nets(struct log_settings *l, const char *value, bool add);
void log_settings_free(struct log_settings *l);

/* The constants that log_assign() sets, by index; NULL past the last one. */
const char *log_constant_at(size_t i);
/* Returns whether it sets it, or knows why not. */
bool log_constant_is_known(const char *name, size_t n);

/* What `extract` is asked for. */
struct extract_what {
	const char **uids, **logs; /* of --uid, --log */
	size_t       uids_n, logs_n;
	const char  *path; /* -w */
	bool         icmp_errors, no_index;
};

/* The strings are argv's or of `config`, but `fields` and `scripts`. */
struct settings {
	connlog_options       *options;
	const char           **inputs; /* of -r and in place, in their order */
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
	bool                   workers;        /* the constant of that name was set */
	uint64_t               workers_n;      /* and said so many; 0: as many as there are cores */
	bool                   interim;        /* the same */
	bool                   longs;          /* the same of long */
	bool                   extracts;       /* Conn::default_extract */
	bool                   unlimited;      /* scripts are, and are compiled then: script_max_instructions=0 */
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
	struct config_given    given; /* what the command line has, which beats it */
	struct extract_what    extract;
	/* Of `events`; sets of events are bits 1 << connlog_event_id. */
	uint64_t events; /* what is printed in place of records */
	uint64_t only, except;
	bool     all, list;
};

/* Keys of options without a letter; those of one command alone begin at OPT_COMMAND. */
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
	OPT_FOLD,
	OPT_FOLD_END = OPT_FOLD + FOLD_OPTIONS,
	OPT_COMMAND
};

/* The options that every command has that reads packets. */
extern const struct option_row settings_rows[];
extern const size_t            settings_rows_n;
/* Applies one option to the settings at `arg`: an args_spec's apply. */
bool settings_apply(void *arg, int key, const char *value);

/* Fills the settings from the arguments and lets `with` run.  Returns an exit_code */
int settings_run(const struct args_spec *spec, int (*with)(struct settings *s), int argc, char **argv);

/* Reads a file of settings and says what is wrong with it.  Returns an exit_code. */
int settings_check(const char *path);

/* The options of `read` and `live`. */
extern const struct args_spec settings_log_spec;

/* Reads captures, or the interface of -i (read.c). */
int read_run(struct settings *s);
/* Logs what the interface sees (live.c). */
int live_run(struct settings *s);

/* Returns whether the filter compiles for any link type; false after a message (live.c). */
bool filter_compiles(const char *filter);

/* Returns whether the library has an option of that name (assign.c). */
bool is_constant(const char *name, size_t n);
/* An argument for which is_assignment().  Returns false, after a message. */
bool assign(struct settings *s, const char *argument);
/* Sets one option of the library.  Returns false, after a message. */
bool assign_option(struct settings *s, const char *name, const char *value);
/* Returns whether the argument has the form NAME=VALUE or NAME+=VALUE with a name as Zeek's constants have them. */
bool is_assignment(const char *argument);
/* Returns whether the argument is named as Zeek's scripts are and no file. */
bool is_script(const char *argument);
/* Returns whether that script is one of those that add columns. */
bool is_column_script(const char *argument);
/* Returns whether it is the one that asks for JSON. */
bool is_json_script(const char *argument);

/* Reads the source to its end and logs (run.c). The source and the ship are freed; `live` is NULL for captures, `ship` without sinks.
 * Returns an exit_code. */
struct outfit;
struct ship;
int run(const struct settings *s, connlog_source *source, struct outfit *live, struct ship *ship);

#endif
