/* cut.c - `connlog cut`: selects columns of a log, with the options and the output of Zeek 8.2.2's zeek-cut.
 *
 * It differs in exit statuses, as with every command of connlog: 2 for a wrong command line or a column that no log
 * has, 1 if lines were left out, and 0 for --help; the output is zeek-cut's.  And -r names files to read instead of
 * standard input, since arguments without an option are columns.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cut.h"

enum { OPT_WHERE = ARG_LONG, OPT_WHERE_FILE };

static const struct option_row rows[] = {
	{ 'r', "read", "FILE", "read FILE; may be repeated; - is standard input" },
	{ 'c', NULL, NULL, "with the first header" },
	{ 'C', NULL, NULL, "with every header (of logs that were joined)" },
	{ 'm', NULL, NULL, "with the names of the columns, on a line of their own, once" },
	{ 'M', NULL, NULL, "the same for every header" },
	{ 'n', NULL, NULL, "all columns but those named" },
	{ 'F', NULL, "CHARACTER", "what stands between columns, instead of the log's own separator" },
	{ 'd', NULL, NULL, "times as dates, in local time" },
	{ 'u', NULL, NULL, "the same in UTC" },
	{ 'D', NULL, "FORMAT", "like -d, in this format (strftime(3))" },
	{ 'U', NULL, "FORMAT", "like -u, in this format" },
	WHERE_ROWS(OPT_WHERE, OPT_WHERE_FILE),
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static bool
set_separator(struct cut_options *o, const char *value)
{
	if (strlen(value) != 1) {
		complain("-F wants one character and not \"%s\"", value);
		return false;
	}
	o->separator = *value;
	return true;
}

static void
set_times(struct cut_options *o, enum cut_times times, const char *format)
{
	o->times = times;
	if (format != NULL)
		o->time_format = format;
}

static void
set_headers(struct cut_options *o, unsigned headers, bool minimal)
{
	o->headers = headers;
	o->minimal = minimal;
}

/* Returns false, after a message, for an invalid value. */
static bool
apply(void *arg, int key, const char *value)
{
	struct cut_options *o = arg;

	switch (key) {
	case ARG_OPERAND:
	case ARG_FILE: /* after "--" these are columns, too */
		o->columns[o->columns_n++] = value;
		return true;
	case OPT_WHERE:
		return where_set(&o->where, value, CONNLOG_WHERE_EXTRAS);
	case OPT_WHERE_FILE:
		return where_set_file(&o->where, value, CONNLOG_WHERE_EXTRAS);
	case 'r':
		o->files[o->files_n++] = value;
		return true;
	case 'c':
	case 'C':
		set_headers(o, key == 'c' ? 1 : 2, false);
		return true;
	case 'm':
	case 'M':
		set_headers(o, key == 'm' ? 1 : 2, true);
		return true;
	case 'n':
		o->negate = true;
		return true;
	case 'F':
		return set_separator(o, value);
	case 'd':
	case 'D':
		set_times(o, CUT_TIMES_LOCAL, value);
		return true;
	default: /* u, U: the table has no other */
		set_times(o, CUT_TIMES_UTC, value);
		return true;
	}
}

/* Takes the time format from the environment; the older variable is Bro's. */
static const char *
default_format(void)
{
	const char *format = getenv("ZEEK_CUT_TIMEFMT");

	if (format == NULL && (format = getenv("BRO_CUT_TIMEFMT")) != NULL)
		complain("warning: BRO_CUT_TIMEFMT is the old name: set ZEEK_CUT_TIMEFMT instead");
	return format != NULL ? format : "%Y-%m-%dT%H:%M:%S%z";
}

static const struct args_spec spec = {
	.command = "cut",
	.about = "Writes columns of Zeek's logs, in the order in which they are named, or all of them.",
	.rows = rows,
	.rows_n = ROWS,
	.apply = apply,
	.notes =
		"It reads standard input, as zeek-cut does, and takes zeek-cut's options.  Header lines are left out without\n"
		"-c -C -m -M.  ZEEK_CUT_TIMEFMT in the environment is the format for -d and -u, %Y-%m-%dT%H:%M:%S%z without "
		"it.\n\n"
		"  connlog cut -d ts id.orig_h id.resp_h service <conn.log",
};

static int
cut(const struct cut_options *o)
{
	struct cut_log log;
	int            code = EXIT_ALL_READ, found;

	if (!cut_log_init(&log, o)) {
		cut_log_free(&log);
		return EXIT_INCOMPLETE;
	}
	if (o->files_n == 0)
		code = cut_input(&log, "-");
	for (size_t i = 0; i < o->files_n; i++)
		code |= cut_input(&log, o->files[i]);
	if (cut_output_flush(&log.out) == CONNLOG_IO) {
		complain("%s", log.out.error);
		code = EXIT_INCOMPLETE;
	}
	found = cut_log_finish(&log);
	cut_log_free(&log);
	return found > code ? found : code;
}

static int
parse_and_cut(struct cut_options *o, int argc, char **argv)
{
	switch (args_walk(&spec, o, argc, argv)) {
	case ARGS_RUN:
		break;
	case ARGS_DONE:
		return EXIT_ALL_READ;
	case ARGS_WRONG:
		return EXIT_USAGE;
	}
	if (o->times != CUT_TIMES_RAW && *o->time_format == '\0')
		return complain_usage("the time format is empty: give one to -D or -U, or set ZEEK_CUT_TIMEFMT");
	return cut(o);
}

int
command_cut(int argc, char **argv)
{
	struct cut_options o = { .time_format = default_format() };
	int                code = EXIT_INCOMPLETE;

	signal(SIGPIPE, SIG_IGN); /* write() reports it */
	o.files = calloc((size_t)argc, sizeof *o.files);
	o.columns = calloc((size_t)argc, sizeof *o.columns);
	if (o.files != NULL && o.columns != NULL)
		code = parse_and_cut(&o, argc, argv);
	else
		complain("out of memory");
	where_free(&o.where);
	free(o.files);
	free(o.columns);
	return code;
}
