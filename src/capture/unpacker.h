/* unpacker.h - a thread that unpacks the next window of a feed while the one before it is being read. */
#ifndef CONNLOG_CAPTURE_UNPACKER_H
#define CONNLOG_CAPTURE_UNPACKER_H

#include "capture/feed.h"

struct unpacker;

/* The next bytes: buf[head..head + n), `head` as it was given to unpacker_start().  Whoever has waited for them may put
 * another buffer of that size at least in place of this one. */
struct unpacked {
	uint8_t *buf; /* freed with the unpacker */
	size_t   cap, n;
	bool     last; /* nothing comes behind them */
};

/* Hands the feed to a thread; feed_is_work() must be true of it, so that nobody waits long for the thread.  The feed's fields
 * may be looked at only between unpacker_wait() and unpacker_go_on(), and when all is stopped.
 * Returns NULL when out of memory or no thread, and nothing is changed. */
struct unpacker *unpacker_start(struct feed *f, size_t head, size_t window);
struct unpacked *unpacker_wait(struct unpacker *u);
void             unpacker_go_on(struct unpacker *u);
/* Ends the thread, wherever it is.  NULL is allowed. */
void unpacker_stop(struct unpacker *u);

#endif
