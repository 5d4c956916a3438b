/* report.c - `connlog report`: a log made readable. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/report_html.h"

enum { OPT_HTML = ARG_LONG, OPT_ROWS };

static const struct option_row rows[] = {
	{ OPT_HTML, "html", "OUT.html", "write a page to look at; - is standard output" },
	{ OPT_ROWS, "rows", "N", "connections that the page holds at most (250000)" },
};

struct report {
	const char **inputs;
	size_t       inputs_n;
	const char  *html;
	uint64_t     most;
};

static bool
apply(void *arg, int key, const char *value)
{
	struct report *r = arg;
	char          *end;

	switch (key) {
	case OPT_HTML:
		return args_set_once(&r->html, value, "html");
	case OPT_ROWS:
		r->most = strtoull(value, &end, 10);
		if (*value >= '1' && *value <= '9' && *end == '\0')
			return true;
		complain("--rows %s: a number from 1 on is expected", value);
		return false;
	default: /* an operand */
		r->inputs[r->inputs_n++] = value;
		return true;
	}
}

static const struct args_spec spec = {
	.command = "report",
	.about = "Writes a log as a page to look at.",
	.rows = rows,
	.rows_n = sizeof rows / sizeof rows[0],
	.apply = apply,
};

int
command_report(int argc, char **argv)
{
	struct report r = { .inputs = calloc((size_t)argc + 1, sizeof *r.inputs), .most = REPORT_HTML_ROWS };
	int           code = EXIT_INCOMPLETE;

	if (r.inputs == NULL) {
		complain("out of memory");
		return code;
	}
	switch (args_walk(&spec, &r, argc, argv)) {
	case ARGS_DONE:
		code = EXIT_ALL_READ;
		break;
	case ARGS_WRONG:
		code = EXIT_USAGE;
		break;
	case ARGS_RUN:
		code = r.html != NULL ? report_html(r.inputs, r.inputs_n, r.html, r.most)
		                      : complain_usage("report wants --html OUT.html");
	}
	free(r.inputs);
	return code;
}
