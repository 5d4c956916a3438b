/* feed.h - the bytes of one file in order, unpacked if it is compressed. */
#ifndef CONNLOG_CAPTURE_FEED_H
#define CONNLOG_CAPTURE_FEED_H

#include <signal.h>

#include "base/bytes.h"

struct codec;

struct feed {
	int                          fd;     /* -1: all bytes come from `memory` */
	struct bytes                 memory; /* the bytes that come first */
	struct codec                *codec;  /* NULL: plain */
	const volatile sig_atomic_t *stop;   /* if set, a read interrupted by a signal is the end */
	/* Called before the file is read, which can block.  Initially NULL; set by the owner of the feed. */
	void (*on_wait)(void *arg);
	void *on_wait_arg;
	bool  ahead; /* another thread reads, so it is not called here */

	uint64_t raw;      /* bytes read from the file, before unpacking */
	uint64_t from;     /* position of a regular file when it was opened, less the bytes read before */
	uint64_t size;     /* size when it was opened, 0 if unknown */
	int      status;   /* CONNLOG_OK, or why the bytes end before the file's end */
	char     why[160]; /* the message for `status` */
};

/* Opens `path` ("-" is standard input, which is not closed).  `begun` has the bytes that were read from it already and
 * must outlive the feed.  `stop` may be NULL.  Returns CONNLOG_OK, or a negative connlog_error with the reason in `why`;
 * the feed must be closed in either case. */
int  feed_open(struct feed *f, const char *path, struct bytes begun, const volatile sig_atomic_t *stop);
void feed_open_memory(struct feed *f, struct bytes memory);
void feed_close(struct feed *f);

/* Reads the first bytes to detect compression; must be called before feed_pull().  `p` has room for FEED_FIRST
 * bytes.  Returns the number of plain bytes at `p`, 0 if the file is compressed. */
#define FEED_FIRST 4096 /* also fits into the codec's input */
size_t feed_begin(struct feed *f, uint8_t *p);
/* Reads the next bytes into `p`.  Returns their number, 0 at the end.  A failure sets `status`, possibly after some good
 * bytes. */
size_t feed_pull(struct feed *f, uint8_t *p, size_t n);

/* Goes on at that byte of a plain regular file.  Returns false where the feed is none. */
bool feed_seek(struct feed *f, uint64_t offset);

/* Returns whether pulling takes CPU time and never waits for a writer: a compressed regular file. */
static inline bool
feed_is_work(const struct feed *f)
{
	return f->codec && f->size > 0;
}

#endif
