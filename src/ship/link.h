/* link.h - what a kind of sink shares with the thread that drives it. */
#ifndef CONNLOG_SHIP_LINK_H
#define CONNLOG_SHIP_LINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ship/counts.h"
#include "ship/url.h"

enum { LINK_TEXT = 512, LINK_SLICE_MS = 100 /* milliseconds between checks of `stop` */ };

struct link {
	const struct url *url;
	struct counts    *counts;
	atomic_bool       stop;           /* waiting has to end */
	bool              headed;         /* set by open(): there is a header already, */
	bool              bare;           /* or headers and footers are not wanted */
	atomic_bool       hopeless;       /* set by close(): reopening would not help */
	char              why[LINK_TEXT]; /* the latest error */
	/* For kinds that count: report the error in `why`, or an acknowledgement. */
	void (*trouble)(struct link *l);
	void (*fine)(struct link *l);
	/* The number of the lines that deliver() is given; `settled` is called when a record of them was acknowledged
	 * (`good`) or rejected. */
	uint64_t mark;
	void (*settled)(struct link *l, uint64_t mark, bool good);
	/* Returns a line that was not acknowledged to the queue. */
	void (*take_back)(struct link *l, const char *p, size_t n);
	void (*say)(const void *arg, const char *text);
	const void *arg;
};

/* Stores an error message.  Returns -1. */
__attribute__((format(printf, 2, 3))) int link_fail(struct link *l, const char *format, ...);
/* The same with strerror(errno) appended. */
int link_fail_errno(struct link *l, const char *what);
/* Waits for these events on a descriptor, at most `seconds`. Returns 0, or -1 with a message after a timeout or when
 * waiting has to end. */
int link_wait(struct link *l, int fd, short events, double seconds);

#endif
