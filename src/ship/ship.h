/* ship.h - records to other systems: several sinks at once, each named by a URL and with a format of its own.
 *
 * Each sink has a writer here, whose lines go through shared memory to a process that delivers them (carrier.h). In a
 * live run a sink never delays capture: its records are queued in memory, then on disk, and finally dropped and
 * counted. When captures or logs are read, reading waits instead, and a sink that makes no progress for too long is
 * abandoned.
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
	const connlog_writer_options *writer; /* the defaults for all sinks */
	bool                          live;
	bool                          extras;    /* records may have columns that Zeek does not know */
	uint64_t                      memory;    /* bytes each sink may queue in memory */
	const char                   *spool;     /* folder of the disk spool, or NULL */
	uint64_t                      spool_max; /* bytes each sink may have in it */
	double                        patience;  /* seconds without progress after which a sink is abandoned */
	bool                          confined;  /* each delivering process may do only what its sink needs */
	/* Called first in the process that begins the delivering ones; it exits if this returns false. */
	bool (*prepare)(void *arg);
	void *prepare_arg;
	/* Reports a warning; called from any thread of either process. */
	void (*say)(const void *arg, const char *text);
	const void                  *say_arg;
	const volatile sig_atomic_t *hurry; /* set when waiting has to end, or NULL */
};

struct ship_counts {
	char     name[SHIP_NAME_MAX]; /* the URL without passwords */
	uint64_t records;             /* records made for this sink */
	uint64_t delivered, lost;
	uint64_t waiting, waiting_bytes; /* in memory */
	uint64_t spooled, spooled_bytes; /* in the disk spool */
	uint64_t failures, opened, restarts;
	bool     up;
};

/* Returns whether a sink can be named so, which is all that can be told before it is opened.  Otherwise writes a message to `err`. */
bool ship_check(const char *url, char *err, size_t err_size);

struct ship;

/* Parses the URLs and forks the delivering processes; call it before there are threads.  Returns NULL and writes a message to `err`. */
struct ship *ship_new(const struct ship_options *o, char *err, size_t err_size);
/* Makes the writers for records with these columns; NULL: the engine's. Returns false and writes a message to `err`. */
bool ship_open(struct ship *s, const connlog_columns *columns, char *err, size_t err_size);
/* Times to use in place of the clock: for headers, footers and json_streaming. */
struct ship_times {
	const double *open, *last;
	double (*now)(const void *arg);
	const void *arg;
};
/* Called before the first record. `times` must live as long as the ship; NULL: use the clock. */
void   ship_begin(struct ship *s, const struct ship_times *times);
size_t ship_size(const struct ship *s);
/* Returns the writer options of the only sink, if there is one and it gets all records; otherwise NULL. */
const connlog_writer_options *ship_only(const struct ship *s);
/* Returns whether any sink writes this column, or its condition reads it. */
bool ship_has(const struct ship *s, size_t column);

/* A connlog_record_fn for all sinks; `arg` is the ship. */
int ship_record(void *arg, const connlog_record *r);
/* A connlog_lines_fn for the sink of ship_only(). */
int ship_lines(void *arg, connlog_text lines, uint64_t n);
/* Changes the columns of the records that follow. */
void ship_columns(struct ship *s, const connlog_columns *columns);
/* Sends what the writers have buffered. */
void ship_flush(struct ship *s);
/* Reports new losses, at most once a minute per sink. */
void ship_look(struct ship *s);

/* Waits until everything is delivered or abandoned, and reports losses.  Returns whether there were none. */
bool ship_end(struct ship *s);
/* Stores the counters of a sink. */
void ship_count(struct ship *s, size_t i, struct ship_counts *out);
/* NULL is ignored. */
void ship_free(struct ship *s);

/* Prints the kinds of sinks; for those missing from this build, also the package that they need. */
void ship_print_kinds(FILE *f);
/* Returns whether an argument is a URL and not the name of a format. */
bool ship_is_url(const char *text);

#endif
