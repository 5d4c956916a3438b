/* config.h - a file of settings for `live --config`: NAME = VALUE for each long option and each of Zeek's constants.
 *
 *     # a comment
 *     interface = eth0
 *     filter = "not port 22"        # quotes where the value has a # or blanks at its ends
 *     Site::local_nets += 192.0.2.0/24
 *     quiet = yes                   # an option that takes no value: yes or no
 */
#ifndef CONNLOG_CLI_CONFIG_H
#define CONNLOG_CLI_CONFIG_H

#include "cli/args.h"

struct settings;

struct config_line {
	unsigned    number;
	char       *text; /* allocated: NAME=VALUE or NAME+=VALUE without blanks around the sign */
	size_t      name_n;
	bool        add;
	const char *value; /* in `text` */
};

struct config {
	const char         *path;
	struct config_line *lines;
	size_t              n;
};

/* What the command line itself names; the file's lines about these are ignored. */
enum { CONFIG_KEYS = 2048 };
struct config_given {
	const char *path; /* the file of --config, or NULL */
	bool        keys[CONFIG_KEYS];
};

/* Collects what the command line names.  Returns what args_walk() returns. */
enum args_outcome config_look(const struct args_spec *spec, int argc, char **argv, struct config_given *given);

/* Reads the file; `path` must outlive the config.  Returns false, after a message for each invalid line; the valid ones
 * are kept. */
bool config_load(struct config *c, const char *path);
void config_free(struct config *c);

/* Applies the lines to the settings, which keep pointers into them.  Returns false, after a message for each invalid
 * line. */
bool config_apply(const struct config *c, const struct args_spec *spec, const struct config_given *given,
                  struct settings *s);

/* Returns whether the file may have a line with that name, after a message if not. */
bool config_knows(const struct args_spec *spec, const struct config_line *line);

/* Prints a file with every setting, its meaning and a value.  Defined in config_example.c. */
void config_print_example(const struct args_spec *spec);
/* Returns whether the option is allowed in a file: options about captures or about the file itself are not. */
bool config_takes(const struct option_row *row);

#endif
