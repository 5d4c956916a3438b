/* args.c - parses the command line of any command: one table of options serves both getopt_long() and the help text. */
#include "cli/args.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/where.h"
#include "guard/guard.h"
#include "sensor/serve.h"
#include "ship/ship.h"

enum { KEY_VERSION = 255 };

/* Printed after the options of every command. */
static const struct option_row common[] = {
	{ 'h', "help", NULL, "this text; --help formats: the formats of logs; --help where: conditions" },
	{ KEY_VERSION, "version", NULL, "the version, and what this connlog can read and write" },
};
enum { COMMON = sizeof common / sizeof common[0] };

static size_t
count_rows(const struct args_spec *spec)
{
	return spec->rows_n + spec->shared_n + COMMON;
}

/* Returns the option at `i`; options that all commands share come after the command's own. */
static const struct option_row *
row_at(const struct args_spec *spec, size_t i)
{
	if (i < spec->rows_n)
		return &spec->rows[i];
	i -= spec->rows_n;
	return i < spec->shared_n ? &spec->shared[i] : &common[i - spec->shared_n];
}

const struct option_row *
args_at(const struct args_spec *spec, size_t i)
{
	return i < spec->rows_n + spec->shared_n ? row_at(spec, i) : NULL;
}

const struct option_row *
args_find(const struct args_spec *spec, const char *name, size_t n)
{
	for (size_t i = 0; i < count_rows(spec); i++) {
		const struct option_row *row = row_at(spec, i);
		if (row->name != NULL && strlen(row->name) == n && strncmp(row->name, name, n) == 0)
			return row;
	}
	return NULL;
}

static bool
has_letter(const struct option_row *row)
{
	return row->key < KEY_VERSION;
}

void
args_usage(const char *name, FILE *f)
{
	const char *before = "usage:";

	for (const struct command *c = commands; c->name != NULL; c++) {
		if (name != NULL && strcmp(name, c->name) != 0)
			continue;
		fprintf(f, "%s connlog %s%s%s %s\n", before, c == commands ? "[" : "", c->name, c == commands ? "]" : "",
		        c->synopsis);
		before = "      ";
	}
}

static void
print_options(const struct args_spec *spec)
{
	printf("\noptions:\n");
	for (size_t i = 0; i < count_rows(spec); i++) {
		const struct option_row *row = row_at(spec, i);
		char                     letter[8] = "", left[64];
		if (has_letter(row))
			snprintf(letter, sizeof letter, "-%c%s", row->key, row->name != NULL ? ", " : "");
		snprintf(left, sizeof left, "%s%s%s%s%s", letter, row->name != NULL ? "--" : "",
		         row->name != NULL ? row->name : "", row->argument != NULL ? " " : "",
		         row->argument != NULL ? row->argument : "");
		printf("  %-26s %s\n", left, row->doc);
	}
}

static void
print_help(const struct args_spec *spec)
{
	printf("%s\n\n", spec->about);
	args_usage(spec->command, stdout);
	if (spec->command == NULL) {
		printf("\ncommands:\n");
		for (const struct command *c = commands; c->name != NULL; c++)
			printf("  %-26s %s\n", c->name, c->doc);
	}
	print_options(spec);
	if (spec->notes != NULL)
		printf("\n%s\n", spec->notes);
}

static void
print_formats(void)
{
	const connlog_format_info *f;

	printf("Formats that are read and written:\n\n");
	for (size_t i = 0; (f = connlog_format_at(i)) != NULL; i++) {
		printf("  %-8s %s\n", f->name, f->doc);
		if (f->loses[0] != '\0')
			printf("  %-8s has no place for %s\n", "", f->loses);
	}
	printf("\nWhich format a log has is found out by its content.  Plain, gzip and zstd are read alike.\n"
	       "docs/FORMATS.md says what becomes of each column.\n");
}

static void
print_version(void)
{
	const connlog_format_info *f;
	const connlog_link_info   *l;

	fputs(connlog_version(), stdout);
	printf("sandbox: %s\nmetrics: %s\n", guard_version(), serve_version());
	printf("sinks: ");
	ship_print_kinds(stdout);
	printf("\n");
	for (size_t i = 0; (f = connlog_format_at(i)) != NULL; i++)
		printf("%s%s", i == 0 ? "formats: " : ", ", f->name);
	for (size_t i = 0; (l = connlog_link_at(i)) != NULL; i++)
		printf("%s%s", i == 0 ? "\nlink types: " : ", ", l->name);
	printf("\n");
}

/* Builds getopt_long()'s arguments from the table: a letter for each option, followed by ":" if it takes an argument. */
static void
build_getopt(const struct args_spec *spec, char *letters, struct option *longs)
{
	*letters++ = '-'; /* other arguments are returned in order, as option 1 */
	*letters++ = ':'; /* we report errors ourselves */
	for (size_t i = 0; i < count_rows(spec); i++) {
		const struct option_row *row = row_at(spec, i);
		int                      has = row->argument != NULL ? required_argument : no_argument;
		if (row->name != NULL)
			*longs++ = (struct option){ row->name, has, NULL, row->key };
		if (has_letter(row)) {
			*letters++ = (char)row->key;
			if (has == required_argument)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	*longs = (struct option){ 0 };
}

/* Reports what getopt_long() rejected; optopt holds the key, or 0 for a long option that is not in the table. */
static void
complain_option(const struct args_spec *spec, int outcome, char **argv)
{
	const struct option_row *row = NULL;
	const char              *command = spec->command != NULL ? spec->command : "", *space = *command != '\0' ? " " : "";

	for (size_t i = 0; i < count_rows(spec); i++)
		if (row_at(spec, i)->key == optopt)
			row = row_at(spec, i);
	if (row != NULL && outcome == ':' && row->name != NULL)
		complain("--%s wants a value: %s", row->name, row->argument);
	else if (row != NULL && outcome == ':')
		complain("-%c wants a value: %s", row->key, row->argument);
	else if (row != NULL)
		complain("--%s takes no value", row->name);
	else if (optopt == 0)
		complain("unknown option %s; `connlog%s%s --help` lists the options", argv[optind - 1], space, command);
	else
		complain("unknown option -%c; `connlog%s%s --help` lists the options", optopt, space, command);
}

static enum args_outcome
walk(const struct args_spec *spec, void *arg, int argc, char **argv, const char *letters, const struct option *longs)
{
	int key;

	opterr = 0;
	optind = 0; /* a command line may be parsed more than once */
	while ((key = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		switch (key) {
		case 'h':
			if (optind < argc && strcmp(argv[optind], "formats") == 0)
				print_formats();
			else if (optind < argc && strcmp(argv[optind], "where") == 0)
				where_help();
			else
				print_help(spec);
			return ARGS_DONE;
		case KEY_VERSION:
			print_version();
			return ARGS_DONE;
		case '?':
		case ':':
			complain_option(spec, key, argv);
			return ARGS_WRONG;
		default:
			if (!spec->apply(arg, key, optarg))
				return ARGS_WRONG;
		}
	}
	for (; optind < argc; optind++) /* after "--" */
		if (!spec->apply(arg, ARG_FILE, argv[optind]))
			return ARGS_WRONG;
	return ARGS_RUN;
}

enum args_outcome
args_walk(const struct args_spec *spec, void *arg, int argc, char **argv)
{
	const size_t      n = count_rows(spec);
	char             *letters = calloc(2 + 2 * n + 1, 1);
	struct option    *longs = calloc(n + 1, sizeof *longs);
	enum args_outcome outcome = ARGS_WRONG;

	if (letters != NULL && longs != NULL) {
		build_getopt(spec, letters, longs);
		outcome = walk(spec, arg, argc, argv, letters, longs);
	} else {
		complain("out of memory");
	}
	free(letters);
	free(longs);
	return outcome;
}

bool
args_set_once(const char **at, const char *value, const char *option)
{
	if (*value == '\0')
		complain("--%s wants a value: it is empty", option);
	else if (*at != NULL)
		complain("--%s is given twice: %s and %s", option, *at, value);
	else
		*at = value;
	return *at == value;
}

bool
args_join(char **list, const char *sign, const char *text)
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
