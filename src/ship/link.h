/* link.h - what a sink is given while it is fed, and what it tells back. */
#ifndef CONNLOG_SHIP_LINK_H
#define CONNLOG_SHIP_LINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ship/counts.h"
#include "ship/url.h"

enum { LINK_TEXT = 512, LINK_SLICE_MS = 100 /* how soon a wait sees that it is to end */ };

struct link {
	const struct url *url;
	struct counts    *counts;
	atomic_bool       stop;           /* nothing is to be waited for any more */
	bool              headed;         /* set by open(): what was opened has a head already, */
	bool              bare;           /* or takes neither heads nor feet */
	atomic_bool       hopeless;       /* set by close(): opening the sink again would not help */
	char              why[LINK_TEXT]; /* what is wrong */
	/* For kinds that count: something is wrong (why), or something was confirmed. */
	void (*trouble)(struct link *l);
	void (*fine)(struct link *l);
	/* Takes back a line that was handed over and is not confirmed: it is kept, or counted as lost. */
	void (*take_back)(struct link *l, const char *p, size_t n);
	void (*say)(const void *arg, const char *text);
	const void *arg;
};

/* Notes what is wrong. Returns -1. */
__attribute__((format(printf, 2, 3))) int link_fail(struct link *l, const char *format, ...);
/* The same with the system's text behind it. */
int link_fail_errno(struct link *l, const char *what);
/* Waits until a descriptor has one of these events, for so many seconds at most. Returns 0, or -1 with a message: it is to end, or the
 * time is over. */
int link_wait(struct link *l, int fd, short events, double seconds);

#endif
