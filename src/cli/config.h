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
	char       *text; /* of the heap: NAME=VALUE or NAME+=VALUE without blanks around the sign */
	size_t      name_n;
	bool        add;
	const char *value; /* in `text` */
};

struct config {
	const char         *path;
	struct config_line *lines;
	size_t              n;
};

/* What a command line names itself: the file's lines about these things do not count. */
enum { CONFIG_KEYS = 2048 };
struct config_given {
	const char *path; /* of --config, or NULL */
	bool        keys[CONFIG_KEYS];
};

/* Finds out what the command line names.  Returns what args_walk() does. */
enum args_outcome config_look(const struct args_spec *spec, int argc, char **argv, struct config_given *given);

/* Reads the file; `path` lives as long as the config.  Returns false, after a message for each, where lines are wrong; the
 * others are there all the same. */
bool config_load(struct config *c, const char *path);
void config_free(struct config *c);

/* Applies the lines to settings, which keep pointers into them.  Returns false, after a message for each line that is wrong. */
bool config_apply(const struct config *c, const struct args_spec *spec, const struct config_given *given,
                  struct settings *s);

/* Prints a file with every setting, its meaning and a value (config_example.c). */
void config_print_example(const struct args_spec *spec);
/* Returns whether a file may have that option: not one that is about captures or about the file itself. */
bool config_takes(const struct option_row *row);

#endif
