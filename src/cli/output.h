/* output.h - the log on its way out: a writer, a sink and the count of what got through. */
#ifndef CONNLOG_CLI_OUTPUT_H
#define CONNLOG_CLI_OUTPUT_H

#include <stdint.h>

#include "cli/cli.h"
#include "connlog_parquet.h"
#include "sensor/log.h"
#include "ship/ship.h"

struct output {
	connlog_writer *writer; /* NULL: there is no log, only */
	struct ship    *ship;   /* the sinks of --to, or NULL */
	connlog_sink   *sink;
	connlog_lake   *lake;           /* Parquet in a folder: takes the records, and the writer only knows the columns */
	struct log     *log;            /* of an interface: takes the lines in the sink's place, and makes heads and feet */
	bool            opened;         /* the header is in the writer */
	bool            all_or_none;    /* what is not finished is not kept */
	bool            keep_counting;  /* once writing has failed: go on, to say how much is lost */
	bool            own_times;      /* the clock is not to be asked: */
	double          open_time;      /* for the header, */
	double          last_time;      /* and for the end */
	double (*now)(const void *arg); /* for the records of json_streaming, of `now_arg` */
	const void       *now_arg;
	bool              streaming;
	uint64_t          records, pending; /* or events: handed to the writer; of these not yet to the sink */
	uint64_t          bytes;            /* that the sink or the log took */
	uint64_t          lost;             /* of these: could not be written */
	bool              ship_lost;        /* some of the sinks did not get all */
	struct ship_times times;            /* for the sinks */
	struct output    *also;             /* another log of the same run: flushed with it */
	int               status;           /* CONNLOG_OK, or what writing failed with */
	char              error[MESSAGE_MAX];
};

bool output_is_parquet(const connlog_writer_options *writer);
/* Returns whether a log of that format goes into a folder of that name, and not into a file. */
bool output_is_lake(const connlog_writer_options *writer, const char *path);

/* `path` is that of the file (of Parquet: perhaps a folder), or NULL for standard output.  Returns false, after a message; *code is then
 * the exit_code. */
bool output_init(struct output *o, const connlog_writer_options *writer, const char *path, int *code);

/* The same for an interface; `path` is what the log calls itself, NULL for "conn". */
bool output_init_log(struct output *o, const connlog_writer_options *writer, const char *path,
                     const struct log_options *log, int *code);

/* Without a log: everything goes to the ship. */
void output_init_none(struct output *o);
/* Besides the log, if there is one, records go to these sinks, which become the output's.  `columns` are those of the records, NULL for the
 * engine's.  Returns false after a message. */
bool output_add_ship(struct output *o, struct ship *ship, const connlog_columns *columns);
/* Has to come before records. */
void output_begin_ship(struct output *o);

/* A connlog_record_fn; `arg` is the output.  Once the output has failed it counts what is lost, or stops. */
int output_record(void *arg, const connlog_record *r);
/* The same for the lines of several records or events: a connlog_lines_fn. */
int output_lines(void *arg, connlog_text lines, uint64_t n);
/* The same for events: a connlog_event_fn. */
int output_event(void *arg, const connlog_event *event);

/* The records that follow have these columns (connlog_writer_columns()).  Returns output.status */
int output_columns(struct output *o, const connlog_columns *columns);

/* Hands what is buffered to the sink.  Returns CONNLOG_OK or output.status. */
int output_flush(struct output *o);

/* Returns whether something of it has the column. */
bool output_has(const struct output *o, const char *column);
/* Returns what its lines are made with, `log` being what those of the log are; NULL where there are several kinds. */
const connlog_writer_options *output_only(const struct output *o, const connlog_writer_options *log);

/* Of an interface: notes what became of the records so far. */
void output_count(struct output *o);

/* Of an interface: the end begins, and is waited for as long as something is written every so many seconds. */
void output_begin_end(struct output *o, double seconds);

/* Ends the log and gives the file its name; `last` is the time for #close with own_times.  Returns output.status */
int output_finish(struct output *o, double last);

void output_free(struct output *o);

#endif
