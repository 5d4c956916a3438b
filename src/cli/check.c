/* check.c - `connlog check`: checks a settings file, or prints an example of one. */
#include "cli/settings.h"

struct check {
	const char *path;
	bool        example;
};

enum { OPT_EXAMPLE = OPT_COMMAND };

static const struct option_row rows[] = {
	{ OPT_EXAMPLE, "example", NULL, "print a file with every setting, what it means and a value" },
};

static bool
apply(void *arg, int key, const char *value)
{
	struct check *c = arg;

	if (key == OPT_EXAMPLE) {
		c->example = true;
		return true;
	}
	if (c->path == NULL) {
		c->path = value;
		return true;
	}
	complain("one file is checked at a time: %s and %s", c->path, value);
	return false;
}

int
command_check(int argc, char **argv)
{
	static const struct args_spec spec = {
		.command = "check",
		.about = "Checks a file of settings as `connlog live --config` reads it, and says what is wrong in which line.",
		.rows = rows,
		.rows_n = sizeof rows / sizeof rows[0],
		.apply = apply,
		.notes =
			"A line is NAME = VALUE: any long option of `connlog live`, or a constant of Zeek's.  More in connlog(1).",
	};
	struct check c = { .path = NULL };

	switch (args_walk(&spec, &c, argc, argv)) {
	case ARGS_DONE:
		return EXIT_ALL_READ;
	case ARGS_WRONG:
		return EXIT_USAGE;
	case ARGS_RUN:
		break;
	}
	if (c.example) {
		config_print_example(&settings_log_spec);
		return EXIT_ALL_READ;
	}
	if (c.path == NULL)
		return complain_usage("no file to check: /etc/connlog/connlog.conf is the usual one");
	return settings_check(c.path);
}
