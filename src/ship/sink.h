/* sink.h - the sending half of a sink, in the process that makes the records: a writer and the shared memory for its
 * lines. */
#ifndef CONNLOG_SHIP_SINK_H
#define CONNLOG_SHIP_SINK_H

#include "connlog_where.h"
#include "ship/kind.h"
#include "ship/ring.h"
#include "ship/ship.h"

struct sink {
	struct url              url;
	const struct ship_kind *kind;
	void                   *made; /* returned by its kind's prepare(); used in the other process */
	char                   *name; /* of its spool folder */
	char                   *fields;
	double                  patience;
	connlog_writer_options  options;
	connlog_writer         *writer;
	connlog_where          *where; /* selects its records; NULL: all */

	struct ring                  ring;    /* shared with the process that delivers */
	int                          control; /* a socket that hangs up when no such process is left; or -1 */
	bool                         waits;   /* wait for room instead of losing records */
	bool                         headed;  /* the header was sent */
	bool                         stuck;   /* waiting for room has failed since the last success: do not wait again */
	uint64_t                     records, pending; /* records made; how many of these are still in the writer */
	uint64_t                     lost, told;       /* lost in this process; lost in all as last reported, */
	double                       tell_at;          /* and when the next report may come */
	struct counts               *counts;           /* kept by the other process */
	const volatile sig_atomic_t *hurry;            /* see ship.h */
	const struct ship_times     *times;
};

/* Parses the URL and prepares the sink. Returns false and writes a message to `err`. */
bool sink_init(struct sink *k, const char *text, const struct ship_options *o, char *err, size_t err_size);
void sink_free(struct sink *k);
/* Called before the first record. */
void sink_begin(struct sink *k, const volatile sig_atomic_t *hurry, const struct ship_times *times);
void sink_record(struct sink *k, const connlog_record *r);
/* Sends lines made by another writer. */
void sink_lines(struct sink *k, connlog_text t, uint64_t records);
/* Changes the columns of the records that follow. */
void sink_columns(struct sink *k, const connlog_columns *columns);
/* Sends what the writer has buffered. */
void sink_flush(struct sink *k);
/* Sends the footer and ends the stream. */
void sink_end(struct sink *k);

#endif
