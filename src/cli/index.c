/* index.c - `connlog index`: indexes of captures, by which `extract` finds packets without reading all of them. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/confine.h"
#include "cli/progress.h"
#include "connlog_archive.h"

enum { OPT_ANEW = ARG_LONG, OPT_NO_SANDBOX };

struct indexing {
	const char    **paths;
	size_t          n;
	bool            anew, quiet, verbose, no_sandbox;
	struct progress progress;
	uint64_t        captures, bytes, packets, index_bytes; /* that are indexed */
	uint64_t        done;                                  /* bytes of captures before this one */
	uint64_t        total;
};

static volatile sig_atomic_t stopped;

static void
on_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static const struct option_row rows[] = {
	{ OPT_ANEW, "anew", NULL, "make indexes anew that are there and good" },
	{ OPT_NO_SANDBOX, "no-sandbox", NULL, "keep all rights: no Landlock, no seccomp" },
	{ 'q', "quiet", NULL, "no progress" },
	{ 'v', "verbose", NULL, "a line for each capture, and one at the end" },
};

static bool
apply(void *arg, int key, const char *value)
{
	struct indexing *g = arg;

	switch (key) {
	case ARG_OPERAND:
	case ARG_FILE:
		g->paths[g->n++] = value;
		return true;
	case OPT_ANEW:
		g->anew = true;
		return true;
	case OPT_NO_SANDBOX:
		g->no_sandbox = true;
		return true;
	case 'q':
		g->quiet = true;
		return true;
	default: /* 'v': the table has no other */
		g->verbose = true;
		return true;
	}
}

static const struct args_spec spec = {
	.command = "index",
	.about = "Reads captures once and writes down which addresses are where in them, for `connlog extract`.",
	.rows = rows,
	.rows_n = sizeof rows / sizeof rows[0],
	.apply = apply,
	.notes =
		"The index of DIR/NAME is DIR/.NAME.connlog-index.  Captures whose index is good are left alone.  More in\n"
		"connlog-extract(1).",
};

static void
on_indexed(void *arg, const connlog_indexed *i)
{
	struct indexing *g = arg;

	g->captures++;
	g->bytes += i->bytes;
	g->done += i->bytes;
	g->packets += i->packets;
	g->index_bytes += i->index_bytes;
	if (!g->verbose)
		return;
	progress_clear(&g->progress);
	complain("%s: %" PRIu64 " packets, %" PRIu64 " bytes, an index of %" PRIu64 " bytes%s", i->path, i->packets,
	         i->bytes, i->index_bytes, i->was_there ? " was there" : "");
}

static void
on_notice(void *arg, const char *text)
{
	struct indexing *g = arg;

	progress_clear(&g->progress);
	complain("%s", text);
}

static int
on_progress(void *arg, const char *path, uint64_t bytes)
{
	struct indexing              *g = arg;
	const connlog_source_progress at = {
		.bytes = g->done + bytes, .total_bytes = g->total, .packets = g->packets, .name = path
	};

	progress_update_at(&g->progress, &at);
	return stopped ? CONNLOG_END : CONNLOG_OK;
}

static int
index_run(struct indexing *g)
{
	const struct sigaction      stop = { .sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND };
	const connlog_index_options o = { g->anew, on_indexed, on_notice, on_progress, g };
	char                        err[MESSAGE_MAX];

	if (g->n == 0) {
		complain("no capture: name files or folders to index");
		args_usage("index", stderr);
		return EXIT_USAGE;
	}
	if (!g->no_sandbox)
		confine_index(g->paths, g->n, g->quiet);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	progress_init(&g->progress, !g->quiet && isatty(STDERR_FILENO));
	const int status = connlog_index_files(g->paths, g->n, &o, err, sizeof err);
	progress_clear(&g->progress);
	if (status != CONNLOG_OK && status != CONNLOG_BAD_INPUT)
		complain("%s", err);
	if (g->verbose)
		complain("%" PRIu64 " captures, %" PRIu64 " bytes, indexes of %" PRIu64 " bytes, %.3f s", g->captures, g->bytes,
		         g->index_bytes, progress_elapsed(&g->progress));
	return status == CONNLOG_OK ? EXIT_ALL_READ : EXIT_INCOMPLETE;
}

int
command_index(int argc, char **argv)
{
	struct indexing g = { .paths = calloc((size_t)argc, sizeof *g.paths) };
	int             code = EXIT_USAGE;

	if (g.paths == NULL) {
		complain("out of memory");
		return EXIT_INCOMPLETE;
	}
	switch (args_walk(&spec, &g, argc, argv)) {
	case ARGS_RUN:
		code = index_run(&g);
		break;
	case ARGS_DONE:
		code = EXIT_ALL_READ;
		break;
	case ARGS_WRONG:
		break;
	}
	free(g.paths);
	return code;
}
