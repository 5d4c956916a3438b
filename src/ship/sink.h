/* sink.h - one sink as the process sees it that makes its records: a writer, and a thread that sends its lines on. */
#ifndef CONNLOG_SHIP_SINK_H
#define CONNLOG_SHIP_SINK_H

#include "connlog_where.h"
#include "ship/kind.h"
#include "ship/ship.h"

struct sink {
	struct url              url;
	const struct ship_kind *kind;
	void                   *made; /* by its kind's prepare(); lives in the other process */
	char                   *name; /* of its folder on the disk */
	char                   *fields;
	double                  patience;
	connlog_writer_options  options;
	connlog_writer         *writer;
	connlog_where          *where; /* the records it gets; NULL: all */

	int                      fds[2]; /* of this process and of the other one */
	struct spool             spool;  /* bridges the moments in which the other process does not run */
	pthread_t                thread;
	bool                     has_spool, runs;
	bool                     waits;            /* nothing is to be lost here */
	bool                     headed;           /* its head was sent */
	uint64_t                 records, pending; /* made; of these not handed on */
	uint64_t                 lost, told;       /* here; of all, so many were told, */
	double                   tell_at;          /* and no more are before */
	struct counts           *counts;           /* of the other process */
	const struct ship_times *times;
};

/* Takes the URL apart and prepares the sink.  Returns false and writes a message to `err`. */
bool sink_init(struct sink *k, const char *text, const struct ship_options *o, char *err, size_t err_size);
void sink_free(struct sink *k);
/* Begins to send. */
bool sink_begin(struct sink *k, const volatile sig_atomic_t *hurry, const struct ship_times *times);
void sink_record(struct sink *k, const connlog_record *r);
/* Lines from elsewhere. */
void sink_lines(struct sink *k, connlog_text t, uint64_t records);
/* The records that follow have these columns. */
void sink_columns(struct sink *k, const connlog_columns *columns);
/* Hands on what the writer holds. */
void sink_flush(struct sink *k);
/* Nothing comes any more. */
void sink_end(struct sink *k);

#endif
