/* kind.h - a kind of sink: what a scheme of a URL stands for.
 *
 * `prepare` is called by the process that reads the command line, while it may still open what it likes; everything else by the one
 * that feeds sinks (helper.h), in a thread of the sink's own.  A sink that fails is closed, and opened again a while later.
 */
#ifndef CONNLOG_SHIP_KIND_H
#define CONNLOG_SHIP_KIND_H

#include "connlog.h"
#include "sensor/spool.h"
#include "ship/link.h"

/* What `prepare` is told besides. */
struct ship_setup {
	bool                          live;   /* no end of input is to be expected */
	const connlog_writer_options *writer; /* what the lines are made with */
};

struct ship_kind {
	const char *scheme, *syntax;
	const char *missing; /* the Debian package that this build was made without; NULL: all is there */
	const char *format;  /* that is usual; NULL: that of --format */
	bool        fixed;   /* it has no other */
	bool        heads;   /* a stream of bytes: heads and feet are delivered, too */
	bool        keyed;   /* key=COLUMN says what its keys are */
	bool        counts;  /* it counts itself what is delivered */

	/* Returns the sink; on failure returns NULL and writes a message to `err`. */
	void *(*prepare)(struct url *u, const struct ship_setup *setup, char *err, size_t err_size);
	/* These return 0, or -1 with a message in the link. */
	int (*open)(void *sink, struct link *l);
	/* Delivers p[*done..n), which are whole lines; *done says how far it has come, at the end of a line. */
	int (*deliver)(void *sink, struct link *l, const char *p, size_t n, size_t *done);
	/* Called while nothing comes; NULL: there is nothing to be done. */
	int (*idle)(void *sink, struct link *l);
	/* Waits until everything that was handed over is confirmed; NULL: it always is. */
	int (*settle)(void *sink, struct link *l);
	/* Closes what is open, in order where `well`. */
	int (*close)(void *sink, struct link *l, bool well);
	void (*free)(void *sink);
};

/* The kinds, by index; NULL behind the last. */
const struct ship_kind *ship_kind_at(size_t i);
const struct ship_kind *ship_kind_find(const char *scheme);

extern const struct ship_kind kind_unix, kind_tcp, kind_tcps, kind_exec, kind_file, kind_redis, kind_sqlite,
	kind_parquet, kind_kafka;

#endif
