/* ship.h - records to other systems: several sinks at once, each named by a URL, with a format of its own.
 *
 * A sink never stops who makes records.  Each has a writer here, whose lines go through a socket to a process that feeds sinks
 * (helper.h); there they wait in memory, then on the disk, and then they are lost and counted.  Where captures are read nothing is to be
 * lost, so that waits instead, until a sink has taken nothing for so long that it is given up.
 */
#ifndef CONNLOG_SHIP_SHIP_H
#define CONNLOG_SHIP_SHIP_H

#include <signal.h>
#include <stdio.h>

#include "connlog.h"

enum { SHIP_NAME_MAX = 256 };

struct ship_options {
	const char *const            *urls;
	size_t                        n;
	const connlog_writer_options *writer; /* what holds for all of them where their URLs do not say otherwise */
	bool                          live;
	bool                          extras;    /* records may have columns that Zeek does not know */
	uint64_t                      memory;    /* bytes for lines that wait, for each */
	const char                   *spool;     /* folder on the disk; NULL: there is none */
	uint64_t                      spool_max; /* bytes in it, for each sink */
	double                        patience;  /* seconds: a sink that takes nothing for so long at the end is given up */
	/* Called by the process that feeds them, first of all; it ends where that is false. */
	bool (*prepare)(void *arg);
	void *prepare_arg;
	/* Tells what an operator is to know: from any thread of either process. */
	void (*say)(const void *arg, const char *text);
	const void                  *say_arg;
	const volatile sig_atomic_t *hurry; /* set once nothing is to be waited for any more; or NULL */
};

struct ship_counts {
	char     name[SHIP_NAME_MAX]; /* its URL without passwords */
	uint64_t records;             /* that were made for it */
	uint64_t delivered, lost;
	uint64_t waiting, waiting_bytes; /* in memory */
	uint64_t spooled, spooled_bytes; /* on the disk */
	uint64_t failures, opened;
	bool     up;
};

struct ship;

/* Makes sinks of the URLs and begins the process that feeds them, before there are threads.  Returns NULL and writes a message to `err`. */
struct ship *ship_new(const struct ship_options *o, char *err, size_t err_size);
/* Has the writers made, for records with these columns; NULL: the engine's.  Returns false and writes a message to `err`. */
bool ship_open(struct ship *s, const connlog_columns *columns, char *err, size_t err_size);
/* What is written of times, without the clock: of heads and feet, and of records with json_streaming. */
struct ship_times {
	const double *open, *last;
	double (*now)(const void *arg);
	const void *arg;
};
/* Begins to send; `times` lives as long as the ship, NULL stands for the clock.  Returns whether there are threads for it. */
bool   ship_begin(struct ship *s, const struct ship_times *times);
size_t ship_size(const struct ship *s);
/* Returns what all lines are made with, where there is one sink that gets all records; else NULL. */
const connlog_writer_options *ship_only(const struct ship *s);
/* Returns whether a writer of any of them has this column, or its condition reads it. */
bool ship_has(const struct ship *s, size_t column);

/* A connlog_record_fn for all of them; `arg` is the ship. */
int ship_record(void *arg, const connlog_record *r);
/* A connlog_lines_fn, where there is one sink. */
int ship_lines(void *arg, connlog_text lines, uint64_t n);
/* The records that follow have these columns. */
void ship_columns(struct ship *s, const connlog_columns *columns);
/* Hands on what the writers hold. */
void ship_flush(struct ship *s);
/* Says what was lost since, once a minute at most. */
void ship_look(struct ship *s);

/* Waits until everything is delivered or given up.  Returns false, having said what was lost, where something was. */
bool ship_end(struct ship *s);
/* Returns what became of a sink's records so far. */
void ship_count(struct ship *s, size_t i, struct ship_counts *out);
/* NULL is nothing. */
void ship_free(struct ship *s);

/* Prints one line for each kind that this build has, or has not and why, for --help and --version. */
void ship_print_kinds(FILE *f);
/* Returns whether an argument is a URL, rather than a format's name. */
bool ship_is_url(const char *text);

#endif
