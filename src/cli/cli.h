/* cli.h - what the parts of the command line share.  They use connlog.h alone, nothing of the library's inside. */
#ifndef CONNLOG_CLI_CLI_H
#define CONNLOG_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "connlog.h"

enum exit_code {
	EXIT_ALL_READ = 0,
	EXIT_INCOMPLETE = 1, /* some input could not be read, or some output not be written */
	EXIT_USAGE = 2,
};

#define MESSAGE_MAX 1024

/* What the command line asks for (args.c). The strings are argv's, but `fields` and `scripts`. */
struct settings {
	connlog_options       *options;
	const char           **inputs; /* of -r and in place, in their order */
	size_t                 inputs_n;
	const char            *interface; /* -i */
	const char            *filter;
	const char            *folder;   /* -o */
	const char            *stats;    /* --stats */
	bool                   captures; /* -r was given */
	bool                   quiet, verbose, seeded;
	char                  *fields;  /* every --fields, joined by commas; NULL for none */
	char                  *scripts; /* Zeek's scripts that add columns, the same way */
	connlog_writer_options writer;
};

struct command {
	const char *name;
	int (*run)(struct settings *s);          /* => an exit_code; NULL: */
	int (*run_alone)(int argc, char **argv); /* it reads the command line by itself */
	const char *synopsis;
	const char *doc;
};

/* The commands, ended by a row without a name.  The first is meant where none is named. (main.c) */
extern const struct command commands[];

/* read.c, live.c */
int command_read(struct settings *s);
int command_live(struct settings *s);
/* cut.c */
int command_cut(int argc, char **argv);

enum args_outcome { ARGS_RUN, ARGS_DONE, ARGS_WRONG };

/* Fills `s` from the arguments behind the command's name; what is to be printed (help, version, what is wrong) is.
 * Whatever it answers, settings_free() is due. */
enum args_outcome args_parse(struct settings *s, int argc, char **argv);
void              settings_free(struct settings *s);

/* An argument for which is_assignment() (assign.c). => false, after a message. */
bool assign(struct settings *s, const char *argument);
/* Sets one option of the library. => false, after a message. */
bool assign_option(struct settings *s, const char *name, const char *value);
/* => Whether the argument has the form NAME=VALUE or NAME+=VALUE with a name as Zeek's constants have them. */
bool is_assignment(const char *argument);
/* => Whether the argument is named as Zeek's scripts are and no file. */
bool is_script(const char *argument);
/* => Whether that script is one of those that add columns. */
bool is_column_script(const char *argument);

/* Reads the source to its end and logs (run.c). The source is freed. => an exit_code. */
int run(const struct settings *s, connlog_source *source, bool live);

/* "connlog: TEXT" on standard error (message.c). */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);
/* The same for a wrong command line. => EXIT_USAGE. */
__attribute__((format(printf, 1, 2))) int complain_usage(const char *format, ...);

#endif
