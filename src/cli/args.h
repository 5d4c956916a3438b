/* args.h - command-line options defined by tables.
 *
 * A command has a table of its options, a struct that it fills, and a function that applies one option to it:
 *
 *     static const struct option_row rows[] = { { 'n', "numeric", NULL, "no names" }, ... };
 *     static const struct args_spec spec = { "report", "Prints ...", rows, ROWS, apply, NULL };
 *     switch (args_walk(&spec, &mine, argc, argv)) ...
 *
 * --help and --version are built in.
 */
#ifndef CONNLOG_CLI_ARGS_H
#define CONNLOG_CLI_ARGS_H

#include <stdio.h>

#include "cli/cli.h"

/* Keys passed to an apply function that are not letters. */
enum {
	ARG_OPERAND = 1, /* an argument that is not an option */
	ARG_FILE = 2,    /* the same after "--": a file, whatever it looks like */
	ARG_LONG = 256,  /* from here on: options without a letter */
};

struct option_row {
	int         key;      /* the letter, or ARG_LONG and above */
	const char *name;     /* without the dashes; NULL: the option has only a letter */
	const char *argument; /* NULL: the option takes no argument */
	const char *doc;
};

struct args_spec {
	const char              *command; /* its name in commands[]; NULL: the help covers all commands */
	const char              *about;   /* the help's first line */
	const struct option_row *rows;
	size_t                   rows_n;
	const struct option_row *shared; /* further options, shared with other commands; NULL: none */
	size_t                   shared_n;
	/* Returns false, after a message, for an invalid value. */
	bool (*apply)(void *arg, int key, const char *value);
	const char *notes; /* the help's last lines, or NULL */
};

enum args_outcome { ARGS_RUN, ARGS_DONE, ARGS_WRONG };

/* Applies all arguments, argv[0] being the command, and prints help, version or an error if necessary.  Returns
 * ARGS_RUN to go on, ARGS_DONE to exit with EXIT_ALL_READ, ARGS_WRONG to exit with EXIT_USAGE. */
enum args_outcome args_walk(const struct args_spec *spec, void *arg, int argc, char **argv);

/* Returns the option of the command, or of all commands, that has this long name; NULL if there is none. */
const struct option_row *args_find(const struct args_spec *spec, const char *name, size_t n);
/* Returns the command's option at `i`, or NULL past the last one; --help and --version are not among them. */
const struct option_row *args_at(const struct args_spec *spec, size_t i);

/* Prints how a command is called, or all of them for NULL. */
void args_usage(const char *name, FILE *f);

/* Sets a value that may be given only once.  Returns false, after a message, for a second one or an empty one. */
bool args_set_once(const char **at, const char *value, const char *option);

/* Appends ",SIGNTEXT" to an allocated list.  Returns false, after a message, when out of memory. */
bool args_join(char **list, const char *sign, const char *text);

#endif
