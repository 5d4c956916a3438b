/* kind.h - a kind of sink: the implementation of a URL's scheme.
 *
 * `prepare` is called in the process that reads the command line, before it is confined; the others are called in the delivering
 * process (carrier.h), in the sink's own thread.  A sink that fails is closed and reopened after a pause.
 */
#ifndef CONNLOG_SHIP_KIND_H
#define CONNLOG_SHIP_KIND_H

#include "connlog.h"
#include "sensor/spool.h"
#include "ship/link.h"

/* Further arguments of prepare(). */
struct ship_setup {
	bool                          live;   /* records come from an interface */
	const connlog_writer_options *writer; /* how the lines are formatted */
};

/* What a sink must be allowed to do (confine.c). */
enum ship_need {
	NEED_NETWORK = 1 << 0,  /* connections */
	NEED_FILE = 1 << 1,     /* the URL's path is a file that it writes */
	NEED_FOLDER = 1 << 2,   /* the URL's path is a folder that it writes to */
	NEED_PROGRAMS = 1 << 3, /* it runs commands */
};

struct ship_kind {
	const char *scheme, *syntax;
	const char *missing; /* Debian package missing from this build, or NULL */
	const char *format;  /* default format; NULL: that of --format */
	bool        fixed;   /* the format cannot be changed */
	bool        heads;   /* a byte stream: headers and footers are delivered, too */
	unsigned    needs;   /* enum ship_need */
	const char *column;  /* column that its lines always have, or NULL */
	bool        keyed;   /* takes key=COLUMN */
	bool        counts;  /* counts delivered records itself, when they are acknowledged */

	/* Returns the sink; on failure returns NULL and writes a message to `err`. */
	void *(*prepare)(struct url *u, const struct ship_setup *setup, char *err, size_t err_size);
	/* These return 0, or -1 with a message in the link. */
	int (*open)(void *sink, struct link *l);
	/* Delivers the lines p[*done..n) and moves *done to the end of the last one delivered. */
	int (*deliver)(void *sink, struct link *l, const char *p, size_t n, size_t *done);
	/* Called while the queue is empty; may be NULL. */
	int (*idle)(void *sink, struct link *l);
	/* Waits until everything delivered is acknowledged; NULL: always the case. */
	int (*settle)(void *sink, struct link *l);
	/* Closes the sink, gracefully if `well`. */
	int (*close)(void *sink, struct link *l, bool well);
	void (*free)(void *sink);
};

/* Returns the kind at index `i`, or NULL past the last one. */
const struct ship_kind *ship_kind_at(size_t i);
const struct ship_kind *ship_kind_find(const char *scheme);

extern const struct ship_kind kind_unix, kind_tcp, kind_tcps, kind_exec, kind_file, kind_redis, kind_sqlite,
	kind_parquet, kind_kafka, kind_rediss, kind_clickhouse, kind_clickhouses;

#endif
