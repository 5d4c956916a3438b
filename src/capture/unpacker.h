/* unpacker.h - a thread that unpacks the next window of a feed while the current one is being read. */
#ifndef CONNLOG_CAPTURE_UNPACKER_H
#define CONNLOG_CAPTURE_UNPACKER_H

#include "capture/feed.h"

struct unpacker;

/* The next bytes are buf[head..head + n), with the `head` given to unpacker_start().  After waiting for them, the
 * caller may replace the buffer by another of at least the same size. */
struct unpacked {
	uint8_t *buf; /* freed with the unpacker */
	size_t   cap, n;
	bool     last; /* these are the last bytes */
};

/* Hands the feed over to a thread; feed_is_work() must be true, so that nobody waits long for the thread.  The feed's
 * fields may be read only between unpacker_wait() and unpacker_go_on(), and after the thread has ended.  Returns NULL,
 * with nothing changed, when out of memory or if no thread can be started. */
struct unpacker *unpacker_start(struct feed *f, size_t head, size_t window);
struct unpacked *unpacker_wait(struct unpacker *u);
void             unpacker_go_on(struct unpacker *u);
/* Ends the thread in any state.  NULL is allowed. */
void unpacker_stop(struct unpacker *u);

#endif
