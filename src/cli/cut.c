/* cut.c - `connlog cut`: columns of a log, as zeek-cut of Zeek 8.2.2 gives them (its options, its output).
 *
 * Where it differs: a wrong command line ends with 2 and --help with 0, as with every command of connlog, and -r names files
 * in place of standard input, since what stands without an option is a column.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cut.h"

static const char help[] =
	"usage: connlog cut [OPTIONS] [COLUMN]...\n\n"
	"Writes columns of a Zeek log, in the order in which they are named, or all of them.  It reads standard input,\n"
	"as zeek-cut does, and takes zeek-cut's options.  Header lines are left out unless one of -c -C -m -M is given.\n\n"
	"  -r, --read FILE            read FILE; may be repeated; - is standard input\n"
	"  -c                         with the first header\n"
	"  -C                         with every header (of logs joined in one file)\n"
	"  -m                         with the names of the columns once, as a line without #fields\n"
	"  -M                         the same for every header\n"
	"  -n                         all columns but those named\n"
	"  -F CHARACTER               between columns, instead of the log's own separator\n"
	"  -d                         times as dates, in local time\n"
	"  -u                         the same in UTC\n"
	"  -D FORMAT                  like -d, in this format (strftime(3))\n"
	"  -U FORMAT                  like -u, in this format\n"
	"  -h, --help                 this text\n\n"
	"ZEEK_CUT_TIMEFMT in the environment is the format for -d and -u; without it that is %Y-%m-%dT%H:%M:%S%z.\n\n"
	"  connlog cut -d ts id.orig_h id.resp_h service <conn.log\n";

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

/* => false, after a message, for a value that is no good. */
static bool
apply(struct cut_options *o, int key, const char *value)
{
	switch (key) {
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
	default: /* u, U: there is no other */
		set_times(o, CUT_TIMES_UTC, value);
		return true;
	}
}

/* The format of the environment; the older name of it is Bro's. */
static const char *
default_format(void)
{
	const char *format = getenv("ZEEK_CUT_TIMEFMT");

	if (format == NULL && (format = getenv("BRO_CUT_TIMEFMT")) != NULL)
		complain("warning: BRO_CUT_TIMEFMT is the old name: set ZEEK_CUT_TIMEFMT instead");
	return format != NULL ? format : "%Y-%m-%dT%H:%M:%S%z";
}

static enum args_outcome
parse(struct cut_options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "read", required_argument, NULL, 'r' },
		{ 0 },
	};
	int key;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":cCmMnF:duD:U:r:h", longs, NULL)) != -1) {
		if (key == 'h') {
			fputs(help, stdout);
			return ARGS_DONE;
		}
		if (key == ':' || key == '?') {
			complain(key == ':' ? "%s wants a value; `connlog cut --help` lists the options"
			                    : "unknown option %s; `connlog cut --help` lists the options",
			         optopt == 0 ? argv[optind - 1] : (char[]){ '-', (char)optopt, '\0' });
			return ARGS_WRONG;
		}
		if (!apply(o, key, optarg))
			return ARGS_WRONG;
	}
	if (o->times != CUT_TIMES_RAW && *o->time_format == '\0') {
		complain("the time format is empty: give one to -D or -U, or set ZEEK_CUT_TIMEFMT");
		return ARGS_WRONG;
	}
	o->columns = argv + optind;
	o->columns_n = (size_t)(argc - optind);
	return ARGS_RUN;
}

static int
cut(const struct cut_options *o)
{
	struct cut_log log;
	int            code = EXIT_ALL_READ;

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
	cut_log_finish(&log);
	cut_log_free(&log);
	return code;
}

int
command_cut(int argc, char **argv)
{
	struct cut_options o = { .time_format = default_format() };
	int                code = EXIT_USAGE;

	signal(SIGPIPE, SIG_IGN); /* write() says it */
	o.files = calloc((size_t)argc, sizeof *o.files);
	if (o.files == NULL)
		return complain_usage("out of memory");
	switch (parse(&o, argc, argv)) {
	case ARGS_RUN:
		code = cut(&o);
		break;
	case ARGS_DONE:
		code = EXIT_ALL_READ;
		break;
	case ARGS_WRONG:
		break;
	}
	free(o.files);
	return code;
}
