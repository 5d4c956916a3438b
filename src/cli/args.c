/* args.c - the options: one table gives getopt_long what it wants and the help its text. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* Options without a letter. */
enum { OPT_FORMAT = 256, OPT_FIELDS, OPT_LOCAL_NETS, OPT_SCRIPT, OPT_SEED, OPT_STATS, OPT_VERSION };

static const struct option_row {
	int         key; /* the letter, or one of the above */
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *doc;
} rows[] = {
	{ 'r', "read", "FILE", "read FILE; may be repeated; - is standard input" },
	{ 'i', "interface", "IFACE", "capture from IFACE, as `connlog live IFACE`" },
	{ 'f', "filter", "BPF", "look only at packets that this pcap filter lets through" },
	{ 'C', "no-checksums", NULL, "take packets with bad checksums for good" },
	{ 'o', "output", "DIR", "write DIR/conn.log instead of standard output" },
	{ OPT_FORMAT, "format", "FORMAT", "zeek (tab-separated, the default) or json" },
	{ OPT_FIELDS, "fields", "LIST", "columns: a,b only these; +a,-b more or fewer; all" },
	{ OPT_LOCAL_NETS, "local-nets", "CIDR,...", "networks that are local, besides the private ranges" },
	{ OPT_SCRIPT, "script", "FILE.lua", "let this Lua script handle events and records; may be repeated" },
	{ OPT_SEED, "seed", "TEXT", "make uids and header times depend on TEXT and the input alone" },
	{ OPT_STATS, "stats", "FILE", "write all counters as JSON to FILE; - is standard error" },
	{ 'q', "quiet", NULL, "no warnings and no progress" },
	{ 'v', "verbose", NULL, "a line of summary at the end" },
	{ 'h', "help", NULL, "this text" },
	{ OPT_VERSION, "version", NULL, "connlog's version and those of its libraries" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void
print_usage(FILE *f)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		fprintf(f, "%s connlog %s%s%s %s\n", c == commands ? "usage:" : "      ", c == commands ? "[" : "", c->name,
		        c == commands ? "]" : "", c->synopsis);
}

static void
print_help(void)
{
	printf("Turns packets into the connection log that Zeek 8.2.2 writes.\n\n");
	print_usage(stdout);
	printf("\ncommands:\n");
	for (const struct command *c = commands; c->name != NULL; c++)
		printf("  %-26s %s\n", c->name, c->doc);
	printf("\noptions:\n");
	for (size_t i = 0; i < ROWS; i++) {
		char letter[8] = "", left[64];
		if (rows[i].key < 256)
			snprintf(letter, sizeof letter, "-%c, ", rows[i].key);
		snprintf(left, sizeof left, "%s--%s%s%s", letter, rows[i].name, rows[i].argument ? " " : "",
		         rows[i].argument ? rows[i].argument : "");
		printf("  %-26s %s\n", left, rows[i].doc);
	}
	printf(
		"\nNAME=VALUE sets a constant by Zeek's name, e.g. tcp_attempt_delay=10sec; a name of a script of Zeek's that\n"
		"adds columns (policy/protocols/conn/vlan-logging) adds them.  A file of such a name is written ./NAME or\n"
		"behind --.  More in connlog(1).\n");
}

/* Fills what getopt_long() takes from the table: a letter each with ":" behind where there is an argument. */
static void
build_getopt(char *letters, struct option *longs)
{
	*letters++ = '-'; /* arguments that are no options come in place, as option 1 */
	*letters++ = ':'; /* errors are ours to report */
	for (size_t i = 0; i < ROWS; i++) {
		int has = rows[i].argument != NULL ? required_argument : no_argument;
		longs[i] = (struct option){ rows[i].name, has, NULL, rows[i].key };
		if (rows[i].key < 256) {
			*letters++ = (char)rows[i].key;
			if (has == required_argument)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	longs[ROWS] = (struct option){ 0 };
}

/* Appends ",TEXT" to a list of the heap. => false, after a message, where there is no memory. */
static bool
join(char **list, const char *sign, const char *text)
{
	char *longer = NULL;
	if (asprintf(&longer, "%s%s%s%s", *list ? *list : "", *list ? "," : "", sign, text) < 0) {
		complain("out of memory");
		return false;
	}
	free(*list);
	*list = longer;
	return true;
}

static bool
positional(struct settings *s, const char *argument)
{
	if (is_assignment(argument))
		return assign(s, argument);
	if (is_script(argument) && is_column_script(argument))
		return join(&s->scripts, "+", argument);
	if (is_script(argument)) {
		complain("%s is neither a file nor a script of Zeek's that adds columns: connlog(1) lists those", argument);
		return false;
	}
	s->inputs[s->inputs_n++] = argument;
	return true;
}

/* For what there can be one of only. => false, after a message, for another one and for none. */
static bool
set_once(const char **at, const char *value, const char *option)
{
	if (*value == '\0')
		complain("--%s wants a value: it is empty", option);
	else if (*at != NULL)
		complain("--%s is given twice: %s and %s", option, *at, value);
	else
		*at = value;
	return *at == value;
}

/* => false, after a message, for a value that is no good. */
static bool
apply(struct settings *s, int key, const char *value)
{
	switch (key) {
	case 1:
		return positional(s, value);
	case 'r':
		s->captures = true;
		s->inputs[s->inputs_n++] = value;
		return true;
	case 'i':
		return set_once(&s->interface, value, "interface");
	case 'f':
		s->filter = value;
		return true;
	case 'C':
		return assign_option(s, "ignore_checksums", "T");
	case 'o':
		return set_once(&s->folder, value, "output");
	case OPT_FORMAT:
		s->writer.format = value;
		return true;
	case OPT_FIELDS:
		return join(&s->fields, "", value);
	case OPT_LOCAL_NETS:
		return assign_option(s, "Site::local_nets", value);
	case OPT_SCRIPT:
		s->lua[s->lua_n++] = value;
		return true;
	case OPT_SEED:
		s->seeded = true;
		return assign_option(s, "seed", value);
	case OPT_STATS:
		s->stats = value;
		return true;
	case 'q':
		s->quiet = true;
		return true;
	default: /* 'v': the table has no other */
		s->verbose = true;
		return true;
	}
}

/* What getopt_long() stumbled over; it leaves the key in optopt, or 0 for a long option that is not in the table. */
static void
complain_option(int outcome, char **argv)
{
	const struct option_row *row = NULL;

	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].key == optopt)
			row = &rows[i];
	if (outcome == ':')
		complain("--%s wants a value: %s", row->name, row->argument);
	else if (row != NULL)
		complain("--%s takes no value", row->name);
	else if (optopt == 0)
		complain("unknown option %s; `connlog --help` lists the options", argv[optind - 1]);
	else
		complain("unknown option -%c; `connlog --help` lists the options", optopt);
}

static bool
settings_init(struct settings *s, int argc)
{
	s->options = connlog_options_new();
	s->inputs = calloc((size_t)argc, sizeof *s->inputs);
	s->lua = calloc((size_t)argc, sizeof *s->lua);
	if (s->options != NULL && s->inputs != NULL && s->lua != NULL)
		return true;
	complain("out of memory");
	return false;
}

enum args_outcome
args_parse(struct settings *s, int argc, char **argv)
{
	char          letters[2 + 2 * ROWS + 1];
	struct option longs[ROWS + 1];
	int           key;

	if (!settings_init(s, argc))
		return ARGS_WRONG;
	build_getopt(letters, longs);
	opterr = 0;
	while ((key = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (key == 'h') {
			print_help();
			return ARGS_DONE;
		}
		if (key == OPT_VERSION) {
			fputs(connlog_version(), stdout);
			return ARGS_DONE;
		}
		if (key == '?' || key == ':') {
			complain_option(key, argv);
			return ARGS_WRONG;
		}
		if (!apply(s, key, optarg))
			return ARGS_WRONG;
	}
	for (; optind < argc; optind++) /* behind "--" everything is a file */
		s->inputs[s->inputs_n++] = argv[optind];

	if (s->scripts != NULL && !join(&s->fields, "", s->scripts))
		return ARGS_WRONG;
	s->writer.fields = s->fields;
	if (s->inputs_n == 0 && s->interface == NULL) {
		complain("no input: name a capture (or - for standard input), or an interface with -i");
		print_usage(stderr);
		fprintf(stderr, "`connlog --help` lists the options\n");
		return ARGS_WRONG;
	}
	return ARGS_RUN;
}

void
settings_free(struct settings *s)
{
	connlog_options_free(s->options);
	free(s->inputs);
	free(s->lua);
	free(s->fields);
	free(s->scripts);
}
