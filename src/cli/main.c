/* main.c - connlog's command line: finds the command, lets it run. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

const struct command commands[] = {
	{ "read", command_read, NULL, "[OPTIONS] [FILE|DIR|-]... [NAME=VALUE]...",
	  "log the connections of captures (the default)" },
	{ "live", command_live, NULL, "[OPTIONS] IFACE [NAME=VALUE]...", "log the connections that an interface sees" },
	{ "cut", NULL, command_cut, "[OPTIONS] [COLUMN]...", "write columns of a log, as zeek-cut does" },
	{ 0 },
};

static const struct command *
find_command(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* A standard descriptor that was closed by whoever started us would be given to the next file that is opened, and
 * warnings would end up in the log.  In its place comes one on which reading, or writing, fails. */
static void
occupy_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int
main(int argc, char **argv)
{
	struct settings       settings = { 0 };
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	int                   code = EXIT_USAGE;

	occupy_descriptors();
	if (command != NULL) { /* its name takes the program's place */
		argc--;
		argv++;
	} else {
		command = &commands[0];
	}
	if (command->run_alone != NULL)
		return command->run_alone(argc, argv);
	switch (args_parse(&settings, argc, argv)) {
	case ARGS_RUN:
		code = command->run(&settings);
		break;
	case ARGS_DONE:
		code = EXIT_ALL_READ;
		break;
	case ARGS_WRONG:
		break;
	}
	settings_free(&settings);
	return code;
}
