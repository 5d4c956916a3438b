/* report.c - `connlog report`: a log for human readers, after Bro 1's hot-report.
 *
 * Each record of the logs is passed to a mode: one prints it as a line (report_line.c), one counts (report_summary.c),
 * one makes a page (report_html.c). A mode is a struct of functions; to add one, add a file with such a struct and an
 * option that selects it.
 */
#include "cli/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/units.h"

enum { TOP = 10, TOP_MAX = 1000, PROGRESS_EVERY = 4096 /* records */, NOT_BEGUN = -1 };

enum {
	OPT_SUMMARY = ARG_LONG,
	OPT_TOP,
	OPT_HTML,
	OPT_ROWS,
	OPT_FROM,
	OPT_WHERE,
	OPT_WHERE_FILE,
	OPT_DIFF,
	OPT_MEMORY,
	OPT_LONGEST,
	OPT_SCANS,
	OPT_BEACONS,
	OPT_NEW
};

static const struct option_row rows[] = {
	{ 'n', "numeric", NULL, "hosts by address; without it the resolver is asked for names" },
	{ 'x', "exact", NULL, "sizes to the byte and durations in seconds" },
	{ 'f', "time-format", "FMT", "times as strftime(3) writes them; empty: the usual ones" },
	{ 'l', "long", NULL, "times with the year" },
	{ 'u', "utc", NULL, "times in UTC instead of local time" },
	{ 's', "strict", NULL, "numbers of fewer than nine characters are no times, and left as they are" },
	{ OPT_SUMMARY, "summary", NULL, "tables of the top hosts, services, states and connections instead of lines" },
	{ OPT_LONGEST, "longest", NULL, "the longest connections, and how they ended" },
	{ OPT_SCANS, "scans", NULL, "hosts that tried many hosts or ports and got few answers" },
	{ OPT_BEACONS, "beacons", NULL, "connections that come back at regular intervals" },
	{ OPT_NEW, "new", "BASELINE", "hosts and services that this earlier log does not have" },
	{ OPT_DIFF, "diff", NULL,
	  "what differs between two logs of one traffic; ends with 0: nothing, 1: something, 2: failed" },
	{ OPT_MEMORY, "memory", "SIZE", "of --diff: how much of both logs is kept in memory, not in temporary files (1G)" },
	{ OPT_TOP, "top", "N", "rows of a table of --summary, --longest, --scans, --beacons and --new (10)" },
	{ OPT_HTML, "html", "OUT.html", "write a page to look at instead; - is standard output" },
	{ OPT_ROWS, "rows", "N",
	  "connections that the page holds, or groups of --scans, --beacons and --new, at most (250000)" },
	WHERE_ROWS(OPT_WHERE, OPT_WHERE_FILE),
	{ OPT_FROM, "from", "FORMAT", "the log's format, where its content does not tell" },
	{ 'q', "quiet", NULL, "no warnings and no progress" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* ---- the lines --------------------------------------------------------------------------------------------------- */

static void *
lines_new(const struct report *r)
{
	return (void *)(uintptr_t)r;
}

static bool
lines_add(void *mode, const connlog_record *record, const struct report_row *row)
{
	const struct report *r = mode;

	(void)record;
	report_line(stdout, &r->style, r->names, row);
	putchar('\n');
	return !ferror(stdout);
}

static int
lines_end(void *mode)
{
	(void)mode;
	return EXIT_ALL_READ;
}

static void
lines_free(void *mode)
{
	(void)mode;
}

static const struct report_mode report_lines = {
	.begin = lines_new, .add = lines_add, .end = lines_end, .free = lines_free
};

/* ---- the command line -------------------------------------------------------------------------------------------- */

/* Parses a number from 1 to `most`. Returns false, after printing a message, for anything else. */
static bool
set_number(uint64_t *out, const char *option, const char *value, uint64_t most)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 10);
	if (*value >= '1' && *value <= '9' && *end == '\0' && errno == 0 && *out <= most)
		return true;
	complain("--%s %s: a number from 1 to %" PRIu64 " is expected", option, value, most);
	return false;
}

/* Sets the memory. Returns false, after printing a message, for an invalid size. */
static bool
set_memory(struct report *r, const char *value)
{
	r->memory_set = true;
	if (units_size(value, &r->memory) && r->memory >= REPORT_MEMORY_LEAST)
		return true;
	complain("--memory %s: a size of 1M or more is expected, such as 500M or 4G", value);
	return false;
}

/* Selects a mode. Returns false, after printing a message, if another one was selected. */
static bool
set_mode(struct report *r, const struct report_mode *mode)
{
	if (r->mode != &report_lines && r->mode != mode) {
		complain("--summary, --html, --longest, --scans, --beacons, --new and --diff exclude each other");
		return false;
	}
	r->mode = mode;
	return true;
}

/* Applies an option. Returns false, after printing a message, for an invalid value. */
static bool
apply(void *arg, int key, const char *value)
{
	struct report *r = arg;

	r->text_only |= key < ARG_LONG && strchr("nxflus", key) != NULL;
	switch (key) {
	case ARG_OPERAND:
	case ARG_FILE:
		r->inputs[r->inputs_n++] = value;
		return true;
	case 'n':
		r->style.names = false;
		return true;
	case 'x':
		r->style.exact = true;
		return true;
	case 'f':
		r->style.time = *value != '\0' ? value : REPORT_SHORT_TIME;
		return true;
	case 'l':
		r->style.time = REPORT_LONG_TIME;
		return true;
	case 'u':
		r->style.utc = true;
		return true;
	case 's':
		r->style.strict = true;
		return true;
	case OPT_SUMMARY:
		r->text_only = true;
		return set_mode(r, &report_summary);
	case OPT_LONGEST:
		r->text_only = true;
		return set_mode(r, &report_longest);
	case OPT_SCANS:
		r->text_only = true;
		return set_mode(r, &report_scans);
	case OPT_BEACONS:
		r->text_only = true;
		return set_mode(r, &report_beacons);
	case OPT_NEW:
		r->text_only = true;
		return set_mode(r, &report_new) && args_set_once(&r->baseline, value, "new");
	case OPT_DIFF:
		r->diff = true;
		return set_mode(r, &report_diff);
	case OPT_MEMORY:
		return set_memory(r, value);
	case OPT_TOP:
		r->text_only = true;
		return set_number(&r->top, "top", value, TOP_MAX);
	case OPT_HTML:
		return set_mode(r, &report_html) && args_set_once(&r->html, value, "html");
	case OPT_ROWS:
		return set_number(&r->html_rows, "rows", value, UINT64_MAX);
	case OPT_WHERE:
		return where_set(&r->where, value, CONNLOG_WHERE_EXTRAS);
	case OPT_WHERE_FILE:
		return where_set_file(&r->where, value, CONNLOG_WHERE_EXTRAS);
	case OPT_FROM:
		return args_set_once(&r->from, value, "from");
	default: /* 'q': the table has no others */
		r->quiet = true;
		return true;
	}
}

static const struct args_spec spec = {
	.command = "report",
	.about = "Prints a log as people read it: a line a connection, or what there was most of.",
	.rows = rows,
	.rows_n = ROWS,
	.apply = apply,
	.notes =
		"Any log is read that `connlog convert` reads, standard input where none is named.  The environment's\n"
		"CFTIMEFMT is the format of times where neither -f nor -l is given.  The states' symbols are in connlog(1).",
};

/* ---- the run ----------------------------------------------------------------------------------------------------- */

/* A connlog_wait_fn: flushes the lines so far, for a user who watches a growing log. */
static void
on_wait(void *arg)
{
	fflush(arg);
}

/* Adds a record. Returns false, after printing a message, to stop. */
static bool
add(const struct report *r, void *mode, const struct view *view, const connlog_record *record)
{
	struct report_row row;

	if (!where_has(&r->where, record) || connlog_record_get(record, r->interim).set)
		return true;
	report_row_fill(&row, view, record);
	return r->mode->add(mode, record, &row);
}

/* Reads to the end. Returns an exit_code. */
static int
read_all(const struct report *r, connlog_reader *reader, uint64_t total, void *mode, uint64_t *records)
{
	const connlog_record *record;
	const bool      to_terminal = r->mode == &report_lines && isatty(STDOUT_FILENO); /* the lines show the progress */
	struct progress progress;
	struct view     view;
	char            err[MESSAGE_MAX];
	uint64_t        n = 0;
	int             status, code = EXIT_ALL_READ;

	progress_init(&progress, !r->quiet && !to_terminal && isatty(STDERR_FILENO));
	view_init(&view);
	while ((status = connlog_reader_next(reader, &record, err, sizeof err)) != CONNLOG_END) {
		if (status == CONNLOG_READ_RECORD) {
			if (!add(r, mode, &view, record)) {
				code = EXIT_INCOMPLETE;
				break;
			}
			if (++n % PROGRESS_EVERY == 0)
				progress_update_log(&progress, reader, total);
		} else if (status == CONNLOG_READ_COLUMNS) {
			if (r->mode->columns != NULL)
				r->mode->columns(mode, connlog_reader_columns(reader));
		} else {
			progress_clear(&progress);
			complain("%s", err);
			code = EXIT_INCOMPLETE;
			if (status == CONNLOG_NO_MEMORY)
				break;
		}
	}
	progress_clear(&progress);
	*records += n;
	return code;
}

/* Checks whether standard output was written. Returns `code`, or EXIT_INCOMPLETE after printing a message; it is no
 * error if the reader of a pipe has gone. */
static int
finish_output(const struct report *r, int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	if (errno == EPIPE)
		return r->mode == &report_diff ? code : EXIT_ALL_READ;
	complain("standard output: %s", strerror(errno));
	return r->mode == &report_diff ? EXIT_USAGE : EXIT_INCOMPLETE;
}

/* Reads some of the inputs as one log. Returns an exit_code, or NOT_BEGUN after printing a message. */
static int
read_log(const struct report *r, const char *const *inputs, size_t n, void *mode, uint64_t *records)
{
	char            err[MESSAGE_MAX];
	connlog_reader *reader =
		connlog_reader_files(inputs, n, &(connlog_reader_options){ .format = r->from }, err, sizeof err);

	if (reader == NULL) {
		complain_usage("%s", err);
		return NOT_BEGUN;
	}
	if (r->mode->log ==
	    NULL) { /* comparing a part of a log as if it were complete would mislead: Ctrl-C ends the program at once */
		connlog_reader_on_wait(reader, on_wait, stdout);
		signals_stop(NULL, reader);
	}
	const int code = read_all(r, reader, progress_total(inputs, n), mode, records);
	connlog_reader_free(reader);
	return code;
}

/* Reads all inputs. Returns an exit_code or NOT_BEGUN. */
static int
read_logs(const struct report *r, void *mode)
{
	uint64_t records = 0;
	int      code = EXIT_ALL_READ;

	if (r->mode->log == NULL)
		code = read_log(r, r->inputs, r->inputs_n, mode, &records);
	for (size_t i = 0; r->mode->log != NULL && i < r->inputs_n && code == EXIT_ALL_READ; i++) {
		r->mode->log(mode, i);
		code = read_log(r, &r->inputs[i], 1, mode, &records);
	}
	const int found = records > 0 ? where_finish(&r->where) : EXIT_ALL_READ;
	return found != EXIT_ALL_READ ? found : code;
}

static int
run(struct report *r)
{
	int code = EXIT_INCOMPLETE;

	r->names = report_names_new(r->style.names, r->quiet);
	if (r->names == NULL)
		complain("out of memory");
	void *mode = r->names != NULL ? r->mode->begin(r) : NULL;
	if (mode != NULL) {
		code = read_logs(r, mode);
		if (code == NOT_BEGUN || (r->mode == &report_diff && code != EXIT_ALL_READ)) {
			code = EXIT_USAGE; /* as with diff(1): 1 would mean that the logs differ */
		} else {
			const int ended = r->mode->end(mode);
			code = finish_output(r, ended != EXIT_ALL_READ ? ended : code);
		}
		r->mode->free(mode);
	}
	report_names_free(r->names);
	return code;
}

/* Returns false, after printing a message, if one of the options would be ignored. */
static bool
can_go_together(const struct report *r)
{
	if (r->diff && (r->text_only || r->html != NULL))
		complain_usage(
			"--diff shows values as a log has them: of the other options --from, --memory, --where and -q go "
			"with it");
	else if (r->diff && (r->inputs_n != 2 || strcmp(r->inputs[0], r->inputs[1]) == 0))
		complain_usage("--diff compares two logs: name two files, or one and - for standard input");
	else if (r->memory_set && !r->diff)
		complain_usage("--memory is for --diff: the other reports keep no records");
	else if (r->html != NULL && r->text_only)
		complain_usage("--html writes a page, no text: of the other options --rows, --from, --where and -q go with it");
	else
		return true;
	return false;
}

int
command_report(int argc, char **argv)
{
	const char   *format = getenv("CFTIMEFMT");
	struct report r = { .mode = &report_lines, .top = TOP, .html_rows = REPORT_HTML_ROWS, .memory = REPORT_MEMORY };
	int           code = EXIT_USAGE;

	r.style =
		(struct report_style){ .names = true, .time = format != NULL && *format != '\0' ? format : REPORT_SHORT_TIME };
	r.interim = (size_t)connlog_column_find("interim");
	r.inputs = calloc((size_t)argc + 1, sizeof *r.inputs);
	if (r.inputs == NULL)
		return complain_usage("out of memory");
	switch (args_walk(&spec, &r, argc, argv)) {
	case ARGS_RUN:
		if (r.inputs_n == 0)
			r.inputs[r.inputs_n++] = "-";
		if (can_go_together(&r))
			code = run(&r);
		break;
	case ARGS_DONE:
		code = EXIT_ALL_READ;
		break;
	case ARGS_WRONG:
		break;
	}
	where_free(&r.where);
	free(r.inputs);
	return code;
}
