/* main.c - connlog's command line: finds the command and runs it. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

const struct command commands[] = {
	{ "read", command_read, "[OPTIONS] [FILE|DIR|-]... [NAME=VALUE]...",
	  "log the connections of captures (the default)" },
	{ "live", command_live, "[OPTIONS] IFACE... [NAME=VALUE]...", "log the connections that interfaces see" },
	{ "events", command_events, "[OPTIONS] [FILE|DIR|-]... [NAME=VALUE]...", "print the events of captures as JSON" },
	{ "convert", command_convert, "--to FORMAT [OPTIONS] [FILE|-]...", "turn a log into another format" },
	{ "cut", command_cut, "[OPTIONS] [COLUMN]...", "write columns of a log, as zeek-cut does" },
	{ "explain", command_explain, "[OPTIONS] [HISTORY|STATE|UID] [FILE|-]",
	  "say in words what a history, a state or a record tells" },
	{ "report", command_report, "[OPTIONS] [FILE|-]...", "a log as people read it: lines, a summary, a page" },
	{ "extract", command_extract, "-w FILE|DIR/ [OPTIONS] FILE|DIR... [NAME=VALUE]...",
	  "write the packets behind records as pcapng" },
	{ "index", command_index, "[OPTIONS] FILE|DIR...", "make indexes of captures, for extract" },
	{ "top", command_top, "[OPTIONS] [ADDRESS:PORT]", "show what a sensor does at the moment" },
	{ "check", command_check, "FILE", "check a file of settings, as `live --config` reads it" },
	{ NULL, NULL, NULL, NULL },
};

static const struct command *
find_command(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* If the caller closed a standard descriptor, the next file to be opened would get its number, and warnings would end
 * up in the log.  It is replaced by one on which reading, or writing, fails. */
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
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;

	occupy_descriptors();
	if (command == NULL)
		return commands[0].run(argc, argv);
	return command->run(argc - 1, argv + 1); /* its name replaces the program's */
}
