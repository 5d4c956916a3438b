/* convert.c - `connlog convert`: turns logs of any format into one log of another. */
#include <stdlib.h>
#include <string.h>

#include "cli/anonymize.h"
#include "cli/args.h"
#include "cli/enriching.h"
#include "cli/folding.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/shipping.h"
#include "cli/signals.h"

enum {
	OPT_TO = OPT_COMMAND,
	OPT_FROM,
	OPT_JSON_TIMES,
	OPT_CONVERT_FOLD,
	OPT_CONVERT_FOLD_END = OPT_CONVERT_FOLD + FOLD_OPTIONS
};

static const struct option_row rows[] = {
	{ OPT_TO, "to", "FORMAT|URL", "what to write (--help formats); where to deliver, may be repeated" },
	{ OPT_FROM, "from", "FORMAT", "what the input is; found out by its content without it" },
	{ OPT_FIELDS, "fields", "LIST", "columns: a,b only these; +a,-b more or fewer than the input has; all" },
	WHERE_ROWS(OPT_WHERE, OPT_WHERE_FILE),
	ANONYMIZE_ROW(OPT_ANONYMIZE),
	NETWORKS_ROW(OPT_NETWORKS),
	FOLDING_ROWS(OPT_CONVERT_FOLD),
	{ 'o', "output", "FILE", "write FILE instead of standard output" },
	{ OPT_JSON_TIMES, "json-timestamps", "NAME", "times in json: JSON::TS_EPOCH, JSON::TS_ISO8601, JSON::TS_MILLIS" },
	{ OPT_STREAMING, "json-streaming", NULL, "json with _path and _write_ts, the time of writing, in front" },
	{ OPT_LOCAL_NETS, "local-nets", "CIDR,...", "networks that are local, for bro0, bro1 and bro1.5" },
	{ OPT_NEIGHBOR_NETS, "neighbor-nets", "CIDR,...", "networks of neighbours, flag U in bro0 and bro1" },
	{ 'q', "quiet", NULL, "no warnings" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct convert {
	const char           **inputs;
	size_t                 inputs_n;
	const char            *path;    /* -o */
	const char           **to_urls; /* of --to */
	size_t                 to_n;
	char                  *fields;
	bool                   quiet;
	connlog_reader_options from;
	connlog_writer_options to;
	struct log_settings    log; /* of `to` */
	struct where           where;
	struct anonymize       anonymize;
	struct folding         folding;
	struct enriching       enriching;

	connlog_reader *reader;
	struct output   output;
	struct ship    *ship;    /* of the URLs, or NULL; the output's, once that is there */
	bool            ready;   /* the output is there */
	bool            damaged; /* some input could not be read */
	bool            any;     /* a record has been read */
	char           *told;    /* the columns that the last warning named */
};

static bool
apply(void *arg, int key, const char *value)
{
	struct convert *c = arg;

	switch (key) {
	case ARG_OPERAND:
		if (is_assignment(value))
			return assign_log(&c->log, value);
		/* fall through */
	case ARG_FILE:
		c->inputs[c->inputs_n++] = value;
		return true;
	case OPT_TO:
		if (!ship_is_url(value))
			return args_set_once(&c->to.format, value, "to");
		c->to_urls[c->to_n++] = value;
		return true;
	case OPT_FROM:
		return args_set_once(&c->from.format, value, "from");
	case OPT_FIELDS:
		return args_join(&c->fields, "", value);
	case 'o':
		return args_set_once(&c->path, value, "output");
	case OPT_JSON_TIMES:
		return args_set_once(&c->to.json_timestamps, value, "json-timestamps");
	case OPT_WHERE:
		return where_set(&c->where, value, CONNLOG_WHERE_EXTRAS);
	case OPT_WHERE_FILE:
		return where_set_file(&c->where, value, CONNLOG_WHERE_EXTRAS);
	case OPT_ANONYMIZE:
		return anonymize_set(&c->anonymize, value);
	case OPT_NETWORKS:
		return enriching_set(&c->enriching, value);
	case OPT_LOCAL_NETS:
		return set_local_nets(&c->log, value, false);
	case OPT_NEIGHBOR_NETS:
		return set_neighbor_nets(&c->log, value, false);
	case OPT_STREAMING:
		c->to.json_streaming = true;
		return true;
	default:
		if (key >= OPT_CONVERT_FOLD && key < OPT_CONVERT_FOLD_END)
			return folding_set(&c->folding, key - OPT_CONVERT_FOLD, value);
		/* 'q': the table has no other */
		c->quiet = true;
		return true;
	}
}

static const struct args_spec spec = {
	.command = "convert",
	.about = "Reads connection logs and writes them as one log of another format.",
	.rows = rows,
	.rows_n = ROWS,
	.apply = apply,
	.notes = "Without a FILE, and for -, standard input is read.  Plain, gzip and zstd are read alike.  What the "
			 "format has no\n"
			 "place for is left out, and said once.",
};

/* Warns about columns that the format has no place for. */
static void
warn_dropped(struct convert *c)
{
	const char *dropped = c->output.writer != NULL ? connlog_writer_dropped(c->output.writer) : "";

	if (c->quiet || *dropped == '\0' || (c->told != NULL && strcmp(c->told, dropped) == 0))
		return;
	complain("warning: %s has no place for these columns, which are left out: %s", c->to.format, dropped);
	free(c->told);
	c->told = strdup(dropped);
}

/* With URLs only, no other log is written.  Returns false after a message. */
static bool
open_output(struct convert *c, const connlog_columns *columns, int *code)
{
	struct ship *ship = c->ship;

	c->to.columns = columns;
	if (c->to.format == NULL)
		output_init_none(&c->output);
	else if (!output_init(&c->output, &c->to, c->path, code))
		return false;
	c->ship = NULL;
	*code = EXIT_USAGE;
	if (!output_add_ship(&c->output, ship, columns))
		return false;
	output_begin_ship(&c->output);
	return true;
}

/* The first columns open the output; later ones change it.  Returns false if reading on is pointless. */
static bool
take_columns(struct convert *c, int *code)
{
	const connlog_columns *columns = connlog_reader_columns(c->reader);

	if (c->enriching.with != NULL && c->anonymize.with == NULL)
		columns = connlog_enrich_columns(c->enriching.with, columns);
	columns = anonymize_columns(&c->anonymize, columns, c->quiet);
	if (c->folding.with != NULL) {
		if (connlog_fold_finish(c->folding.with, output_record, &c->output) != CONNLOG_OK)
			return false;
		columns = connlog_fold_columns(c->folding.with, columns);
	}
	if (c->ready) {
		if (output_columns(&c->output, columns) != CONNLOG_OK)
			return false;
	} else {
		c->ready = open_output(c, columns, code);
		if (!c->ready)
			return false;
	}
	warn_dropped(c);
	return true;
}

/* A connlog_wait_fn: flushes the output, so that the progress of a growing log can be watched.  A failure shows at the
 * next record. */
static void
on_wait(void *arg)
{
	struct convert *c = arg;
	if (c->ready)
		output_flush(&c->output);
}

/* Writes a record if it is selected.  Returns false if reading on is pointless. */
static bool
write_record(struct convert *c, const connlog_record *record)
{
	if (c->enriching.with != NULL)
		record = connlog_enrich(c->enriching.with, record);
	if (!where_has(&c->where, record))
		return true;
	if (c->anonymize.with != NULL && (record = connlog_anonymize(c->anonymize.with, record)) == NULL) {
		complain("out of memory");
		c->damaged = true;
		return false;
	}
	if (c->folding.with != NULL)
		return connlog_fold_record(c->folding.with, record, output_record, &c->output) == CONNLOG_OK;
	return output_record(&c->output, record) == CONNLOG_OK;
}

/* Returns false if the output failed, with the exit_code in *code. */
static bool
read_all(struct convert *c, int *code)
{
	const connlog_record *record;
	char                  err[MESSAGE_MAX];
	int                   status;

	while ((status = connlog_reader_next(c->reader, &record, err, sizeof err)) != CONNLOG_END) {
		if (status == CONNLOG_READ_RECORD) {
			c->any = true;
			if (!write_record(c, record))
				break;
		} else if (status == CONNLOG_READ_COLUMNS) {
			if (!take_columns(c, code))
				break;
		} else {
			complain("%s", err);
			c->damaged = true;
			if (status == CONNLOG_NO_MEMORY)
				break;
		}
	}
	return c->ready || (status == CONNLOG_END && take_columns(c, code)); /* no record: the columns of an empty log */
}

/* Returns an exit_code. */
static int
finish(struct convert *c)
{
	struct output *o = &c->output;

	if (c->folding.with != NULL && o->status == CONNLOG_OK)
		connlog_fold_finish(c->folding.with, output_record, o);
	output_finish(o, 0);
	if (o->status != CONNLOG_OK && o->status != CONNLOG_CLOSED) {
		complain("%s", o->error);
		return o->status == CONNLOG_BAD_OPTION ? EXIT_USAGE : EXIT_INCOMPLETE;
	}
	const int found = c->any ? where_finish(&c->where) : EXIT_ALL_READ;
	return found != EXIT_ALL_READ ? found : c->damaged || o->ship_lost ? EXIT_INCOMPLETE : EXIT_ALL_READ;
}

/* Checks the options before any input is read.  Returns false after a message. */
static bool
check_options(const struct convert *c)
{
	char                   err[MESSAGE_MAX];
	connlog_writer_options o = c->to;

	if (o.format == NULL && (c->to_n == 0 || c->path != NULL)) {
		complain("--to FORMAT is missing: `connlog --help formats` lists the formats");
		return false;
	}
	o.fields = NULL; /* which may name columns of the input */
	connlog_writer *w = connlog_writer_new(&o, err, sizeof err);
	if (w == NULL)
		complain("%s", err);
	connlog_writer_free(w);
	return w != NULL;
}

static int
convert(struct convert *c)
{
	static const char *const standard_input[] = { "-" };
	char                     err[MESSAGE_MAX];
	int                      code = EXIT_INCOMPLETE;

	c->to.fields = c->fields;
	if (!check_options(c) || !folding_open(&c->folding, 0) ||
	    !shipping_open_for(&c->ship, c->to_urls, c->to_n, &c->to, c->quiet))
		return EXIT_USAGE;
	c->reader = connlog_reader_files(c->inputs_n > 0 ? c->inputs : standard_input, c->inputs_n > 0 ? c->inputs_n : 1,
	                                 &c->from, err, sizeof err);
	if (c->reader == NULL) {
		ship_free(c->ship);
		return complain_usage("%s", err);
	}
	if (!c->quiet)
		anonymize_warn(&c->anonymize);
	connlog_reader_on_wait(c->reader, on_wait, c);
	signals_stop(NULL, c->reader);
	if (read_all(c, &code))
		code = finish(c);
	output_free(&c->output);
	ship_free(c->ship);
	connlog_reader_free(c->reader);
	return code;
}

int
command_convert(int argc, char **argv)
{
	struct convert c = { .inputs = calloc((size_t)argc, sizeof *c.inputs),
		                 .to_urls = calloc((size_t)argc, sizeof *c.to_urls) };
	int            code = EXIT_USAGE;

	if (c.inputs == NULL || c.to_urls == NULL) {
		free(c.inputs);
		free(c.to_urls);
		return complain_usage("out of memory");
	}
	c.log.writer = &c.to;
	switch (args_walk(&spec, &c, argc, argv)) {
	case ARGS_RUN:
		code = convert(&c);
		break;
	case ARGS_DONE:
		code = EXIT_ALL_READ;
		break;
	case ARGS_WRONG:
		break;
	}
	free(c.told);
	free(c.fields);
	log_settings_free(&c.log);
	where_free(&c.where);
	anonymize_free(&c.anonymize);
	folding_free(&c.folding);
	enriching_free(&c.enriching);
	free(c.inputs);
	free(c.to_urls);
	return code;
}
