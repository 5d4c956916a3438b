/* feed.h - the bytes of one file in their order, unpacked where it is compressed. */
#ifndef CONNLOG_CAPTURE_FEED_H
#define CONNLOG_CAPTURE_FEED_H

#include <signal.h>

#include "base/bytes.h"

struct codec;

struct feed {
	int                          fd;     /* -1: all bytes come from `memory` */
	struct bytes                 memory; /* what comes first */
	struct codec                *codec;  /* NULL: plain */
	const volatile sig_atomic_t *stop;   /* set: a read that a signal interrupts is the end */
	/* Called before the file is asked for more bytes, which can take any time.  NULL, and of the one who opens the feed, who
	 * sets it afterwards. */
	void (*on_wait)(void *arg);
	void *on_wait_arg;
	bool  ahead; /* another thread pulls: then it is not called here */

	uint64_t raw;      /* bytes read from the file, packed as they are */
	uint64_t size;     /* how many there were when it was opened, 0 where that is not known */
	int      status;   /* CONNLOG_OK, or why the bytes end before the file's end */
	char     why[160]; /* the text to it */
};

/* Opens `path` ("-" is standard input, which is not closed).  `begun` is what has been read of it already, which is to be
 * there as long as the feed.  `stop` may be NULL.
 * Returns CONNLOG_OK, or a negative connlog_error with the reason in `why`; close it in either case. */
int  feed_open(struct feed *f, const char *path, struct bytes begun, const volatile sig_atomic_t *stop);
void feed_open_memory(struct feed *f, struct bytes memory);
void feed_close(struct feed *f);

/* Reads the first bytes, to see whether they are packed; comes before feed_pull().  `p` has room for FEED_FIRST.
 * Returns how many plain ones are at `p`; none where they are packed. */
#define FEED_FIRST 4096 /* fits into the codec's input too */
size_t feed_begin(struct feed *f, uint8_t *p);
/* Returns how many of the next bytes are at `p`; 0 at the end.  `status` tells of a failure, and some good bytes may have come
 * before it. */
size_t feed_pull(struct feed *f, uint8_t *p, size_t n);

/* Returns whether pulling is work and never waiting for somebody to write: packed bytes of a regular file. */
static inline bool
feed_is_work(const struct feed *f)
{
	return f->codec && f->size > 0;
}

#endif
